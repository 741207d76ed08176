/** @module Packets of QUIC version 1: their headers (RFC 9000 section 17) and their protection (RFC 9001 section 5). */
import { createCipheriv, createDecipheriv, createHmac, type CipherGCMTypes } from 'node:crypto';
import type { QuicLevel } from '@ferrule/contract';
import { concat } from '@ferrule/result/bytes';

export const VERSION_1 = 1;
/** Bytes of a UDP payload: what every datagram with an Initial packet has (RFC 9000 section 14.1). */
export const DATAGRAM = 1200;
/** Of a packet number as this client writes it, bytes. */
const NUMBER_LENGTH = 4;
const TAG_LENGTH = 16;

/** RFC 9000 section 16. */
export function varint(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  if (value < 0x40) return bytes.subarray(0, bytes.writeUInt8(value));
  if (value < 0x4000) return bytes.subarray(0, bytes.writeUInt16BE(value | 0x4000));
  if (value < 0x4000_0000) return bytes.subarray(0, bytes.writeUInt32BE(value + 0x8000_0000));
  bytes.writeBigUInt64BE(BigInt(value) | 0xc000_0000_0000_0000n);
  return bytes;
}

/** Reads from the front. @throws RangeError where the bytes end too early. */
export class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new RangeError(`${length} bytes wanted, ${this.left} left`);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  uint(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  varint(): number {
    const first = this.uint(1);
    return this.take((1 << (first >> 6)) - 1).reduce((value, byte) => value * 256 + byte, first & 0x3f);
  }
}

interface Cipher {
  readonly aead: CipherGCMTypes | 'chacha20-poly1305';
  readonly keyLength: number;
  readonly hash: 'sha256' | 'sha384';
  readonly mask: 'aes-128-ecb' | 'aes-256-ecb' | 'chacha20';
}

/** By IANA code point. */
const CIPHERS: ReadonlyMap<number, Cipher> = new Map([
  [0x1301, { aead: 'aes-128-gcm', keyLength: 16, hash: 'sha256', mask: 'aes-128-ecb' }],
  [0x1302, { aead: 'aes-256-gcm', keyLength: 32, hash: 'sha384', mask: 'aes-256-ecb' }],
  [0x1303, { aead: 'chacha20-poly1305', keyLength: 32, hash: 'sha256', mask: 'chacha20' }],
]);
/** Of Initial packets (RFC 9001 section 5.2). */
const INITIAL_SUITE = 0x1301;
const INITIAL_SALT = Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex');

/** HKDF-Expand-Label of RFC 9846 section 7.1, without a context, for no more bytes than the hash has. */
function expandLabel(hash: Cipher['hash'], secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = Buffer.from(`tls13 ${label}`);
  const info = [Uint8Array.of(0, length, full.length), full, Uint8Array.of(0, 1)];
  return createHmac(hash, secret).update(concat(info)).digest().subarray(0, length);
}

/** What protects the packets of one level in one direction. */
export class PacketKeys {
  readonly #cipher: Cipher;
  readonly #suite: number;
  readonly #secret: Uint8Array;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  readonly #headerKey: Uint8Array;

  /** `headerKey`: of the keys before, where these are an update (RFC 9001 section 6.1). */
  constructor(suite: number, secret: Uint8Array, headerKey?: Uint8Array) {
    const cipher = CIPHERS.get(suite);
    if (cipher === undefined) throw new TypeError(`suite ${suite.toString(16)} is none of QUIC's`);
    this.#cipher = cipher;
    this.#suite = suite;
    this.#secret = secret.slice();
    this.#key = expandLabel(cipher.hash, secret, 'quic key', cipher.keyLength);
    this.#iv = expandLabel(cipher.hash, secret, 'quic iv', 12);
    this.#headerKey = headerKey ?? expandLabel(cipher.hash, secret, 'quic hp', cipher.keyLength);
  }

