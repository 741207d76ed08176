/**
 * @module Importing external PSKs (RFC 9258): not the key itself is offered but one derived from it for each KDF of TLS
 * 1.3, so that nothing that was agreed for one hash or protocol is ever used with another.
 */
import type { ExternalPsk } from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import { Version } from '@ferrule/result/numbers';
import type { Config } from '../context.ts';
import type { Hash } from '../crypto/provider.ts';
import { expandLabel, hkdfExtract } from '../keys/hkdf.ts';
import { Secret, type Secrets } from '../keys/secret.ts';
import { Writer } from '../wire/write.ts';

export interface ImportedKey {
  /** The ImportedIdentity, serialised: what stands in pre_shared_key. */
  readonly identity: Uint8Array;
  /** The target KDF's. */
  readonly hash: Hash;
  readonly key: Secret;
}

/** RFC 9258 section 9: the KDF registry. */
const TARGET_KDFS = [
  ['sha256', 0x0001],
  ['sha384', 0x0002],
] as const;

/** One key for each hash of the TLS 1.3 suites on offer, in the order of the registry. */
export function importPsk({ provider, suites }: Config, psk: ExternalPsk, owner: Secrets): ImportedKey[] {
  const own = provider.hashes[psk.hash];
  const offered = new Set(suites.filter(({ version }) => version === 'TLSv1.3').map(({ hash }) => hash));
  // Section 5.1: epskx = HKDF-Extract(0, epsk), by the hash that the key was agreed for.
  const extracted = Secret.take(hkdfExtract(own, new Uint8Array(own.size), psk.key), owner);
  const keys: ImportedKey[] = [];
  for (const [name, targetKdf] of TARGET_KDFS) {
    const hash = provider.hashes[name];
    if (!offered.has(hash)) continue;
    const identity = importedIdentity(psk, targetKdf);
    // ipskx = HKDF-Expand-Label(epskx, "derived psk", Hash(ImportedIdentity), L)
    const key = extracted.derived(expandLabel(own, extracted.bytes, 'derived psk', own.digest(identity), hash.size));
    keys.push({ identity, hash, key });
  }
  extracted.dispose();
  return keys;
}

/**
 * `struct { opaque external_identity<1..>; opaque context<0..>; uint16 target_protocol; uint16 target_kdf; }
 * ImportedIdentity`
 */
const importedIdentity = ({ identity, import: { context = EMPTY } = {} }: ExternalPsk, targetKdf: number): Uint8Array =>
  new Writer().vector16(identity).vector16(context).u16(Version.tls13).u16(targetKdf).finish();
