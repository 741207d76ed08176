/** What platforms have, as their types are published: each is a pipe. That this compiles is most of the test. */
import { connectOver, type StreamPipe, TlsError } from 'ferrule';
import { expect, it } from 'vitest';

/** WICG WebSocketStream: chunks are strings or ArrayBuffers; binary messages are asked for by sending them. */
interface WebSocketOpenInfo {
  readonly readable: ReadableStream<ArrayBuffer>;
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;
  readonly protocol: string;
}
/** W3C WebTransport. */
interface WebTransportBidirectionalStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<ArrayBufferView | ArrayBuffer>;
}
/** WICG Direct Sockets. */
interface TCPSocketOpenInfo {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<ArrayBufferView | ArrayBuffer>;
  readonly remoteAddress: string;
}
/** Deno.TcpConn. */
interface TcpConn {
  readonly rid: number;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  close(): void;
}
/** Cloudflare's Socket, whose streams have no types. */
interface CloudflareSocket {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
}

it('a pipe of each platform is taken as it is', async () => {
  const none = (): { readable: ReadableStream<never>; writable: WritableStream<unknown> } => ({
    readable: new ReadableStream({ start: (controller) => controller.close() }),
    writable: new WritableStream(),
  });
  const pipes: readonly StreamPipe[] = [
    { ...none(), protocol: '' } as WebSocketOpenInfo,
    none() as WebTransportBidirectionalStream,
    { ...none(), remoteAddress: '::1' } as TCPSocketOpenInfo,
    { ...none(), rid: 1, close: () => {} } as TcpConn,
    { ...none(), opened: Promise.resolve(), close: () => Promise.resolve() } as CloudflareSocket,
  ];
  for (const pipe of pipes) {
    const error: unknown = await connectOver(pipe, { host: 'server.test' }).catch((reason: unknown) => reason);
    expect(TlsError.is(error) && error.code).toBe('UNEXPECTED_EOF');
  }
});
