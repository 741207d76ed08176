/** @module Enough of a ClientHello parser to see what an engine offers (RFC 9846 section 4.2.2). */

export interface ClientHello {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  /** Bodies by code point, in the order sent. */
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

/** RFC 8701 values. */
export const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

/** The first ClientHello in a stream of plaintext records. @throws RangeError when there is none. */
export function clientHelloOf(stream: Uint8Array): ClientHello {
  const handshake: Uint8Array[] = [];
  for (let at = 0; at + 5 <= stream.length && stream[at] === 22;) {
    const length = u16(stream, at + 3);
    handshake.push(stream.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return parseClientHello(new Uint8Array(Buffer.concat(handshake)));
}

/** @param message a handshake message with its header. */
export function parseClientHello(message: Uint8Array): ClientHello {
  if (message[0] !== 1) throw new RangeError(`not a ClientHello: message type ${message[0]}`);
  let at = 4;
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new RangeError('the ClientHello ends early');
    at += length;
    return message.subarray(at - length, at);
  };
  const legacyVersion = u16(take(2), 0);
  const random = take(32);
  const sessionId = take(take(1)[0] ?? 0);
  const cipherSuites = u16List(take(u16(take(2), 0)));
  take(take(1)[0] ?? 0);
  const end = u16(take(2), 0) + at;
  const extensions = new Map<number, Uint8Array>();
  while (at < end) extensions.set(u16(take(2), 0), take(u16(take(2), 0)));
  return { legacyVersion, random, sessionId, cipherSuites, extensions };
}

/** The groups in a key_share extension (51). */
export function keyShareGroups(extension: Uint8Array | undefined): number[] {
  const groups: number[] = [];
  if (extension === undefined) return groups;
  for (let at = 2; at + 4 <= extension.length; at += 4 + u16(extension, at + 2)) groups.push(u16(extension, at));
  return groups;
}

/** A u16-prefixed list of u16, e.g. supported_groups (10). */
export const prefixedList = (extension: Uint8Array | undefined): number[] =>
  extension ? u16List(extension.subarray(2)) : [];

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u16List = (bytes: Uint8Array): number[] => Array.from({ length: bytes.length >> 1 }, (_, i) => u16(bytes, i * 2));
