/**
 * @module Records out of a read BIO: found in the BIO's own memory where they lie whole, checked, opened, and given out
 * one at a time in order (RFC 9846 section 5).
 *
 * With a synchronous AEAD a record is opened when it is asked for. With an asynchronous one a window of records is in
 * flight: sequence numbers are taken in the order of arrival, results are released head of line, the ciphertext stays
 * in the BIO until then, and new keys mean that everything behind the KeyUpdate is opened again, with them, from
 * sequence 0. A bad record counts only once it is at the head. During the handshake the window is one record.
 */
import type { Bio } from '@ferrule/bio';
import type { TlsVersion } from '@ferrule/contract';
import { Alert } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { ContentType, Version } from '@ferrule/result/numbers';
import {
  MAX_BYTES_IN_FLIGHT,
  MAX_EXPANSION_12,
  MAX_EXPANSION_13,
  MAX_HANDSHAKE_RECORDS_IN_A_ROW,
  MAX_PLAINTEXT,
  MAX_RECORDS_IN_FLIGHT,
  MAX_WARNING_ALERTS,
} from '../limits.ts';
import { cryptoFailed, fail } from '../reason.ts';
import { decodeAlert, type AlertMessage } from './alert.ts';
import { refuseForeign } from './foreign.ts';
import { giveBack, takeBuffer } from './pool.ts';
import {
  ENDED,
  WANT_ASYNC,
  WANT_READ,
  type Ended,
  type Progress,
  type ReadAlert,
  type ReadRecord,
  type ReadWait,
  type Waiting,
} from './progress.ts';
import { contentLength, RECORD_HEADER, type Protection } from './protect.ts';

/** What {@link RecordReader.next} answers. */
export type ReadProgress = Progress<ReadRecord | ReadAlert | Ended, ReadWait>;

export interface ReaderOptions {
  /** How many handshake bytes wait for the rest of their message: no other record may come in between. */
  readonly handshake: { readonly leftover: number };
  readonly emptyRecordsInARow: number;
  /** Sees each alert and change_cipher_spec, also those that are dropped. */
  readonly trace?: ((contentType: number, content: Uint8Array) => void) | undefined;
}

export class RecordReader {
  /** The negotiated version, once known. */
  version: TlsVersion | undefined;
  /** True after the peer's Finished: change_cipher_spec is no longer dropped, and records are read ahead. */
  established = false;
  readonly #options: ReaderOptions;
  #protection: Protection | undefined;
  #limit: number | undefined;
  #emptyInARow = 0;
  #warningsInARow = 0;
  #handshakeInARow = 0;
  #greeted = false;

  /** The record that was found: in the BIO's memory, or gathered in `#gathered`. */
  #record: Uint8Array = EMPTY;
  #length = 0;
  #inPlace = false;
  #gathered: Uint8Array = EMPTY;
  #gatheredBytes = 0;
  /** Lent scratch for plaintext. */
  #plain: Uint8Array = EMPTY;

  /** Records in flight, oldest first, and how many bytes of the BIO they take. */
  readonly #queue: Opening[] = [];
  #bytesInFlight = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * The next record or alert that means something.
   *
   * @throws TlsError for what no peer may send.
   */
  next(bio: Bio): ReadProgress {
    for (;;) {
      const sync = this.#protection === undefined || this.#protection.aead.sync;
      const progress = sync ? this.#nextNow(bio) : this.#nextLater(bio);
      if (progress.kind !== 'record') {
        if (progress !== WANT_ASYNC) this.#rest();
        return progress;
      }
      const judged = this.#judge(progress);
      if (judged !== undefined) return judged;
    }
  }

  /** Whether the peer has sent anything, be it a part of a record. */
  get heard(): boolean {
    return this.#greeted || this.#gatheredBytes > 0;
  }

  /** Settles, never rejects, when the head of the window has been opened; `undefined` when nothing is in flight. */
  get ready(): Promise<void> | undefined {
    return this.#queue[0]?.settled;
  }

  /** Records in the window whose content has not been given out. */
  get inFlight(): number {
    return this.#queue.length;
  }

  /**
   * New keys for everything that was not given out yet. The caller vouches that no handshake bytes are left over
   * (the Aligned token of `flow/proof.ts`).
   */
  install(protection: Protection): void {
    this.#protection?.dispose();
    this.#protection = protection;
    this.#recall();
  }

