import { runInNewContext } from 'node:vm';
import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer, type TestServerOptions } from '@ferrule/conformance/server';
import { type Bio, bioPair } from '@ferrule/bio';
import type { Backend } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import {
  chooseBackend,
  connect,
  connectOver,
  type ConnectOverOptions,
  drive,
  type Memory,
  type Pipe,
  type StreamPipe,
  TlsError,
} from 'ferrule';
import { bytes, later, readExactly, text } from './support.ts';

const backends: Backend[] = [];
for (const name of ['native', 'pure'] as const) {
  await chooseBackend(name).then(
    ({ backend }) => backends.push(backend),
    (error: Error) => console.info(`skipped: ${error.message}`),
  );
}

/** The client's end of a server in memory, cut into pieces of `size` bytes. */
async function streams(
  size: number,
  options: TestServerOptions = {},
): Promise<{
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly server: TestServer;
}> {
  const server = await TestServer.make(options);
  later(() => server.close());
  const wire = server.open();
  const [client, net] = bioPair(size);
  return {
    server,
    readable: new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (client.pending === 0 && !client.eof) await wire.fill(net);
        const view = client.nread0().slice();
        client.nread(view.length);
        if (view.length > 0) controller.enqueue(view);
        else controller.close();
      },
    }),
    writable: new WritableStream<Uint8Array>({
      write: async (chunk) => {
        for (let at = 0; at < chunk.length;) {
          at += client.write(chunk.subarray(at));
          await wire.flush(net);
        }
      },
      close: () => {
        client.shutdownWrite();
        return wire.flush(net);
      },
    }),
  };
}

function functionsOf({ readable, writable }: StreamPipe): Pipe {
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  return {
    read: async () => (await reader.read()).value ?? null,
    write: (chunk) => writer.write(chunk.slice()),
    close: () => {},
  };
}

function flushed(net: Bio): Promise<void> {
  net.nread(net.nread0().length);
  return Promise.resolve();
}

function shared(chunk: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const memory = new Uint8Array(new SharedArrayBuffer(chunk.length));
  memory.set(chunk);
  return memory;
}

