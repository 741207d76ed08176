/** What is published for a platform: the table, the package around an addon, and what is read from the addon's file. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { binaryProblems, readBinary } from '../scripts/binary.ts';
import { missingPlatforms, platformManifest, withPlatforms } from '../scripts/platform-package.ts';
import targets from '../targets.json' with { type: 'json' };

const target = (name: string) => targets.find((row) => row.name === name)!;

describe('the table of platforms', () => {
  it.each(targets)('calls $name by its system, machine and C library', ({ name, os, cpu, libc }) => {
    expect(name).toBe(`${os}-${cpu}${libc === undefined ? '' : libc === 'glibc' ? '-gnu' : '-musl'}`);
  });

  it('is the one in the documentation', () => {
    const page = readFileSync(new URL('../../../docs/platforms.md', import.meta.url), 'utf8');
    expect([...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)).toEqual(targets.map(({ name }) => name));
  });
});

describe('the package of a platform', () => {
  const native = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

  it('is installed only where it fits, and has the version of @ferrule/native', () => {
    expect(platformManifest(target('linux-arm64-musl'), native)).toMatchObject({
      name: '@ferrule/native-linux-arm64-musl',
      version: native.version,
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
      main: 'ferrule.node',
    });
    expect(platformManifest(target('win32-x64'), native)).not.toHaveProperty('libc');
  });

  it('is asked for by @ferrule/native in exactly its own version', () => {
    const { optionalDependencies } = withPlatforms({ ...native, version: '1.2.3' }, targets);
    expect(Object.keys(optionalDependencies)).toEqual(targets.map(({ name }) => `@ferrule/native-${name}`));
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set(['1.2.3']));
  });

  it('is missed before @ferrule/native is published without it, or with another version', () => {
    const whole = withPlatforms({ ...native, version: '1.2.3' }, targets);
    expect(missingPlatforms(whole, targets)).toEqual([]);
    expect(missingPlatforms({ ...whole, version: '1.2.4' }, targets)).toHaveLength(targets.length);
    expect(missingPlatforms(withPlatforms({ ...native, version: '1.2.3' }, targets.slice(1)), targets)).toEqual([
      `@ferrule/native-${targets[0]?.name}`,
    ]);
  });
});

/** The least ELF file (System V ABI) that needs these libraries and versions, with or without what hardens it. */
function elf({
  machine = 62,
  versions = ['GLIBC_2.28'],
  needed = ['libc.so.6'],
  symbols = ['__stack_chk_fail', '__stack_chk_guard', '__vsnprintf_chk', 'napi_throw'],
  unversioned = ['napi_throw'],
  hardened = true,
  mark = 'napi_register_module_v1',
} = {}): Buffer {
  const strings = Buffer.from(`\0${[...versions, ...needed, ...symbols, mark].join('\0')}\0`);
  const at = (name: string): number => strings.indexOf(`\0${name}\0`) + 1;
  const words = (...values: number[]): Buffer => Buffer.concat(values.map((value) => bytes(8, value)));
  const dynamic = Buffer.concat([
    ...needed.map((name) => words(1, at(name))),
    ...(hardened ? [words(0x6ffffffb, 9)] : []),
    words(0, 0),
  ]);
  const needs = Buffer.concat([
    ...[1, versions.length].map((value) => bytes(2, value)),
    ...[0, 16, 0].map((value) => bytes(4, value)),
    ...versions.map((name, index) =>
      Buffer.concat([bytes(4, 0), bytes(4, 0), bytes(4, at(name)), bytes(4, index + 1 < versions.length ? 16 : 0)]),
    ),
  ]);
  const undefinedSymbols = Buffer.concat([
    Buffer.alloc(24),
    ...symbols.map((name) => Buffer.concat([bytes(4, at(name)), bytes(4, 0x10), Buffer.alloc(16)])),
  ]);
  const versionOf = Buffer.concat([
    bytes(2, 0),
    ...symbols.map((name) => bytes(2, unversioned.includes(name) ? 1 : 2)),
  ]);
  const segments = [[0x6474e551, hardened ? 6 : 7], ...(hardened ? [[0x6474e552, 4]] : [])];
  const programs = Buffer.concat(
    segments.map(([type = 0, flags = 0]) => Buffer.concat([bytes(4, type), bytes(4, flags), Buffer.alloc(48)])),
  );
  const sections: [type: number, data: Buffer][] = [
    [3, strings],
    [6, dynamic],
    [0x6ffffffe, needs],
    [0x6fffffff, versionOf],
    [11, undefinedSymbols],
  ];
  let offset = 64 + programs.length;
  const rows = sections.map(([type, data]) => {
    const row = Buffer.concat([
      bytes(4, 0),
      bytes(4, type),
      words(0, 0, offset, data.length),
      bytes(4, 0),
      Buffer.alloc(20),
    ]);
    offset += data.length;
    return row;
  });
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeBigUInt64LE(BigInt(offset), 40);
  for (const [index, value] of [64, 56, segments.length, 64, sections.length].entries())
    header.writeUInt16LE(value, 52 + 2 * index);
  return Buffer.concat([header, programs, ...sections.map(([, data]) => data), ...rows]);
}

