/** @module ECHConfigList (RFC 9849 section 4): reading it, and choosing the configuration to use. */
import type { CryptoProvider } from '../crypto/provider.ts';
import { Reader } from '../wire/read.ts';
import { type HpkeSuite, supportsHpke } from './hpke.ts';

/** One ECHConfig of the version that is known here. */
export interface EchConfig {
  /** The whole structure as it stands: what HPKE is bound to. */
  readonly raw: Uint8Array;
  readonly id: number;
  readonly kem: number;
  readonly publicKey: Uint8Array;
  readonly symmetric: readonly { readonly kdf: number; readonly aead: number }[];
  readonly maximumNameLength: number;
  /** The name of the server that decrypts, which it must prove when it does not. */
  readonly publicName: string;
  /** Has a mandatory extension; none is known here. */
  readonly mandatory: boolean;
}

const VERSION = 0xfe0d;

/**
 * The configurations of a list, in the server's order; those of other versions are left out.
 * @throws TlsError DECODE_ERROR
 */
export function parseEchConfigList(list: Uint8Array): EchConfig[] {
  const reader = new Reader(list, 'ECHConfigList');
  const entries = reader.vector16(4);
  reader.end();
  const configs: EchConfig[] = [];
  for (const each = reader.inner(entries); each.remaining > 0;) {
    const start = entries.length - each.remaining;
    const version = each.u16();
    const contents = each.vector16();
    if (version === VERSION) configs.push(parseContents(entries.slice(start, start + 4 + contents.length), contents));
  }
  return configs;
}

function parseContents(raw: Uint8Array, contents: Uint8Array): EchConfig {
  const reader = new Reader(contents, 'ECHConfig');
  const id = reader.u8();
  const kem = reader.u16();
  const publicKey = reader.vector16(1).slice();
  const symmetric = reader.list(reader.vector16(4), (each) => ({ kdf: each.u16(), aead: each.u16() }));
  const maximumNameLength = reader.u8();
  const publicName = String.fromCharCode(...reader.vector8(1));
  const extensions = reader.list(reader.vector16(), (each) => ({ type: each.u16(), data: each.vector16() }));
  reader.end();
  if (new Set(extensions.map(({ type }) => type)).size !== extensions.length)
    reader.refuse('an extension is duplicated');
  return {
    raw,
    id,
    kem,
    publicKey,
    symmetric,
    maximumNameLength,
    publicName,
    mandatory: extensions.some(({ type }) => type >= 0x8000),
  };
}

/** A configuration with the suite to use it with. */
export interface ChosenEch {
  readonly config: EchConfig;
  readonly suite: HpkeSuite;
}

/** The first that can be used, with its first suite that can: section 6.1. */
export function chooseEchConfig(configs: readonly EchConfig[], provider: CryptoProvider): ChosenEch | undefined {
  for (const config of configs) {
    if (config.mandatory || !isHostName(config.publicName)) continue;
    for (const { kdf, aead } of config.symmetric) {
      const suite = { kem: config.kem, kdf, aead };
      if (supportsHpke(provider, suite)) return { config, suite };
    }
  }
  return undefined;
}

/**
 * Section 6.1.7: LDH labels of at most 63 bytes, the last of which no browser would take for part of an IPv4 address.
 */
export function isHostName(name: string): boolean {
  const labels = name.split('.');
  if (!labels.every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label))) return false;
  return !/^(\d+|0[xX][0-9A-Fa-f]*)$/.test(labels.at(-1) as string);
}
