/**
 * @module Records between the BIOs of a connection and its flow, in both directions: messages and alerts out of what is
 * read, one flight out of what is put. The only file of the engine that calls a Bio.
 *
 *     read BIO → RecordReader → Coalescer → flow (through Effects) → RecordWriter → write BIO
 */
import type { Bio } from '@ferrule/bio';
import { Alert, peerAlert, SslError } from '@ferrule/result';
import { ContentType } from '@ferrule/result/numbers';
import { transportError, type Outlet } from '@ferrule/ssl';
import type { Config } from './context.ts';
import { fail } from './reason.ts';
import type { AlertMessage } from './record/alert.ts';
import type { CipherSuite } from './crypto/provider.ts';
import { trafficKeys } from './keys/schedule13.ts';
import type { Secret } from './keys/secret.ts';
import { Coalescer, type HandshakeMessage } from './record/coalesce.ts';
import { Protection, type RecordKeys } from './record/protect.ts';
import { Progress, RecordReader } from './record/reader.ts';
import { RecordWriter } from './record/writer.ts';
import type { Wait } from './wait.ts';

class AlignedProof {
  protected readonly aligned = true;
}
/** A proof token, see `flow/proof.ts`: made by {@link Records.aligned}. */
export type Aligned = AlignedProof;

/** Keys of TLS 1.3 by the traffic secret that they come from, which QUIC derives its own from (RFC 9001 section 5.1). */
export interface TrafficSecret {
  readonly level: 'early' | 'handshake' | 'application';
  readonly suite: CipherSuite;
  readonly secret: Secret;
}
/** Of TLS 1.2, or of TLS 1.3. */
export type Keys = RecordKeys | TrafficSecret;

/** Bit 2 of SSL_get_shutdown(3). */
export const RECEIVED = 2;

export class Records {
  readonly reader: RecordReader;
  readonly writer: RecordWriter = new RecordWriter();
  readonly coalescer: Coalescer;
  /** What the last read and the last write wait for. */
  opening: Pending | undefined;
  sealing: Pending | undefined;
  /** SSL_get_shutdown(3). */
  shutdown: 0 | 1 | 2 | 3 = 0;
  /** A fatal alert of TLS 1.2 has come, if only close_notify of that level. */
  closedFatally = false;
  readonly #trace: Outlet['message'] | undefined;
  readonly #where: () => string;
  #rbio: Bio | undefined;
  #wbio: Bio | undefined;
  /** A change_cipher_spec goes in front of whatever we send next. */
  #changeCipherSpecDue = false;

  /** @param where - the state of the connection, for messages. */
  constructor(config: Config, outlet: Outlet, where: () => string) {
    this.#trace = config.onMessage && outlet.message;
    this.#where = where;
    this.coalescer = new Coalescer(config.limits.handshakeBytes);
    this.reader = new RecordReader({
      handshake: this.coalescer,
      emptyRecordsInARow: config.limits.emptyRecordsInARow,
      trace: this.#trace && ((contentType, content): void => this.#trace?.('received', contentType, content.slice())),
    });
    this.writer.padding = config.recordPadding;
  }

  attach(rbio: Bio, wbio: Bio): void {
    this.#rbio = rbio;
    this.#wbio = wbio;
  }

  // ── In ──

  /** The reader's next record: 0 there is one, else the wait. @throws TlsError at the end of the stream. */
  next(): Wait | 0 {
    const bio = this.#rbio as Bio;
    const progress = this.reader.next(bio);
    this.opening = pending(progress === Progress.wantAsync ? this.reader.ready : undefined);
    if (progress === Progress.done) return 0;
    // ADR 0004: bytes, then the end, then the failure.
    if (progress === Progress.eof) throw fail('UNEXPECTED_EOF', `the transport ended at "${this.#where()}"`);
    if (bio.error !== undefined && progress !== Progress.wantAsync) throw transportError(bio.error);
    return progress;
  }

  /** A handshake message out of the records so far. */
  message(): HandshakeMessage | undefined {
    const message = this.coalescer.next();
    if (message !== undefined) this.#trace?.('received', ContentType.handshake, message.raw.slice());
    return message;
  }

  /**
   * The next message of the handshake, or the wait for it. Everything of ours has left before the peer is waited for.
   */
  poll(): HandshakeMessage | Wait {
    for (;;) {
      const message = this.message();
      if (message !== undefined) return message;
      const wait = this.flush() || this.next();
      if (wait !== 0) return wait;
      const { type, fragment, alert } = this.reader;
      if (type === ContentType.alert) this.receiveAlert(alert);
      else if (type === ContentType.handshake) this.coalescer.push(fragment);
      else throw fail('UNEXPECTED_RECORD', `a record of type ${type} at "${this.#where()}"`);
    }
  }

