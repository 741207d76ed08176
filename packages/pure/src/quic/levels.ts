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
import { fail } from '../reason.ts';
import { type Keys, Records, type TrafficSecret } from '../records.ts';
import { FLUSHED, WANT_READ, type Flushed, type Progress, type ReadRecord } from '../record/progress.ts';

/** RFC 9000 section 20.1. */
export const PROTOCOL_VIOLATION = 0x0a;
/** RFC 9001 section 4.8: CRYPTO_ERROR, to which the alert is added. */
const CRYPTO_ERROR = 0x0100;

/** What goes between QUIC and the flow. */
export interface Carried {
  readonly events: QuicEvent[];
  readonly incoming: { readonly level: QuicLevel; readonly data: Uint8Array }[];
  readLevel: QuicLevel;
  /** The error code of a failure that is not to be told by its alert. */
  errorCode: number | undefined;
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
    const { incoming, readLevel } = this.#carried;
    const first = incoming.shift();
    if (first === undefined) return WANT_READ;
    // RFC 9001 section 4.1.3: bytes of a level that is over, or not there yet.
    if (first.level !== readLevel) throw this.#wrongLevel(first.level);
    return { kind: 'record', type: ContentType.handshake, fragment: first.data };
  }

  override putMessage(message: Uint8Array): void {
    this.traceSent(ContentType.handshake, message);
    this.#carried.events.push({ kind: 'crypto', level: this.#writeLevel, data: message.slice() });
  }

  override putAlert(level: 1 | 2, description: number): void {
    // Closing a connection is QUIC's (RFC 9000 section 10)
    if (description === Alert.close_notify) return;
    this.traceSent(ContentType.alert, Uint8Array.of(level, description));
    this.#carried.events.push({
      kind: 'close',
      errorCode: this.#carried.errorCode ?? CRYPTO_ERROR + description,
    });
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
    this.#carried.incoming.length = 0;
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

  #wrongLevel(level: QuicLevel): Error {
    this.#carried.errorCode = PROTOCOL_VIOLATION;
    return fail('UNEXPECTED_MESSAGE', `CRYPTO data of level ${level}, where ${this.#carried.readLevel} is read`);
  }
}

function traffic(keys: Keys): TrafficSecret {
  if ('secret' in keys) return keys;
  throw fail('INTERNAL_ERROR', 'keys of TLS 1.2 in QUIC');
}