describe.each(backends)('connectOver() with the $name engine', (backend) => {
  const options = async () => ({ backend, host: 'server.test', ca: (await pki('root')).certificatePem });

  it.each([1, 17, 100_000])('connects over Web Streams that bring %i bytes at a time', async (size) => {
    const pipe = await streams(size);
    const connection = await connectOver(pipe, await options());
    later(() => connection.close());
    echo(await pipe.server.accepted());
    const sent = Uint8Array.from({ length: 40_000 }, (_, i) => i);
    const [got] = await Promise.all([readExactly(connection, sent.length), connection.write(sent)]);
    expect(Buffer.compare(got, sent)).toBe(0);
    expect(connection.info).toMatchObject({ host: 'server.test', remote: undefined, backend: backend.name });
  });

  it('connects over three functions', async () => {
    const { server, ...pipe } = await streams(5000);
    let closed = 0;
    const connection = await connectOver({ ...functionsOf(pipe), close: () => void closed++ }, await options());
    echo(await server.accepted());
    await connection.write(bytes('three'));
    expect(text(await readExactly(connection, 5))).toBe('three');
    await connection.close();
    expect(closed).toBe(1);
  });

  it.each<[string, (chunk: Uint8Array<ArrayBuffer>) => Memory]>([
    ['ArrayBuffers', (chunk) => chunk.buffer],
    ['DataViews', (chunk) => new DataView(chunk.buffer)],
    ['shared memory', (chunk) => shared(chunk).buffer],
    [
      'views in the middle of their memory',
      (chunk) => new Int8Array(Uint8Array.of(9, ...chunk, 9).buffer, 1, chunk.length),
    ],
  ])('takes whatever holds bytes from a pipe: %s', async (_what, held) => {
    for (const kind of ['streams', 'functions']) {
      const { server, readable, writable } = await streams(5000);
      const holding = new TransformStream<Uint8Array, Memory>({
        transform: (chunk, controller) => controller.enqueue(held(Uint8Array.from(chunk))),
      });
      const pipe = { readable: readable.pipeThrough(holding), writable };
      const connection = await connectOver(kind === 'streams' ? pipe : functionsOf(pipe), await options());
      later(() => connection.destroy());
      echo(await server.accepted());
      await connection.write(bytes(kind));
      expect(text(await readExactly(connection, kind.length))).toBe(kind);
    }
  });

  it.each<[string, unknown]>([
    ['strings', 'text of a WebSocketStream'],
    ['numbers', 17],
    ['Blobs', new Blob(['x'])],
    ['undefined', undefined],
  ])('fails at once over a stream that yields %s', async (_what, chunk) => {
    const pipe = {
      readable: new ReadableStream({ start: (controller) => controller.enqueue(chunk) }),
      writable: new WritableStream(),
    };
    await expect(connectOver(pipe, await options())).rejects.toMatchObject({
      code: 'TRANSPORT_ERROR',
      message: expect.stringContaining('instead of bytes') as string,
    });
  });

  it('connects through a connection of its own (TLS in TLS)', async () => {
    const inner = await streams(20_000);
    const outerServer = await streams(20_000);
    const outer = await connectOver(outerServer, await options());
    const socket = await outerServer.server.accepted();
    // The outer server passes what it gets to the inner one
    const [toInner, fromInner] = [inner.writable.getWriter(), inner.readable];
    socket.on('data', (chunk: Buffer) => void toInner.write(new Uint8Array(chunk)).catch(() => {}));
    void (async () => {
      for await (const chunk of fromInner) socket.write(chunk);
    })().catch(() => {});
    const connection = await connectOver({ readable: outer.readable, writable: outer.writable }, await options());
    later(() => connection.close());
    echo(await inner.server.accepted());
    await connection.write(bytes('deep inside'));
    expect(text(await readExactly(connection, 11))).toBe('deep inside');
  });

  it('reports a pipe that breaks as TRANSPORT_ERROR with its cause', async () => {
    const cause = new Error('the relay fell over');
    const pipe: Pipe = { read: () => Promise.reject(cause), write: () => Promise.resolve(), close: () => {} };
    const error: unknown = await connectOver(pipe, await options()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TRANSPORT_ERROR', cause });
  });

  it('reports a pipe that ends as UNEXPECTED_EOF', async () => {
    const pipe: Pipe = { read: () => Promise.resolve(null), write: () => Promise.resolve(), close: () => {} };
    const error: unknown = await connectOver(pipe, await options()).catch((reason: unknown) => reason);
    expect(TlsError.is(error) && error.code).toBe('UNEXPECTED_EOF');
  });

  it('takes bytes of another realm, and of a class with a length of its own, from pipes and callers', async () => {
    const foreign = runInNewContext('(bytes) => Uint8Array.from(bytes)') as (bytes: Uint8Array) => Uint8Array;
    class Long extends Uint8Array {
      override get length(): number {
        return 4096;
      }
    }
    const { server, ...pair } = await streams(5000);
    const pipe = functionsOf(pair);
    const read = async (): Promise<Memory> => foreign(((await pipe.read()) ?? new Uint8Array(0)) as Uint8Array);
    const connection = await connectOver(
      { ...pipe, read },
      {
        backend,
        host: 'server.test',
        ca: foreign((await pki('root')).certificate),
      },
    );
    later(() => connection.destroy());
    echo(await server.accepted());
    await connection.write(foreign(bytes('from')));
    await connection.write(new Long(bytes(' afar').buffer as ArrayBuffer));
    const into = foreign(new Uint8Array(9));
    for (let at = 0; at < into.length;) at += await connection.read(into.subarray(at));
    expect(text(into)).toBe('from afar');
  });

  it('reads options that are inherited, or getters of a class', async () => {
    const ca = (await pki('root')).certificatePem;
    class Settings {
      readonly #pin = new Uint8Array(32);
      get host(): string {
        return 'server.test';
      }
      get ca(): string {
        return ca;
      }
      get backend(): Backend {
        return backend;
      }
      get pins(): Uint8Array[] {
        return [this.#pin];
      }
    }
    await expect(connectOver(await streams(5000), new Settings())).rejects.toMatchObject({ code: 'CERT_PIN_MISMATCH' });
    const inherited = Object.create({ ...(await options()), alpn: ['x'] }) as ConnectOverOptions;
    const connection = await connectOver(await streams(5000, { ALPNProtocols: ['x'] }), inherited);
    later(() => connection.close());
    expect(connection.info.alpn).toBe('x');
    await expect(connectOver(await streams(5000), Object.assign(new Settings(), { colour: 1 }))).rejects.toThrow(
      /colour/,
    );
    await expect(connectOver(await streams(5000), new Map() as ConnectOverOptions)).rejects.toThrow(/options/);
  });

  it('without a host wants to be told whom to accept', async () => {
    await expect(connectOver(await streams(5000), { backend })).rejects.toThrow(/host/);
    const connection = await connectOver(await streams(5000), { backend, verify: ({ chain }) => chain.length === 2 });
    later(() => connection.close());
    expect(connection.info.host).toBeUndefined();
  });

  it('waits for verification that takes its time', async () => {
    if (!backend.features.has('async-verify'))
      return expect(() => backend.createContext({ verify: () => Promise.resolve(true) })).not.toThrow();
    const pipe = await streams(5000);
    const connection = await connectOver(pipe, {
      backend,
      host: 'server.test',
      verify: () => new Promise((resolve) => setTimeout(() => resolve(true), 20)),
    });
    later(() => connection.close());
    expect(connection.info.version).toBe('TLSv1.3');
  });
});

describe.each(backends)('drive() with the $name engine', (backend) => {
  it.each([1, 17, 17_408])('runs operations to completion over a BIO pair of %i bytes', async (size) => {
    const server = await TestServer.make();
    later(() => server.close());
    const wire = server.open();
    const [bio, net] = bioPair(size);
    const ssl = backend.createContext({ trustAnchors: [(await pki('root')).certificate] }).newConnection();
    ssl.setBio(bio, bio);
    ssl.setHost('server.test');
    expect(await drive<Bio>(ssl, net, wire, () => ssl.connect())).toBe(1);
    echo(await server.accepted());
    expect(await drive<Bio>(ssl, net, wire, () => ssl.write(bytes('x')))).toBe(1);
    expect(await drive<Bio>(ssl, net, wire, () => ssl.read(new Uint8Array(1)))).toBe(1);
    ssl.dispose();
  });

  it('ends when an observer is rejected while bytes are waited for that never come', async () => {
    const rejects = (() => Promise.reject(new Error('no disk'))) as () => void;
    const [bio, net] = bioPair();
    const ssl = backend.createContext({ trustAnchors: [], onMessage: rejects, verify: () => true }).newConnection();
    ssl.setBio(bio, bio);
    const silent = { fill: () => new Promise<void>(() => undefined), flush: (end: Bio) => flushed(end) };
    await expect(drive<Bio>(ssl, net, silent, () => ssl.connect())).rejects.toMatchObject({ code: 'CALLBACK_FAILED' });
  });

  it('flushes the alert before it throws the failure', async () => {
    const server = await TestServer.make({ identity: await pki('expired') });
    later(() => server.close());
    const wire = server.open();
    const [bio, net] = bioPair();
    const ssl = backend.createContext({ trustAnchors: [(await pki('root')).certificate] }).newConnection();
    ssl.setBio(bio, bio);
    ssl.setHost('server.test');
    await expect(drive<Bio>(ssl, net, wire, () => ssl.connect())).rejects.toMatchObject({ code: 'CERT_EXPIRED' });
    expect(await server.alert()).toBe(45);
  });
});

describe.each(backends)('a connection without a host, by $name', (backend) => {
  it('is refused where the name is verified, also by the context that is given', async () => {
    const anchors = { trustAnchors: [(await pki('root')).certificate] };
    const pipe: Pipe = { read: () => new Promise(() => {}), write: () => Promise.resolve(), close: () => {} };
    for (const options of [{}, anchors]) {
      const context = backend.createContext(options);
      expect(context.verifiesName).toBe(true);
      await expect(connectOver(pipe, { context })).rejects.toThrow(/^host: required/);
      await expect(connect({ path: '/nowhere', context })).rejects.toThrow(/^host: required/);
      await expect(connectOver(pipe, { ...options, backend: backend.name as 'pure' })).rejects.toThrow(
        /^host: required/,
      );
    }
  });

  it('is made where no name is verified', async () => {
    const anchors = { trustAnchors: [(await pki('root')).certificate] };
    const ways = [{ verify: 'none' }, { verify: () => true }, { ...anchors, verifyHost: false }] as const;
    const connected = ways.flatMap((options) => {
      const context = backend.createContext(options);
      expect(context.verifiesName).toBe(false);
      return [{ context }, { ...options, backend: backend.name as 'pure' }].map(async (how) => {
        const connection = await connectOver(await streams(16_384), how);
        // The other side does not end, so close() waits for a second
        await connection.close();
      });
    });
    await Promise.all(connected);
  });
});

describe('a pipe of streams', () => {
  it('that yields strings breaks the connection, also in the dialogue before TLS', async () => {
    for (const before of [{}, { preamble: 'smtp' as const }]) {
      const readable = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue('220 hello' as never) });
      const attempt = connectOver({ readable, writable: new WritableStream() }, { host: 'server.test', ...before });
      await expect(attempt).rejects.toMatchObject({
        code: 'TRANSPORT_ERROR',
        message: expect.stringContaining('yields strings'),
      });
    }
  });

  it.each(['readable', 'writable'] as const)(
    'whose %s somebody has locked is refused, and left as it was',
    async (which) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const own = which === 'readable' ? readable.getReader() : writable.getWriter();
      await expect(connectOver({ readable, writable }, { host: 'server.test' })).rejects.toThrow(TypeError);
      expect([readable.locked, writable.locked]).toEqual([which === 'readable', which === 'writable']);
      own.releaseLock();
      // Nobody has cancelled or aborted it
      const writing = writable.getWriter().write(bytes('still whole'));
      expect(text((await readable.getReader().read()).value as Uint8Array)).toBe('still whole');
      await writing;
    },
  );
});
