/**
 * @module The small package around one platform's addon, and the lines of @ferrule/native's package.json that ask for
 * it.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './binary.ts';

const packageName = (target: Target): string => `@ferrule/native-${target.name}`;

/** package.json of the platform's package: npm, pnpm and yarn install it only where `os`, `cpu` and `libc` fit. */
export function platformManifest(
  target: Target,
  native: {
    readonly version: string;
    readonly engines: object;
    readonly author: string;
    readonly license: string;
    readonly repository?: object;
  },
): object {
  return {
    name: packageName(target),
    version: native.version,
    description: `The addon of @ferrule/native for ${target.name}.`,
    license: native.license,
    ...(native.repository === undefined ? {} : { repository: native.repository }),
    author: native.author,
    engines: native.engines,
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc === undefined ? {} : { libc: [target.libc] }),
    main: 'ferrule.node',
    files: ['ferrule.node'],
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  };
}

/**
 * Writes package.json, README and LICENSE beside npm/NAME/ferrule.node.
 * @param native the folder of @ferrule/native
 */
export function writePackage(native: string, target: Target): void {
  const folder = join(native, 'npm', target.name);
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(native, 'package.json'), 'utf8')) as Parameters<
    typeof platformManifest
  >[1];
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(platformManifest(target, manifest), null, 2)}\n`);
  writeFileSync(
    join(folder, 'README.md'),
    `# ${packageName(target)}\n\nThe addon of \`@ferrule/native\` for ${target.name}. Not for itself: \`npm install @ferrule/native\` takes the one that fits.\n`,
  );
  copyFileSync(join(native, '../../LICENSE'), join(folder, 'LICENSE'));
}

/**
 * @ferrule/native asks for each platform's package, in its own version exactly. Written at a release only: in the
 * repository those packages do not exist, and npm would look for them.
 */
export function withPlatforms<M extends { readonly version: string }>(
  manifest: M,
  targets: readonly Target[],
): M & { readonly optionalDependencies: Readonly<Record<string, string>> } {
  return {
    ...manifest,
    optionalDependencies: Object.fromEntries(targets.map((target) => [packageName(target), manifest.version])),
  };
}

/** The platforms' packages that this manifest does not ask for in its own version. */
export function missingPlatforms(
  manifest: { readonly version: string; readonly optionalDependencies?: Readonly<Record<string, string>> },
  targets: readonly Target[],
): string[] {
  const asked = manifest.optionalDependencies ?? {};
  return targets.map(packageName).filter((name) => asked[name] !== manifest.version);
}
