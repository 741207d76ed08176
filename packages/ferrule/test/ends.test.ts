/** What was told to be sent has been, every end is noticed, and nothing waits for ever. */
import { connect as dial, type Socket } from 'node:net';
import { once } from 'node:events';
import { type Bio, bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import { createPure } from '@ferrule/pure';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { SslError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import {
  chooseEngine,
  connect,
  connectOver,
  type Memory,
  type Pipe,
  type StreamPipe,
  TlsConnection,
  type Transport,
  type TransportSink,
} from 'ferrule';
import { bytes, connected, echoing, later, listening, readExactly, text } from './support.ts';

const engines = (
  await Promise.all(
    (['native', 'pure'] as const).map((name) =>
      chooseEngine(name).then(
        () => name,
        (error: Error) => (console.info(`skipped: ${error.message}`), undefined),
      ),
    ),
  )
).filter((name) => name !== undefined);

/** A socket as a transport that may be told to be odd. */
class OddTransport implements Transport {
  readonly name = 'odd';
  readonly socket: Socket;
  /** Bytes that were delivered although no more was wanted. */
  excess = 0;
  /** What waits until `resume()`, which delivers it itself. */
  readonly #held: Uint8Array[] = [];
  #wanted = true;
  #sink: TransportSink | undefined;

  constructor(port: number) {
    this.socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
    later(() => this.socket.destroy());
  }
  start(sink: TransportSink): void {
    this.#sink = sink;
    // each chunk waits until it is asked for
    this.#wanted = false;
    this.socket.on('data', (chunk) => {
      this.#held.push(new Uint8Array(chunk));
      if (this.#wanted) this.#deliver();
    });
    this.socket.on('end', () => sink.end()).on('error', (error) => sink.failed(error));
    this.resume();
  }
  send(sent: Uint8Array, done: () => void): void {
    this.socket.write(sent.slice(), () => done());
  }
  resume(): void {
    this.#wanted = true;
    this.#deliver();
  }
  end(done: () => void): void {
    this.socket.end(done);
  }
  destroy(): void {
    this.socket.destroy();
  }
  /** 64 KiB of nothing; whether more is wanted. */
  flood(): boolean {
    return (this.#wanted = this.#sink?.data(new Uint8Array(65_536).fill(0x17)) ?? false);
  }
  #deliver(): void {
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#wanted ? this.#held.shift() : undefined)
      this.#wanted = this.#sink?.data(chunk) ?? false;
  }
}

/** A pipe to a server that needs its time for each write. */
function slow(port: number, milliseconds: number): Pipe & { readonly socket: Socket } {
  const socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
  later(() => socket.destroy());
  socket.on('error', () => {});
  const reader = socket.iterator({ destroyOnReturn: false });
  return {
    socket,
    read: async () => ((await reader.next()) as IteratorResult<Buffer, undefined>).value ?? null,
    write: (chunk) =>
      new Promise((resolve, reject) =>
        setTimeout(() => socket.write(chunk.slice(), (error) => (error ? reject(error) : resolve())), milliseconds),
      ),
    closeWrite: () => new Promise<void>((resolve) => socket.end(resolve)),
    close: () => void socket.destroy(),
  };
}

describe.each(engines)('the ends of a connection, %s', (backend) => {
  it('settled writes, then close(): all of it is at the server', async () => {
    const { port, options, server } = await listening();
    const connection = await connectOver(slow(port, 30), { backend, host: 'server.test', ca: options.ca ?? '' });
    const socket = await server.accepted();
    let got = 0;
    socket.on('data', (chunk: Buffer) => void (got += chunk.length));
    const ended = once(socket, 'end').then(() => socket.end());
    const writes = Array.from({ length: 8 }, () => connection.write(new Uint8Array(40_000)));
    await Promise.all(writes);
    await connection.close();
    await ended;
    expect(got).toBe(320_000);
  });

  it('close() waits for what was not awaited, as long as bytes move', async () => {
    const { port, options, server } = await listening();
    const connection = await connectOver(slow(port, 150), {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
      closeTimeout: 1000,
    });
    const socket = await server.accepted();
    let got = 0;
    socket.on('data', (chunk: Buffer) => void (got += chunk.length)).on('end', () => socket.end());
    // ten writes of the pipe, each 150 ms: more than any second
    const write = connection.write(new Uint8Array(600_000));
    await connection.close();
    await write;
    expect(got).toBe(600_000);
  });

  it.each([
    // with the headers and tags of 16 records, exactly what the transport may have before writes wait: 256 KiB
    ['TLSv1.2', 16 * (16_384 - 29)],
    ['TLSv1.3', 16 * (16_384 - 22)],
  ] as const)(
    'closeWrite() sends close_notify also when there is no room for it at first, %s',
    async (version, size) => {
      const { port, options, server } = await listening({ maxVersion: version });
      const connection = await connectOver(slow(port, 10), { backend, host: 'server.test', ca: options.ca ?? '' });
      const socket = await server.accepted();
      let got = 0;
      const ended = once(
        socket.on('data', (chunk: Buffer) => void (got += chunk.length)),
        'end',
      ).then(() => socket.end());
      await Promise.all([connection.write(new Uint8Array(size)), connection.closeWrite()]);
      // without close_notify the server would have no end, since a half-closed pipe does not end it
      await ended;
      expect(got).toBe(size);
      await connection.close();
    },
  );

  it('what close() has told as sent arrives, though the peer sends before it reads', async () => {
    const { options, server } = await listening();
    const connection = await connect({ ...options, backend, closeTimeout: 200 });
    const socket = await server.accepted();
    socket.pause();
    // more than the peer's system takes, and less than ours has room for besides
    const size = 1_500_000;
    await connection.write(new Uint8Array(size));
    await connection.close();
    let got = 0;
    socket.write('still there');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await once(socket.on('data', (chunk: Buffer) => void (got += chunk.length)).resume(), 'end');
    expect(got).toBe(size);
    socket.end();
  });

  it('a peer that never ends is left in the end, a byte now and then or not', async () => {
    const { port, options, server } = await listening();
    for (const chatty of [false, true]) {
      const transport = new OddTransport(port);
      const connection = await connectOver(transport, {
        backend,
        host: 'server.test',
        ca: options.ca ?? '',
        closeTimeout: 50,
      });
      const socket = await server.accepted();
      const chat = setInterval(() => void (chatty && socket.write('x')), 10);
      later(() => clearInterval(chat));
      await connection.close();
      if (!transport.socket.destroyed) await once(transport.socket, 'close');
      clearInterval(chat);
    }
  }, 60_000);

  it('destroy() after close() leaves a peer at once that has not ended', async () => {
    const { port, options, server } = await listening();
    const transport = new OddTransport(port);
    const connection = await connectOver(transport, {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
      closeTimeout: 50,
    });
    await server.accepted();
    await connection.close();
    expect(transport.socket.destroyed).toBe(false);
    connection.destroy();
    expect(transport.socket.destroyed).toBe(true);
  });

  it('what the peer sends does not make close() wait for a peer that reads nothing', async () => {
    const { options, server } = await listening();
    const connection = await connect({ ...options, backend, closeTimeout: 300 });
    const socket = (await server.accepted()).pause();
    const chat = setInterval(() => socket.write('x'), 20);
    later(() => clearInterval(chat));
    const write = connection.write(new Uint8Array(20_000_000)).catch((error: unknown) => error);
    await connection.close();
    expect(await write).toMatchObject({ code: 'TIMEOUT' });
  });

  it('close() waits for the end of a line that has bytes on their way, also when the peer has ended first', async () => {
    const { port, options, server } = await listening();
    const pipe = slow(port, 0);
    const asked: string[] = [];
    const slowly = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        await pipe.write(chunk);
      },
      close: () => {
        asked.push('close');
        return pipe.closeWrite?.();
      },
      abort: () => {
        asked.push('abort');
        return pipe.close();
      },
    });
    // takes what it is given at once, as one that counts or compresses does
    const between = new TransformStream<Uint8Array, Uint8Array>({}, undefined, { highWaterMark: 16 });
    void between.readable.pipeTo(slowly).catch(() => {});
    let sawEnd = (): void => {};
    const peerEnded = new Promise<void>((resolve) => (sawEnd = resolve));
    const readable = new ReadableStream<Memory>({
      pull: async (controller) => {
        const chunk = await pipe.read();
        if (chunk !== null) return controller.enqueue(chunk);
        controller.close();
        setTimeout(sawEnd, 10);
      },
    });
    const connection = await connectOver(
      { readable, writable: between.writable },
      { backend, host: 'server.test', ca: options.ca ?? '' },
    );
    const socket = await server.accepted();
    let got = 0;
    const ended = once(
      socket.on('data', (chunk: Buffer) => void (got += chunk.length)),
      'end',
    );
    socket.end();
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await peerEnded;
    const writes = Array.from({ length: 10 }, () => connection.write(new Uint8Array(20_000)));
    await connection.close();
    await Promise.all(writes);
    await ended;
    expect([got, asked]).toEqual([200_000, ['close']]);
  });

  it('takes whatever holds bytes, and refuses the rest', async () => {
    const { options } = await echoing();
    const connection = await connected({ ...options, backend });
    const writer = connection.writable.getWriter() as WritableStreamDefaultWriter<unknown>;
    await writer.write(bytes('array').buffer);
    await writer.write(new DataView(bytes('-view-').buffer, 1, 4));
    await writer.write(new Uint16Array(bytes('16').buffer));
    expect(text(await readExactly(connection, 11))).toBe('arrayview16');
    for (const wrong of [17, 'text', new Blob(['x']), undefined, { length: 3 }])
      await expect(connection.write(wrong as Uint8Array)).rejects.toThrow(TypeError);
    await expect(writer.write(17)).rejects.toThrow(TypeError);
  });

  it.each<[string, object, Partial<Transport>]>([
    ['a wrong option', { host: 'server.test', timeout: -1 }, {}],
    ['a wrong name', { host: 'a b' }, {}],
    ['options that are none', null as never, {}],
    ['a signal that is aborted', { host: 'server.test', signal: AbortSignal.abort() }, {}],
    [
      'a transport that does not start',
      { host: 'server.test' },
      {
        start: () => {
          throw new Error('of start');
        },
      },
    ],
    ['a transport that fails', { host: 'server.test' }, { send: (_bytes, done) => done(new Error('of send')) }],
  ])('connectOver() gives up its pipe when it rejects: %s', async (_what, options, odd) => {
    let destroyed = 0;
    const transport: Transport = {
      name: 'odd',
      start: () => {},
      send: () => {},
      resume: () => {},
      end: (done) => done(),
      destroy: () => void destroyed++,
      ...odd,
    };
    await expect(
      connectOver(transport, options && { backend, ca: (await pki('root')).certificatePem, ...options }),
    ).rejects.toThrow();
    expect(destroyed).toBeGreaterThan(0);
  });

  it('one signal ends many connections, with one listener', async () => {
    const { options } = await echoing();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    const connections = await Promise.all(Array.from({ length: 12 }, () => connect({ ...options, backend, signal })));
    expect(listeners).toBe(1);
    await Promise.all(connections.slice(0, 2).map((connection) => connection.close()));
    controller.abort();
    for (const connection of connections.slice(2))
      await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'ABORTED' });
    const other = new AbortController();
    const again = await connect({ ...options, backend, signal: other.signal });
    await again.close();
  });

  it.each(['timeout', 'signal'])('%s holds while a callback of the caller is pending', async (what) => {
    const { options } = await echoing();
    const controller = new AbortController();
    const verify = (): Promise<boolean> => {
      if (what === 'signal') setTimeout(() => controller.abort(), 10);
      return new Promise(() => {});
    };
    const error: unknown = await connect({
      ...options,
      ca: undefined as never,
      backend,
      verify,
      ...(what === 'timeout' ? { timeout: 200 } : { signal: controller.signal }),
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: what === 'timeout' ? 'TIMEOUT' : 'ABORTED' });
  });

  it('is over when both directions have ended, and has no socket then', async () => {
    const { port, options, server } = await listening();
    const pipe = slow(port, 0);
    const connection = await connectOver(pipe, { backend, host: 'server.test', ca: options.ca ?? '' });
    const socket = await server.accepted();
    socket.on('end', () => socket.end()).resume();
    await connection.closeWrite();
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await connection.closed;
    expect(pipe.socket.destroyed).toBe(true);
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await expect(connection.write(bytes('x'))).rejects.toMatchObject({ code: 'PROTOCOL_IS_SHUTDOWN' });
  });

  it.each(['reset', 'cut'] as const)('notices a %s though nobody reads', async (how) => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    await server.accepted();
    server[how]();
    await connection.closed;
    await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({
      code: how === 'reset' ? 'TRANSPORT_ERROR' : (expect.stringMatching(/UNEXPECTED_EOF|TRANSPORT_ERROR/) as string),
    });
  });

  it('what came before a reset may still be read', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    await new Promise<void>((resolve) => void socket.write('last words', () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.reset();
    await connection.closed;
    expect(text(await readExactly(connection, 10))).toBe('last words');
    await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
  });

  it('tells writers of a transport that breaks after the peer’s close_notify', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    socket.end();
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    server.reset();
    // Node does not look at a socket whose end it has read: a write finds out, and no later one succeeds
    const outcomes: unknown[] = [];
    for (let i = 0; i < 20; i++)
      outcomes.push(
        await connection.write(bytes('x')).then(
          () => 'sent',
          (error: unknown) => error,
        ),
      );
    expect(outcomes.at(-1)).toMatchObject({ code: 'TRANSPORT_ERROR' });
    await connection.closed;
  });

  it('counts once what a transport says twice has gone', async () => {
    const { options, port } = await echoing();
    const waiting: (() => void)[] = [];
    let holds = false;
    const odd = new OddTransport(port);
    const send = odd.send.bind(odd);
    odd.send = (sent, done): void =>
      send(sent, () => {
        if (holds) waiting.push(done);
        else for (let twice = 0; twice < 2; twice++) done();
      });
    const connection = await connectOver(odd, { ca: options.ca as string, host: 'server.test', backend });
    later(() => connection.destroy());
    await connection.write(new Uint8Array(30_000));
    holds = true;
    const told: string[] = [];
    const second = connection.write(bytes('second')).then(() => told.push('second'));
    await readExactly(connection, 30_006);
    expect(told).toEqual([]);
    for (const done of waiting) done();
    await second;
  });

  it('takes bytes that a transport delivers inside resume()', async () => {
    const { port, options } = await echoing();
    const connection = await connectOver(new OddTransport(port), {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
    });
    later(() => connection.close());
    for (const word of ['one', 'two']) {
      await connection.write(bytes(word));
      expect(text(await readExactly(connection, 3))).toBe(word);
    }
  });

  it.each(['queued', 'unref', 'destroy'] as const)(
    'are told, whatever a transport throws when asked for %s',
    async (member) => {
      const { port, options } = await echoing();
      const transport = new OddTransport(port);
      const odd = (): never => {
        transport.socket.destroy();
        throw new Error(member);
      };
      Object.defineProperty(transport, member, member === 'queued' ? { get: odd } : { value: odd });
      const connection = await connectOver(transport, {
        backend,
        host: 'server.test',
        ca: options.ca ?? '',
        closeTimeout: 200,
      });
      await connection.close();
      await connection.closed;
    },
  );

  it.each([
    ['strings', () => Promise.resolve('HTTP/1.1 400')],
    ['numbers', () => Promise.resolve(17)],
  ])('refuses a pipe that brings %s', async (what, read) => {
    const pipe = { read, write: () => Promise.resolve(), close: () => {} } as unknown as Pipe;
    const error: unknown = await connectOver(pipe, {
      backend,
      host: 'server.test',
      ca: (await pki('root')).certificatePem,
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'TRANSPORT_ERROR',
      message: expect.stringContaining(what.slice(0, 6)) as string,
    });
  });

  it('lets others run while a pipe brings nothing, again and again', async () => {
    const pipe: Pipe = {
      read: () => Promise.resolve(new Uint8Array(0)),
      write: () => Promise.resolve(),
      close: () => {},
    };
    const error: unknown = await connectOver(pipe, {
      backend,
      host: 'server.test',
      ca: (await pki('root')).certificatePem,
      timeout: 50,
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('notices a writable that breaks while nothing is written', async () => {
    const cause = new Error('the relay is gone');
    let spoil: (error: Error) => void = () => {};
    const pipe: StreamPipe = {
      readable: new ReadableStream<Uint8Array>(),
      writable: new WritableStream<Uint8Array>({
        start: (controller) => void (spoil = (error) => controller.error(error)),
      }),
    };
    const attempt = connectOver(pipe, { backend, host: 'server.test', ca: (await pki('root')).certificatePem }).catch(
      (reason: unknown) => reason,
    );
    setTimeout(() => spoil(cause), 20);
    expect(await attempt).toMatchObject({ code: 'TRANSPORT_ERROR', cause });
  });

  it('takes no more than a chunk from a peer that floods while a callback is pending', async () => {
    const { port, server } = await listening();
    const transport = new OddTransport(port);
    let taken = 0;
    const verify = async (): Promise<boolean> => {
      while (taken < 1000 && transport.flood()) taken++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      while (taken < 1000 && transport.flood()) taken++;
      return true;
    };
    const connection = await connectOver(transport, { backend, host: 'server.test', verify }).catch(
      (reason: unknown) => reason,
    );
    expect(taken).toBeLessThan(3);
    // what was taken is no TLS; the server has had our Finished by now, or our alert
    if (connection instanceof TlsConnection) await connection.closed;
    await server.accepted();
  });
});

it.each(engines)('a BIO that counts bytes and does not show them is waited for: %s', async (name) => {
  const { backend } = await chooseEngine(name);
  const [bio] = bioPair();
  const nothing = (): Uint8Array => new Uint8Array(0);
  const ignore = (): void => {};
  const liar: Bio = {
    blocking: false,
    pending: 5,
    eof: false,
    error: undefined,
    read: () => -1,
    write: () => -1,
    nread0: nothing,
    nread: ignore,
    nwrite0: nothing,
    nwrite: ignore,
    shutdownWrite: ignore,
    fail: ignore,
  };
  const ssl = backend.createContext({ verify: () => true }).newConnection();
  ssl.setBio(liar, bio);
  for (let i = 0; i < 3; i++) expect(ssl.getError(ssl.connect())).toBe(SslError.wantRead);
  ssl.dispose();
});

it('with WebCrypto a read is served when the answer comes after the tickets', async () => {
  const { options } = await echoing();
  const context = createPure({ crypto: await createWebCrypto() }).createContext({
    trustAnchors: [(await pki('root')).certificate],
  });
  later(() => context.dispose());
  const { ca: _, ...rest } = options;
  for (let i = 0; i < 5; i++) {
    const connection = await connected({ ...rest, context });
    const reading = readExactly(connection, 4);
    await new Promise((resolve) => setTimeout(resolve, 5 * i));
    await connection.write(bytes('late'));
    expect(text(await reading)).toBe('late');
  }
});
