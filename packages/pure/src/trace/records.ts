/**
 * @module What a listener on the wire sees of a connection: records, and with the secrets of the key log the messages
 * in them. Keys change where the messages say so (RFC 9846 section 7, RFC 5246 section 7.1), as both ends do it;
 * nothing is verified.
 */
import { concat, EMPTY, fromHex, toHex } from '@ferrule/result/bytes';
import { ContentType, ExtensionType, HandshakeType, Version } from '@ferrule/result/numbers';
import type { CipherSuite, CryptoProvider } from '../crypto/provider.ts';
import { KeylogLabel } from '../keys/keylog.ts';
import { keyBlock, writeKeys } from '../keys/schedule12.ts';
import { nextTrafficSecret, trafficKeys } from '../keys/schedule13.ts';
import { Secret } from '../keys/secret.ts';
import { Coalescer } from '../record/coalesce.ts';
import { contentLength, Protection, RECORD_HEADER } from '../record/protect.ts';
import { decodeClientHello } from '../wire/client-hello.ts';
import { findExtension } from '../wire/extensions.ts';
import { decodeServerHello, isHelloRetryRequest, selectedVersion } from '../wire/server-hello.ts';
import type { Flow } from './messages.ts';

export interface WiretapOptions {
  /** Its AEADs must be synchronous: `node:crypto` or noble. */
  readonly crypto: CryptoProvider;
  /** Lines of an NSS key log; those of other connections do no harm. */
  readonly keylog?: Iterable<string>;
  /**
   * For who is one of the ends: asked for a secret that the key log has not, with its label and the message after which
   * it is needed.
   */
  readonly secretAfter?: (label: KeylogLabel, message: Uint8Array) => Uint8Array | undefined;
}

/** One record, or bytes that are none. */
export interface SeenRecord {
  readonly direction: Flow;
  /**
   * `clear`: not encrypted. `opened`: decrypted. `sealed`: encrypted, and its secret is not there, or does not fit.
   * `foreign`: what follows in this direction is no TLS, or no whole record.
   */
  readonly state: 'clear' | 'opened' | 'sealed' | 'foreign';
  /** ContentType; of an opened record of TLS 1.3 the hidden one. */
  readonly contentType: number;
  /** With its header. */
  readonly bytes: Uint8Array;
  /** Empty where it is sealed or foreign. */
  readonly content: Uint8Array;
  /** Whole handshake messages that end in this record, an alert, a ChangeCipherSpec. */
  readonly messages: readonly Uint8Array[];
}

/** The longest record there may be, of TLS 1.2 (RFC 5246 section 6.2.3). */
const MAX_RECORD = 2 ** 14 + 2048;
/** The longest handshake message that is put together: that of the engine, and as much again. */
const MAX_MESSAGE = 2 ** 18;

/** One direction of the connection. */
interface Half {
  buffer: Uint8Array;
  readonly messages: Coalescer;
  /** `undefined`: nothing is encrypted yet. */
  protection: Protection | 'unknown' | undefined;
  /** TLS 1.3: the current traffic secret, for KeyUpdate. */
  secret: Secret | undefined;
  /** Early data may be there, under keys of its own: the suites that are still to be tried for it. */
  early: CipherSuite[] | undefined;
  foreign: boolean;
}

export class Wiretap {
  readonly #crypto: CryptoProvider;
  /** By label and client random. */
  readonly #secrets: ReadonlyMap<string, Uint8Array>;
  readonly #halves: Readonly<Record<Flow, Half>> = { sent: half(), received: half() };
  readonly #secretAfter: WiretapOptions['secretAfter'];
  #message: Uint8Array = EMPTY;
  #clientRandom: Uint8Array = EMPTY;
  #serverRandom: Uint8Array = EMPTY;
  #version: number | undefined;
  #suite: CipherSuite | undefined;

  constructor({ crypto, keylog = [], secretAfter }: WiretapOptions) {
    this.#crypto = crypto;
    this.#secretAfter = secretAfter;
    this.#secrets = parseKeylog(keylog);
  }

