import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import { askEngine, HOST, type Server } from '../src/chains/engines.ts';
import { askNodeTls } from '../src/chains/node-tls.ts';
import { Id } from '../src/chains/features.ts';
import { ca, dn, make } from '../src/chains/recipe.ts';
import { RECIPES } from '../src/chains/recipes.ts';
import { makeByTool, TOOL_RECIPES } from '../src/chains/tools.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES = [createPure({ crypto: nodeCrypto }), ...(loaded.ok ? [loaded.backend] : [])];

/** A root that has issued none of these. */
const STRANGER = make({
  name: 'stranger',
  path: [{ subject: dn('CN=stranger'), key: 'p256:stranger', extensions: [[Id.basic, ca(), 'critical']] }],
});

/** What node:tls and each engine say: with the right name and root, with another name, with another root. */
async function judged(server: Server): Promise<unknown> {
  const strangers = { ...server, anchors: STRANGER.anchors };
  const rows: [string, unknown][] = [];
  for (const [who, shown, host] of [
    ['as it is', server, HOST],
    ['another name', server, 'other.test'],
    ['another root', strangers, HOST],
  ] as const) {
    rows.push([`node:tls, ${who}`, (await askNodeTls(shown, host)).accepts]);
    for (const backend of ENGINES)
      rows.push([`${backend.name}, ${who}`, (await askEngine(backend, shown, host)).code ?? 'accepted']);
  }
  return Object.fromEntries(rows);
}

const expected = (verdicts: unknown): unknown =>
  Object.fromEntries(
    Object.entries(verdicts as Record<string, unknown>).map(([who]) => [
      who,
      who.startsWith('node:tls')
        ? who.endsWith('as it is')
        : who.endsWith('as it is')
          ? 'accepted'
          : who.endsWith('another name')
            ? 'CERT_NAME_MISMATCH'
            : (expect.stringMatching(/^CERT_(SELF_SIGNED|UNTRUSTED_ROOT|MISSING_INTERMEDIATE)$/) as unknown),
    ]),
  );

describe('PKIs made at home: both engines accept them as node:tls does, but not with another name or root', () => {
  it.each(RECIPES.map((recipe) => [recipe.name, recipe] as const))('%s', async (_name, recipe) => {
    const verdicts = await judged(make(recipe));
    expect(verdicts).toEqual(expected(verdicts));
  });
});

describe('made by the tool itself', () => {
  it.each(TOOL_RECIPES.map((recipe) => [recipe.name, recipe] as const))(
    '%s',
    { timeout: 60_000 },
    async (name, recipe) => {
      const server = await makeByTool(recipe);
      if (server === undefined) {
        console.log(`skipped: ${name}: ${recipe.needs[0]} is not installed here`);
        return;
      }
      const verdicts = await judged(server);
      expect(verdicts).toEqual(expected(verdicts));
    },
  );
});
