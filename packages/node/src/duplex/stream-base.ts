/**
 * @module The handle that node:http2 requires of a socket: a StreamBase of Node, here over the plaintext of a Duplex.
 *
 * Without it Node wraps the Duplex itself. A session then treats the connection as one without TLS, emits `connect`
 * before the handshake, and gets several frames in one call from JavaScript, during which Node runs no
 * process.nextTick(): `data` of a response came before `response` (docs/adr/0165).
 */
import type { Duplex } from 'node:stream';
import { constants } from 'node:os';

/** Node's JSStream: the functions are its requests to us, and the methods our answers. */
export interface StreamBase {
  readonly isStreamBase: boolean;
  onread: () => void;
  isClosing: () => boolean;
  onreadstart: () => number;
  onreadstop: () => number;
  onwrite: (request: object, buffers: readonly Uint8Array[]) => number;
  onshutdown: (request: object) => number;
  readBuffer(bytes: Uint8Array): void;
  finishWrite(request: object, status: number): void;
  finishShutdown(request: object, status: number): void;
}

/** RFC 9113 section 4.1: three bytes of length, type, flags, four bytes of stream identifier. */
const FRAME_HEADER = 9;

/**
 * A handle over `duplex`; it reads nothing until a session has taken it. `undefined` if this runtime has no such class,
 * or node:http2 is not loaded.
 * @param taken called when a session takes it.
 */
export function streamBaseOver(duplex: Duplex, taken: () => void): StreamBase | undefined {
  const JsStream = jsStreamClass();
  if (JsStream === undefined) return undefined;
  const handle = new JsStream();
  const reader = new FrameReader(duplex, handle);
  // Only a session reads it, once, before anything else
  Object.defineProperty(handle, 'isStreamBase', {
    get: () => {
      taken();
      reader.take();
      return true;
    },
  });
  // For data read after the session has released the handle
  handle.onread = () => undefined;
  handle.isClosing = () => duplex.destroyed || duplex.writableEnded;
  handle.onreadstart = () => reader.start();
  handle.onreadstop = () => reader.stop();
  handle.onwrite = (request, buffers) => {
    // A session expects its socket to be reading; its first write is the preface
    reader.begin();
    duplex.cork();
    // A failure of one also fails the last
    buffers.forEach((bytes, index) => {
      if (index < buffers.length - 1) duplex.write(bytes);
      else duplex.write(bytes, (error) => handle.finishWrite(request, statusOf(error)));
    });
    duplex.uncork();
    return 0;
  };
  handle.onshutdown = (request) => {
    process.nextTick(() => duplex.end(() => handle.finishShutdown(request, 0)));
    return 0;
  };
  return handle;
}

/** Passes the session one frame per turn: process.nextTick() callbacks of a frame run before the next. */
class FrameReader {
  readonly #duplex: Duplex;
  readonly #handle: StreamBase;
  readonly #header = new Uint8Array(FRAME_HEADER);
  /** Bytes of the header passed on, and of the payload remaining. */
  #inHeader = 0;
  #payload = 0;
  #reads = false;
  #begun = false;
  #scheduled = false;
  /** Data received before the session. */
  readonly #before: Uint8Array[] = [];

  constructor(duplex: Duplex, handle: StreamBase) {
    this.#duplex = duplex;
    this.#handle = handle;
  }

  /** Empties the socket's buffer: Node would pass it to the session in one piece. */
  take(): void {
    for (let bytes = this.#read(); bytes !== null; bytes = this.#read()) this.#before.push(bytes);
  }

  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#duplex.on('readable', () => this.#turn());
    // A closing session resumes its socket to see it end
    this.#duplex.on('resume', () => this.start());
    this.start();
  }

  start(): number {
    this.#reads = true;
    this.#later();
    return 0;
  }

  stop(): number {
    this.#reads = false;
    return 0;
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    while (this.#reads) {
      const wanted = this.#inHeader < FRAME_HEADER ? FRAME_HEADER - this.#inHeader : this.#payload;
      const bytes = this.#next(wanted);
      if (bytes === null) return;
      const whole = this.#passed(bytes);
      this.#handle.readBuffer(bytes);
      if (whole) return this.#later();
    }
  }

  /** At most `most` bytes, null if there are none. */
  #next(most: number): Uint8Array | null {
    const [first] = this.#before;
    if (first === undefined) {
      const there = Math.min(most, this.#duplex.readableLength);
      return this.#read(there > 0 ? there : undefined);
    }
    if (first.length > most) this.#before[0] = first.subarray(most);
    else this.#before.shift();
    return first.subarray(0, most);
  }

  #read(size?: number): Uint8Array | null {
    return this.#duplex.read(size) as Uint8Array | null;
  }

  /** True if these bytes end a frame. */
  #passed(bytes: Uint8Array): boolean {
    if (this.#inHeader === FRAME_HEADER) this.#payload -= bytes.length;
    else {
      this.#header.set(bytes, this.#inHeader);
      this.#inHeader += bytes.length;
      const [high = 0, middle = 0, low = 0] = this.#header;
      if (this.#inHeader === FRAME_HEADER) this.#payload = (high << 16) | (middle << 8) | low;
    }
    if (this.#inHeader < FRAME_HEADER || this.#payload > 0) return false;
    this.#inHeader = 0;
    return true;
  }
}

/** libuv's status, a negative number; 0 without an error. */
function statusOf(error: (Error & { readonly errno?: unknown }) | null | undefined): number {
  if (!error) return 0;
  return typeof error.errno === 'number' && error.errno < 0 ? error.errno : -constants.errno.EPIPE;
}

type JsStreamClass = new () => StreamBase;
let found: JsStreamClass | null | undefined;

/**
 * Node does not export JSStream, but exposes one: `session.socket` proxies the socket that it makes of a Duplex, with
 * its handle.
 */
function jsStreamClass(): JsStreamClass | undefined {
  // http.Agent reads each socket's handle too, and needs none
  if (found === undefined && http2IsLoaded()) found = search() ?? null;
  return found ?? undefined;
}

function http2IsLoaded(): boolean {
  const { moduleLoadList } = process as { readonly moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes('NativeModule internal/http2/core') ?? false;
}

function search(): JsStreamClass | undefined {
  // Not connect(), which programs instrument
  const { performServerHandshake } = process.getBuiltinModule('node:http2');
  const { Duplex: NodeDuplex } = process.getBuiltinModule('node:stream');
  const nobody = new NodeDuplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const session = performServerHandshake(nobody).on('error', () => undefined);
  const { _handle: handle } = session.socket as unknown as { readonly _handle?: StreamBase | null };
  session.destroy();
  return handle?.isStreamBase === true ? (handle.constructor as JsStreamClass) : undefined;
}
