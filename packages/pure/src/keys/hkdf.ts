/** @module HKDF (RFC 5869) and HKDF-Expand-Label (RFC 9846 section 7.1), over the provider's synchronous HMAC. */
import { EMPTY } from '@ferrule/result/bytes';
import type { Hash } from '../crypto/provider.ts';
import { ownMemory } from './secret.ts';

const ENCODER = new TextEncoder();
/** Room for all of this package's own, and some. */
const MAX_LABELS = 64;

/** HKDF-Extract; the result is the caller's to wipe. */
export const hkdfExtract = (hash: Hash, salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array =>
  hash.hmac(salt, keyMaterial);

/** HKDF-Expand, `length` up to 255 hashes, in memory of its own, the caller's to wipe. @throws RangeError for more. */
export function hkdfExpand(hash: Hash, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * hash.size) throw new RangeError(`HKDF-Expand gives at most ${255 * hash.size} bytes`);
  // T(i) = HMAC(secret, T(i - 1) || info || i); T(0) is empty.
  const first = new Uint8Array(info.length + 1);
  first.set(info);
  first[info.length] = 1;
  let block = hash.hmac(secret, first);
  if (length === hash.size) return block;
  const out = ownMemory(length);
  out.set(block.subarray(0, length));
  if (length > hash.size) {
    const input = ownMemory(hash.size + first.length);
    input.set(info, hash.size);
    for (let done = hash.size, counter = 2; done < length; done += hash.size, counter++) {
      input.set(block);
      input[input.length - 1] = counter;
      block.fill(0);
      block = hash.hmac(secret, input);
      out.set(block.subarray(0, length - done), done);
    }
    input.fill(0);
  }
  block.fill(0);
  return out;
}

/** HKDF-Expand-Label: `label` without its `tls13 ` prefix, 1 to 249 bytes; `context` at most 255 bytes. */
export function expandLabel(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const name = labelBytes(label);
  const info = new Uint8Array(4 + name.length + context.length);
  info[0] = length >>> 8;
  info[1] = length;
  info[2] = name.length;
  info.set(name, 3);
  info[3 + name.length] = context.length;
  info.set(context, 4 + name.length);
  return hkdfExpand(hash, secret, info, length);
}

const LABELS = new Map<string, Uint8Array>();

/** The labels of a handshake are always the same few; those of exporters are the caller's, and might be many. */
function labelBytes(label: string): Uint8Array {
  let bytes = LABELS.get(label);
  if (bytes === undefined) {
    bytes = ENCODER.encode(`tls13 ${label}`);
    if (LABELS.size < MAX_LABELS) LABELS.set(label, bytes);
  }
  return bytes;
}

/** Derive-Secret with Transcript-Hash already computed. */
export const deriveSecret = (hash: Hash, secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array =>
  expandLabel(hash, secret, label, transcriptHash, hash.size);

const EMPTY_HASHES = new WeakMap<Hash, Uint8Array>();

/** Hash(""), computed once for each hash. */
export function emptyHash(hash: Hash): Uint8Array {
  let digest = EMPTY_HASHES.get(hash);
  if (digest === undefined) EMPTY_HASHES.set(hash, (digest = hash.digest(EMPTY)));
  return digest;
}
