/**
 * @module Records between the BIOs of a connection and its flow, in both directions: messages and alerts out of what is
 * read, one flight out of what is put. With record/reader.ts and record/writer.ts, what of the engine calls a Bio.
 *
 *     read BIO → RecordReader → Coalescer → flow (through Effects) → RecordWriter → write BIO
 */
import type { Bio } from '@ferrule/bio';
import { Alert, peerAlert } from '@ferrule/result';
import { ContentType } from '@ferrule/result/numbers';
import { endText, transportError, type Outlet } from '@ferrule/ssl';
import type { Config } from './context.ts';
import { fail } from './reason.ts';
import type { AlertMessage } from './record/alert.ts';
import type { CipherSuite } from './crypto/provider.ts';
import { trafficKeys } from './keys/schedule13.ts';
import type { Secret } from './keys/secret.ts';
import { Coalescer, type HandshakeMessage } from './record/coalesce.ts';
import { Protection, type RecordKeys } from './record/protect.ts';
import { WANT_ASYNC, type Progress, type ReadAlert, type ReadRecord } from './record/progress.ts';
import { RecordReader } from './record/reader.ts';
import { RecordWriter, type FlushProgress, type WriteProgress } from './record/writer.ts';
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

  /** The next record or alert. @throws TlsError at the end of the stream. */
  next(): Progress<ReadRecord | ReadAlert> {
    const bio = this.#rbio as Bio;
    const progress = this.reader.next(bio);
    this.opening = pending(progress === WANT_ASYNC ? this.reader.ready : undefined);
    // ADR 0004: bytes, then the end, then the failure.
    if (progress.kind === 'end') throw fail('UNEXPECTED_EOF', endText(this.reader.heard, this.reader.established));
    if (progress.kind === 'wait' && bio.error !== undefined && progress !== WANT_ASYNC) throw transportError(bio.error);
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
      const came = this.#nextInTurn();
      if (came.kind === 'wait') return came.wait;
      if (came.kind === 'alert') this.receiveAlert(came.alert);
      else if (came.type === ContentType.handshake) this.coalescer.push(came.fragment);
      else throw fail('UNEXPECTED_RECORD', `a record of type ${came.type} at "${this.#where()}"`);
    }
  }

  pollChangeCipherSpec(): true | Wait {
    this.aligned();
    for (;;) {
      const came = this.#nextInTurn();
      if (came.kind === 'wait') return came.wait;
      if (came.kind === 'alert') this.receiveAlert(came.alert);
      else if (came.type !== ContentType.change_cipher_spec)
        throw fail('UNEXPECTED_RECORD', `a record of type ${came.type} where change_cipher_spec must come`);
      else if (came.fragment.length !== 1 || came.fragment[0] !== 1) throw fail('BAD_CHANGE_CIPHER_SPEC');
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
  receiveAlert(alert: AlertMessage): void {
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

  write(from: Uint8Array): WriteProgress {
    this.#putDue();
    return this.#sent(this.writer.write(this.#wbio as Bio, from));
  }

  /** Everything that waits to be sent, as far as there is room for it. */
  flush(): FlushProgress {
    return this.#sent(this.writer.flush(this.#wbio as Bio));
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

  /** The next record, once everything of ours has left. */
  #nextInTurn(): Progress<ReadRecord | ReadAlert> {
    const flushed = this.flush();
    return flushed.kind === 'wait' ? flushed : this.next();
  }

  #sent<P extends FlushProgress | WriteProgress>(progress: P): P {
    const error = progress.kind === 'wait' ? this.#wbio?.error : undefined;
    if (error !== undefined) throw transportError(error);
    this.sealing = pending(progress === WANT_ASYNC ? this.writer.ready : undefined);
    return progress;
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
