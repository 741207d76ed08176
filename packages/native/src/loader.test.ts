import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createNative, loadNative } from './index.ts';
import targets from '../targets.json' with { type: 'json' };
import { addonFiles, type Host, hostProblem, type Machine, notBuilt } from './loader.ts';

const node: Host = { versions: { node: '20.20.2', napi: '9', openssl: '3.0.19' }, release: { name: 'node' } };
const withVersions = (versions: Record<string, string | undefined>): Host => ({
  ...node,
  versions: { ...node.versions, ...versions },
});

describe('hostProblem()', () => {
  it('accepts Node with OpenSSL 3', () => {
    expect(hostProblem(node)).toBeUndefined();
    expect(hostProblem(withVersions({ openssl: '3.5.8' }))).toBeUndefined();
  });

  it.each([
    ['Electron', withVersions({ electron: '41.0.0' }), 'HOST_IS_ELECTRON'],
    ['Bun, whatever OpenSSL it claims', withVersions({ bun: '1.4.5', openssl: '1.1.0' }), 'HOST_IS_BUN'],
    ['Deno, though it claims OpenSSL 3', withVersions({ deno: '2.9.6', openssl: '3.0.7+quic' }), 'HOST_IS_DENO'],
    ['a runtime of another name', { ...node, release: { name: 'other' } }, 'HOST_IS_NOT_NODE'],
    ['a runtime without a name', { ...node, release: {} }, 'HOST_IS_NOT_NODE'],
    ['a Node whose Node-API is too old', withVersions({ napi: '7' }), 'NODE_API_TOO_OLD'],
    ['a host without Node-API', withVersions({ napi: undefined }), 'NODE_API_TOO_OLD'],
    ['a Node without OpenSSL', withVersions({ openssl: undefined }), 'NO_OPENSSL'],
    ['a Node with OpenSSL 1.1', withVersions({ openssl: '1.1.1v+quic' }), 'OPENSSL_VERSION'],
    ['a Node with an OpenSSL that nobody has tried', withVersions({ openssl: '4.0.0' }), 'OPENSSL_VERSION'],
  ])('refuses %s', (_, host, code) => {
    const problem = hostProblem(host);
    expect(problem).toMatchObject({ ok: false, code });
    expect(problem?.reason.length).toBeGreaterThan(10);
  });
});

describe('addonFiles()', () => {
  const modules = new Map(targets.map(({ name }) => [`@ferrule/native-${name}`, `/modules/${name}/ferrule.node`])).set(
    '@ferrule/native/package.json',
    '/native/package.json',
  );
  const machine = (fields: Partial<Machine>): Machine => ({
    platform: 'linux',
    arch: 'x64',
    env: {},
    libc: 'glibc',
    resolve: (name) => modules.get(name),
    ...fields,
  });

  it.each(targets)('tries a local build, then the package of $name', ({ name, os, cpu, libc }) => {
    const [built, packaged, ...more] = addonFiles(machine({ platform: os, arch: cpu, libc: libc as Machine['libc'] }));
    expect(built).toBe(`/native/prebuilds/${os}-${cpu}${libc === 'musl' ? '-musl' : ''}/ferrule.node`);
    expect(packaged).toBe(`/modules/${name}/ferrule.node`);
    expect(more).toEqual([]);
  });

  it('tries both C libraries of Linux if unknown', () => {
    expect(addonFiles(machine({ libc: undefined })).map((file) => file.split('/').at(-2))).toEqual([
      'linux-x64',
      'linux-x64-musl',
      'linux-x64-gnu',
      'linux-x64-musl',
    ]);
  });

  it('tries only the file that FERRULE_NATIVE_ADDON names', () => {
    expect(addonFiles(machine({ env: { FERRULE_NATIVE_ADDON: '/mine.node' } }))).toEqual(['/mine.node']);
    expect(addonFiles(machine({ env: { FERRULE_NATIVE_ADDON: '' } }))).toHaveLength(2);
  });

  it('has no file in a bundle far from its modules', () => {
    expect(addonFiles(machine({ resolve: () => undefined }))).toEqual([]);
  });

  it('names the missing package, or says how to build the addon where there is none', () => {
    expect(notBuilt(machine({ libc: 'musl' }))).toMatch(
      /^@ferrule\/native-linux-x64-musl is not installed .*npx ferrule-native-build/,
    );
    expect(notBuilt(machine({ platform: 'freebsd' }))).toMatch(
      /^there is no package of the addon for freebsd-x64; npx ferrule-native-build/,
    );
  });
});

describe('loadNative()', () => {
  it('gives the same backend each time', () => {
    const first = loadNative();
    expect(first.ok).toBe(true);
    expect(loadNative()).toBe(first);
    expect(createNative()).toBe(first.ok && first.backend);
  });

  const elsewhere = (addon: string): unknown => {
    const program =
      "const { loadNative } = await import('@ferrule/native'); const r = loadNative(); console.log(JSON.stringify(r.ok ? { ok: true } : r));";
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', program],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        encoding: 'utf8',
        env: { ...process.env, FERRULE_NATIVE_ADDON: addon },
      },
    );
    return JSON.parse(stdout || JSON.stringify(stderr)) as unknown;
  };

  it('reports an addon that is not built, and never throws', () => {
    const reason = expect.stringMatching(
      /^FERRULE_NATIVE_ADDON names nowhere\.node, .* correct the path, or unset/,
    ) as string;
    expect(elsewhere('nowhere.node')).toEqual({ ok: false, code: 'ADDON_NOT_BUILT', reason });
  });

  it('says why an addon does not load', () => {
    expect(elsewhere(fileURLToPath(new URL('../package.json', import.meta.url)))).toMatchObject({
      ok: false,
      code: 'ADDON_NOT_LOADABLE',
    });
  });
});

describe('the backend', () => {
  it('reports its OpenSSL and the abilities of that', () => {
    const backend = createNative();
    expect(backend.engine).toBe(`OpenSSL ${process.versions.openssl?.split('+')[0]} (host process)`);
    expect(backend.supported.cipherSuites).toContain(0x1301);
    expect(backend.supported.groups).toContain(0x001d);
    expect(backend.supported.signatureAlgorithms).toContain(0x0403);
    const hasMlKem = Number(process.versions.openssl?.split('.')[1]) >= 5;
    expect(backend.features.has('mlkem')).toBe(hasMlKem);
    expect(backend.features.has('key-share-choice')).toBe(hasMlKem);
  });
});
