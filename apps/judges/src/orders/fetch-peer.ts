/** @module A server of HTTP/1.1 behind one connection of fetch(): what it is asked, and what it answers. */
import { concat } from '@ferrule/result/bytes';
import type { Carrier } from './carriers.ts';
import { Finding } from './finding.ts';
import { Kind, pattern, Received } from './pattern.ts';
import type { Server } from './server.ts';

/** Where the bytes of a request, and those of its answer, begin in their patterns: nobody's bytes pass for another's. */
export const baseOf = (id: number): number => id * 1_000_003;

/** How the end of an answer is told. */
export const FRAMINGS = ['length', 'chunks', 'close'] as const;
export type Framing = (typeof FRAMINGS)[number];

/** An answer, by its request. */
export interface Given {
  readonly framing: Framing;
  size: number;
  /** Bytes of its body that have been sent. */
  sent: number;
  /** All of it has, its end too. */
  whole: boolean;
}

/** A request that the server has read the head of. */
export interface Heard {
  readonly id: number;
  /** Of its body. */
  readonly body: Received;
  /** Its last byte has come. */
  ended: boolean;
  given: Given | undefined;
}

export interface PeerEvents {
  heard(id: number, peer: FetchPeer): void;
}

export class FetchPeer {
  readonly heard: Heard[] = [];
  /** It has closed, was reset, or has said what is no HTTP. */
  faulted = false;
  /** The last of these. */
  garbled = false;
  /** Its transport is broken. */
  broken = false;
  /** It spoke though nobody had asked, and the client had nothing under way. */
  intruded = false;
  server!: Server;
  carrier!: Carrier;
  readonly #events: PeerEvents;
  #bytes: Uint8Array = new Uint8Array(0);
  /** What is left of the body, or of a chunk; `undefined` where a head, or a chunk's size, is next. */
  #left: number | undefined;
  #chunked = false;

  constructor(events: PeerEvents) {
    this.#events = events;
  }

  /** The request that waits for its answer, or for the rest of it. */
  get current(): Heard | undefined {
    const last = this.heard.at(-1);
    return last?.given?.whole === true ? undefined : last;
  }
  get answers(): number {
    return this.heard.filter(({ given }) => given?.whole === true).length;
  }

  // ── What it is asked ──

  take(bytes: Uint8Array): void {
    this.#bytes = concat([this.#bytes, bytes]);
    while (this.#step());
  }

  /** @returns whether there is more to read. */
  #step(): boolean {
    const last = this.heard.at(-1);
    if (last === undefined || last.ended) return this.#head();
    if (this.#left === undefined) return this.#chunk(last);
    const part = this.#bytes.subarray(0, this.#left);
    last.body.take(part);
    this.#bytes = this.#bytes.subarray(part.length);
    this.#left -= part.length;
    if (this.#left > 0) return false;
    if (!this.#chunked) return (last.ended = true);
    // The end of the chunk's line
    if (this.#bytes.length < 2) return false;
    this.#line('\r\n');
    this.#left = undefined;
    return true;
  }

  #head(): boolean {
    const end = Buffer.from(this.#bytes).indexOf('\r\n\r\n');
    if (end < 0) return false;
    const text = Buffer.from(this.#bytes.subarray(0, end)).toString('latin1');
    this.#bytes = this.#bytes.subarray(end + 4);
    const [, id] = /^[A-Z]+ \/r\/(\d+) HTTP\/1\.1\r\n/.exec(text) ?? [];
    if (id === undefined) throw new Finding('the server cannot read a request', JSON.stringify(text.slice(0, 80)));
    if (this.current !== undefined) throw new Finding('a request is sent before the one before it is answered', id);
    if (this.intruded) throw new Finding('a connection that spoke out of turn is used again', id);
    const body = new Received(Kind.main, 'at the server, a body');
    body.count = baseOf(Number(id));
    this.#chunked = /\r\ntransfer-encoding: chunked/i.test(text);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    this.#left = this.#chunked ? undefined : length;
    this.heard.push({ id: Number(id), body, ended: !this.#chunked && length === 0, given: undefined });
    this.#events.heard(Number(id), this);
    return true;
  }

  #chunk(of: Heard): boolean {
    const end = Buffer.from(this.#bytes).indexOf('\r\n');
    if (end < 0) return false;
    const size = Number.parseInt(Buffer.from(this.#bytes.subarray(0, end)).toString('latin1'), 16);
    if (size === 0 && this.#bytes.length < end + 4) return false;
    this.#bytes = this.#bytes.subarray(end + 2);
    if (size > 0) {
      this.#left = size;
      return true;
    }
    this.#line('\r\n');
    of.ended = true;
    return true;
  }

  #line(expected: string): void {
    const text = Buffer.from(this.#bytes.subarray(0, expected.length)).toString('latin1');
    if (text !== expected) throw new Finding('the server cannot read a body', JSON.stringify(text));
    this.#bytes = this.#bytes.subarray(expected.length);
  }

  // ── What it answers ──

  /** The head, and so many bytes of the body. */
  begin(framing: Framing, size: number, part: number): void {
    const { current } = this;
    if (current === undefined || current.given !== undefined || !this.#may()) return;
    const framed = { length: `content-length: ${size}\r\n`, chunks: 'transfer-encoding: chunked\r\n', close: '' }[
      framing
    ];
    this.#say(`HTTP/1.1 200 OK\r\nx-id: ${current.id}\r\n${framed}\r\n`);
    current.given = { framing, size, sent: 0, whole: false };
    this.more(part);
  }

  more(count: number): void {
    const { current } = this;
    const given = current?.given;
    if (current === undefined || given === undefined || !this.#may()) return;
    const bytes = pattern(Kind.server, baseOf(current.id) + given.sent, Math.min(count, given.size - given.sent));
    const isLast = given.sent + bytes.length === given.size;
    given.sent += bytes.length;
    if (given.framing === 'chunks') {
      if (bytes.length > 0) this.#say(`${bytes.length.toString(16)}\r\n`, bytes, '\r\n');
      if (isLast) this.#say('0\r\n\r\n');
    } else this.#say(bytes);
    if (!isLast) return;
    given.whole = true;
    if (given.framing === 'close') this.close();
  }

  interim(): void {
    if (this.current?.given === undefined && this.current !== undefined && this.#may())
      this.#say('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
  }

  /** @param text - said out of turn, or what is no answer; it cannot be a part of one. */
  garble(text: string): void {
    const framing = this.current?.given?.framing;
    if (this.#may() && (framing === undefined || framing === 'chunks')) this.#say(text);
  }

  /** In an orderly way. */
  close(): void {
    const given = this.current?.given;
    if (given?.framing === 'close' && this.#may()) {
      given.size = given.sent;
      given.whole = true;
    }
    this.server.closeNotify();
    this.carrier.serverEnds();
  }

  #may(): boolean {
    return this.server.established && !this.server.closed && !this.carrier.destroyed;
  }

  #say(...parts: (string | Uint8Array)[]): void {
    this.server.say(concat(parts.map((part) => (typeof part === 'string' ? new Uint8Array(Buffer.from(part)) : part))));
  }
}
