/**
 * @module What an addon file is, read from the file itself: for which machine, what it needs, how it is hardened.
 *
 * ELF: the System V ABI with the GNU extensions (version needs, GNU_STACK, GNU_RELRO). PE: Microsoft's format. Mach-O:
 * Apple's, 64 bits. Only what is asked of our own builds is read.
 */

/** A row of targets.json. */
export interface Target {
  readonly name: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
  readonly zig: string;
}

/** The newest glibc that a package may ask for: that of Debian 10 and RHEL 8, which Node 20 itself asks for. */
export const NEWEST_GLIBC = '2.28';

export interface Binary {
  readonly os: 'linux' | 'win32' | 'darwin';
  readonly cpu: 'x64' | 'arm64' | 'unknown';
  /** The libraries it asks for by name: DT_NEEDED, the import directory, LC_LOAD_DYLIB. */
  readonly needed: readonly string[];
  /** ELF: the versions of symbols it asks for, such as `GLIBC_2.14`. */
  readonly versions: readonly string[];
  /** ELF with versions: the symbols it asks for without one: no library that was linked has them. */
  readonly unversioned: readonly string[];
  /** Every hardening that was found, by the name its system gives it. */
  readonly hardening: ReadonlySet<string>;
  /** Whether the bytes name the function that Node looks up in an addon. */
  readonly isAddon: boolean;
}

/** @throws Error when the bytes are of none of the three formats. */
export function readBinary(bytes: Uint8Array): Binary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isAddon = contains(bytes, 'napi_register_module_v1');
  if (view.getUint32(0) === 0x7f454c46) return { ...readElf(bytes, view), isAddon };
  if (view.getUint16(0) === 0x4d5a) return { ...readPe(bytes, view), isAddon };
  if (view.getUint32(0, true) === 0xfeedfacf) return { ...readMachO(bytes, view), isAddon };
  throw new Error('neither ELF, PE nor Mach-O (64 bits, little-endian)');
}

const HARDENING = {
  linux: ['GNU_RELRO', 'BIND_NOW', 'NODELETE', 'non-executable stack', 'stack protector'],
  win32: ['DYNAMIC_BASE', 'NX_COMPAT', 'HIGH_ENTROPY_VA'],
  darwin: ['code signature'],
};

