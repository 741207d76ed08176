/** @module Frames of QUIC (RFC 9000 section 19): those that one request needs, and the others to be passed over. */
import { concat } from '@ferrule/result/bytes';
import { Reader, varint } from './packets.ts';

export type Frame =
  | { readonly kind: 'crypto'; readonly offset: number; readonly data: Uint8Array }
  | {
      readonly kind: 'stream';
      readonly id: number;
      readonly offset: number;
      readonly data: Uint8Array;
      readonly fin: boolean;
    }
  /** `errorCode`: of QUIC (type 0x1c) or of the application (0x1d). */
  | { readonly kind: 'close'; readonly ofQuic: boolean; readonly errorCode: number; readonly reason: string }
  | { readonly kind: 'handshake-done' }
  /** Nothing to this client. */
  | { readonly kind: 'other'; readonly type: number };

export interface Payload {
  readonly frames: readonly Frame[];
  /** Whether anything in it asks for an ACK (RFC 9000 section 13.2). */
  readonly eliciting: boolean;
}

const PADDING = 0x00;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;
const STREAM = 0x08;
const NEW_CONNECTION_ID = 0x18;
const CLOSE = 0x1c;
const CLOSE_OF_APPLICATION = 0x1d;
const HANDSHAKE_DONE = 0x1e;

/** How many variable-length integers follow a type that has nothing else. */
const INTEGERS: ReadonlyMap<number, number> = new Map([
  [0x01, 0], // PING
  [0x04, 3], // RESET_STREAM
  [0x05, 2], // STOP_SENDING
  [0x10, 1], // MAX_DATA
  [0x11, 2], // MAX_STREAM_DATA
  [0x12, 1], // MAX_STREAMS, of both kinds
  [0x13, 1],
  [0x14, 1], // DATA_BLOCKED
  [0x15, 2], // STREAM_DATA_BLOCKED
  [0x16, 1], // STREAMS_BLOCKED, of both kinds
  [0x17, 1],
  [0x19, 1], // RETIRE_CONNECTION_ID
]);

/** @throws RangeError for frames that are cut short, Error for a type that a server may not send. */
export function framesOf(payload: Uint8Array): Payload {
  const reader = new Reader(payload);
  const frames: Frame[] = [];
  let eliciting = false;
  while (reader.left > 0) {
    const type = reader.varint();
    if (type === PADDING) continue;
    if (type === ACK || type === ACK_ECN) {
      reader.varint();
      reader.varint();
      for (let i = 1 + 2 * reader.varint() + (type === ACK_ECN ? 3 : 0); i > 0; i--) reader.varint();
      continue;
    }
    const frame = frameOf(type, reader);
    frames.push(frame);
    eliciting ||= frame.kind !== 'close';
  }
  return { frames, eliciting };
}

function frameOf(type: number, reader: Reader): Frame {
  if (type === CRYPTO) {
    const offset = reader.varint();
    return { kind: 'crypto', offset, data: reader.take(reader.varint()) };
  }
  if (type >= STREAM && type < STREAM + 8) {
    const id = reader.varint();
    const offset = type & 4 ? reader.varint() : 0;
    const data = reader.take(type & 2 ? reader.varint() : reader.left);
    return { kind: 'stream', id, offset, data, fin: (type & 1) === 1 };
  }
  if (type === CLOSE || type === CLOSE_OF_APPLICATION) {
    const errorCode = reader.varint();
    if (type === CLOSE) reader.varint();
    const reason = Buffer.from(reader.take(reader.varint())).toString();
    return { kind: 'close', ofQuic: type === CLOSE, errorCode, reason };
  }
  if (type === HANDSHAKE_DONE) return { kind: 'handshake-done' };
  const integers = INTEGERS.get(type);
  if (integers !== undefined) for (let i = 0; i < integers; i++) reader.varint();
  else if (type === 0x07)
    reader.take(reader.varint()); // NEW_TOKEN
  else if (type === NEW_CONNECTION_ID) {
    reader.varint();
    reader.varint();
    reader.take(reader.uint(1) + 16);
  } else if (type === 0x1a || type === 0x1b)
    reader.take(8); // PATH_CHALLENGE, PATH_RESPONSE
  else throw new Error(`a frame of type 0x${type.toString(16)}`);
  return { kind: 'other', type };
}

export const cryptoFrame = (offset: number, data: Uint8Array): Uint8Array =>
  concat([varint(CRYPTO), varint(offset), varint(data.length), data]);

export const streamFrame = (id: number, data: Uint8Array, fin: boolean): Uint8Array =>
  concat([varint(STREAM | 2 | (fin ? 1 : 0)), varint(id), varint(data.length), data]);

export function closeFrame(errorCode: number, ofQuic: boolean): Uint8Array {
  const reason = varint(0);
  if (!ofQuic) return concat([varint(CLOSE_OF_APPLICATION), varint(errorCode), reason]);
  return concat([varint(CLOSE), varint(errorCode), varint(CRYPTO), reason]);
}

/** Packet numbers that were received, for ACK frames. */
export class Received {
  /** Ranges, the highest first; both ends belong to them. */
  #ranges: { readonly from: number; readonly to: number }[] = [];

  get largest(): number {
    return this.#ranges[0]?.to ?? -1;
  }

  /** `false` for one that was there already. */
  add(number: number): boolean {
    if (this.#ranges.some(({ from, to }) => from <= number && number <= to)) return false;
    const touching = this.#ranges.filter(({ from, to }) => from === number + 1 || to === number - 1);
    const range = {
      from: Math.min(number, ...touching.map(({ from }) => from)),
      to: Math.max(number, ...touching.map(({ to }) => to)),
    };
    this.#ranges = [...this.#ranges.filter((each) => !touching.includes(each)), range].sort((a, b) => b.to - a.to);
    return true;
  }

  ack(): Uint8Array {
    const [first, ...others] = this.#ranges;
    if (first === undefined) throw new Error('nothing to acknowledge');
    const parts = [ACK, first.to, 0, others.length, first.to - first.from];
    let { from } = first;
    for (const range of others) {
      parts.push(from - range.to - 2, range.to - range.from);
      ({ from } = range);
    }
    return concat(parts.map(varint));
  }
}

/** Bytes that may come in any order, and twice, put in order. */
export class Ordered {
  readonly #early = new Map<number, Uint8Array>();
  #next = 0;

  /** What can be read from here on. */
  add(offset: number, data: Uint8Array): Uint8Array {
    if ((this.#early.get(offset)?.length ?? -1) < data.length) this.#early.set(offset, data);
    const ready: Uint8Array[] = [];
    for (let found = true; found;) {
      found = false;
      for (const [at, piece] of this.#early) {
        if (at > this.#next) continue;
        this.#early.delete(at);
        const rest = piece.subarray(this.#next - at);
        this.#next += rest.length;
        if (rest.length > 0) ready.push(rest);
        found = true;
      }
    }
    return concat(ready);
  }

  get length(): number {
    return this.#next;
  }
}
