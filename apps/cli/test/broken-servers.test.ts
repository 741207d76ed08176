import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROKEN_SERVERS } from './broken-servers.ts';
import { here } from './here.ts';
import type { Outcome } from './run.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-broken-'));
const ca = join(folder, 'root.pem');
let engines: readonly string[] = [];

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { fellBackBecause } = await chooseBackend();
  const [reason] = fellBackBecause;
  engines = reason === undefined ? ['native', 'pure'] : ['pure'];
  if (reason !== undefined) console.info(`the native engine is skipped: ${reason.reason}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly ok: boolean;
  readonly exitCode: number;
  readonly error: { readonly code: string; readonly what: string; readonly hint: string };
}

/** What differs between two runs. */
const steady = (text: string, port: number): string =>
  text
    .replaceAll(port === 443 ? /(?<=127\.0\.0\.1:)\d+/g : String(port), '‹port›')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '‹time›')
    .replaceAll('|', '\\|');

/** connect does not wait. */
const withoutWait = (args: readonly string[]): string[] =>
  args.filter((each, i) => each !== '--wait' && args[i - 1] !== '--wait');

const LATER: readonly string[] = [
  'a certificate that its own staple calls revoked',
  'a server that hangs up after the handshake',
];

/** Those that `connect` meets too: with FERRULE_LONG all. */
const CONNECTED = BROKEN_SERVERS.map(({ title }) => title).filter(
  (_, i) => process.env['FERRULE_LONG'] === '1' || i % 3 === 0,
);

const rows: string[] = [];

describe('ferrule inspect', () => {
  it.each(BROKEN_SERVERS)(
    'names the cause in the same words with both engines: $title',
    async ({ title, start, args = [], code, exit, hint }) => {
      const { port, args: its = [], close } = await start();
      const command = ['inspect', `localhost:${port}`, '--ca', ca, '--json', ...args, ...its];
      const outcomes: Outcome[] = [];
      for (const engine of engines) outcomes.push(await here([...command, '--backend', engine]));
      const [engine = 'pure'] = engines;
      const connecting = CONNECTED.includes(title)
        ? await here(['connect', ...withoutWait(command.slice(1)), '--backend', engine])
        : undefined;
      close();
      const causes = outcomes.map(({ code: exitCode, stdout, stderr }) => {
        conforms(stdout);
        const report = JSON.parse(stdout) as Report;
        expect([report.error.code, exitCode, report.exitCode, report.ok, stderr]).toEqual([
          code,
          exit,
          exit,
          false,
          '',
        ]);
        expect(report.error.hint).toMatch(hint);
        return [report.error.what, report.error.hint].map((text) => steady(text, port));
      });
      expect(new Set(causes.map(String)).size).toBe(1);
      const [what = '', advice = ''] = causes[0] ?? [];
      // What comes later than the handshake, or is found in what inspect alone asks for, connect does not know
      if (connecting?.code === 0) expect(LATER).toContain(title);
      else if (connecting !== undefined) {
        const { error } = JSON.parse(connecting.stdout) as Report;
        expect([error.code, steady(error.what, port), steady(error.hint, port)]).toEqual([code, what, advice]);
      }
      rows.push(`| ${title} | ${what} | ${advice} | [\`${code}\`](codes.md#${code}) | ${exit} |`);
    },
  );

  it('is documented with the exact text', async () => {
    const page = [
      '<!-- Made by apps/cli/test/broken-servers.test.ts from what the command really says; `npx vitest run test/broken-servers.test.ts -u` writes it anew. -->',
      '# What can be wrong with a server, and what `ferrule inspect` says',
      '',
      `${BROKEN_SERVERS.length} kinds of broken server, made by \`apps/cli/test/broken-servers.ts\` and asked with both engines: the words are the same.`,
      'Every `TlsError.code`, also those that no server here provokes, is in [codes.md](codes.md); the exit codes are in [cli.md](cli.md).',
      '',
      '| what is wrong | what is said | what to try | code | exit |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot('../../../docs/errors.md');
  });
});
