/**
 * @module What node:http2 needs of a socket beside its events: a handle that is a StreamBase of Node, here one over the
 * plaintext of a Duplex.
 *
 * Without it Node wraps the Duplex by itself. Then a session takes the connection for one without TLS, says `connect`
 * before the handshake, and gets several frames in one call from JavaScript, inside which Node runs no
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
 * A handle over `duplex`; it reads nothing until a session has taken it. `undefined` where this runtime has no such
 * class, or node:http2 is not in use.
 * @param taken called when a session takes it.
 */
export function streamBaseOver(duplex: Duplex, taken: () => void): StreamBase | undefined {
  const JsStream = jsStreamClass();
  if (JsStream === undefined) return undefined;
  const handle = new JsStream();
  const reader = new FrameReader(duplex, handle);
  // A session asks for it once, before all else, and nobody else does
  Object.defineProperty(handle, 'isStreamBase', {
    get: () => {
      taken();
      reader.take();
      return true;
    },
  });
  // What is still read once the session has let go of the handle
  handle.onread = () => undefined;
  handle.isClosing = () => duplex.destroyed || duplex.writableEnded;
  handle.onreadstart = () => reader.start();
  handle.onreadstop = () => reader.stop();
  handle.onwrite = (request, buffers) => {
    // A session over a socket finds it reading; the first that it writes is its preface
    reader.begin();
    duplex.cork();
    // What fails one fails the last
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

/** Hands the session one frame a turn: what a frame made Node put off with process.nextTick() is done before the next. */
class FrameReader {
  readonly #duplex: Duplex;
  readonly #handle: StreamBase;
  readonly #header = new Uint8Array(FRAME_HEADER);
  /** Bytes of the header that have been handed over, and of the payload that have not. */
  #inHeader = 0;
  #payload = 0;
  #reads = false;
  #begun = false;
  #scheduled = false;
  /** What had come before the session. */
  readonly #before: Uint8Array[] = [];

  constructor(duplex: Duplex, handle: StreamBase) {
    this.#duplex = duplex;
    this.#handle = handle;
  }

  /** Node gives a session what its socket holds in a way of its own, all in one: so it shall hold nothing. */
  take(): void {
    for (let bytes = this.#read(); bytes !== null; bytes = this.#read()) this.#before.push(bytes);
  }

  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#duplex.on('readable', () => this.#turn());
    // A session that is closing resumes its socket, to see it end
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

  /** At most so many bytes, null where there are none. */
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

  /** True where these bytes end a frame. */
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

/** As libuv has it, a negative number; 0 where there is no error. */
function statusOf(error: (Error & { readonly errno?: unknown }) | null | undefined): number {
  if (!error) return 0;
  return typeof error.errno === 'number' && error.errno < 0 ? error.errno : -constants.errno.EPIPE;
}

type JsStreamClass = new () => StreamBase;
let found: JsStreamClass | null | undefined;

/**
 * Node does not export JSStream, but shows one: `session.socket` stands for the socket that it makes of a Duplex, with
 * the handle of that.
 */
function jsStreamClass(): JsStreamClass | undefined {
  // http.Agent asks each socket for its handle, too, and needs none
  if (found === undefined && http2IsLoaded()) found = search() ?? null;
  return found ?? undefined;
}

function http2IsLoaded(): boolean {
  const { moduleLoadList } = process as { readonly moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes('NativeModule internal/http2/core') ?? false;
}

function search(): JsStreamClass | undefined {
  // Not connect(), which programs replace to watch it
  const { performServerHandshake } = process.getBuiltinModule('node:http2');
  const { Duplex: NodeDuplex } = process.getBuiltinModule('node:stream');
  const nobody = new NodeDuplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const session = performServerHandshake(nobody).on('error', () => undefined);
  const { _handle: handle } = session.socket as unknown as { readonly _handle?: StreamBase | null };
  session.destroy();
  return handle?.isStreamBase === true ? (handle.constructor as JsStreamClass) : undefined;
}
