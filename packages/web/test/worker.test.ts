/** The engine on the other side of a port, and connections that wait. */
import { Worker } from 'node:worker_threads';
import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer } from '@ferrule/conformance/server';
import { TlsError } from '@ferrule/result';
import { describe, expect, it, vi } from 'vitest';
import {
  blockingDial,
  serveBlocking,
  serveTls,
  type ServeTlsOptions,
  tlsWorker,
  type TlsWorker,
} from '../src/worker/index.ts';
import { later, tcp, until } from './https-server.ts';

async function echoServer(): Promise<{ readonly host: string; readonly port: number; readonly server: TestServer }> {
  const server = await TestServer.make();
  later(() => server.close());
  const port = await server.listen();
  void (async () => {
    for (;;) echo(await server.accepted());
  })().catch(() => {});
  return { host: 'localhost', port, server };
}

/** Both sides in this thread: what a port carries is what it would carry to a worker. */
async function sides(options: ServeTlsOptions = {}): Promise<{ readonly page: TlsWorker; readonly ca: string }> {
  const { port1, port2 } = new MessageChannel();
  later(() => port1.close());
  serveTls(port2, { dial: tcp, ...options });
  return { page: tlsWorker(port1), ca: (await pki('root')).certificatePem };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('an engine behind a port', () => {
  it('is called as one that is here', async () => {
    const { server, ...to } = await echoServer();
    const { page, ca } = await sides();
    const connection = await page.connect(to, { ca });
    expect(connection.info).toMatchObject({ host: 'localhost', version: 'TLSv1.3' });
    const sent = bytes('hello');
    const writing = connection.write(sent);
    expect(sent.length).toBe(5);
    await writing;
    const into = new Uint8Array(2);
    expect(await connection.read(into)).toBe(2);
    expect(await connection.read(new Uint8Array(10))).toBe(3);
    expect(await connection.exportKeyingMaterial('label', undefined, 32)).toHaveLength(32);
    expect(await connection.channelBinding('tls-exporter')).toHaveLength(32);
    await connection.keyUpdate(true);
    await connection.write(bytes('again').buffer as ArrayBuffer);
    expect(await connection.read(new Uint8Array(10))).toBe(5);
    await expect(connection.write('text' as never)).rejects.toThrow(TypeError);
    await expect(connection.read(new Uint8Array(0))).rejects.toThrow(TypeError);
    await connection.close();
    await connection.closed;
    expect(server.errors).toEqual([]);
  });

  it('has streams, and takes those of the page for its pipe', async () => {
    const { host, port } = await echoServer();
    const { page, ca } = await sides();
    const pipe = await tcp({ host, port });
    const pair = {
      readable: new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const chunk = (await (pipe as { read(): Promise<Uint8Array | null> }).read()) as Uint8Array | null;
          if (chunk === null) controller.close();
          else controller.enqueue(chunk.slice());
        },
      }),
      writable: new WritableStream<Uint8Array>({
        write: (chunk) => (pipe as { write(bytes: Uint8Array): Promise<void> }).write(chunk),
      }),
    };
    const connection = await page.connectOver(pair, { host, ca });
    const size = 300_000;
    const writer = connection.writable.getWriter();
    void writer.write(new Uint8Array(size).fill(7)).then(() => writer.close());
    let got = 0;
    for await (const chunk of connection.readable as unknown as AsyncIterable<Uint8Array>) {
      got += chunk.length;
      if (got === size) break;
    }
    expect(got).toBe(size);
  });

  it('fails as one that is here: with code, hint, alert and verdict', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    const error = await page.connect(to, { ca, host: 'other.example' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'TlsError',
      code: 'CERT_NAME_MISMATCH',
      hint: expect.any(String) as string,
      alert: { origin: 'local' },
      verify: { depth: 0 },
    });
    const connection = await page.connect(to, { ca });
    const reading = connection.read(new Uint8Array(1));
    to.server.cut();
    await expect(reading).rejects.toMatchObject({ name: 'TlsError', code: 'UNEXPECTED_EOF' });
    await connection.closed;
  });

  it('tells wrong options as they would be here, and what no message can hold', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    await expect(page.connect(to, { ca, verfy: 'none' } as never)).rejects.toThrow(/verfy/);
    await expect(page.connect(to, { ca, verify: () => true } as never)).rejects.toThrow(/^options: .*serveTls/);
    await expect(page.connect({ host: '', port: 1 })).rejects.toThrow(/^host: /);
    const connection = await page.connect(to, { ca });
    await expect(connection.keyUpdate((() => {}) as never)).rejects.toThrow(/^keyUpdate: cannot be sent .* cloned\.$/);
    await connection.close();
    const locked = new TransformStream();
    locked.readable.getReader();
    await expect(page.connectOver(locked as never)).rejects.toThrow(/^pipe: /);
    expect(() => tlsWorker({} as never)).toThrow(/^port: /);
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    expect(() => serveTls(port2, { verfy: 'none' } as never)).toThrow(/^verfy: unknown option$/);
    expect(() => serveTls(port2, { ca: 'none' })).toThrow(/^ca: /);
    serveTls(port2);
    await expect(tlsWorker(port1).connect(to)).rejects.toThrow(/^dial: /);
  });

  it('takes functions and sessions where it runs', async () => {
    const to = await echoServer();
    const sessions = new Map<string, never>();
    const { page } = await sides({ verify: () => true, sessions: sessions as never });
    for (const reused of [false, true]) {
      const connection = await page.connect(to);
      expect(connection.info.sessionReused).toBe(reused);
      await connection.write(bytes('x'));
      await connection.read(new Uint8Array(1));
      await connection.close();
    }
  });

  it('asks nothing of the worker with a signal that is none', async () => {
    let dials = 0;
    const { page } = await sides({ dial: () => new Promise(() => dials++) });
    for (const signal of [{}, 'x', { aborted: false, addEventListener: () => {} }])
      await expect(page.connect({ host: 'a', port: 1 }, { signal: signal as never })).rejects.toThrow(/^signal: /);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(dials).toBe(0);
  });

  it('is ended by the signal, whether it connects or has connected', async () => {
    let aborted: AbortSignal | undefined;
    const { page, ca } = await sides({ dial: (_to, signal) => new Promise(() => (aborted = signal)) });
    const control = new AbortController();
    const connecting = page.connect({ host: 'a', port: 1 }, { ca, signal: control.signal });
    await until(() => aborted !== undefined);
    control.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED' });
    await until(() => aborted?.aborted === true);
    const to = await echoServer();
    const other = await sides();
    const later = new AbortController();
    const connection = await other.page.connect(to, { ca, signal: later.signal });
    const reading = connection.read(new Uint8Array(1));
    const reason = new TlsError('TIMEOUT', 'no more patience');
    later.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await connection.closed;
  });
});

