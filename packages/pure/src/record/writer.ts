/**
 * @module Records into a write BIO: handshake messages gathered into as few records as may be, application data sealed
 * where it is to lie, everything resumable when the BIO is full (RFC 9846 section 5).
 *
 * What cannot go straight into the BIO waits in one buffer, in order. With an asynchronous AEAD records wait for their
 * seal in a queue in front of that buffer; each keeps the key of the moment when it was made.
 */
import type { Bio } from '@ferrule/bio';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { ContentType, Version } from '@ferrule/result/numbers';
import { MAX_BYTES_IN_FLIGHT, MAX_PLAINTEXT, MAX_RECORDS_IN_FLIGHT } from '../limits.ts';
import { cryptoFailed, fail } from '../reason.ts';
import { encodeAlert } from './alert.ts';
import { BUFFER_SIZE, giveBack, takeBuffer } from './pool.ts';
import {
  FLUSHED,
  WANT_ASYNC,
  WANT_WRITE,
  type Flushed,
  type Progress,
  type WriteWait,
  type Written,
} from './progress.ts';
import { RECORD_HEADER, type Protection } from './protect.ts';

/** WANT_WRITE: the BIO is full; WANT_ASYNC: {@link RecordWriter.ready} must settle first. */
export type FlushProgress = Progress<Flushed, WriteWait>;
export type WriteProgress = Progress<Written, WriteWait>;

export class RecordWriter {
  /**
   * legacy_record_version of handshake records without protection: 0x0301 for an initial ClientHello, 0x0303 after it
   * (RFC 9846 section 5.1).
   */
  legacyVersion: number = Version.tls10;
  /**
   * Application data is padded to a multiple of this many bytes, content type included (RFC 9846 section 5.4). TLS 1.3
   * only; 0 = not at all.
   */
  padding = 0;
  #protection: Protection | undefined;
  #limit = MAX_PLAINTEXT + 1;
  /** Handshake messages that no record was made of yet. */
  readonly #flight: Uint8Array[] = [];
  /** Records that are ready but have not all gone. */
  #out: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** Records that are being sealed. */
  readonly #queue: Sealing[] = [];
  #bytesInFlight = 0;
  /** Bytes of the write() under way that are in records already; not reported to the caller yet. */
  #committed = 0;

  /** Adds a handshake message, header included, to the flight; it must not change until that has left. */
  handshake(message: Uint8Array): void {
    this.#flight.push(message);
  }

  /** Never protected: a middlebox's change_cipher_spec of TLS 1.3, or TLS 1.2's own in an initial handshake. */
  changeCipherSpec(): void {
    this.#endFlight();
    this.#clear(ContentType.change_cipher_spec, Uint8Array.of(1));
  }

  alert(level: number, description: number): void {
    this.#endFlight();
    this.#record(ContentType.alert, encodeAlert(level, description));
  }

  /** New keys for whatever comes after, or none; what came before keeps the old ones. */
  install(protection: Protection | undefined): void {
    this.#endFlight();
    const old = this.#protection;
    const last = this.#queue[this.#queue.length - 1];
    if (last === undefined) old?.dispose();
    else void last.settled.then(() => old?.dispose());
    this.#protection = protection;
  }

  /** RFC 8449: the most plaintext that the peer takes in one record; in TLS 1.3 content type and padding count. */
  limitRecords(peer: number): void {
    this.#limit = Math.min(peer, MAX_PLAINTEXT + 1);
  }

