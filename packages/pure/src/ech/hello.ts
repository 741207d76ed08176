/**
 * @module The two ClientHellos of ECH (RFC 9849 sections 5 and 6.1): the inner one, which is meant, inside the outer
 * one, which is seen.
 */
import { bytesEqual, EMPTY } from '@ferrule/result/bytes';
import { ExtensionType } from '@ferrule/result/numbers';
import { expandLabel, hkdfExtract } from '../keys/hkdf.ts';
import type { Hash } from '../crypto/provider.ts';
import { type ClientHello, decodeClientHello, encodeClientHello } from '../wire/client-hello.ts';
import type { EchClientHello, Extension, OfferedPsks } from '../wire/extension-values.ts';
import { encodeExtension } from '../wire/extensions.ts';
import type { ChosenEch } from './config.ts';

const HEADER = 4;
const TAG = 16;

/**
 * Never taken from the outer hello: what differs by design, and the name, though it may by chance be the public one.
 */
const OWN: readonly number[] = [
  ExtensionType.server_name,
  ExtensionType.pre_shared_key,
  ExtensionType.encrypted_client_hello,
];

/** Extensions that stand in both hellos with the same bytes: the inner need not repeat them. */
function shared(inner: ClientHello, outer: ClientHello): readonly number[] {
  const seen = new Map(outer.extensions.map(({ type, data }) => [type, data]));
  const own = new Map(inner.extensions.map(({ type, data }) => [type, data]));
  return [...seen.keys()].filter((type) => {
    const [theirs, ours] = [seen.get(type), own.get(type)];
    return !OWN.includes(type) && ours !== undefined && theirs !== undefined && bytesEqual(ours, theirs);
  });
}

/**
 * The inner hello with the extensions that it shares with the outer one in a row, in the outer one's order: section 5.1
 * asks for both.
 */
export function arrangeInner(inner: ClientHello, outer: ClientHello): ClientHello {
  const common = shared(inner, outer);
  const find = (type: number): Extension => inner.extensions.find((extension) => extension.type === type) as Extension;
  const last = inner.extensions.filter(({ type }) => type === ExtensionType.pre_shared_key);
  const own = inner.extensions.filter(({ type }) => type !== ExtensionType.pre_shared_key && !common.includes(type));
  return { ...inner, extensions: [...own, ...common.map(find), ...last] };
}

/**
 * EncodedClientHelloInner: without session id, what is shared left to the outer hello, padded (section 6.1.3).
 * @param innerMessage - an arranged inner hello, whole and with its binders.
 */
export function encodeInner(innerMessage: Uint8Array, outer: ClientHello, maximumNameLength: number): Uint8Array {
  const inner = decodeClientHello(innerMessage.subarray(HEADER));
  const common = shared(inner, outer);
  const first = inner.extensions.findIndex(({ type }) => type === common[0]);
  const extensions =
    common.length === 0
      ? inner.extensions
      : inner.extensions.flatMap((extension, i) => {
          if (i === first) return [encodeExtension('clientHello', 'echOuterExtensions', common)];
          return common.includes(extension.type) ? [] : [extension];
        });
  const encoded = encodeClientHello({ ...inner, sessionId: EMPTY, extensions }).subarray(HEADER);
  const padded = new Uint8Array(paddedLength(encoded.length, nameLength(inner), maximumNameLength));
  padded.set(encoded);
  return padded;
}

/** Hides the length of the name, as far as the server told what its longest is, then rounds up to 32. */
function paddedLength(length: number, name: number | undefined, maximumNameLength: number): number {
  // Without server_name: what one with the longest name would take, 9 bytes of which are not the name.
  const whole = length + (name === undefined ? maximumNameLength + 9 : Math.max(0, maximumNameLength - name));
  return Math.ceil(whole / 32) * 32;
}

function nameLength({ extensions }: ClientHello): number | undefined {
  const data = extensions.find(({ type }) => type === ExtensionType.server_name)?.data;
  // A list, an entry's type and a name, behind lengths of two bytes.
  return data && data.length - 5;
}

/** The extension of the outer hello; `enc` is empty in a second one. */
const outerExtension = ({ config, suite }: ChosenEch, enc: Uint8Array, payload: Uint8Array): Extension =>
  encodeExtension('clientHello', 'encryptedClientHello', {
    kind: 'outer',
    kdf: suite.kdf,
    aead: suite.aead,
    configId: config.id,
    enc,
    payload,
  });

/** The whole outer hello around a payload, for which zeros stand while it is sealed. */
export function encodeOuter(outer: ClientHello, chosen: ChosenEch, enc: Uint8Array, payload: Uint8Array): Uint8Array {
  const extension = outerExtension(chosen, enc, payload);
  const psk = outer.extensions.filter(({ type }) => type === ExtensionType.pre_shared_key);
  const others = outer.extensions.filter(({ type }) => type !== ExtensionType.pre_shared_key);
  return encodeClientHello({ ...outer, extensions: [...others, extension, ...psk] });
}

/** ClientHelloOuterAAD (section 5.2) for a payload that seals `encodedInner`. */
export const outerAad = (
  outer: ClientHello,
  chosen: ChosenEch,
  enc: Uint8Array,
  encodedInner: Uint8Array,
): Uint8Array => encodeOuter(outer, chosen, enc, new Uint8Array(encodedInner.length + TAG)).subarray(HEADER);

/** Section 6.1.2: PSKs of the outer hello that look like those of the inner one and are none. */
export function greasePsks(inner: OfferedPsks, random: (into: Uint8Array) => void): OfferedPsks {
  const draw = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    random(bytes);
    return bytes;
  };
  return {
    identities: inner.identities.map(({ identity }) => ({
      identity: draw(identity.length),
      obfuscatedTicketAge: new DataView(draw(4).buffer).getUint32(0),
    })),
    binders: inner.binders.map(({ length }) => draw(length)),
  };
}

/** Where a message says that ECH was accepted. */
const LABELS = { serverHello: 'ech accept confirmation', helloRetryRequest: 'hrr ech accept confirmation' } as const;

/**
 * Section 7.2: whether the 8 bytes at `offset` of a ServerHello or HelloRetryRequest confirm that the inner hello was
 * used.
 * @param message - the whole message as received.
 * @param digest - the Transcript-Hash of the inner handshake, up to and with the message that it is given.
 */
export function confirmsEch(
  hash: Hash,
  innerRandom: Uint8Array,
  kind: keyof typeof LABELS,
  message: Uint8Array,
  offset: number,
  digest: (message: Uint8Array) => Uint8Array,
): boolean {
  const blanked = message.slice();
  blanked.fill(0, offset, offset + 8);
  const secret = hkdfExtract(hash, new Uint8Array(hash.size), innerRandom);
  const expected = expandLabel(hash, secret, LABELS[kind], digest(blanked), 8);
  secret.fill(0);
  return bytesEqual(expected, message.subarray(offset, offset + 8));
}

/** Where the confirmation of a ServerHello is: the last 8 bytes of its random, behind header and version. */
export const SERVER_HELLO_CONFIRMATION: number = HEADER + 2 + 24;

/** The type of section 5 for an inner hello. */
export const INNER: EchClientHello = Object.freeze({ kind: 'inner' });
