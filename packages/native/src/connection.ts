/**
 * @module One connection below its shell: `Port` of @ferrule/ssl, the only file that uses a Bio.
 *
 *     read BIO's view ─┐                    ┌─ bytes used → nread
 *     write BIO's view ┼→ one native call ──┼─ bytes filled → nwrite
 *     caller's buffer ─┘                    └─ events, pauses, errors
 *
 * The native call works on the views in place and never calls back; its events and questions are in the control block
 * when it returns, and are handled here, between calls.
 */
import type { Bio } from '@ferrule/bio';
import type { TlsSession } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { type Facts, type Outlet, type Port, type Start, transportError } from '@ferrule/ssl';
import { mayOfferEarlyData } from '@ferrule/ssl/session-binding';
import { type Binding, Control, type Handle, Operation } from './binding.ts';
import type { Shared } from './context.ts';
import { tellEvents } from './events.ts';
import { NativeFacts } from './facts.ts';
import { forget } from './forgotten.ts';
import { Questions } from './questions.ts';
import { failureOf } from './reason.ts';
import { receivedSession, type SessionFields, sessionFields } from './session.ts';

/** Free space requested of a growing write BIO: a handshake flight, or a record. */
const [FLIGHT, RECORD] = [2048, 16_384 + 512];

export class Connection implements Port {
  readonly #shared: Shared;
  readonly #outlet: Outlet;
  readonly #binding: Binding;
  readonly #control: Int32Array;
  readonly #facts: NativeFacts;
  #handle: Handle;
  #rbio: Bio | undefined;
  #wbio: Bio | undefined;
  #host: string | undefined;
  readonly #questions: Questions;
  #pending = 0;
  #committed = 0;
  /** What the write BIO threw when asked for space. Reported once space is needed. */
  #spaceless: unknown;
  #shutdown: 0 | 1 | 2 | 3 = 0;
  #session: SessionFields | undefined;

  constructor(shared: Shared, handle: Handle, outlet: Outlet) {
    this.#shared = shared;
    this.#outlet = outlet;
    this.#binding = shared.library.binding;
    this.#control = shared.library.control;
    this.#handle = handle;
    this.#facts = new NativeFacts(shared.library, handle);
    this.#questions = new Questions(shared, handle, outlet, this.#facts);
  }

  ownSession(session: unknown): SessionFields | undefined {
    return sessionFields(session as TlsSession);
  }

