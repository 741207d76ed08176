/** What the repository promises about its own checks: no stale pass, no package that is not pinned by its hash. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

describe('turbo', () => {
  const plan = JSON.parse(
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/turbo/bin/turbo'), 'run', 'lint', 'typecheck', '--filter=@ferrule/pure', '--dry=json'],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ),
  );

  it('checks everything again when a shared configuration changes', () => {
    expect(Object.keys(plan.globalCacheInputs.files)).toEqual(
      expect.arrayContaining([
        'tsconfig.base.json',
        'tooling/tsconfig/portable.json',
        'tooling/vitest/index.js',
        'tooling/tsup/index.js',
      ]),
    );
  });

  it.each(['lint', 'typecheck'])('runs %s of a package again when the types that it uses change', (task) => {
    const { dependencies } = plan.tasks.find(({ taskId }) => taskId === `@ferrule/pure#${task}`);
    expect(dependencies).toEqual(expect.arrayContaining(['@ferrule/contract#build', '@ferrule/ssl#build']));
  });
});

it('the lock file has the hash of each package', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const unpinned = Object.entries(packages).filter(
    ([path, { link, integrity }]) => path.includes('node_modules/') && !link && integrity === undefined,
  );
  expect(unpinned.map(([path]) => path)).toEqual([]);
});

it('the list of decisions has each of them, by its title', () => {
  execFileSync(process.execPath, [join(root, 'docs/adr/index.js'), '--check'], { stdio: 'pipe' });
});