  /** RFC 8449: the most that we take in a protected record; in TLS 1.3 content type and padding count. */
  limitRecords(limit: number): void {
    this.#limit = limit;
  }

  /** Wipes keys and what was read. */
  dispose(): void {
    this.#protection?.dispose();
    this.#recall();
    this.#gatheredBytes = 0;
    this.#returnGathered();
    this.#rest();
  }

  #nextNow(bio: Bio): ReadRecord | Stalled {
    const stalled = this.#find(bio);
    if (stalled !== undefined) return stalled;
    const protection = this.#protection;
    const type = this.#record[0] ?? 0;
    if (protection === undefined || type === ContentType.change_cipher_spec) {
      // A TLS 1.3 change_cipher_spec is never protected, a TLS 1.2 one of ours always comes before the keys.
      const fragment = this.#record.slice(RECORD_HEADER, this.#length);
      this.#consume(bio);
      return { kind: 'record', type, fragment };
    }
    if (this.#plain.length === 0) this.#plain = takeBuffer();
    const opened = protection.open(this.#record, this.#length, this.#plain);
    this.#consume(bio);
    return this.#content(type, opened);
  }

  #nextLater(bio: Bio): ReadRecord | Stalled {
    const stalled = this.#fillWindow(bio);
    const head = this.#queue[0];
    if (head === undefined) return stalled;
    if (head.state === 'pending') return WANT_ASYNC;
    this.#queue.shift();
    this.#bytesInFlight -= head.bytes;
    bio.nread(head.bytes);
    if (head.state === 'broken') throw cryptoFailed('opening a record', head.reason);
    if (head.state === 'clear') return { kind: 'record', type: head.type, fragment: head.opened as Uint8Array };
    return this.#content(head.type, head.opened);
  }

  /** Submits records until the window is full; says what keeps it from submitting more. */
  #fillWindow(bio: Bio): Stalled {
    const protection = this.#protection as Protection;
    const depth =
      this.established && !bio.blocking && !protection.aead.sync
        ? Math.min(protection.aead.depth, MAX_RECORDS_IN_FLIGHT)
        : 1;
    while (this.#queue.length < depth && this.#bytesInFlight < MAX_BYTES_IN_FLIGHT) {
      let stalled: Stalled | undefined;
      try {
        stalled = this.#find(bio);
      } catch (error) {
        // It will be found again when it is its turn.
        if (this.#queue.length > 0) return WANT_ASYNC;
        throw error;
      }
      if (stalled !== undefined) return stalled;
      const bytes = this.#inPlace ? this.#length : 0;
      this.#queue.push(new Opening(this.#record.subarray(0, this.#length), bytes, protection));
      this.#bytesInFlight += bytes;
      if (this.#inPlace) this.#record = EMPTY;
      else this.#consume(bio);
    }
    return WANT_ASYNC;
  }

  /** What the AEAD made of a record of this outer type: its content and true type. */
  #content(outer: number, opened: Uint8Array | null): ReadRecord {
    const inner = this.version === 'TLSv1.3';
    // A record in the clear where all are protected is a forgery first, and of a wrong type second.
    if (opened === null) throw fail('BAD_RECORD_MAC');
    if (inner && outer !== ContentType.application_data)
      throw fail('UNEXPECTED_RECORD', `a protected record of outer type ${outer}`);
    const limit = this.#limit ?? MAX_PLAINTEXT + (inner ? 1 : 0);
    if (opened.length > limit)
      throw fail('RECORD_TOO_LARGE', `a record of ${opened.length} bytes of plaintext, where ${limit} are taken`);
    if (!inner) return { kind: 'record', type: outer, fragment: opened };
    const length = contentLength(opened);
    if (length < 0) throw fail('UNEXPECTED_RECORD', 'a record that holds nothing but padding');
    const type = opened[length] ?? 0;
    if (type === ContentType.change_cipher_spec || !isContentType(type))
      throw fail('UNEXPECTED_RECORD', `a record of inner type ${type}`);
    // RFC 9846 section 5.4: only application data may be empty.
    if (length === 0 && type !== ContentType.application_data)
      throw fail('UNEXPECTED_RECORD', `an empty record of inner type ${type}`);
    return { kind: 'record', type, fragment: opened.subarray(0, length) };
  }

