/** What a published module keeps beside its connections is in the table of module-state.js, with its bound or reason. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { MODULE_STATE } from './module-state.js';

const root = join(import.meta.dirname, '../..');
const KINDS = /^(?:cache: .*\d|(?:notes|once|scratch|constant|program): \S)/;

const rows = Object.entries(MODULE_STATE).flatMap(([file, names]) =>
  Object.entries(names).flatMap(([list, reason]) =>
    list.split(', ').map((name) => ({ of: `${file} ${name}`, reason })),
  ),
);

describe('state of modules', () => {
  it('has a row, and each row is for some', () => {
    const files = execFileSync('git', ['ls-files', 'packages', 'apps/cli', 'apps/judge', 'apps/relay'], {
      cwd: root,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|\.d\.ts$/.test(file))
      .filter((file) => existsSync(join(root, file)));
    expect(files.length).toBeGreaterThan(300);
    const found = files.flatMap((file) =>
      stateOf(readFileSync(join(root, file), 'utf8')).map((name) => `${file} ${name}`),
    );
    expect(found.toSorted()).toEqual(rows.map(({ of }) => of).toSorted());
  });

  it.each(rows)('$of: $reason', ({ reason }) => expect(reason).toMatch(KINDS));

  it.each([
    ['let x: number;', ['x']],
    ['export const x = new Map<string, string>();', ['x']],
    ['const x: ReadonlyMap<string, string> = new Map();', []],
    ["const x: ReadonlySet<string> = new Set(['a']);", []],
    ['const x = new Uint8Array(3);', ['x']],
    ['const x = Buffer.alloc(3);', ['x']],
    ['const [x, y] = Array.from({ length: 2 }, make);', ['x', 'y']],
    ['const x = /a/g;', []],
    ['const x: string[] = []; const add = (s: string) => x.push(s);', ['x']],
    ['const x = { n: 0 }; function next() { return x.n++; }', ['x']],
    ["const x: Record<string, number> = {}; function set() { x['a'] = 1; }", ['x']],
    ['const x = { n: 0 } as const;', []],
    ['function f() { const x = new Map(); x.set(1, 2); let y = 1; return y; }', []],
    ['class A { static n = 0; static readonly m = 1; }', ['A.n']],
  ])('is found: %s', (text, names) => expect(stateOf(text)).toEqual(names));
});

/** Names of what can change at the level of a module. */
function stateOf(text) {
  const source = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
  const found = new Set();
  const constants = new Set();
  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement)) {
      for (const member of statement.members) {
        if (ts.isPropertyDeclaration(member) && has(member, 'StaticKeyword') && !has(member, 'ReadonlyKeyword'))
          found.add(`${statement.name.text}.${member.name.getText()}`);
      }
    }
    if (!ts.isVariableStatement(statement) || has(statement, 'DeclareKeyword')) continue;
    const isConstant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
    for (const declaration of statement.declarationList.declarations) {
      for (const name of namesOf(declaration.name)) {
        if (!isConstant || isMutable(declaration)) found.add(name);
        else if (!isReadonly(declaration)) constants.add(name);
      }
    }
  }
  const visit = (node) => {
    const name = writtenBy(node);
    if (name !== undefined && constants.has(name)) found.add(name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found];
}

const has = (node, keyword) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind[keyword]) === true;

const namesOf = (name) =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.filter((each) => !ts.isOmittedExpression(each)).flatMap((each) => namesOf(each.name));

const isReadonly = ({ type }) => /^(?:Readonly|readonly )/.test(type?.getText() ?? '');

/** Objects of these classes do not change, or (a RegExp with `g`) not in a way that counts. */
const IMMUTABLE = new Set(['RegExp', 'TextEncoder', 'TextDecoder', 'URL', 'Error']);

/** By its initial value, unless its type says that nobody changes it. */
function isMutable(declaration) {
  const value = bare(declaration.initializer);
  if (value === undefined || isReadonly(declaration)) return false;
  if (ts.isNewExpression(value)) return !IMMUTABLE.has(value.expression.getText());
  return ts.isCallExpression(value) && /^(?:Buffer\.alloc\w*|ownMemory|Array\.from)$/.test(value.expression.getText());
}

const MUTATORS = new Set(
  'add,append,clear,copyWithin,delete,fill,pop,push,reverse,set,shift,sort,splice,unshift'.split(','),
);

/** The variable whose contents are changed here. */
function writtenBy(node) {
  let target;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    if (kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment) target = node.left;
  } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    if ([ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator)) target = node.operand;
  } else if (ts.isDeleteExpression(node)) target = node.expression;
  else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    if (MUTATORS.has(node.expression.name.text)) target = node.expression;
  }
  if (target === undefined || ts.isIdentifier(target)) return undefined;
  let object = bare(target);
  while (ts.isPropertyAccessExpression(object) || ts.isElementAccessExpression(object))
    object = bare(object.expression);
  return ts.isIdentifier(object) ? object.text : undefined;
}

/** Without parentheses and assertions. */
function bare(expression) {
  let inner = expression;
  while (
    inner !== undefined &&
    (ts.isAsExpression(inner) ||
      ts.isSatisfiesExpression(inner) ||
      ts.isParenthesizedExpression(inner) ||
      ts.isNonNullExpression(inner))
  )
    inner = inner.expression;
  return inner;
}