  pollChangeCipherSpec(): true | Wait {
    this.aligned();
    for (;;) {
      const wait = this.flush() || this.next();
      if (wait !== 0) return wait;
      const { type, fragment, alert } = this.reader;
      if (type === ContentType.alert) this.receiveAlert(alert);
      else if (type !== ContentType.change_cipher_spec)
        throw fail('UNEXPECTED_RECORD', `a record of type ${type} where change_cipher_spec must come`);
      else if (fragment.length !== 1 || fragment[0] !== 1) throw fail('BAD_CHANGE_CIPHER_SPEC');
      else return true;
    }
  }

  aligned(): Aligned {
    const { leftover } = this.coalescer;
    if (leftover > 0)
      throw fail('EXCESS_HANDSHAKE_DATA', `${leftover} bytes of handshake follow at "${this.#where()}"`);
    return new AlignedProof();
  }

  /** RFC 9846 section 6: close_notify, or an error. Before the handshake is done either ends it. */
  receiveAlert(alert: AlertMessage | undefined): void {
    if (alert === undefined) return;
    const { description } = alert;
    // SSL_get_shutdown(3): close_notify or a fatal alert.
    this.shutdown |= RECEIVED;
    if (alert.level === 2 && this.reader.version !== 'TLSv1.3') this.closedFatally = true;
    if (description === Alert.close_notify && this.reader.established) return;
    throw peerAlert(description);
  }

  // ── Out ──

  putMessage(message: Uint8Array): void {
    this.#putDue();
    this.traceSent(ContentType.handshake, message);
    this.writer.handshake(message);
  }

  /** In front of whatever is put next. */
  putChangeCipherSpec(): void {
    this.#changeCipherSpecDue = true;
  }

  putAlert(level: 1 | 2, description: number): void {
    this.#putDue();
    this.traceSent(ContentType.alert, Uint8Array.of(level, description));
    this.writer.alert(level, description);
  }

  /** Application data: the count that was taken, or the negated wait. */
  write(from: Uint8Array): number {
    this.sealing = undefined;
    this.#putDue();
    const ret = this.writer.write(this.#wbio as Bio, from);
    if (ret > 0) return ret;
    this.#checkWriteBio();
    this.sealing = pending(ret === -SslError.wantAsync ? this.writer.ready : undefined);
    return ret;
  }

  /** Everything that waits to be sent, as far as there is room for it. */
  flush(): Wait | 0 {
    const progress = this.writer.flush(this.#wbio as Bio);
    if (progress !== 0) this.#checkWriteBio();
    this.sealing = pending(progress === SslError.wantAsync ? this.writer.ready : undefined);
    return progress;
  }

  protected traceSent(contentType: number, content: Uint8Array): void {
    this.#trace?.('sent', contentType, content.slice());
  }

  // ── Keys ──

  installRead(keys: Keys): void {
    this.reader.install(protect(keys));
  }

  installWrite(keys: Keys): void {
    this.writer.install(protect(keys));
  }

  /** Wipes keys and what was read. */
  dispose(): void {
    this.reader.dispose();
    this.writer.dispose();
    this.coalescer.release();
    this.opening = this.sealing = undefined;
  }

  #putDue(): void {
    if (!this.#changeCipherSpecDue) return;
    this.#changeCipherSpecDue = false;
    this.#trace?.('sent', ContentType.change_cipher_spec, Uint8Array.of(1));
    this.writer.changeCipherSpec();
  }

  #checkWriteBio(): void {
    const error = this.#wbio?.error;
    if (error !== undefined) throw transportError(error);
  }
}

/** The keys are in the AEAD now: wipe where they came from. */
function protect(given: Keys): Protection {
  const keys: RecordKeys =
    'secret' in given ? { version: 'TLSv1.3', suite: given.suite, ...trafficKeys(given.suite, given.secret) } : given;
  const protection = new Protection(keys);
  keys.key.fill(0);
  keys.iv.fill(0);
  return protection;
}

/** What is waited for. It never rejects. */
export interface Pending {
  readonly ready: Promise<void>;
  settled: boolean;
}

export function pending(ready: Promise<void> | undefined): Pending | undefined {
  if (ready === undefined) return undefined;
  const it: Pending = { ready, settled: false };
  void ready.then(() => (it.settled = true));
  return it;
}
