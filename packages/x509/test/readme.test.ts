import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the code of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const output = execFileSync(
    process.execPath,
    ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', code as string],
    { cwd, encoding: 'utf8' },
  );
  expect(output).toMatch(/^CERT_NAME_MISMATCH - .*www\.example\.com/);
  expect(output).toContain('X509v3 extensions:');
});