function bytes(size: number, value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer.subarray(0, size);
}

describe('an addon file', () => {
  it('may be published when it is hardened and needs what Node itself needs', () => {
    expect(binaryProblems(elf(), target('linux-x64-gnu'))).toEqual([]);
    expect(binaryProblems(elf({ machine: 183 }), target('linux-arm64-gnu'))).toEqual([]);
    expect(binaryProblems(elf({ versions: [], needed: ['libc.so'] }), target('linux-x64-musl'))).toEqual([]);
  });

  it.each([
    ['is for another machine', elf({ machine: 183 }), 'linux-x64-gnu', ['it is for linux-arm64']],
    ['is for another system', elf(), 'darwin-x64', ['it is for linux-x64']],
    [
      'needs a newer glibc',
      elf({ versions: ['GLIBC_2.4', 'GLIBC_2.34'] }),
      'linux-x64-gnu',
      ['it needs GLIBC_2.34; at most GLIBC_2.28 is there'],
    ],
    [
      'needs a C++ library',
      elf({ needed: ['libc.so.6', 'libstdc++.so.6'] }),
      'linux-x64-gnu',
      ['it needs libstdc++.so.6'],
    ],
    [
      'needs the versions of a C++ library',
      elf({ versions: ['GLIBCXX_3.4.29'] }),
      'linux-x64-gnu',
      ['it needs GLIBCXX_3.4.29; at most GLIBC_2.28 is there'],
    ],
    ['links OpenSSL', elf({ needed: ['libssl.so.3'] }), 'linux-x64-gnu', ['it needs libssl.so.3']],
    ['needs glibc where musl is', elf({ needed: [] }), 'linux-x64-musl', ['it needs GLIBC_2.28']],
    [
      'was built without a stack protector',
      elf({ symbols: ['__vsnprintf_chk'] }),
      'linux-x64-gnu',
      ['it has no stack protector'],
    ],
    [
      'has a canary of its own',
      elf({ machine: 183, symbols: ['__stack_chk_fail', '__vsnprintf_chk'] }),
      'linux-arm64-gnu',
      ['it has no stack protector'],
    ],
    [
      'needs a function of the compiler that is in no library',
      elf({ symbols: ['__stack_chk_fail', '__vsnprintf_chk', '__lttf2'], unversioned: ['__lttf2'] }),
      'linux-x64-gnu',
      ['it needs __lttf2, which no library has'],
    ],
    ['was built without fortify', elf({ symbols: ['__stack_chk_fail'] }), 'linux-x64-gnu', ['it has no fortify']],
    [
      'was linked without hardening',
      elf({ hardened: false }),
      'linux-x64-gnu',
      ['it has no GNU_RELRO', 'it has no BIND_NOW', 'it has no NODELETE', 'it has no non-executable stack'],
    ],
    ['is no addon', elf({ mark: 'main' }), 'linux-x64-gnu', ['it is not an addon: napi_register_module_v1 is missing']],
  ])('may not be published when it %s', (_, file, name, problems) => {
    expect(binaryProblems(file, target(name))).toEqual(problems);
  });

  it('is read from what this machine built', () => {
    const file = readFileSync(
      new URL(`../prebuilds/${process.platform}-${process.arch}/ferrule.node`, import.meta.url),
    );
    expect(readBinary(file)).toMatchObject({ os: process.platform, cpu: process.arch, isAddon: true });
  });

  it('is refused when it is of no known format', () => {
    expect(() => readBinary(new Uint8Array(64))).toThrow('neither ELF, PE nor Mach-O');
  });
});
