/**
 * @module The TCP connection to the runner, and the BIO pair that an Ssl has in its place.
 *
 * Bytes move only when an operation has said why it waits, so a pair of one byte makes the engine stop at every byte.
 */
import { bioPair, type Bio } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { connect, type Socket } from 'node:net';

export class Link {
  /** The engine's end. */
  readonly bio: Bio;
  readonly #network: Bio;
  readonly #socket: Socket;
  #incoming: Buffer[] = [];
  #outgoing: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, bioSize: number | undefined) {
    [this.bio, this.#network] = bioPair(bioSize);
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#incoming.push(chunk);
      this.#wake?.();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on('error', (error) => {
      this.#error ??= error;
      this.#wake?.();
    });
  }

  /** Connects to the runner and says which shim this is: 8 bytes, little-endian. */
  static async open(options: {
    port: number;
    ipv6: boolean;
    shimId: bigint;
    bioSize?: number | undefined;
  }): Promise<Link> {
    const socket = connect({
      port: options.port,
      host: options.ipv6 ? '::1' : '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const id = Buffer.alloc(8);
    id.writeBigUInt64LE(options.shimId);
    socket.write(id);
    return new Link(socket, options.bioSize);
  }

  /** Repeats an operation until it waits for nothing; returns what it then returned. */
  async finish(ssl: Ssl, operation: () => number): Promise<number> {
    for (;;) {
      const ret = operation();
      this.collect();
      if (ret > 0) return ret;
      switch (ssl.getError(ret)) {
        case SslErrorCode.wantRead:
          await this.#feed();
          break;
        case SslErrorCode.wantWrite:
          break;
        case SslErrorCode.wantAsync:
        case SslErrorCode.wantRetryVerify:
        case SslErrorCode.wantX509Lookup:
          this.#flush();
          await ssl.asyncReady;
          break;
        default:
          this.#flush();
          return ret;
      }
    }
  }

  /** Takes what the engine has written out of the pair. */
  collect(): void {
    for (let view = this.#network.nread0(); view.length > 0; view = this.#network.nread0()) {
      this.#outgoing.push(view.slice());
      this.#network.nread(view.length);
    }
  }

  /** Half-closes, reads to the peer's end and goes: a reset would destroy what the runner has not read yet. */
  async close(): Promise<void> {
    this.collect();
    this.#flush();
    if (this.#error === undefined) this.#socket.end();
    while (!this.#ended && this.#error === undefined) {
      this.#incoming = [];
      await this.#event();
    }
    this.#socket.destroy();
  }

  /** Gives the pair as much as it takes, waiting until there is something to give. */
  async #feed(): Promise<void> {
    this.#flush();
    while (this.#incoming.length === 0) {
      if (this.#error !== undefined) {
        this.#network.fail(this.#error);
        return;
      }
      if (this.#ended) {
        this.#network.shutdownWrite();
        return;
      }
      await this.#event();
    }
    const chunk = this.#incoming[0]!;
    const count = this.#network.write(chunk);
    if (count <= 0) throw new Error('the engine wants to read and leaves its BIO full');
    if (count < chunk.length) this.#incoming[0] = chunk.subarray(count);
    else this.#incoming.shift();
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    if (this.#error === undefined) this.#socket.write(Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