describe('the port of a connection', () => {
  const openPorts = (): number =>
    (process as never as { getActiveResourcesInfo(): string[] })
      .getActiveResourcesInfo()
      .filter((name) => name === 'MessagePort').length;

  it('is closed with it, and with an attempt that fails', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    const before = openPorts();
    const closed = await page.connect(to, { ca });
    await closed.close();
    const destroyed = await page.connect(to, { ca });
    destroyed.destroy();
    const ended = await page.connect(to, { ca });
    to.server.cut();
    await expect(ended.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'UNEXPECTED_EOF' });
    await expect(page.connect(to, { ca, host: 'other.example' })).rejects.toMatchObject({ code: 'CERT_NAME_MISMATCH' });
    await until(() => openPorts() <= before);
    await expect(closed.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'DISPOSED' });
    await expect(ended.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'UNEXPECTED_EOF' });
  });

  it('tells of a worker that has ended: everything fails, and closed settles', async () => {
    const to = await echoServer();
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    const worker = new Worker(new URL('./serving-worker.mjs', import.meta.url), {
      workerData: { port: port2, ca: (await pki('root')).certificatePem },
      transferList: [port2 as never],
      execArgv: ['--conditions=@ferrule/source'],
    });
    later(() => worker.terminate());
    const page = tlsWorker(port1);
    const connection = await page.connect(to);
    const reading = connection.read(new Uint8Array(1));
    reading.catch(() => {});
    const connecting = page.connect({ host: 'never', port: 1 });
    connecting.catch(() => {});
    await worker.terminate();
    const gone = { code: 'TRANSPORT_ERROR', message: expect.stringContaining('worker has ended') as string };
    await expect(reading).rejects.toMatchObject(gone);
    await expect(connecting).rejects.toMatchObject(gone);
    await expect(connection.write(new Uint8Array(1))).rejects.toMatchObject(gone);
    await connection.closed;
    await connection.close();
    await expect(page.connect(to)).rejects.toMatchObject(gone);
  });
});

