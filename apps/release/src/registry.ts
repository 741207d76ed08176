/** @module Verdaccio on loopback: ours is published there, everything else comes through it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { end, plainEnv, run, start } from './steps.ts';

export interface Registry {
  readonly url: string;
  /** The environment in which npm, pnpm, yarn and bun know this registry, and nothing of the user's configuration. */
  readonly env: NodeJS.ProcessEnv;
  stop(): void;
}

/** @param ours the names that only this registry may answer for */
export async function startRegistry(verdaccio: string, folder: string, ours: readonly string[]): Promise<Registry> {
  mkdirSync(folder, { recursive: true });
  const upstream = (await run('npm', ['config', 'get', 'registry'], { cwd: folder, env: plainEnv })).trim();
  const access = 'access: $all, publish: $all, unpublish: $all';
  writeFileSync(
    join(folder, 'config.yaml'),
    [
      'storage: ./storage',
      'max_body_size: 64mb',
      `uplinks: { upstream: { url: '${upstream}', timeout: 60s, maxage: 1d } }`,
      'packages:',
      ...ours.map((name) => `  '${name}': { ${access} }`),
      `  '**': { access: $all, proxy: upstream }`,
      'auth: { htpasswd: { file: ./htpasswd, max_users: -1 } }',
      'log: { type: stdout, format: pretty, level: warn }',
      'web: { enable: false }',
    ].join('\n'),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\nfund=false\naudit=false\n`);
  const child = start(process.execPath, [verdaccio, '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    env: plainEnv,
  });
  for (let tries = 0; !(await answers(url)); tries += 1) {
    if (tries > 120 || child.exitCode !== null) throw new Error('Verdaccio does not answer');
    await new Promise((done) => setTimeout(done, 500));
  }
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|yarn_|bun_|NODE_OPTIONS$)/i.test(name),
  );
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = {
    ...Object.fromEntries(inherited),
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    npm_config_userconfig: npmrc,
    npm_config_cache: join(home, 'npm'),
    npm_config_registry: url,
    npm_config_update_notifier: 'false',
  };
  return { url, env, stop: () => end(child) };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}-/ping`).then(
    ({ ok }) => ok,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