  /** The record or alert for the caller; `undefined` when it means nothing. */
  #judge(record: ReadRecord): ReadRecord | ReadAlert | undefined {
    const { type, fragment } = record;
    if (type === ContentType.change_cipher_spec && this.version === 'TLSv1.3') {
      this.#options.trace?.(type, fragment);
      // RFC 9846 section 5: one byte of 1, until the peer's Finished.
      if (this.established || fragment.length !== 1 || fragment[0] !== 1)
        throw fail('UNEXPECTED_RECORD', 'a change_cipher_spec record that TLS 1.3 has no place for');
      this.#countEmpty();
      return undefined;
    }
    if (fragment.length === 0) this.#countEmpty();
    const alert = type === ContentType.alert ? decodeAlert(fragment) : undefined;
    // RFC 9846 section 5.1: nothing comes between the parts of a message. A fatal error may: it ends what it
    // interrupts.
    if (type !== ContentType.handshake && this.#options.handshake.leftover > 0 && !isFatal(alert)) {
      throw fail('UNEXPECTED_RECORD', `a record of type ${type} in the middle of a handshake message`);
    }
    if (alert !== undefined) {
      this.#options.trace?.(type, fragment);
      return this.#judgeAlert(alert);
    }
    if (type === ContentType.change_cipher_spec) this.#options.trace?.(type, fragment);
    if (type === ContentType.handshake && ++this.#handshakeInARow > MAX_HANDSHAKE_RECORDS_IN_A_ROW) {
      throw fail('TOO_MANY_MESSAGES', `${this.#handshakeInARow} handshake records without data in between`);
    }
    // A message of the handshake begins, of which there are few.
    if (
      type === ContentType.handshake &&
      !this.established &&
      fragment.length > 0 &&
      this.#options.handshake.leftover === 0
    )
      this.#emptyInARow = 0;
    // Else only data ends a row: whoever alternates between two things that mean nothing still sends nothing.
    if (type === ContentType.application_data && fragment.length > 0)
      this.#emptyInARow = this.#warningsInARow = this.#handshakeInARow = 0;
    return record;
  }

  /**
   * TLS 1.3 has no warnings but close_notify and user_canceled, which JDK 11 sends before it (RFC 9846 section 6.1). In
   * TLS 1.2 no_renegotiation answers what we never ask: RFC 5246 section 7.2.2 leaves us the end of the connection, and
   * OpenSSL takes it.
   */
  #judgeAlert(alert: AlertMessage): ReadAlert | undefined {
    if (alert.level === 2 || alert.description === Alert.close_notify) return { kind: 'alert', alert };
    if (this.version === 'TLSv1.3' && alert.description !== Alert.user_canceled)
      throw fail('BAD_ALERT', `an alert of description ${alert.description} as a warning`);
    if (alert.description === Alert.no_renegotiation)
      throw fail('BAD_ALERT', 'no_renegotiation, though no renegotiation was requested');
    if (++this.#warningsInARow > MAX_WARNING_ALERTS) throw fail('TOO_MANY_WARNING_ALERTS');
    return undefined;
  }

  #countEmpty(): void {
    if (++this.#emptyInARow > this.#options.emptyRecordsInARow) throw fail('TOO_MANY_EMPTY_RECORDS');
  }

  /**
   * Looks for a whole record: in place if the BIO has it in one piece, gathered piece by piece otherwise. Says what is in
   * the way of it; `undefined` when it has one.
   */
  #find(bio: Bio): Stalled | undefined {
    if (this.#gatheredBytes === 0) {
      let view = this.#look(bio, RECORD_HEADER);
      if (view.length >= RECORD_HEADER) {
        const length = RECORD_HEADER + this.#checkHeader(view);
        if (view.length < length) view = this.#look(bio, length);
        if (view.length >= length) {
          this.#record = view;
          this.#length = length;
          this.#inPlace = true;
          return undefined;
        }
      }
    }
    // Behind records in flight nothing is taken out of the BIO: with new keys it would be missing.
    return this.#queue.length > 0 ? WANT_READ : this.#gather(bio);
  }

  /** What lies in the BIO behind the records in flight. */
  #look(bio: Bio, atLeast: number): Uint8Array {
    const view = bio.nread0(this.#bytesInFlight + atLeast);
    return this.#bytesInFlight === 0 ? view : view.subarray(this.#bytesInFlight);
  }

  #gather(bio: Bio): Stalled | undefined {
    for (;;) {
      const have = this.#gatheredBytes;
      const needed =
        have < RECORD_HEADER ? RECORD_HEADER : RECORD_HEADER + this.#checkHeader(this.#gathered.subarray(0, have));
      if (have === needed && have > RECORD_HEADER - 1) {
        this.#record = this.#gathered;
        this.#length = needed;
        this.#inPlace = false;
        return undefined;
      }
      const view = bio.nread0(1);
      const count = Math.min(view.length, needed - have);
      if (count === 0) return bio.eof ? ENDED : WANT_READ;
      if (this.#gathered.length === 0) this.#gathered = takeBuffer();
      this.#gathered.set(count === view.length ? view : view.subarray(0, count), have);
      bio.nread(count);
      this.#gatheredBytes = have + count;
    }
  }

  /** Type, version and length of a header. Returns the length of the body. */
  #checkHeader(header: Uint8Array): number {
    const type = header[0] ?? 0;
    const major = header[1] ?? 0;
    const minor = header[2] ?? 0;
    const length = ((header[3] ?? 0) << 8) | (header[4] ?? 0);
    const protection = this.#protection;
    if (!this.#greeted) {
      // Without a TLS version behind it, an unknown type is no TLS at all: SSL 2, or noise.
      if (major !== 3 || (minor === 0 && !isContentType(type))) refuseForeign(header);
      this.#greeted = true;
    }
    // Before keys only the major version counts: alerts about versions come with all sorts of minor ones.
    if (protection === undefined ? major !== 3 : ((major << 8) | minor) !== Version.tls12) {
      throw fail('WRONG_VERSION_NUMBER', `a record of version ${major}.${minor}`);
    }
    if (!isContentType(type)) throw fail('UNEXPECTED_RECORD', `a record of type ${type}`);
    const limit =
      MAX_PLAINTEXT +
      (protection === undefined ? 0 : protection.version === 'TLSv1.3' ? MAX_EXPANSION_13 : MAX_EXPANSION_12);
    if (length > limit) throw fail('RECORD_TOO_LARGE', `a record of ${length} bytes`);
    return length;
  }

  #consume(bio: Bio): void {
    this.#record = EMPTY;
    if (this.#inPlace) bio.nread(this.#length);
    else {
      this.#gatheredBytes = 0;
      this.#returnGathered();
    }
  }

  /** Nothing is in flight any more; what was is still in the BIO. */
  #recall(): void {
    this.#queue.length = 0;
    this.#bytesInFlight = 0;
  }

  #returnGathered(): void {
    if (this.#gathered.length === 0) return;
    giveBack(this.#gathered);
    this.#gathered = EMPTY;
  }

  /** Nothing is there to be read: hold no scratch memory meanwhile. */
  #rest(): void {
    if (this.#plain.length === 0) return;
    giveBack(this.#plain);
    this.#plain = EMPTY;
  }
}

type Stalled = Waiting<ReadWait> | Ended;

/** A record in flight. When keys change another one takes its place, and its late answer concerns nobody. */
class Opening {
  /** ContentType on the outside. */
  readonly type: number;
  /** What it takes of the BIO until it is released; 0 when it was gathered. */
  readonly bytes: number;
  /** `clear`: a change_cipher_spec record, which needs no opening. */
  state: 'pending' | 'clear' | 'opened' | 'broken' = 'pending';
  opened: Uint8Array | null = null;
  reason: unknown;
  readonly settled: Promise<void>;

  constructor(record: Uint8Array, bytes: number, protection: Protection) {
    this.type = record[0] ?? 0;
    this.bytes = bytes;
    if (this.type === ContentType.change_cipher_spec) {
      this.state = 'clear';
      this.opened = record.slice(RECORD_HEADER);
      this.settled = Promise.resolve();
      return;
    }
    this.settled = protection.openLater(record).then(
      (opened) => {
        this.opened = opened;
        this.state = 'opened';
      },
      (reason: unknown) => {
        this.reason = reason;
        this.state = 'broken';
      },
    );
  }
}

/** close_notify is none, whatever its level says. */
const isFatal = (alert: AlertMessage | undefined): boolean =>
  alert !== undefined && alert.level === 2 && alert.description !== Alert.close_notify;

const isContentType = (type: number): boolean =>
  type >= ContentType.change_cipher_spec && type <= ContentType.application_data;