describe('what is read from a worker', () => {
  it('goes into bytes alone, and is not lost where they are gone', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    const connection = await page.connect(to, { ca });
    await connection.write(bytes('0123456789'));
    for (const wrong of [
      new Uint16Array(4),
      'abcd',
      [1, 2],
      { length: 4 },
      new DataView(new ArrayBuffer(4)),
      undefined,
    ])
      await expect(connection.read(wrong as never)).rejects.toThrow(/^read: /);
    const into = new Uint8Array(4);
    const reading = connection.read(into);
    structuredClone(into.buffer, { transfer: [into.buffer] });
    await expect(reading).rejects.toThrow(/^read: .*transferred/);
    const rest = new Uint8Array(10);
    // Less at a time than is held
    for (let n = 0; n < 10;) n += await connection.read(rest.subarray(n, n + 3));
    expect(new TextDecoder().decode(rest)).toBe('0123456789');
    await connection.close();
  });

  it('is sent alone, whatever the size of the memory that it is for', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    const connection = await page.connect(to, { ca });
    await connection.write(bytes('hello'));
    const sent: number[] = [];
    const { postMessage } = MessagePort.prototype;
    const post = vi.spyOn(MessagePort.prototype, 'postMessage').mockImplementation(function (this: unknown, ...args) {
      const { value } = args[0] as { readonly value?: unknown };
      if (value instanceof Uint8Array) sent.push(value.buffer.byteLength);
      Reflect.apply(postMessage, this, args);
    });
    expect(await connection.read(new Uint8Array(1 << 20))).toBe(5);
    post.mockRestore();
    expect(sent).toEqual([5]);
    await connection.close();
  });
});

describe('options of a page', () => {
  it('that are undefined are not given: those of serveTls() count', async () => {
    const to = await echoServer();
    const { ca, page } = await sides({ verify: () => false });
    await expect(page.connect(to, { verify: undefined })).rejects.toMatchObject({ code: 'CERT_REJECTED' });
    const other = await sides({ ca });
    const connection = await other.page.connect(to, { ca: undefined, host: undefined } as object);
    await connection.close();
  });

  it('cannot be sessions, nor a context', async () => {
    const to = await echoServer();
    const { page, ca } = await sides();
    await expect(page.connect(to, { ca, sessions: new Map() } as never)).rejects.toThrow(/^sessions: .*serveTls/);
    await expect(page.connect(to, { context: {} } as never)).rejects.toThrow(/^context: .*serveTls/);
  });

  it('count wherever the object has them', async () => {
    const to = await echoServer();
    const { page } = await sides({ verify: () => true });
    const options = new (class {
      get pins(): readonly Uint8Array[] {
        return [new Uint8Array(32)];
      }
    })();
    await expect(page.connect(to, options)).rejects.toMatchObject({ code: 'CERT_PIN_MISMATCH' });
  });

  it('that no message can hold leave no port open', async () => {
    const { page } = await sides();
    const ports = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = ports();
    for (let i = 0; i < 3; i++)
      await expect(page.connect({ host: 'localhost', port: 1 }, { now: () => 0 })).rejects.toThrow(TypeError);
    expect(ports()).toBe(before);
  });
});