  /** The next bytes of one direction; gives the records that end in them. Never throws for what they are. */
  feed(direction: Flow, bytes: Uint8Array): SeenRecord[] {
    const side = this.#halves[direction];
    side.buffer = concat([side.buffer, bytes]);
    const records: SeenRecord[] = [];
    for (;;) {
      const next = side.foreign ? EMPTY : nextRecord(side.buffer);
      if (next === undefined) return records;
      if (next.length === 0) {
        side.foreign = true;
        if (side.buffer.length > 0)
          records.push({
            direction,
            state: 'foreign',
            contentType: side.buffer[0] ?? 0,
            bytes: side.buffer,
            content: EMPTY,
            messages: [],
          });
        side.buffer = EMPTY;
        return records;
      }
      side.buffer = side.buffer.subarray(next.length);
      records.push(this.#record(direction, side, next));
    }
  }

  /** What of a record has come and will not become whole. */
  end(direction: Flow): SeenRecord[] {
    const side = this.#halves[direction];
    side.foreign = true;
    return this.feed(direction, EMPTY);
  }

  #record(direction: Flow, side: Half, bytes: Uint8Array): SeenRecord {
    const outer = bytes[0] ?? 0;
    const body = bytes.subarray(RECORD_HEADER);
    // RFC 9846 section 5.2: what is encrypted calls itself application data. A ChangeCipherSpec never is, and some send
    // alerts in the clear.
    if (side.protection === undefined || (this.#is13(side) && outer !== ContentType.application_data)) {
      return {
        direction,
        state: 'clear',
        contentType: outer,
        bytes,
        content: body,
        messages: this.#messages(direction, side, outer, body),
      };
    }
    const opened = this.#open(side, bytes);
    if (opened === undefined)
      return { direction, state: 'sealed', contentType: outer, bytes, content: EMPTY, messages: [] };
    const [contentType, content] = opened;
    return {
      direction,
      state: 'opened',
      contentType,
      bytes,
      content,
      messages: this.#messages(direction, side, contentType, content),
    };
  }

  /** Early data comes before the version is known, and only where it was TLS 1.3 the last time. */
  #is13(side: Half): boolean {
    return this.#version === Version.tls13 || side.early !== undefined;
  }

  #open(side: Half, bytes: Uint8Array): [number, Uint8Array] | undefined {
    if (side.protection === 'unknown' && side.early !== undefined && this.#version !== undefined)
      this.#nextEarlySuite(side);
    const { protection } = side;
    if (protection === undefined || protection === 'unknown') return undefined;
    // A synchronous AEAD may work in place
    const inner = protection.open(bytes.slice(), bytes.length, new Uint8Array(bytes.length));
    if (inner === null) {
      if (side.early === undefined) return undefined;
      // Early data that the server does not take ends without a word (RFC 9846 section 4.3.10)
      if (!this.#nextEarlySuite(side) && this.#version === undefined) return undefined;
      return this.#open(side, bytes);
    }
    if (protection.version === 'TLSv1.2') return [bytes[0] ?? 0, inner];
    const length = contentLength(inner);
    return [inner[length] ?? 0, inner.slice(0, Math.max(length, 0))];
  }

  #messages(direction: Flow, side: Half, contentType: number, content: Uint8Array): Uint8Array[] {
    if (contentType === ContentType.change_cipher_spec && !this.#is13(side)) this.#changeCipherSpec(direction);
    if (contentType !== ContentType.handshake) return contentType === ContentType.application_data ? [] : [content];
    const messages: Uint8Array[] = [];
    try {
      side.messages.push(content);
      for (let message = side.messages.next(); message !== undefined; message = side.messages.next()) {
        messages.push(message.raw);
        this.#message = message.raw;
        this.#follow(direction, message.type, message.body);
      }
    } catch {
      // A hello that cannot be read, a message without bounds: no key can be known from here on
      side.messages.release();
    }
    return messages;
  }

  /** What a message means for the keys. */
  #follow(direction: Flow, type: number, body: Uint8Array): void {
    switch (type) {
      case HandshakeType.client_hello: {
        const hello = decodeClientHello(body);
        this.#clientRandom = hello.random.slice();
        if (findExtension(hello.extensions, ExtensionType.early_data) !== undefined)
          this.#beginEarlyData(hello.cipherSuites);
        return;
      }
      case HandshakeType.server_hello: {
        const hello = decodeServerHello(body);
        this.#version = selectedVersion(hello);
        this.#suite = this.#crypto.suites.find(({ id }) => id === hello.cipherSuite);
        this.#serverRandom = hello.random.slice();
        if (isHelloRetryRequest(hello)) {
          this.#halves.sent.early = undefined;
          this.#halves.sent.protection = undefined;
        } else if (this.#version === Version.tls13) {
          this.#use('received', KeylogLabel.serverHandshakeTraffic);
          if (this.#halves.sent.early === undefined) this.#use('sent', KeylogLabel.clientHandshakeTraffic);
        }
        return;
      }
      case HandshakeType.end_of_early_data:
        this.#halves.sent.early = undefined;
        return this.#use('sent', KeylogLabel.clientHandshakeTraffic);
      case HandshakeType.finished:
        if (this.#version === Version.tls13)
          this.#use(direction, direction === 'sent' ? KeylogLabel.clientTraffic : KeylogLabel.serverTraffic);
        return;
      case HandshakeType.key_update: {
        const { secret } = this.#halves[direction];
        if (secret !== undefined && this.#suite !== undefined)
          this.#install(direction, nextTrafficSecret(this.#suite.hash, secret), this.#suite);
      }
    }
  }

  /** The suite is that of the session, which the hello does not name: the one whose keys open the first record. */
  #beginEarlyData(offered: readonly number[]): void {
    const { sent } = this.#halves;
    const { length } = this.#secret(KeylogLabel.clientEarlyTraffic) ?? EMPTY;
    sent.protection = 'unknown';
    sent.early = this.#crypto.suites.filter(
      ({ id, version, hash }) => version === 'TLSv1.3' && hash.size === length && offered.includes(id),
    );
    this.#nextEarlySuite(sent);
  }

  /** False when there is none any more; then the keys of the handshake follow, as soon as they are known. */
  #nextEarlySuite(sent: Half): boolean {
    const suite = sent.early?.shift();
    const secret = this.#secret(KeylogLabel.clientEarlyTraffic);
    if (suite !== undefined && secret !== undefined) {
      this.#install('sent', Secret.copyOf(secret), suite);
      return true;
    }
    if (this.#version !== undefined) {
      sent.early = undefined;
      this.#use('sent', KeylogLabel.clientHandshakeTraffic);
    }
    return false;
  }

