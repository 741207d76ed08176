/** @module What carries the ciphertext of a Duplex: a socket that we open, or any Duplex that is given. */
import net from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * One receive buffer for every socket of this thread. Reads complete before their callback returns, so nobody's bytes are
 * in it between two callbacks. Not so on Windows, where a read is under way while others complete: there each has its own.
 */
const RECEIVE_BUFFER_SIZE = 256 * 1024;
let shared: Uint8Array | undefined;
const receiveBuffer = (): Uint8Array => {
  if (process.platform === 'win32') return Buffer.allocUnsafeSlow(65_536);
  return (shared ??= Buffer.allocUnsafeSlow(RECEIVE_BUFFER_SIZE));
};

export interface TransportEvents {
  /** Bytes came. With `borrowed` they are overwritten once this returns. `false` asks for no more until `resume()`. */
  data(chunk: Uint8Array, borrowed: boolean): boolean;
  /** The peer ended its side. */
  end(): void;
  /** The transport failed, or closed without having ended. */
  fail(error: Error | undefined): void;
}

/** Where to connect: net.connect's options, or a stream that is connected already. */
export type Target = { readonly connect: net.NetConnectOpts } | { readonly stream: Duplex };

/** Open or adopt a transport. Its events come after this has returned. */
export function openTransport(target: Target, events: TransportEvents): Duplex {
  let ended = false;
  const stream = 'stream' in target ? adopt(target.stream, events) : dial(target.connect, events);
  stream.on('end', () => {
    ended = true;
    events.end();
  });
  stream.on('error', (error: Error) => events.fail(error));
  stream.on('close', () => {
    if (!ended) events.fail(undefined);
  });
  return stream;
}

function dial(options: net.NetConnectOpts, events: TransportEvents): net.Socket {
  return net.connect({
    ...options,
    allowHalfOpen: true,
    onread: { buffer: receiveBuffer(), callback: (count, buffer) => events.data(buffer.subarray(0, count), true) },
  });
}

function adopt(stream: Duplex, events: TransportEvents): Duplex {
  // Whatever was read ahead comes first, and in order, by the stream's own rules.
  stream.on('data', (chunk: Uint8Array) => {
    if (!events.data(chunk, false)) stream.pause();
  });
  return stream;
}
