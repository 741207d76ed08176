import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { BUNDLED, ENGINES, NODE_FILES, ROOMS, isOurs, packageOf } from '../rooms.js';

const BUILTIN = new Set(builtinModules);
const TEST = /\.test\.ts$|\/(?:test|bench|scripts)\//;

/** Imports keep to the rooms of the house: see `rooms.js`. */
export const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      node: '{{package}} is portable: `{{specifier}}` exists on Node only.',
      source: "`{{specifier}}` reaches into another package's sources: import the package by its name.",
      outside: '`{{specifier}}` leaves the package: import the other one by its name.',
      engine: 'Nothing but `ferrule` (by import()), applications and tests may import an engine: `{{specifier}}`.',
      dynamic: '`{{specifier}}` may be loaded by import() only.',
      room: '{{package}} may not import {{target}}.',
      undeclared: '{{target}} is not declared in the package.json of {{package}}.',
    },
  },
  create(context) {
    const file = context.filename.split(sep).join('/');
    const home = homeOf(file);
    if (home === undefined) return {};
    const { directory, manifest } = home;
    const inner = file.slice(directory.length);
    const isTest = TEST.test(inner);
    // Configurations and scripts beside package.json, and bootstraps for running from source: no build takes them up
    const isTool = (!inner.startsWith('/src/') && !isTest) || inner.endsWith('.mjs');
    const room = isTest || isTool ? undefined : ROOMS[manifest.name];
    const declared = new Set([
      manifest.name,
      ...keys(manifest.dependencies),
      ...keys(manifest.peerDependencies),
      ...keys(manifest.optionalDependencies),
    ]);
    if (isTest || isTool) {
      for (const name of [
        ...keys(manifest.devDependencies),
        ...keys(home.root.devDependencies),
        ...keys(home.root.dependencies),
      ])
        declared.add(name);
    } else if (BUNDLED.includes(manifest.name)) {
      for (const name of keys(manifest.devDependencies)) declared.add(name);
    } else {
      // `import type` costs nothing at run time, and @types/node stands for Node itself
      for (const name of keys(manifest.devDependencies)) if (name.startsWith('@types/')) declared.add(name);
    }

    const check = (node, specifier, { typeOnly = false, dynamic = false } = {}) => {
      const report = (messageId, target) =>
        context.report({ node, messageId, data: { specifier, package: manifest.name, target } });
      if (specifier.startsWith('.')) {
        if (!`${resolve(dirname(file), specifier).split(sep).join('/')}/`.startsWith(`${directory}/`))
          report('outside');
        return;
      }
      if (specifier.startsWith('node:') || BUILTIN.has(specifier)) {
        if (room?.portable && !NODE_FILES.some((pattern) => pattern.test(file))) report('node');
        return;
      }
      const target = packageOf(specifier);
      if (isOurs(target) && specifier.slice(target.length).startsWith('/src/')) return report('source');
      // What stands at the root, the examples, sees every package of the workspace
      if (!declared.has(target) && !(manifest.workspaces !== undefined && isOurs(target)))
        return report('undeclared', target);
      if (room === undefined || !isOurs(target) || target === manifest.name) return;
      if (room.dynamic?.includes(target)) {
        if (!dynamic && !typeOnly) report('dynamic');
      } else if (!room.imports.includes(target)) report(ENGINES.includes(target) ? 'engine' : 'room', target);
    };
    const literal = (node, source, how) => {
      if (source?.type === 'Literal' && typeof source.value === 'string') check(node, source.value, how);
    };
    const statement = (node) =>
      literal(node, node.source, {
        typeOnly: node.importKind === 'type' || node.exportKind === 'type' || onlyTypes(node),
      });
    return {
      ImportDeclaration: statement,
      ExportNamedDeclaration: statement,
      ExportAllDeclaration: statement,
      ImportExpression: (node) => literal(node, node.source, { dynamic: true }),
      TSImportType: (node) => literal(node, node.source, { typeOnly: true }),
      'CallExpression[callee.name="require"]': (node) => literal(node, node.arguments[0]),
    };
  },
};

/** `import { type A, type B } from …` */
const onlyTypes = ({ specifiers }) =>
  specifiers !== undefined &&
  specifiers.length > 0 &&
  specifiers.every((one) => one.importKind === 'type' || one.exportKind === 'type');

const keys = (object) => Object.keys(object ?? {});

const homes = new Map();

/** The nearest package.json above a file, and the one of the workspace. */
function homeOf(file) {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if (!homes.has(directory) && existsSync(join(directory, 'package.json'))) {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      homes.set(directory, manifest.name === undefined ? undefined : { directory, manifest, root: rootOf(directory) });
    }
    const home = homes.get(directory);
    if (home !== undefined) return home;
    if (directory === dirname(directory)) return undefined;
  }
}

function rootOf(directory) {
  for (let up = directory; up !== dirname(up); up = dirname(up)) {
    const path = join(up, 'package.json');
    if (existsSync(path)) {
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      if (manifest.workspaces !== undefined) return manifest;
    }
  }
  return {};
}