/** What the system itself has; everything else is inside the file. */
const MAY_NEED = {
  glibc: /^(lib(c|m|dl|pthread)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^libc\.so$/,
  win32: /^(node\.exe|kernel32\.dll|ntdll\.dll|advapi32\.dll|api-ms-win-crt-[\w-]+\.dll)$/i,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
};

/** Why these bytes may not be published as the addon of that target; empty when they may. */
export function binaryProblems(bytes: Uint8Array, target: Target): string[] {
  const binary = readBinary(bytes);
  if (binary.os !== target.os || binary.cpu !== target.cpu) return [`it is for ${binary.os}-${binary.cpu}`];
  const problems = binary.isAddon ? [] : ['it is not an addon: napi_register_module_v1 is missing'];
  const may = MAY_NEED[(target.libc ?? target.os) as keyof typeof MAY_NEED];
  for (const name of binary.needed) if (!may.test(name)) problems.push(`it needs ${name}`);
  for (const version of binary.versions) {
    const [, glibc] = /^GLIBC_([\d.]+)$/.exec(version) ?? [];
    if (target.libc !== 'glibc' || glibc === undefined || newer(glibc, NEWEST_GLIBC))
      problems.push(`it needs ${version}${target.libc === 'glibc' ? `; at most GLIBC_${NEWEST_GLIBC} is there` : ''}`);
  }
  if (target.libc === 'glibc')
    for (const symbol of binary.unversioned)
      if (!/^(napi|node_api)_/.test(symbol)) problems.push(`it needs ${symbol}, which no library has`);
  for (const kind of HARDENING[binary.os]) if (!binary.hardening.has(kind)) problems.push(`it has no ${kind}`);
  if (target.libc === 'glibc' && !binary.hardening.has('fortify')) problems.push('it has no fortify');
  return problems;
}

function newer(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major !== thanMajor ? major > thanMajor : minor > thanMinor;
}

type Read = Omit<Binary, 'isAddon'>;

function readElf(bytes: Uint8Array, view: DataView): Read {
  const u16 = (at: number): number => view.getUint16(at, true);
  const u32 = (at: number): number => view.getUint32(at, true);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const hardening = new Set<string>();
  // Program headers: GNU_STACK without PF_X, GNU_RELRO.
  for (let index = 0, at = u64(32); index < u16(56); index += 1, at += u16(54)) {
    if (u32(at) === 0x6474e551 && (u32(at + 4) & 1) === 0) hardening.add('non-executable stack');
    if (u32(at) === 0x6474e552) hardening.add('GNU_RELRO');
  }
  const needed: string[] = [];
  const versions = new Set<string>();
  const undefinedSymbols = new Map<string, { readonly index: number; readonly weak: boolean }>();
  let versionOf = (_symbol: number): number => 0;
  for (let index = 0; index < u16(60); index += 1) {
    const section = u64(40) + index * u16(58);
    const [type, offset, size] = [u32(section + 4), u64(section + 24), u64(section + 32)];
    const linked = u64(40) + u32(section + 40) * u16(58);
    const name = (at: number): string => text(bytes, u64(linked + 24) + at);
    if (type === 6) {
      // SHT_DYNAMIC: DT_NEEDED, DT_FLAGS with DF_BIND_NOW, DT_FLAGS_1 with DF_1_NOW and DF_1_NODELETE
      for (let at = offset; at < offset + size && u64(at) !== 0; at += 16) {
        const [tag, value] = [u64(at), u64(at + 8)];
        if (tag === 1) needed.push(name(value));
        if ((tag === 30 && (value & 8) !== 0) || (tag === 0x6ffffffb && (value & 1) !== 0)) hardening.add('BIND_NOW');
        if (tag === 0x6ffffffb && (value & 8) !== 0) hardening.add('NODELETE');
      }
    }
    if (type === 0x6ffffffe) {
      // SHT_GNU_verneed: per file, a chain of Vernaux with the name of each version
      for (let file = offset, next = 1; next !== 0; file += next) {
        next = u32(file + 12);
        let entry = file + u32(file + 8);
        for (let count = u16(file + 2); count > 0; count -= 1, entry += u32(entry + 12))
          versions.add(name(u32(entry + 8)));
      }
    }
    if (type === 0x6fffffff) versionOf = (symbol) => u16(offset + 2 * symbol); // SHT_GNU_versym
    if (type === 11) {
      // SHT_DYNSYM, undefined symbols; the first is always empty
      for (let at = offset + 24; at < offset + size; at += 24)
        if (u16(at + 6) === 0)
          undefinedSymbols.set(name(u32(at)), { index: (at - offset) / 24, weak: bytes[at + 4]! >> 4 === 2 });
    }
  }
  // On arm64 the canary is a variable of the C library; one that is linked in is a constant.
  const cpu = cpuOf(u16(18), { 62: 'x64', 183: 'arm64' });
  const protector = cpu === 'arm64' ? ['__stack_chk_fail', '__stack_chk_guard'] : ['__stack_chk_fail'];
  if (protector.every((symbol) => undefinedSymbols.has(symbol))) hardening.add('stack protector');
  const names = [...undefinedSymbols.keys()];
  if (names.some((symbol) => /^__\w+_chk$/.test(symbol))) hardening.add('fortify');
  const unversioned = [...undefinedSymbols].flatMap(([symbol, { index, weak }]) =>
    weak || versionOf(index) > 1 ? [] : [symbol],
  );
  return { os: 'linux', cpu, needed, versions: [...versions], unversioned, hardening };
}

function readPe(bytes: Uint8Array, view: DataView): Read {
  const coff = view.getUint32(0x3c, true) + 4;
  const optional = coff + 20;
  const characteristics = view.getUint16(optional + 70, true);
  const flags = { HIGH_ENTROPY_VA: 0x20, DYNAMIC_BASE: 0x40, NX_COMPAT: 0x100 };
  const hardening = new Set(
    Object.entries(flags).flatMap(([name, bit]) => ((characteristics & bit) === 0 ? [] : [name])),
  );
  const sections = Array.from(
    { length: view.getUint16(coff + 2, true) },
    (_, index) => optional + view.getUint16(coff + 16, true) + index * 40,
  );
  const fileOffset = (address: number): number => {
    const section = sections.find(
      (at) =>
        address >= view.getUint32(at + 12, true) &&
        address < view.getUint32(at + 12, true) + view.getUint32(at + 16, true),
    );
    if (section === undefined) throw new Error(`PE: address ${address} is in no section`);
    return address - view.getUint32(section + 12, true) + view.getUint32(section + 20, true);
  };
  const needed: string[] = [];
  // The import directory is the second of the data directories; its rows end with a row of zeros
  for (let at = fileOffset(view.getUint32(optional + 112 + 8, true)); view.getUint32(at + 12, true) !== 0; at += 20)
    needed.push(text(bytes, fileOffset(view.getUint32(at + 12, true))));
  return {
    os: 'win32',
    cpu: cpuOf(view.getUint16(coff, true), { 0x8664: 'x64', 0xaa64: 'arm64' }),
    needed,
    versions: [],
    unversioned: [],
    hardening,
  };
}

function readMachO(bytes: Uint8Array, view: DataView): Read {
  const needed: string[] = [];
  const hardening = new Set<string>();
  for (let index = 0, at = 32; index < view.getUint32(16, true); index += 1, at += view.getUint32(at + 4, true)) {
    const command = view.getUint32(at, true);
    if (command === 0xc) needed.push(text(bytes, at + view.getUint32(at + 8, true)));
    if (command === 0x1d) hardening.add('code signature');
  }
  return {
    os: 'darwin',
    cpu: cpuOf(view.getUint32(4, true), { 0x01000007: 'x64', 0x0100000c: 'arm64' }),
    needed,
    versions: [],
    unversioned: [],
    hardening,
  };
}

const cpuOf = (code: number, known: Readonly<Record<number, 'x64' | 'arm64'>>): Binary['cpu'] =>
  known[code] ?? 'unknown';

const text = (bytes: Uint8Array, at: number): string =>
  new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));

const contains = (bytes: Uint8Array, name: string): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(name);