  /** Pushes what waits into the BIO. */
  flush(bio: Bio): FlushProgress {
    this.#endFlight();
    for (;;) {
      if (!this.#drain(bio)) return WANT_WRITE;
      const head = this.#queue[0];
      if (head === undefined) return FLUSHED;
      if (head.state === 'pending') return WANT_ASYNC;
      if (head.state === 'broken') throw cryptoFailed('sealing a record', head.reason);
      this.#queue.shift();
      this.#bytesInFlight -= head.size;
      this.#emit(bio, head);
    }
  }

  /**
   * Application data; the count written may be less than all of it. After a wait, call again with the same bytes, as
   * SSL_write(3) has it.
   *
   * @throws TypeError for fewer bytes than in the call that is being repeated.
   */
  write(bio: Bio, from: Uint8Array): WriteProgress {
    if (from.length < this.#committed)
      throw new TypeError(
        `write() is to be repeated with the same bytes: there were ${this.#committed} or more, now ${from.length}`,
      );
    const protection = this.#protection;
    if (protection === undefined) throw fail('INTERNAL_ERROR', 'application data without keys');
    return protection.aead.sync ? this.#writeNow(bio, from, protection) : this.#writeLater(bio, from, protection);
  }

  /** Settles, never rejects, when the oldest record in flight has been sealed; `undefined` when none is. */
  get ready(): Promise<void> | undefined {
    return this.#queue[0]?.settled;
  }

  /** Bytes that the write() which is to be repeated must have at least. */
  get committed(): number {
    return this.#committed;
  }

  /**
   * Nobody repeats the write() under way, of early data whose time is over: the bytes in its records are not counted in
   * what comes after.
   */
  endWrite(): void {
    this.#committed = 0;
  }

  /** It is time for new keys. */
  get needsRekey(): boolean {
    return this.#protection?.needsRekey ?? false;
  }

  /** Everything has gone into the BIO. */
  get idle(): boolean {
    return this.#flight.length === 0 && this.#start === this.#end && this.#queue.length === 0;
  }

  /** Wipes keys and forgets what has not gone. */
  dispose(): void {
    this.#protection?.dispose();
    this.#flight.length = 0;
    this.#queue.length = 0;
    this.#bytesInFlight = 0;
    this.#committed = 0;
    this.#releaseOut();
  }

  #writeNow(bio: Bio, from: Uint8Array, protection: Protection): WriteProgress {
    const before = this.flush(bio);
    if (before.kind === 'wait') return before;
    let taken = this.#committed;
    this.#committed = 0;
    if (taken > 0) return written(taken);
    do {
      const length = Math.min(from.length - taken, this.#contentLimit(protection));
      const padding = this.#paddingFor(protection, length);
      const size = RECORD_HEADER + protection.overhead + length + padding;
      const content = length === from.length ? from : from.subarray(taken, taken + length);
      const space = bio.nwrite0(size);
      if (space.length >= size) {
        space.set(content, RECORD_HEADER + protection.prefix);
        bio.nwrite(protection.seal(space.subarray(0, size), ContentType.application_data, length, padding));
      } else {
        // The rest waits for room; with nothing taken yet, the BIO may be too small for any record.
        if (taken > 0) return written(taken);
        this.#seal(protection, ContentType.application_data, content, padding);
        const after = this.flush(bio);
        if (after.kind === 'wait') {
          this.#committed = length;
          return after;
        }
      }
      taken += length;
    } while (taken < from.length);
    return written(taken);
  }

  #writeLater(bio: Bio, from: Uint8Array, protection: Protection): WriteProgress {
    const depth = protection.aead.sync ? 1 : Math.min(protection.aead.depth, MAX_RECORDS_IN_FLIGHT);
    const { length: whole } = from;
    for (;;) {
      while (this.#committed < from.length && this.#queue.length < depth && this.#bytesInFlight < MAX_BYTES_IN_FLIGHT) {
        const length = Math.min(from.length - this.#committed, this.#contentLimit(protection));
        const content = from.subarray(this.#committed, this.#committed + length);
        this.#push(
          Sealing.later(protection, ContentType.application_data, content, this.#paddingFor(protection, length)),
        );
        this.#committed += length;
      }
      const inFlight = this.#queue.length;
      const progress = this.flush(bio);
      if (from.length !== whole)
        throw fail('INTERNAL_ERROR', 'a method of the BIO took away the memory that is written');
      // Room in the window is used before anybody waits.
      if (progress === WANT_ASYNC && this.#committed < from.length && this.#queue.length < inFlight) continue;
      if (progress.kind === 'wait') return progress;
      if (this.#committed === from.length) break;
    }
    this.#committed = 0;
    return written(from.length);
  }

  #contentLimit(protection: Protection): number {
    return protection.version === 'TLSv1.3' ? this.#limit - 1 : Math.min(this.#limit, MAX_PLAINTEXT);
  }

  #paddingFor(protection: Protection, length: number): number {
    if (this.padding === 0 || protection.version !== 'TLSv1.3') return 0;
    const inner = length + 1;
    return Math.min(Math.ceil(inner / this.padding) * this.padding, this.#limit) - inner;
  }

  /** Makes records of the handshake messages gathered so far. */
  #endFlight(): void {
    if (this.#flight.length === 0) return;
    const flight = joined(this.#flight);
    this.#flight.length = 0;
    const limit = this.#protection === undefined ? MAX_PLAINTEXT : this.#contentLimit(this.#protection);
    for (let at = 0; at < flight.length; at += limit)
      this.#record(ContentType.handshake, flight.subarray(at, at + limit));
  }

  #record(type: number, content: Uint8Array): void {
    const protection = this.#protection;
    if (protection === undefined) this.#clear(type, content);
    else if (protection.aead.sync) this.#seal(protection, type, content, 0);
    else this.#push(Sealing.later(protection, type, content, 0));
  }

  /** A record without protection. */
  #clear(type: number, content: Uint8Array): void {
    // Only a ClientHello may carry another version (RFC 9846 section 5.1); OpenSSL does not take an alert that does.
    const version = type === ContentType.handshake ? this.legacyVersion : Version.tls12;
    const head = Uint8Array.of(type, version >>> 8, version, content.length >>> 8, content.length);
    if (this.#queue.length > 0) {
      this.#push(Sealing.done(head, content));
      return;
    }
    this.#reserve(RECORD_HEADER + content.length);
    this.#append(head);
    this.#append(content);
  }

  #seal(protection: Protection, type: number, content: Uint8Array, padding: number): void {
    const size = RECORD_HEADER + protection.overhead + content.length + padding;
    this.#reserve(size);
    const record = this.#out.subarray(this.#end, this.#end + size);
    record.set(content, RECORD_HEADER + protection.prefix);
    protection.seal(record, type, content.length, padding);
    this.#end += size;
  }

  /** A sealed record straight into the BIO if it has room, with nothing waiting in front of it. */
  #emit(bio: Bio, { head, body }: Sealing): void {
    const size = head.length + body.length;
    const space = bio.nwrite0(size);
    if (space.length >= size) {
      space.set(head);
      space.set(body, head.length);
      bio.nwrite(size);
      return;
    }
    this.#reserve(size);
    this.#append(head);
    this.#append(body);
  }

  #push(sealing: Sealing): void {
    this.#queue.push(sealing);
    this.#bytesInFlight += sealing.size;
  }

