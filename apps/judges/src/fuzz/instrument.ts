/** @module A bundle of the targets in which the code of our packages counts its blocks and shows its compares. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformAsync, types as t, type NodePath, type PluginObj } from '@babel/core';
import { build, transform } from 'esbuild';
import type { Layout } from './coverage.ts';

/** The code under test; the servers and the targets are not. */
const UNDER_TEST = /[\\/]packages[\\/](bio|pure|result|starttls|x509)[\\/]src[\\/].*\.ts$/;
const PRELUDE = 'const $counters = globalThis.ferruleCoverage.counters, $equal = globalThis.ferruleCoverage.equal;\n';

const here = dirname(fileURLToPath(import.meta.url));

export interface Instrumented extends Layout {
  /** Numbers and texts that the code compares with, or knows: what a fuzzer would not guess. */
  readonly words: readonly (number | string)[];
}

/** Writes an ES module. */
export async function instrument(outfile: string): Promise<Instrumented> {
  const layout = { blocks: 0, compares: 0 };
  const words = new Set<number | string>();
  await build({
    entryPoints: [join(here, 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@ferrule/source'],
    logLevel: 'warning',
    plugins: [
      {
        name: 'coverage',
        setup(bundler) {
          bundler.onLoad({ filter: UNDER_TEST }, async ({ path }) => {
            const { code } = await transform(await readFile(path, 'utf8'), {
              loader: 'ts',
              target: 'node20',
              sourcefile: path,
            });
            const result = await transformAsync(code, {
              filename: path,
              configFile: false,
              babelrc: false,
              compact: false,
              plugins: [counting(layout, words)],
            });
            return { contents: PRELUDE + (result?.code ?? ''), loader: 'js' };
          });
        },
      },
    ],
  });
  return { ...layout, words: [...words] };
}

function counting(layout: { blocks: number; compares: number }, words: Set<number | string>): PluginObj {
  const count = (): t.Expression =>
    t.updateExpression('++', t.memberExpression(t.identifier('$counters'), t.numericLiteral(layout.blocks++), true));
  const counted = (expression: t.Expression): t.Expression => t.sequenceExpression([count(), expression]);
  const block = (statement: t.Statement): t.BlockStatement => {
    const body = t.isBlockStatement(statement) ? statement : t.blockStatement([statement]);
    body.body.unshift(t.expressionStatement(count()));
    return body;
  };
  return {
    name: 'counting',
    visitor: {
      Function: {
        exit({ node }) {
          if (t.isBlockStatement(node.body)) block(node.body);
          else node.body = counted(node.body);
        },
      },
      IfStatement: {
        exit({ node }) {
          node.consequent = block(node.consequent);
          node.alternate = block(node.alternate ?? t.blockStatement([]));
        },
      },
      Loop: {
        exit({ node }) {
          node.body = block(node.body);
        },
      },
      SwitchCase: {
        exit({ node }) {
          node.consequent.unshift(t.expressionStatement(count()));
        },
      },
      CatchClause: {
        exit({ node }) {
          block(node.body);
        },
      },
      ConditionalExpression: {
        exit({ node }) {
          node.consequent = counted(node.consequent);
          node.alternate = counted(node.alternate);
        },
      },
      LogicalExpression: {
        exit({ node }) {
          node.right = counted(node.right);
        },
      },
      BinaryExpression: {
        exit(path: NodePath<t.BinaryExpression>) {
          const { operator, left, right } = path.node;
          if (
            (operator !== '===' && operator !== '!==') ||
            t.isPrivateName(left) ||
            !mayBeNumber(left) ||
            !mayBeNumber(right)
          )
            return;
          const call = t.callExpression(t.identifier('$equal'), [t.numericLiteral(layout.compares++), left, right]);
          path.replaceWith(operator === '===' ? call : t.unaryExpression('!', call));
          path.skip();
        },
      },
      NumericLiteral({ node }) {
        if (Number.isInteger(node.value) && node.value > 1) words.add(node.value);
      },
      StringLiteral({ node }) {
        if (node.value.length > 1 && node.value.length <= 24 && !node.value.startsWith('.')) words.add(node.value);
      },
    },
  };
}

const mayBeNumber = (node: t.Node): boolean =>
  !(
    t.isStringLiteral(node) ||
    t.isNullLiteral(node) ||
    t.isBooleanLiteral(node) ||
    t.isTemplateLiteral(node) ||
    t.isUnaryExpression(node, { operator: 'typeof' }) ||
    t.isIdentifier(node, { name: 'undefined' })
  );
