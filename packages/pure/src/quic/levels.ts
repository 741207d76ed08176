/**
 * @module Handshake bytes by encryption level, where TLS has records (RFC 9001 section 4.1.3). Keys are not made here:
 * their secrets are handed over.
 */
import type { QuicEvent, QuicLevel } from '@ferrule/contract';
import { Alert } from '@ferrule/result';
import { ContentType } from '@ferrule/result/numbers';
import type { Outlet } from '@ferrule/ssl';
import type { Config } from '../context.ts';
import { ownCopy } from '../keys/secret.ts';
import { CRYPTO_PIECE, MAX_CRYPTO_WAITING } from '../limits.ts';
import { fail } from '../reason.ts';
import { type Keys, Records, type TrafficSecret } from '../records.ts';
import { FLUSHED, WANT_READ, type Flushed, type Progress, type ReadRecord } from '../record/progress.ts';

/** RFC 9000 section 20.1. */
export const PROTOCOL_VIOLATION = 0x0a;
const CRYPTO_BUFFER_EXCEEDED = 0x0d;
/** RFC 9001 section 4.8: CRYPTO_ERROR, to which the alert is added. */
const CRYPTO_ERROR = 0x0100;

/** What goes between QUIC and the flow. */
export class Carried {
  readonly events: QuicEvent[] = [];
  readLevel: QuicLevel = 'initial';
  /** The error code of a failure that is not to be told by its alert. */
  errorCode: number | undefined;
  readonly #most: number;
  #incoming: { readonly level: QuicLevel; readonly data: Uint8Array }[] = [];
  #waiting = 0;
  #closed = false;

  constructor({ limits }: Pick<Config, 'limits'>) {
    this.#most = limits.handshakeBytes + MAX_CRYPTO_WAITING;
  }

  /** Keeps `data`, up to a bound; what is beyond it ends the connection when it is next read from. */
  put(level: QuicLevel, data: Uint8Array): void {
    if (this.#waiting > this.#most) return;
    this.#waiting += data.length + CRYPTO_PIECE;
    if (this.#waiting > this.#most) this.#incoming = [];
    else this.#incoming.push({ level, data });
  }

  /** @throws TlsError for more than was kept, and for bytes of another level than is read. */
  take(): Uint8Array | undefined {
    if (this.#waiting > this.#most) {
      this.errorCode = CRYPTO_BUFFER_EXCEEDED;
      throw fail('EXCESSIVE_MESSAGE_SIZE', `more than ${this.#most} bytes of CRYPTO data wait to be read`);
    }
    const first = this.#incoming.shift();
    if (first === undefined) return undefined;
    this.#waiting -= first.data.length + CRYPTO_PIECE;
    if (first.level === this.readLevel) return first.data;
    // RFC 9001 section 4.1.3: bytes of a level that is over, or not there yet.
    this.errorCode = PROTOCOL_VIOLATION;
    throw fail('UNEXPECTED_MESSAGE', `CRYPTO data of level ${first.level}, where ${this.readLevel} is read`);
  }

  drop(): void {
    this.#incoming = [];
    this.#waiting = 0;
  }

  /** How to close, which is told once: by the alert, or as an error of ours where there is none. */
  close(description: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.events.push({ kind: 'close', errorCode: this.errorCode ?? CRYPTO_ERROR + description });
  }
}

const LEVEL_OF = { early: '0-rtt', handshake: 'handshake', application: '1-rtt' } as const;

export class LevelRecords extends Records {
  readonly #carried: Carried;
  /** Early data is QUIC's: no handshake message goes by its level. */
  #writeLevel: Exclude<QuicLevel, '0-rtt'> = 'initial';

  constructor(carried: Carried, config: Config, outlet: Outlet, where: () => string) {
    super(config, outlet, where);
    this.#carried = carried;
  }

  override next(): Progress<ReadRecord> {
    const fragment = this.#carried.take();
    return fragment === undefined ? WANT_READ : { kind: 'record', type: ContentType.handshake, fragment };
  }

  override putMessage(message: Uint8Array): void {
    this.traceSent(ContentType.handshake, message);
    this.#carried.events.push({ kind: 'crypto', level: this.#writeLevel, data: message.slice() });
  }

  override putAlert(level: 1 | 2, description: number): void {
    // Closing a connection is QUIC's (RFC 9000 section 10)
    if (description === Alert.close_notify) return;
    this.traceSent(ContentType.alert, Uint8Array.of(level, description));
    this.#carried.close(description);
  }

  override write(): never {
    throw fail('INTERNAL_ERROR', 'data of the application goes through QUIC, not through TLS');
  }

  override flush(): Flushed {
    return FLUSHED;
  }

  override installRead(keys: Keys): void {
    const { readLevel } = this.#carried;
    const level = this.#handOver('read', keys);
    if (level !== readLevel) this.#carried.readLevel = level;
  }

  override installWrite(keys: Keys): void {
    // With early data the flow comes by the handshake's keys twice.
    if (LEVEL_OF[traffic(keys).level] === this.#writeLevel) return;
    const level = this.#handOver('write', keys);
    if (level !== '0-rtt') this.#writeLevel = level;
  }

  override dispose(): void {
    super.dispose();
    // What was said before the end stays to be taken, as TLS sends it before the alert
    this.#carried.drop();
  }

  #handOver(direction: 'read' | 'write', keys: Keys): Exclude<QuicLevel, 'initial'> {
    const { level: stage, suite, secret } = traffic(keys);
    const level = LEVEL_OF[stage];
    this.#carried.events.push({
      kind: 'secret',
      level,
      direction,
      cipherSuite: suite.id,
      secret: ownCopy(secret.bytes),
    });
    return level;
  }
}

function traffic(keys: Keys): TrafficSecret {
  if ('secret' in keys) return keys;
  throw fail('INTERNAL_ERROR', 'keys of TLS 1.2 in QUIC');
}
