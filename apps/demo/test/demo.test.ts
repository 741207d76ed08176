import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('the demo', () => {
  it('fetches the page through each engine, fails three times as it should, and exits with 0', () => {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@ferrule/source', '--import', 'tsx', main],
      {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/✓ pure: A ferrule is/);
    for (const code of ['CERT_NAME_MISMATCH', 'CERT_UNTRUSTED_ROOT', 'HTTP_REQUEST']) expect(stdout).toContain(code);
    expect(stdout).not.toContain('✗');
    expect(status).toBe(0);
  });
});
