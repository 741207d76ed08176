/** @module A clean clone, made into what would be published. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from './programs.ts';
import type { Registry } from './registry.ts';
import { need, plainEnv, run } from './steps.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly import?: object; readonly require?: unknown }>>;
}

export interface CloneOptions {
  readonly root: string;
  readonly clone: string;
  readonly scratch: string;
  readonly zig: string | undefined;
  /** Rows of targets.json, `['prebuilt']`, or all of them when undefined. */
  readonly platforms: readonly string[] | undefined;
}

/** Which zig, and why: docs/platforms.md. */
const ZIG = '0.17.1';

/** Clones, versions and builds; the platforms' packages are in packages/native/npm afterwards. */
export async function prepareClone({ root, clone, scratch, zig, platforms }: CloneOptions): Promise<void> {
  const env = plainEnv;
  await need('a clean clone', async () => {
    await run('git', ['clone', '--quiet', root, clone], { cwd: root, env });
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, env, minutes: 20 });
  });
  await need('changesets make one version, with change logs', async () => {
    await run('npx', ['changeset', 'version'], { cwd: clone, env });
    const packages = publishedPackages(clone);
    const versions = new Set(packages.map(({ version }) => version));
    const [version] = versions;
    if (versions.size !== 1 || version === undefined || version === '0.0.0')
      throw new Error(`versions: ${[...versions].join(', ')}`);
    const first = version === '0.1.0';
    for (const { name, folder } of packages) {
      const log = join(folder, 'CHANGELOG.md');
      if (first && !existsSync(log)) throw new Error(`${name} has no changeset: it would be published without a word`);
    }
    return `${packages.length} packages, ${version}`;
  });
  await need('everything is built', async () => {
    const filters = publishedPackages(clone).map(({ name }) => `--filter=${name}`);
    await run('npx', ['turbo', 'run', 'build', ...filters, '--concurrency=2'], { cwd: clone, env, minutes: 30 });
  });
  const script = ['run', 'platforms', '-w', '@ferrule/native', '--', '--release'];
  if (platforms?.includes('prebuilt')) {
    await need('the addons of packages/native/npm are packed', async () => {
      const from = join(root, 'packages/native/npm');
      const names = existsSync(from)
        ? readdirSync(from).filter((name) => existsSync(join(from, name, 'ferrule.node')))
        : [];
      if (names.length === 0) throw new Error('there are none: npm run platforms -w @ferrule/native -- --zig PATH');
      for (const name of names) {
        const to = join(clone, 'packages/native/npm', name);
        mkdirSync(to, { recursive: true });
        copyFileSync(join(from, name, 'ferrule.node'), join(to, 'ferrule.node'));
      }
      return await run('npm', [...script, ...names], { cwd: clone, env }).then(linesOfTargets);
    });
    return;
  }
  await need('the addons are built and packed', async () => {
    if (zig === undefined) {
      const target = join(scratch, 'zig');
      await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', target, `ziglang==${ZIG}`], {
        cwd: scratch,
        env,
      });
      zig = join(target, 'ziglang/zig');
    }
    const args = [...script, '--zig', zig, ...(platforms ?? [])];
    return await run('npm', args, { cwd: clone, env, minutes: 90 }).then(linesOfTargets);
  });
}

const linesOfTargets = (text: string): string =>
  [...text.matchAll(/^([\w-]+): \d+ bytes, sha256/gm)].map(([, name]) => name).join(', ');

/** Of which the chunks of everyday entry points are a part: `into` in their tsup.config.ts. */
const JOINED_FOR_ALL: readonly string[] = ['@ferrule/node/duplex', '@ferrule/x509'];

/** All that is published, the packages of platforms excepted. */
export function publishedPackages(clone: string): (Package & { readonly folder: string })[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(clone, group)).flatMap((name) => {
      const folder = join(clone, group, name);
      const file = join(folder, 'package.json');
      if (!existsSync(file)) return [];
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      if (manifest.private === true) return [];
      const entries = Object.entries(manifest.exports ?? {}).filter(([subpath]) => !subpath.endsWith('.json'));
      return [
        {
          folder,
          name: manifest.name,
          version: manifest.version,
          entries: entries.map(([subpath]) => manifest.name + subpath.slice(1)),
          esmOnly: entries.every(([, target]) => typeof target === 'object' && target.require === undefined),
          joined: entries
            .filter(([, target]) => typeof target === 'object' && 'node' in (target.import ?? {}))
            .map(([subpath]) => manifest.name + subpath.slice(1))
            .concat(JOINED_FOR_ALL.filter((entry) => entry.startsWith(`${manifest.name}/`) || entry === manifest.name)),
        },
      ];
    }),
  );
}

/** The platforms' packages first, so that @ferrule/native never asks for what is not there. */
export async function publish(clone: string, { env }: Registry, someMissing: boolean): Promise<void> {
  const npm = join(clone, 'packages/native/npm');
  await need('the packages are published', async () => {
    const names = readdirSync(npm);
    for (const name of names) await run('npm', ['publish'], { cwd: join(npm, name), env });
    // With all platforms @ferrule/native's own check runs too (prepublishOnly); with some it would rightly refuse.
    const said = await run('npx', ['changeset', 'publish', '--no-git-tag'], {
      cwd: clone,
      env: { ...env, ...(someMissing && { npm_config_ignore_scripts: 'true' }) },
    });
    return `${names.length} of platforms, ${new Set(said.match(/@?[\w/-]+@\d+\.\d+\.\d+/g)).size} others`;
  });
}
