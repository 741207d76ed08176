import { POLICY } from '@ferrule/pure/crypto/host';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { diagnose, type Diagnosis, diagnosisReport } from '../src/doctor.ts';
import { colorsFor } from '../src/report.ts';
import { widthOf } from '../src/screen.ts';
import { ferrule } from './run.ts';
import { conforms } from './schema.ts';

it('ferrule doctor tells host, engines, cryptography and trust', async () => {
  const { code, stdout } = await ferrule(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^host +node ${process.versions.node}, ${process.platform} ${process.arch}$`, 'm'));
  expect(stdout).toMatch(/^pure +TypeScript, node:crypto$/m);
  expect(stdout).toMatch(/^ {2}node:crypto +AES-128-GCM, .*secp521r1.*ecdsa on P-256/m);
  expect(stdout).toMatch(/^trust +\d+ roots: those that node:tls trusts/m);
});

it('ferrule doctor fits the terminal', async () => {
  const report = diagnosisReport(await diagnose(), colorsFor({}, {}), { columns: 60, rows: 24 });
  for (const line of report.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(60);
  expect(report).toMatch(/^ {2}node:crypto +AES-128-GCM.*\n {10,}\S/m);
});

it('ferrule doctor --json is a document of the schema', async () => {
  const { code, stdout } = await ferrule(['doctor', '--json'], {
    env: { ...process.env, FERRULE_NATIVE_ADDON: '/none' },
  });
  expect(code).toBe(0);
  conforms(stdout);
  const { doctor } = JSON.parse(stdout) as { readonly doctor: Diagnosis };
  expect(doctor.engines.map(({ name }) => name)).toEqual(['native', 'pure']);
  expect(doctor.engines[0]?.engine).toBeUndefined();
  expect(doctor.engine).toMatch(/^pure: /);
  expect(doctor.fellBackBecause).toHaveLength(1);
  expect(doctor.sources.order).toEqual(['node:crypto', 'tuned', 'noble']);
});

it('ferrule doctor without trust anchors says so, by its exit code too', async () => {
  const none = { NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '/none', SSL_CERT_DIR: '/none' };
  const env = { ...process.env, ...none, NODE_OPTIONS: '--use-openssl-ca' };
  const { code, stdout } = await ferrule(['doctor'], { env });
  expect(code).toBe(5);
  expect(stdout).toMatch(/^trust +no trust anchors/m);
});

it('the table of policy stands in docs/platforms.md', () => {
  const page = readFileSync(new URL('../../../docs/platforms.md', import.meta.url), 'utf8');
  for (const { host, sources, because } of POLICY)
    expect(page).toContain(`| ${host} | ${sources.join(', ')} | ${because} |`);
});