  #use(direction: Flow, label: KeylogLabel): void {
    const secret = this.#secret(label);
    this.#halves[direction].protection = 'unknown';
    if (secret !== undefined && this.#suite !== undefined) this.#install(direction, Secret.copyOf(secret), this.#suite);
  }

  #install(direction: Flow, secret: Secret, suite: CipherSuite): void {
    const side = this.#halves[direction];
    side.secret = secret;
    side.protection = new Protection({ version: 'TLSv1.3', suite, ...trafficKeys(suite, secret) });
  }

  #changeCipherSpec(direction: Flow): void {
    const side = this.#halves[direction];
    side.protection = 'unknown';
    const master = this.#secret(KeylogLabel.masterSecret);
    if (master === undefined || this.#suite === undefined) return;
    const block = keyBlock(this.#suite, Secret.copyOf(master), this.#clientRandom, this.#serverRandom);
    side.protection = new Protection({
      version: 'TLSv1.2',
      suite: this.#suite,
      ...writeKeys(this.#suite, block, direction === 'sent' ? 'client' : 'server'),
    });
  }

  #secret(label: KeylogLabel): Uint8Array | undefined {
    return this.#secrets.get(`${label} ${toHex(this.#clientRandom)}`) ?? this.#secretAfter?.(label, this.#message);
  }
}

const half = (): Half => ({
  buffer: EMPTY,
  messages: new Coalescer(MAX_MESSAGE),
  protection: undefined,
  secret: undefined,
  early: undefined,
  foreign: false,
});

/** The whole record at the beginning; empty for what is none; `undefined` while it is not whole. */
function nextRecord(buffer: Uint8Array): Uint8Array | undefined {
  const [type = ContentType.handshake, major = 3] = buffer;
  if (type < ContentType.change_cipher_spec || type > 24 || major !== 3) return EMPTY;
  if (buffer.length < RECORD_HEADER) return undefined;
  const length = ((buffer[3] ?? 0) << 8) | (buffer[4] ?? 0);
  if (length > MAX_RECORD) return EMPTY;
  return buffer.length < RECORD_HEADER + length ? undefined : buffer.subarray(0, RECORD_HEADER + length);
}

function parseKeylog(lines: Iterable<string>): ReadonlyMap<string, Uint8Array> {
  const secrets = new Map<string, Uint8Array>();
  for (const line of lines) {
    const [, label, random, secret] = /^([A-Z0-9_]+) ([0-9a-f]{64}) ((?:[0-9a-f]{2})+)\s*$/i.exec(line) ?? [];
    if (label !== undefined && random !== undefined && secret !== undefined)
      secrets.set(`${label} ${random.toLowerCase()}`, fromHex(secret));
  }
  return secrets;
}