  /** True when the buffer is empty now. */
  #drain(bio: Bio): boolean {
    while (this.#start < this.#end) {
      const space = bio.nwrite0(1);
      const count = Math.min(space.length, this.#end - this.#start);
      if (count === 0) return false;
      space.set(this.#out.subarray(this.#start, this.#start + count));
      bio.nwrite(count);
      this.#start += count;
    }
    this.#releaseOut();
    return true;
  }

  /** Room for `length` more bytes at the end of the buffer. */
  #reserve(length: number): void {
    const held = this.#end - this.#start;
    if (this.#end + length <= this.#out.length) return;
    const old = this.#out;
    const oldStart = this.#start;
    const larger =
      held + length <= BUFFER_SIZE && old.length !== BUFFER_SIZE
        ? takeBuffer()
        : new Uint8Array(Math.max(held + length, 2 * old.length));
    larger.set(old.subarray(oldStart, oldStart + held));
    this.#releaseOut();
    this.#out = larger;
    this.#end = held;
  }

  #append(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #releaseOut(): void {
    if (this.#out.length === BUFFER_SIZE) giveBack(this.#out);
    this.#out = EMPTY;
    this.#start = this.#end = 0;
  }
}

const written = (count: number): Written => ({ kind: 'written', count });

function joined(messages: readonly Uint8Array[]): Uint8Array {
  const [first = EMPTY] = messages;
  return messages.length < 2 ? first : concat(messages);
}

/** A record whose place in the order is fixed while it is being sealed. */
class Sealing {
  state: 'pending' | 'sealed' | 'broken' = 'pending';
  readonly head: Uint8Array;
  body: Uint8Array = EMPTY;
  /** Bytes of content, for the bound on what is in flight. */
  readonly size: number;
  reason: unknown;
  settled: Promise<void> = Promise.resolve();

  private constructor(head: Uint8Array, size: number) {
    this.head = head;
    this.size = size;
  }

  static later(protection: Protection, type: number, content: Uint8Array, padding: number): Sealing {
    const plain = takeBuffer();
    plain.set(content);
    const { head, sealed } = protection.sealLater(plain, type, content.length, padding);
    giveBack(plain);
    const sealing = new Sealing(head, content.length);
    sealing.settled = sealed.then(
      (body) => {
        sealing.body = body;
        sealing.state = 'sealed';
      },
      (reason: unknown) => {
        sealing.reason = reason;
        sealing.state = 'broken';
      },
    );
    return sealing;
  }

  static done(head: Uint8Array, body: Uint8Array): Sealing {
    const sealing = new Sealing(head, body.length);
    sealing.body = body;
    sealing.state = 'sealed';
    return sealing;
  }
}
