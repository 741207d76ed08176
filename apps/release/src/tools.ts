/** @module The tools of the rehearsal, in fixed versions; they are installed into its own folder and leave with it. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnv, run } from './steps.ts';

const VERSIONS = {
  '@types/node': '20.19.43',
  '@yarnpkg/cli-dist': '4.18.1',
  bun: '1.4.5',
  pnpm: '10.34.8',
  typescript: '6.0.3',
  // The newest lines need Node 22
  verdaccio: '6.1.2',
} as const;

export interface Tools {
  /** Arguments for this Node. */
  readonly verdaccio: string;
  readonly pnpm: string;
  readonly yarn: string;
  readonly tsc: string;
  readonly typeRoots: string;
  /** A program. */
  readonly bun: string;
}

export async function installTools(folder: string): Promise<Tools> {
  mkdirSync(folder, { recursive: true });
  // Verdaccio's node-fetch is asked for by a tag, which not every registry carries.
  const manifest = { private: true, dependencies: VERSIONS, overrides: { 'node-fetch': '2.7.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, env: plainEnv });
  const modules = join(folder, 'node_modules');
  return {
    verdaccio: join(modules, 'verdaccio/bin/verdaccio'),
    pnpm: join(modules, 'pnpm/bin/pnpm.cjs'),
    yarn: join(modules, '@yarnpkg/cli-dist/bin/yarn.js'),
    tsc: join(modules, 'typescript/bin/tsc'),
    typeRoots: join(modules, '@types'),
    bun: join(modules, '@oven', readdirSync(join(modules, '@oven'))[0] ?? '', 'bin/bun'),
  };
}
