/** @module One stream of a Wisp connection: a pipe to one server. */
import { TlsError } from '@ferrule/result';
import type { Transport, TransportSink } from 'ferrule';
import { Inbox } from './inbox.ts';
import { Queue } from './queue.ts';
import { WispClose, wispHint, type WispPacket, wispReason } from './wisp-packets.ts';

/** Bytes of a DATA packet at most, so that streams take turns often. */
const PIECE = 32 * 1024;

/** What a stream asks of the connection that it is in. */
export interface Carrier {
  packet(packet: WispPacket): void;
  /** The stream has something to send, and the relay has room for it. */
  wantsTurn(stream: WispStream): void;
  /** Calls `go` when the WebSocket has sent what it was given so far. */
  whenSent(go: () => void): void;
  /** The stream is over. */
  gone(stream: WispStream): void;
  /** Bytes inside the WebSocket. */
  waiting(): number;
}

interface Piece {
  readonly bytes: Uint8Array;
  at: number;
  /** Absent for the end. */
  readonly done: (error?: Error | null) => void;
}

export class WispStream implements Transport {
  readonly id: number;
  readonly name: string;
  /** Settles with the first CONTINUE, or with the reason of a refusal. */
  readonly confirmed: Promise<void>;
  readonly #carrier: Carrier;
  readonly #inbox: Inbox;
  readonly #outgoing = new Queue<Piece>();
  #queued = 0;
  #credit: number;
  #over: TlsError | undefined;
  #connected = false;
  #confirm: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  constructor(carrier: Carrier, id: number, name: string, credit: number, limit: number) {
    this.#carrier = carrier;
    this.id = id;
    this.name = name;
    this.#credit = credit;
    this.#inbox = new Inbox(name, limit);
    this.confirmed = new Promise((resolve, reject) => (this.#confirm = { resolve, reject }));
    this.confirmed.catch(() => {});
  }

  get queued(): number {
    return this.#queued + this.#carrier.waiting();
  }

  start(sink: TransportSink): void {
    this.#inbox.start(sink);
  }

  resume(): void {
    this.#inbox.resume();
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#over !== undefined) return done(this.#over);
    this.#outgoing.push({ bytes, at: 0, done });
    this.#queued += bytes.length;
    this.#ask();
  }

  /** Wisp has no half-close: CLOSE would end both directions, and what the server still sends would be lost. */
  end(done: (error?: Error | null) => void): void {
    this.send(new Uint8Array(0), done);
  }

  destroy(): void {
    if (this.#over !== undefined) return;
    this.#close(WispClose.voluntary, new TlsError('ABORTED', `${this.name}: the stream was closed here`));
  }

  // ── What the connection tells ──

  /** It is this stream's turn. True: there is more to send, and room for it. */
  sendOne(): boolean {
    const piece = this.#outgoing.first;
    if (piece === undefined) return false;
    if (piece.bytes.length > 0) {
      if (this.#credit === 0) return false;
      const bytes = piece.bytes.subarray(piece.at, piece.at + PIECE);
      this.#carrier.packet({ type: 'data', stream: this.id, bytes });
      this.#credit--;
      this.#queued -= bytes.length;
      piece.at += bytes.length;
    }
    if (piece.at === piece.bytes.length) {
      this.#outgoing.shift();
      this.#carrier.whenSent(() => piece.done(this.#over));
    }
    return this.#wants;
  }

  onData(bytes: Uint8Array): void {
    this.#connected = true;
    // A message is nobody else's memory
    if (bytes.length > 0 && !this.#inbox.push(bytes))
      this.#close(WispClose.clientError, new TlsError('TRANSPORT_ERROR', `${this.name}: too much came to be kept`));
  }

  onContinue(credit: number): void {
    this.#connected = true;
    this.#confirm?.resolve();
    this.#credit = credit;
    this.#ask();
  }

  onClose(reason: number): void {
    const error = new TlsError(
      this.#connected ? 'TRANSPORT_ERROR' : 'PROXY_REFUSED',
      `${this.name}: the relay closed the stream: ${wispReason(reason)}`,
      { hint: this.#connected ? undefined : wispHint(reason) },
    );
    if (reason === WispClose.voluntary) {
      this.#end(error);
      this.#inbox.end();
    } else this.fail(error);
  }

  fail(error: TlsError): void {
    this.#end(error);
    this.#inbox.fail(error);
  }

  get #wants(): boolean {
    const first = this.#outgoing.first;
    return this.#over === undefined && first !== undefined && (this.#credit > 0 || first.bytes.length === 0);
  }

  #ask(): void {
    if (this.#wants) this.#carrier.wantsTurn(this);
  }

  #close(reason: number, error: TlsError): void {
    this.#carrier.packet({ type: 'close', stream: this.id, reason });
    this.#end(error);
  }

  #end(error: TlsError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    this.#confirm?.reject(error);
    this.#carrier.gone(this);
    this.#queued = 0;
    for (const { done } of this.#outgoing.clear()) done(error);
  }
}
