/**
 * Writes docs/api: what each published package exports, declaration by declaration, so that a change of surface shows
 * in a review. `npm run docs:api`; a test fails when a report is stale, or when a declaration names a type of its
 * package that no entry point exports.
 */
import { readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
export const folder = join(root, 'docs/api');

/** @returns {Map<string, { text: string, leaks: string[] }>} by file name: the report, and what it should not name. */
export function reports() {
  const packages = publishedPackages();
  const options = {
    ...ts.parseJsonConfigFileContent(
      { extends: '../../tsconfig.base.json', compilerOptions: { types: ['node'] } },
      ts.sys,
      join(root, 'tooling/eslint'),
    ).options,
    customConditions: ['@ferrule/source'],
    noEmit: true,
  };
  const program = ts.createProgram(
    packages.flatMap(({ entries }) => entries.map(({ file }) => file)),
    options,
  );
  const checker = program.getTypeChecker();
  return new Map(
    packages.map((each) => [`${each.name.replace('@ferrule/', '')}.txt`, reportOf(program, checker, each)]),
  );
}

function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => ({ name, place: join(root, 'packages', name) }))
    .map(({ place }) => ({ place, manifest: JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => manifest.private !== true && manifest.exports !== undefined)
    .map(({ place, manifest }) => ({
      name: manifest.name,
      place,
      entries: Object.entries(manifest.exports).flatMap(([path, { '@ferrule/source': source }]) =>
        source === undefined ? [] : [{ path, file: join(place, source) }],
      ),
    }))
    .filter(({ entries }) => entries.length > 0);
}

function reportOf(program, checker, { name, place, entries }) {
  const exported = entries.map(({ path, file }) => ({ path, symbols: exportsOf(program, checker, file) }));
  const known = new Set(exported.flatMap(({ symbols }) => symbols.map(({ target }) => target)));
  const leaks = new Set();
  const sections = exported.map(({ path, symbols }) => {
    const lines = symbols.map(({ as, target }) => {
      const declarations = (target.declarations ?? []).filter((node) =>
        node.getSourceFile().fileName.startsWith(place),
      );
      if (declarations.length === 0) return `export ${as}: of another package`;
      for (const declaration of declarations)
        for (const leak of leaksOf(checker, declaration, place, known)) leaks.add(leak);
      return [...new Set(declarations.map((node) => printed(node, as)))].join('\n');
    });
    return `## ${path === '.' ? name : name + path.slice(1)}\n\n${lines.join('\n')}\n`;
  });
  return { text: `# ${name}\n\n${sections.join('\n')}`, leaks: [...leaks].sort() };
}

function exportsOf(program, checker, file) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      as: symbol.name,
      target: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    }))
    .sort((a, b) => (a.as < b.as ? -1 : a.as > b.as ? 1 : 0));
}

const printer = ts.createPrinter({ removeComments: true });
const declarationFiles = new Map();

/** The statement as it stands in the .d.ts, without comments. */
function printed(node, as) {
  const source = node.getSourceFile();
  if (!declarationFiles.has(source.fileName)) {
    const { outputText } = ts.transpileDeclaration(source.text, {
      fileName: source.fileName,
      compilerOptions: { target: ts.ScriptTarget.ES2022, stripInternal: true },
    });
    declarationFiles.set(source.fileName, ts.createSourceFile('x.d.ts', outputText, ts.ScriptTarget.ES2022, true));
  }
  const file = declarationFiles.get(source.fileName);
  const name = node.name?.text;
  const statements = file.statements.filter(
    (each) =>
      each.name?.text === name ||
      (ts.isVariableStatement(each) && each.declarationList.declarations.some((one) => one.name.text === name)),
  );
  const text = statements.map((each) => printer.printNode(ts.EmitHint.Unspecified, each, file)).join('\n');
  return as === name ? text : `${text} // as ${as}`;
}

/** Types of the package's own that a declaration names and no entry point exports. */
function leaksOf(checker, declaration, place, known) {
  const leaks = [];
  const visit = (node) => {
    // What is not in a declaration file: bodies, values, and members that are nobody's business.
    if (ts.isBlock(node) || (ts.isClassElement(node) && isHidden(node))) return;
    if (ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node) || ts.isParameter(node)) {
      if (node.type !== undefined) visit(node.type);
      return;
    }
    if (ts.isArrowFunction(node)) return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      let symbol = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression);
      if (symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
      const [own] = symbol?.declarations ?? [];
      if (
        own !== undefined &&
        !ts.isTypeParameterDeclaration(own) &&
        own.getSourceFile().fileName.startsWith(place) &&
        !own.getSourceFile().fileName.includes('node_modules') &&
        !isGlobal(own) &&
        !known.has(symbol)
      )
        leaks.push(`${symbol.name} (${own.getSourceFile().fileName.slice(place.length + 1)})`);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return leaks;
}

/** Of `declare global`, which nobody has to export. */
const isGlobal = (node) => ts.isModuleBlock(node.parent) && ts.isGlobalScopeAugmentation(node.parent.parent);

const isHidden = (node) =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal') ||
  (node.name !== undefined && ts.isPrivateIdentifier(node.name)) ||
  (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, { text, leaks }] of reports()) {
    writeFileSync(join(folder, file), text);
    if (leaks.length > 0) console.error(`${file}: names types that no entry point exports: ${leaks.join(', ')}`);
  }
}
