import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const sanitized = (process.env['FERRULE_NATIVE_ADDON'] ?? '').includes('sanitize');

/** `npm run test:long` opens 10,000; the default is what an everyday run can bear. */
const CONNECTIONS = process.env['FERRULE_LONG'] === '1' ? 10_000 : 800;

it(`leaves memory where it was after ${CONNECTIONS} connections`, { timeout: 300_000 }, () => {
  const program = fileURLToPath(new URL('many-connections.ts', import.meta.url));
  // Under AddressSanitizer freed memory stays in quarantine on purpose, so there only the accesses count.
  const [warmUp, connections] = sanitized ? [50, 250] : [600, CONNECTIONS];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    // Node 24 lets the young generation grow to 128 MiB in the meantime, all but empty: that is not what is measured.
    [
      '--expose-gc',
      '--max-semi-space-size=8',
      '--conditions=@ferrule/source',
      '--import',
      'tsx',
      program,
      String(warmUp),
      String(connections),
    ],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  // A forgotten connection is some 45 KiB, so 2,500 of them 110 MiB. Over 10,000, one forgotten kilobyte each would be
  // 10 MiB.
  if (!sanitized) expect(after - before).toBeLessThan(CONNECTIONS === 10_000 ? 8 : 16);
});