describe('a blocking pipe', () => {
  /** A worker that connects, sends and reads without ever going back to its loop. */
  async function waiting(order: object): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    serveBlocking(port1, tcp);
    const worker = new Worker(new URL('./blocking-client.mjs', import.meta.url), {
      workerData: { port: port2, ...order },
      transferList: [port2 as never],
      execArgv: ['--conditions=@ferrule/source'],
    });
    later(() => worker.terminate());
    later(() => port1.close());
    return new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  }

  it('lets SSL_connect, SSL_read and SSL_write wait, in a worker whose bytes this thread moves', async () => {
    const to = await echoServer();
    const root = (await pki('root')).certificate;
    expect(await waiting({ to: { host: '127.0.0.1', port: to.port }, root, size: 100_000 })).toEqual({
      connected: 1,
      version: 'TLSv1.3',
      echoed: 100_000,
      shut: 1,
    });
  });

  it('has the error of its dial', async () => {
    const root = (await pki('root')).certificate;
    const to = await echoServer();
    to.server.close();
    expect(await waiting({ to: { host: '127.0.0.1', port: to.port }, root, size: 1 })).toMatchObject({
      connected: -1,
      failure: { code: 'TRANSPORT_ERROR', message: expect.stringContaining('ECONNREFUSED') as string },
    });
  });

  it('gives its pipe up with the side that waits', async () => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    let closed = 0;
    serveBlocking(port1, () =>
      Promise.resolve({
        read: () => new Promise<null>(() => {}),
        write: async () => {},
        close: () => void closed++,
      }),
    );
    const pipe = blockingDial(port2, { host: 'a', port: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    pipe.fail(new Error('enough'));
    await until(() => closed > 0);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('close() failed'))],
    [
      'throws',
      () => {
        throw new Error('close() failed');
      },
    ],
  ])('whose close() %s is given up all the same, with the reason for it', async (_, close) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    later(() => process.off('unhandledRejection', unhandled));
    let read: () => Promise<null> = () => Promise.reject(new Error('read() failed'));
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    let closed = 0;
    serveBlocking(port1, async () => ({
      read: () => read(),
      write: async () => {},
      close: () => {
        closed++;
        return close();
      },
    }));
    const broken = blockingDial(port2, { host: 'a', port: 1 });
    await until(() => broken.error !== undefined);
    expect(broken.error?.message).toBe('read() failed');
    read = () => new Promise(() => {});
    const before = closed;
    const pipe = blockingDial(port2, { host: 'a', port: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    pipe.fail(new Error('enough'));
    await until(() => closed > before);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).not.toHaveBeenCalled();
  });

  it.each([
    ['says nothing', false],
    ['goes on sending', true],
  ])('is closed with close(), though the server %s', async (_, floods) => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    let closed = 0;
    let ended = 0;
    const written: number[] = [];
    serveBlocking(port1, () =>
      Promise.resolve({
        read: () =>
          new Promise<Uint8Array>((resolve) => void (floods && setTimeout(resolve, 1, new Uint8Array(65_536)))),
        write: async (chunk: Uint8Array) => void written.push(...chunk),
        closeWrite: async () => void ended++,
        close: () => void closed++,
      }),
    );
    const pipe = blockingDial(port2, { host: 'a', port: 1 });
    pipe.write(Uint8Array.of(1, 2, 3));
    pipe.close();
    pipe.close();
    await until(() => closed > 0);
    expect([written, ended, closed]).toEqual([[1, 2, 3], 1, 1]);
  });

  it('still sends what was written when it is closed before the pipe is there', async () => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    let [written, closed] = [0, 0];
    const wait = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 20));
    serveBlocking(port1, async () => {
      await wait();
      return {
        read: () => new Promise<null>(() => {}),
        write: async (chunk: Uint8Array) => {
          await wait();
          written += chunk.length;
        },
        close: () => void closed++,
      };
    });
    const pipe = blockingDial(port2, { host: 'a', port: 1 });
    expect(pipe.write(new Uint8Array(60_000))).toBe(60_000);
    pipe.close();
    await until(() => closed > 0);
    expect(written).toBe(60_000);
  });

  it('is given up when its worker has ended', async () => {
    let opened = 0;
    let closed = 0;
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    serveBlocking(port1, () => {
      opened++;
      return Promise.resolve({
        read: () => new Promise<null>(() => {}),
        write: async () => {},
        close: () => void closed++,
      });
    });
    const worker = new Worker(new URL('./blocking-client.mjs', import.meta.url), {
      workerData: { port: port2, to: { host: 'a', port: 1 }, root: (await pki('root')).certificate, size: 1 },
      transferList: [port2 as never],
      execArgv: ['--conditions=@ferrule/source'],
    });
    await until(() => opened > 0);
    await worker.terminate();
    await until(() => closed > 0);
  });

  it('is refused by name where something is wrong', () => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    expect(() => blockingDial(port2, { host: 'a', port: 0 })).toThrow(/^port: /);
    expect(() => blockingDial(port2, { host: 'a', port: 1 }, { sise: 1 } as never)).toThrow(/^sise: unknown option$/);
    expect(() => blockingDial({} as never, { host: 'a', port: 1 })).toThrow(/^port: /);
    expect(() => serveBlocking(port1, undefined as never)).toThrow(/^dial: /);
  });
});
