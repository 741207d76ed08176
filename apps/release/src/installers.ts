/**
 * @module How each package manager lays out an empty project from the registry on loopback, and runs a program in it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from './registry.ts';
import { run } from './steps.ts';
import type { Tools } from './tools.ts';

export interface Installer {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'yarn-pnp' | 'bun';
  /** Installs these packages into an empty folder. */
  install(folder: string, dependencies: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a program of the folder with this Node. */
  node(folder: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
}

export function installers(tools: Tools, { url, env }: Registry): readonly Installer[] {
  const node = (folder: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> =>
    run(process.execPath, args, { cwd: folder, env: { ...env, ...more } });
  const yarn = (name: 'yarn' | 'yarn-pnp', nodeLinker: string): Installer => ({
    name,
    async install(folder, dependencies) {
      manifest(folder, dependencies);
      const lines = {
        nodeLinker,
        npmRegistryServer: `'${url}'`,
        unsafeHttpWhitelist: "['127.0.0.1']",
        enableTelemetry: false,
        enableImmutableInstalls: false,
        npmMinimalAgeGate: 0,
        pnpFallbackMode: 'none',
        globalFolder: `'${join(env['HOME'] ?? folder, 'yarn')}'`,
      };
      const text = Object.entries(lines).map(([key, value]) => `${key}: ${value}\n`);
      writeFileSync(join(folder, '.yarnrc.yml'), text.join(''));
      writeFileSync(join(folder, 'yarn.lock'), '');
      await node(folder, [tools.yarn, 'install']);
    },
    // `yarn node` brings Plug'n'Play's resolution along
    node: (folder, args, more) => node(folder, [tools.yarn, 'node', ...args], more),
  });
  return [
    {
      name: 'npm',
      async install(folder, dependencies) {
        manifest(folder, dependencies);
        await run('npm', ['install', '--ignore-scripts'], { cwd: folder, env });
      },
      node,
    },
    {
      name: 'pnpm',
      async install(folder, dependencies) {
        manifest(folder, dependencies);
        await node(folder, [tools.pnpm, 'install', '--ignore-workspace', '--config.auto-install-peers=false']);
      },
      node,
    },
    yarn('yarn', 'node-modules'),
    yarn('yarn-pnp', 'pnp'),
    {
      name: 'bun',
      async install(folder, dependencies) {
        manifest(folder, dependencies);
        writeFileSync(join(folder, 'bunfig.toml'), `[install]\nregistry = "${url}"\n`);
        await run(tools.bun, ['install'], { cwd: folder, env });
      },
      node,
    },
  ];
}

function manifest(folder: string, dependencies: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'rehearsal', version: '1.0.0', private: true, dependencies }),
  );
}
