/**
 * Nothing here has an effect when it is evaluated: package.json says so of each file (`sideEffects`), and this says it of
 * what a file computes once, so that a bundler leaves out what nobody uses of a file that it needs. It cannot know by
 * itself: a call, a `new` or the property of an object might do anything. Such a value becomes that of a function which
 * is called at once and marked pure; the lines stay what they are, source maps with them.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

/** @param {string} folder whose modules are marked, `.js` alone. */
export async function markPure(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  await Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const source = await readFile(path, 'utf8');
      const marked = pureOnce(source);
      if (marked !== source) await writeFile(path, marked);
    }),
  );
}

/** @param {string} source of a module, as esbuild writes it */
export function pureOnce(source) {
  const parsed = ts.createSourceFile('module.js', source, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  let marked = '';
  let end = 0;
  for (const statement of parsed.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || initializer === undefined || !computes(initializer)) continue;
      const [from, to] = [initializer.getStart(parsed), initializer.end];
      // A mark of our own or of a source is in front already
      const value = source.slice(from, to);
      const object = ts.isObjectLiteralExpression(initializer);
      marked += `${source.slice(end, from)}/* @__PURE__ */ (() => ${object ? `(${value})` : value})()`;
      end = to;
    }
  }
  return marked + source.slice(end);
}

/** Whether a bundler has to suppose that evaluating it does something. */
function computes(node) {
  if (ts.isFunctionLike(node) || ts.isClassExpression(node)) return false;
  if (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isSpreadAssignment(node)
  )
    return true;
  return ts.forEachChild(node, (child) => computes(child) || undefined) ?? false;
}