  /** The keys of the next phase. */
  next(): PacketKeys {
    const secret = expandLabel(this.#cipher.hash, this.#secret, 'quic ku', this.#secret.length);
    return new PacketKeys(this.#suite, secret, this.#headerKey);
  }

  /** A whole packet. `header` has the packet number, in four bytes, at its end. */
  seal(header: Uint8Array, number: number, payload: Uint8Array): Uint8Array {
    const aead = createCipheriv(this.#cipher.aead as CipherGCMTypes, this.#key, this.#nonce(number));
    aead.setAAD(header);
    const sealed = concat([header, aead.update(payload), aead.final(), aead.getAuthTag()]);
    const numberAt = header.length - NUMBER_LENGTH;
    this.#protect(sealed, numberAt, NUMBER_LENGTH);
    return sealed;
  }

  /**
   * `packet` with its header protection taken off, in place, and its number in full. `numberAt`: where the number begins;
   * `largest`: of those received before.
   */
  unmask(packet: Uint8Array, numberAt: number, largest: number): { readonly number: number; readonly length: number } {
    const mask = this.#mask(packet.subarray(numberAt + 4, numberAt + 20));
    packet[0] = (packet[0] as number) ^ ((mask[0] as number) & firstBits(packet));
    const length = ((packet[0] as number) & 3) + 1;
    for (let i = 0; i < length; i++) packet[numberAt + i] = (packet[numberAt + i] as number) ^ (mask[1 + i] as number);
    const truncated = new Reader(packet.subarray(numberAt)).uint(length);
    return { number: fullNumber(truncated, 8 * length, largest), length };
  }

  /** The payload, or `undefined` where the tag is wrong. */
  open(header: Uint8Array, number: number, sealed: Uint8Array): Uint8Array | undefined {
    const aead = createDecipheriv(this.#cipher.aead as CipherGCMTypes, this.#key, this.#nonce(number), {
      authTagLength: TAG_LENGTH,
    });
    aead.setAAD(header);
    aead.setAuthTag(sealed.subarray(-TAG_LENGTH));
    try {
      return concat([aead.update(sealed.subarray(0, -TAG_LENGTH)), aead.final()]);
    } catch {
      return undefined;
    }
  }

  #nonce(number: number): Uint8Array {
    const nonce = Buffer.from(this.#iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ BigInt(number), 4);
    return nonce;
  }

  #protect(packet: Uint8Array, numberAt: number, length: number): void {
    const mask = this.#mask(packet.subarray(numberAt + 4, numberAt + 20));
    packet[0] = (packet[0] as number) ^ ((mask[0] as number) & firstBits(packet));
    for (let i = 0; i < length; i++) packet[numberAt + i] = (packet[numberAt + i] as number) ^ (mask[1 + i] as number);
  }

  /** RFC 9001 sections 5.4.3 and 5.4.4. */
  #mask(sample: Uint8Array): Uint8Array {
    const { mask } = this.#cipher;
    if (mask === 'chacha20') return createCipheriv(mask, this.#headerKey, sample).update(new Uint8Array(5));
    return createCipheriv(mask, this.#headerKey, null).update(sample);
  }
}

/** The bits of the first byte that are protected: four of a long header, five of a short one. */
const firstBits = (packet: Uint8Array): number => ((packet[0] as number) & 0x80 ? 0x0f : 0x1f);

/** RFC 9000 appendix A.3. */
function fullNumber(truncated: number, bits: number, largest: number): number {
  const expected = largest + 1;
  const window = 2 ** bits;
  const candidate = expected - (expected % window) + truncated;
  if (candidate <= expected - window / 2) return candidate + window;
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

/** Keys of Initial packets: anybody can make them of the client's first Destination Connection ID. */
export function initialKeys(id: Uint8Array): { readonly client: PacketKeys; readonly server: PacketKeys } {
  const secret = createHmac('sha256', INITIAL_SALT).update(id).digest();
  const keys = (label: string): PacketKeys => new PacketKeys(INITIAL_SUITE, expandLabel('sha256', secret, label, 32));
  return { client: keys('client in'), server: keys('server in') };
}

/** The types of long headers that carry frames (RFC 9000 section 17.2). */
const LONG_TYPES: Readonly<Record<Exclude<QuicLevel, '1-rtt'>, number>> = { initial: 0, '0-rtt': 1, handshake: 2 };

export interface Ids {
  /** Destination and Source Connection ID. */
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
}

/** The header of a packet of that level. `length`: of the payload, before it is sealed. `phase`: RFC 9001 section 6. */
export function headerOf(
  level: QuicLevel,
  { destination, source }: Ids,
  number: number,
  length: number,
  phase: boolean,
): Uint8Array {
  const numbered = Buffer.alloc(NUMBER_LENGTH);
  numbered.writeUInt32BE(number);
  const size = NUMBER_LENGTH - 1;
  if (level === '1-rtt') return concat([Uint8Array.of(0x40 | (phase ? 4 : 0) | size), destination, numbered]);
  return concat([
    Uint8Array.of(0xc0 | (LONG_TYPES[level] << 4) | size, 0, 0, 0, VERSION_1),
    Uint8Array.of(destination.length),
    destination,
    Uint8Array.of(source.length),
    source,
    // No token
    ...(level === 'initial' ? [Uint8Array.of(0)] : []),
    // In two bytes, whatever its value
    Uint8Array.of(0x40 | ((length + NUMBER_LENGTH + TAG_LENGTH) >> 8), (length + NUMBER_LENGTH + TAG_LENGTH) & 0xff),
    numbered,
  ]);
}

/** One packet of a datagram, still protected. */
export interface Protected {
  readonly level: QuicLevel;
  /** The server's Source Connection ID; a short header has none. */
  readonly source: Uint8Array | undefined;
  readonly packet: Uint8Array;
  readonly numberAt: number;
}

/** The packets that were put into one datagram (RFC 9000 section 12.2). @throws RangeError, Error for one that is none of ours. */
export function packetsOf(datagram: Uint8Array, idLength: number): Protected[] {
  const found: Protected[] = [];
  for (let rest = datagram; rest.length > 0;) {
    const reader = new Reader(rest);
    const first = reader.uint(1);
    if ((first & 0x80) === 0) {
      found.push({ level: '1-rtt', source: undefined, packet: rest.slice(), numberAt: 1 + idLength });
      break;
    }
    const version = reader.uint(4);
    if (version !== VERSION_1) throw new Error(`a packet of version ${version}`);
    reader.take(reader.uint(1));
    const source = reader.take(reader.uint(1));
    const type = (first >> 4) & 3;
    const level = (['initial', '0-rtt', 'handshake'] as const)[type];
    if (level === undefined) throw new Error('a Retry packet, which this client does not know');
    if (level === 'initial') reader.take(reader.varint());
    const length = reader.varint();
    const numberAt = reader.at;
    reader.take(length);
    found.push({ level, source, packet: rest.slice(0, reader.at), numberAt });
    rest = rest.subarray(reader.at);
  }
  return found;
}