  begin({ rbio, wbio, host, session }: Start): void {
    this.#rbio = rbio;
    this.#wbio = wbio;
    this.#host = host?.name;
    this.#questions.host = host?.name;
    const { config } = this.#shared;
    const time = config.now();
    if (this.#handle === 0) throw new TlsError('DISPOSED'); // Disposed by now() itself
    if (host !== undefined && !this.#binding.setHost(this.#handle, host.name, host.kind === 'ip'))
      throw new TlsError('INTERNAL_ERROR', `OpenSSL refuses the name ${host.name}`);
    if (config.now !== Date.now) this.#binding.setTime(this.#handle, Math.floor(time / 1000));
    this.#session = session && sessionFields(session);
    this.#facts.begun = true;
    this.#questions.offer(this.#session, time);
  }

  handshake(): number {
    const ret = this.#run(Operation.handshake);
    if (ret === 1) this.#facts.establish();
    return ret;
  }

  read(into: Uint8Array): number {
    return this.#run(Operation.read, into);
  }

  write(from: Uint8Array): number {
    return this.#run(Operation.write, from);
  }

  writeEarlyData(from: Uint8Array): number {
    const why = this.#questions.unanswered();
    if (why !== undefined) return -why;
    const session = this.#facts.offered && this.#session;
    if (session === undefined || !mayOfferEarlyData(session, this.#shared.offering())) return 0;
    return this.#run(Operation.writeEarlyData, from);
  }

  shutdown(): number {
    // A post-handshake CertificateRequest must not block close_notify.
    this.#questions.decline();
    return this.#run(Operation.shutdown);
  }

  keyUpdate(requestPeer: boolean): number {
    return this.#run(Operation.keyUpdate, requestPeer);
  }

  get committed(): number {
    return this.#committed;
  }

  get pending(): number {
    return this.#pending;
  }

  get asyncReady(): Promise<void> | undefined {
    return this.#questions.ready;
  }

  get state(): string {
    return this.#binding.state(this.#handle);
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#shutdown;
  }

  fact<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return this.#facts.get(name);
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const out = this.#binding.exporter(this.#handle, label, context, length);
    if (out === undefined)
      throw new TypeError(`exportKeyingMaterial: OpenSSL refuses the label ${JSON.stringify(label)} or its context`);
    return out;
  }

  serverEndPoint(): Uint8Array | undefined {
    const hash = this.#binding.serverEndPoint(this.#handle);
    return hash.length === 0 ? undefined : hash;
  }

  /** OpenSSL sends its alert before it reports a failure; for failures of our own it sends none. */
  queueAlert(): boolean {
    return false;
  }

  flush(): number {
    return 0;
  }

  end(): void {
    this.#pending = this.#committed = 0;
    this.#questions.drop(false);
  }

  dispose(): void {
    const handle = this.#handle;
    this.#facts.close();
    this.end();
    this.#questions.drop(true);
    this.#handle = 0;
    forget(this.#outlet.ssl);
    this.#binding.close(handle);
  }

  /** Runs an operation until it is done or has to wait. */
  #run(operation: Operation, data?: Uint8Array | boolean): number {
    const why = this.#questions.unanswered();
    if (why !== undefined) return -why;
    const rbio = this.#rbio as Bio;
    const wbio = this.#wbio as Bio;
    const control = this.#control;
    const room = operation === Operation.write ? RECORD : FLIGHT;
    // read() seldom sends anything: an idle connection should not hold an output block for it.
    const length = data instanceof Uint8Array ? data.length : 0;
    let spacious = operation !== Operation.read || !this.#shared.config.native.refuseRenegotiation;
    for (;;) {
      let input = EMPTY;
      let eof = false;
      if (rbio.pending > 0) input = rbio.nread0();
      else eof = rbio.eof;
      const space = spacious ? this.#space(wbio, wbio.blocking ? 0 : room) : EMPTY;
      if (data instanceof Uint8Array && data.length < length)
        throw new TypeError('a method of the BIO took away the memory that it is called for');
      const ret = this.#binding.step(this.#handle, operation, eof, input, space, data);
      const used = control[Control.inUsed] as number;
      const filled = control[Control.outUsed] as number;
      const error = control[Control.error] as number;
      this.#pending = control[Control.pending] as number;
      this.#committed = control[Control.committed] as number;
      this.#shutdown = control[Control.shutdown] as 0 | 1 | 2 | 3;
      const events = control[Control.events] !== 0;
      const answerUnsent = control[Control.answerUnsent] !== 0;
      const failed = control[Control.failed] !== 0;
      // The BIO methods called from here on may use other connections, which share the control block.
      if (used > 0) rbio.nread(used);
      if (space.length > 0) wbio.nwrite(filled);
      if (events) this.#collect();
      if (ret > 0 && !spacious && answerUnsent) this.#flush(wbio);
      if (ret > 0) return ret;
      switch (error) {
        case SslErrorCode.wantRead:
          // More than one view's worth, or EOF after it. If a BIO counts bytes but does not expose them, wait.
          if ((rbio.pending > 0 && used > 0) || (!eof && rbio.eof)) continue;
          if (rbio.error !== undefined) throw transportError(rbio.error);
          if (!rbio.blocking) return -error;
          rbio.nread0(1);
          continue;
        case SslErrorCode.wantWrite:
          if (!spacious) {
            spacious = true;
            continue;
          }
          if (wbio.error !== undefined || this.#spaceless !== undefined) {
            // The alert cannot be sent; its cause is still reported.
            if (failed) throw this.#death();
            throw this.#spaceless ?? transportError(wbio.error);
          }
          if (!wbio.blocking && this.#space(wbio, room).length === 0) return -error;
          if (wbio.blocking) wbio.nwrite0(1);
          continue;
        case SslErrorCode.wantRetryVerify:
          this.#questions.verify();
          break;
        case SslErrorCode.wantX509Lookup:
          this.#questions.chooseCredential();
          break;
        case SslErrorCode.zeroReturn:
          return -error;
        case SslErrorCode.none:
          // shutdown(): ours is sent, the peer's has not arrived.
          return ret;
        default:
          throw this.#death();
      }
      const asked = this.#questions.unanswered();
      if (asked !== undefined) return -asked;
    }
  }

  /** The write BIO's free space. None if our side was shut down, which matters only when there is something to send. */
  #space(bio: Bio, atLeast: number): Uint8Array {
    try {
      this.#spaceless = undefined;
      return bio.nwrite0(atLeast);
    } catch (error) {
      this.#spaceless = error;
      return EMPTY;
    }
  }

  /** Sends a response that an earlier call had no space for, as far as there is space now. */
  #flush(wbio: Bio): void {
    const space = this.#space(wbio, wbio.blocking ? 0 : FLIGHT);
    if (space.length === 0) return;
    this.#binding.step(this.#handle, Operation.flush, false, EMPTY, space);
    wbio.nwrite(this.#control[Control.outUsed] as number);
  }

  /** The reason for which OpenSSL failed the connection. */
  #death(): TlsError {
    if (this.#questions.refusal !== undefined) return this.#questions.refusal;
    return failureOf(this.#binding.failure(this.#handle), {
      host: this.#host,
      anchored: this.#shared.config.anchored,
      names: () => this.#binding.peerNames(this.#handle),
    }).error;
  }

  #collect(): void {
    const events = this.#binding.events(this.#handle);
    tellEvents(events, this.#outlet, this.#questions.named ? undefined : (session) => this.#receive(session));
  }

  #receive(event: Uint8Array): TlsSession {
    const resumedUntil = this.#facts.get('sessionReused') === true ? this.#session?.verifiedUntil : undefined;
    return receivedSession(event, this.#shared.config.now(), {
      host: this.#host,
      binding: this.#shared.offering().binding,
      peer: this.#facts.peer(),
      alpn: this.#facts.get('alpn'),
      resumedUntil,
    });
  }
}
