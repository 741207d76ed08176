/** @module How each behaviour that is more than a certificate is done to the bytes. */
import type { SeenRecord } from '@ferrule/pure/trace';
import type { BehaviourId } from './behaviours.ts';
import type { Passing } from './way.ts';

/** What is known of a record when it passes. */
export interface Circumstances {
  /** Of a record of the answer, how many have passed before it. */
  readonly answered: number | undefined;
  /** The record with other content, encrypted with the server's keys. */
  readonly reseal: (content: Uint8Array) => Uint8Array;
}

/** What is done in each direction; what is not named passes as it is. */
export interface Deed {
  /** From the client: what the server gets in its place. */
  readonly up?: (bytes: Uint8Array) => Uint8Array;
  /** From the server, a record at a time; `undefined`: as it is. */
  readonly down?: (record: SeenRecord, circumstances: Circumstances) => readonly Passing[] | undefined;
}

/** HandshakeType. */
const [SERVER_HELLO, ENCRYPTED_EXTENSIONS, SERVER_KEY_EXCHANGE, CERTIFICATE_VERIFY, FINISHED] = [2, 8, 12, 15, 20];

export const DEEDS: Partial<Record<BehaviourId, Deed>> = {
  'bad-signature': {
    down: changing([CERTIFICATE_VERIFY, SERVER_KEY_EXCHANGE], (message) => flip(message, message.length - 1)),
  },
  'bad-finished': { down: changing([FINISHED], (message) => flip(message, message.length - 1)) },
  'unasked-protocol': {
    down: changing([ENCRYPTED_EXTENSIONS, SERVER_HELLO], (message) => replaced(message, 'http/1.1', 'http/1.0')),
  },
  'plain-http': {
    down: () => [Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'), 'end'],
  },
  downgrade: { up: withoutTls13 },
  // Past the handshake header and the version: the random
  'altered-hello': { down: changing([SERVER_HELLO], (message) => flip(message, 10)) },
  'altered-record': {
    down: ({ bytes }, { answered }) => (answered === 0 ? [flip(bytes, bytes.length - 20)] : undefined),
  },
  'replayed-record': { down: ({ bytes }, { answered }) => (answered === 0 ? [bytes, bytes] : undefined) },
  'dropped-record': { down: (_, { answered }) => (answered === 0 ? [] : undefined) },
  'truncated-end': { down: ({ bytes }, { answered }) => (answered === 0 ? [bytes, 'end'] : undefined) },
};

/** Changes messages of these types, wherever in a record they are. */
function changing(types: readonly number[], change: (message: Uint8Array) => Uint8Array): NonNullable<Deed['down']> {
  return ({ state, bytes, content, messages, contentType }, { reseal }) => {
    const target = contentType === 22 ? messages.find(([type = -1]) => types.includes(type)) : undefined;
    if (target === undefined) return undefined;
    const other = change(target);
    const changed = Buffer.from(content);
    changed.set(other, Buffer.from(content).indexOf(target));
    return [state === 'opened' ? reseal(changed) : Buffer.concat([bytes.subarray(0, 5), changed])];
  };
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function replaced(bytes: Uint8Array, text: string, other: string): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(text);
  if (at >= 0) copy.write(other, at);
  return copy;
}

/**
 * TLS 1.3 in `supported_versions` (RFC 9846 section 4.3.1) becomes a version that nobody has. The extension is found by
 * its bytes: type 43, two lengths, the versions.
 */
function withoutTls13(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  if (copy[0] !== 22 || copy[5] !== 1) return copy;
  const at = copy.indexOf(Buffer.of(0, 43, 0, 5, 4, 3, 4, 3, 3));
  if (at >= 0) copy.writeUInt16BE(0x7a7a, at + 5);
  return copy;
}
