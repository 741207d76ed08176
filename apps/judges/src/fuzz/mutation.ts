/**
 * @module A fuzzer's input as a list of things to do to a server's messages before they are protected: each is
 * message number, kind, offset (2 bytes), length, so many bytes.
 */
import { HandshakeType } from '@ferrule/pure/wire';
import { concat } from '@ferrule/result/bytes';

/** What a step does; the byte in the input is taken modulo their number. */
const KINDS = [
  'overwrite',
  'insert',
  'remove',
  'retype',
  'cut',
  'cutShort',
  'drop',
  'repeat',
  'messageBefore',
  'recordBefore',
  'plainBefore',
  'fragment',
  'pad',
  'body',
  'dataBefore',
  'extension',
  'rawBefore',
  'flipBit',
  'alertBefore',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Step {
  readonly at: number;
  readonly kind: Kind;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function parseSteps(input: Uint8Array): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at + 5 <= input.length;) {
    const [place = 0, kind = 0, high = 0, low = 0, length = 0] = input.subarray(at, at + 5);
    steps.push({
      at: place % 24,
      kind: KINDS[kind % KINDS.length] ?? 'drop',
      offset: high * 256 + low,
      bytes: input.subarray(at + 5, at + 5 + length),
    });
    at += 5 + length;
  }
  return steps;
}

export const formatStep = ({ at, kind, offset, bytes }: Step): Uint8Array =>
  concat([Uint8Array.of(at, KINDS.indexOf(kind), offset >>> 8, offset & 0xff, bytes.length), bytes]);

/** The message, or messages, that go out in place of one. */
export function mutate(message: Uint8Array, steps: readonly Step[]): Uint8Array[] {
  let current = message;
  let copies = 1;
  const before: Uint8Array[] = [];
  for (const step of steps) {
    const { kind, bytes, offset } = step;
    if (kind === 'drop') copies = 0;
    else if (kind === 'repeat') copies = 2;
    else if (kind === 'messageBefore') before.push(framed(bytes[0] ?? 0, bytes.subarray(1)));
    else current = changed(current, kind, offset % Math.max(current.length, 1), bytes);
  }
  return [...before, ...Array.from({ length: copies }, () => current)];
}

function changed(message: Uint8Array, kind: Kind, offset: number, bytes: Uint8Array): Uint8Array {
  const type = message[0] ?? 0;
  const body = message.subarray(4);
  const inBody = Math.min(offset, body.length);
  switch (kind) {
    case 'overwrite': {
      const copy = message.slice();
      copy.set(bytes.subarray(0, Math.max(copy.length - offset, 0)), offset);
      return copy;
    }
    case 'flipBit': {
      const copy = message.slice();
      copy[offset] = (copy[offset] ?? 0) ^ (1 << ((bytes[0] ?? 0) % 8));
      return copy;
    }
    case 'insert':
      return framed(type, concat([body.subarray(0, inBody), bytes, body.subarray(inBody)]));
    case 'remove':
      return framed(type, concat([body.subarray(0, inBody), body.subarray(inBody + (bytes[0] ?? 1))]));
    case 'retype':
      return framed(bytes[0] ?? 0, body);
    case 'cut':
      return framed(type, body.subarray(0, inBody));
    case 'cutShort':
      return message.subarray(0, offset);
    case 'body':
      return framed(type, bytes);
    case 'extension':
      return withExtension(message, (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0), bytes.subarray(2));
    default:
      return message;
  }
}

function framed(type: number, body: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(type, body.length >>> 16, (body.length >>> 8) & 0xff, body.length & 0xff), body]);
}

/** One more extension in the block that ends the message. */
function withExtension(message: Uint8Array, type: number, data: Uint8Array): Uint8Array {
  const start = extensionsAt(message);
  if (start === undefined || start + 2 > message.length) return message;
  const block = concat([
    message.subarray(start + 2),
    Uint8Array.of(type >>> 8, type & 0xff, data.length >>> 8, data.length & 0xff),
    data,
  ]);
  return framed(
    message[0] ?? 0,
    concat([message.subarray(4, start), Uint8Array.of((block.length >>> 8) & 0xff, block.length & 0xff), block]),
  );
}

function extensionsAt(message: Uint8Array): number | undefined {
  switch (message[0]) {
    case HandshakeType.server_hello:
      return 4 + 2 + 32 + 1 + (message[38] ?? 0) + 3;
    case HandshakeType.encrypted_extensions:
      return 4;
    case HandshakeType.certificate_request:
      return 5 + (message[4] ?? 0);
    case HandshakeType.new_session_ticket: {
      const afterNonce = 13 + (message[12] ?? 0);
      return afterNonce + 2 + (message[afterNonce] ?? 0) * 256 + (message[afterNonce + 1] ?? 0);
    }
    default:
      return undefined;
  }
}
