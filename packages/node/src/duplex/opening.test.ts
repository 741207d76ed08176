/** How a Duplex opens a connection: what aborts it, what waits for it, and what is refused. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pki } from '@ferrule/conformance/pki';
import { starttls } from '@ferrule/starttls';
import { describe, expect, it } from 'vitest';
import { TlsConnector, tunnel, type DuplexOptions, type TlsDuplex } from './index.ts';
import { dialling, engines, failure, listening, says, secure, undo } from '../../test/duplex-support.ts';

describe.each(engines)('the opening of a TLS Duplex on $name', ({ name: backend }) => {
  const dial = dialling(backend);

  it('accepts an IPv6 address in brackets, as in URLs', async () => {
    const { port } = await listening(net.createServer());
    const error = await failure(await dial({ host: '[::ffff:127.0.0.1]', port, handshakeTimeout: 200 }));
    // It reached the server, which is silent
    expect(error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('fails writes when it is destroyed before it has a transport', async () => {
    const duplex = await dial({ lazy: true, host: undefined as never });
    const told: unknown[] = [];
    for (const text of ['x', 'y']) duplex.write(text, (error) => told.push(error?.constructor.name));
    duplex.end((error?: Error | null) => told.push(error?.constructor.name));
    duplex.on('error', () => undefined).destroy(new RangeError('of the owner'));
    await new Promise((resolve) => duplex.once('close', resolve));
    expect(told).toEqual(['RangeError', 'RangeError', 'RangeError']);
  });

  it('does not emit connect when the transport fails on the last flight', async () => {
    const { port } = await secure(() => undefined);
    const socket = net.connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    undo.push(() => socket.destroy());
    let writes = 0;
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, callback) => {
        if (++writes === 2) throw new Error('of _write');
        socket.write(chunk, callback);
      },
    });
    socket.on('data', (chunk) => stream.push(chunk));
    const duplex = await dial({ stream });
    const events: string[] = [];
    for (const event of ['connect', 'secureConnect', 'ready', 'error']) duplex.on(event, () => events.push(event));
    await new Promise((resolve) => duplex.once('close', resolve));
    expect(events).toEqual(['error']);
  });

  it('setTimeout() is node’s', async () => {
    const duplex = await dial({ lazy: true, host: undefined as never });
    expect(duplex.timeout).toBeUndefined();
    expect(duplex.setTimeout(3e9).timeout).toBe(2 ** 31 - 1);
    for (const wrong of ['100', undefined, null])
      expect(() => duplex.setTimeout(wrong as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    for (const wrong of [-1, Number.NaN, Infinity])
      expect(() => duplex.setTimeout(wrong)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    duplex.setTimeout(0).destroy();
    let late = false;
    duplex.setTimeout(1, () => (late = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(late).toBe(false);
  });

  it('an aborted signal opens nothing, and destroys the stream', async () => {
    let dialled = 0;
    const signal = AbortSignal.abort();
    expect(await failure(await dial({ port: 1, signal }, { dial: () => (dialled++, new Duplex()) }))).toMatchObject({
      tlsCode: 'ABORTED',
    });
    const stream = new Duplex({ read: () => undefined });
    expect(await failure(await dial({ stream, signal }))).toMatchObject({ tlsCode: 'ABORTED' });
    expect([dialled, stream.destroyed]).toEqual([0, true]);
  });

  it('a dial() that throws, or gives no stream, is an error of the Duplex', async () => {
    expect(
      await failure(
        await dial(
          { port: 1 },
          {
            dial: () => {
              throw new Error('of dial');
            },
          },
        ),
      ),
    ).toMatchObject({ message: 'of dial' });
    expect(await failure(await dial({ port: 1 }, { dial: () => 17 as never }))).toBeInstanceOf(TypeError);
  });

  it('end() before the handshake, with nothing written, ends the attempt as it does with node:tls', async () => {
    const gone: Promise<unknown>[] = [];
    const { port } = await listening(net.createServer((socket) => void gone.push(once(socket.resume(), 'close'))));
    const duplex = await dial({ port });
    duplex.end();
    expect(await failure(duplex)).toMatchObject({ tlsCode: 'ABORTED' });
    expect([duplex.writableFinished, duplex.destroyed]).toEqual([true, true]);
    await gone[0];
  });

  it('end() before the handshake waits for it if something was written, or half-open connections are allowed', async () => {
    let got = '';
    const { port } = await secure(
      (socket) => void says('hello')(socket.on('data', (chunk) => (got += chunk.toString()))),
    );
    const writing = await dial({ port });
    writing.end('x');
    const listens = await dial({ port, allowHalfOpen: true });
    listens.end();
    for (const duplex of [writing, listens]) {
      let heard = '';
      for await (const chunk of duplex) heard += String(chunk);
      expect(heard).toBe('hello');
    }
    expect(got).toBe('x');
  });

  it('the time limit of a connector applies to connections without their own', async () => {
    const { port } = await listening(net.createServer((socket) => void socket.resume()));
    expect(await failure(await dial({ port }, { handshakeTimeout: 50 }))).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('50 ms') as string,
    });
    expect(await failure(await dial({ port, handshakeTimeout: 60 }, { handshakeTimeout: 0 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    expect(() => new TlsConnector({ backend, handshakeTimeout: -1 })).toThrow(/handshakeTimeout/);
  });

  it('a dialogue serves any number of connections, including a tunnel', async () => {
    const tlsServer = await secure(says('hello'));
    const { port } = await listening(
      net.createServer(
        (socket) =>
          void socket.once('data', () => {
            socket.pause();
            socket.write('S');
            tlsServer.emit('connection', socket);
          }),
      ),
    );
    const preamble = starttls('postgres');
    const connector = new TlsConnector({ backend, ca: (await pki('root')).certificatePem });
    const target = { host: '127.0.0.1', port, servername: 'server.test', preamble };
    const door = await tunnel(connector, target);
    undo.push(() => door.close());
    const through = net.connect((door.address as { port: number }).port, '127.0.0.1');
    for (const each of [connector.duplex(target), connector.duplex(target), through]) {
      undo.push(() => each.destroy());
      let heard = '';
      for await (const chunk of each) heard += String(chunk);
      expect(heard).toBe('hello');
    }
  });

  it('nothing of the plain-text phase reaches the reader, however it reads', async () => {
    const tlsServer = await secure(says('inside'));
    const { port } = await listening(
      net.createServer((socket) => {
        socket.write('220-evil.test AUTH PLAIN\r\n220 evil\r\n');
        socket.once('data', () => {
          socket.write('250-evil.test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n');
          socket.once('data', () => {
            socket.pause();
            socket.write('220 go\r\n');
            tlsServer.emit('connection', socket);
          });
        });
      }),
    );
    for (const standInGreeting of [true, false]) {
      const expected = standInGreeting ? '220 ready\r\ninside' : 'inside';
      const duplex = await dial({ port, preamble: 'smtp', standInGreeting });
      let early = false;
      duplex.once('data', () => (early = duplex.connecting));
      let heard = '';
      for await (const chunk of duplex) heard += String(chunk);
      expect([heard, early]).toEqual([expected, false]);
      let read = '';
      const callback = (n: number, buffer: Uint8Array): boolean => (
        (read += Buffer.from(buffer.subarray(0, n)).toString()),
        true
      );
      const static_ = await dial({
        port,
        preamble: 'smtp',
        standInGreeting,
        onread: { buffer: new Uint8Array(4), callback },
      });
      await once(static_, 'close');
      expect(read).toBe(expected);
    }
    // The greeting's reader takes effect at once
    const heard: string[] = [];
    const answering = (answer: (duplex: TlsDuplex) => boolean | void, size = 1): Promise<TlsDuplex> =>
      dial({
        port,
        preamble: 'smtp',
        standInGreeting: true,
        onread: {
          buffer: () => new Uint8Array(size),
          callback: (_n, [byte]) => {
            heard.push(String.fromCharCode(byte ?? 0));
            return answer(duplex) ?? true;
          },
        },
      });
    let duplex = await answering(() => false);
    await once(duplex, 'secureConnect');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.splice(0)).toEqual(['2']);
    for (let i = 0; i < 10; i++) duplex.resume();
    expect(heard.splice(0).join('')).toBe('20 ready\r\n');
    duplex.destroy();
    duplex = await answering((each) => void each.destroy());
    await once(duplex, 'close');
    expect(heard.splice(0)).toEqual(['2']);
    duplex = await answering(() => true, 0);
    await expect(once(duplex, 'close')).rejects.toThrow('onread.buffer: must be a Uint8Array of at least one byte');
    expect(heard).toEqual([]);
  });

  it.each<[RegExp, Partial<DuplexOptions>]>([
    [/standInGreeting.*mysql/, { preamble: 'mysql', standInGreeting: true }],
    [/standInGreeting.*without preamble/, { standInGreeting: true }],
    [/preamble/, { preamble: { feed: () => ({ send: new Uint8Array(0), done: true }) } as never }],
  ])('what no preamble can do is refused: %s', async (message, options) => {
    await expect(dial({ port: 443, ...options })).rejects.toThrow(message);
  });

  it('unref() lets the process end while the handshake waits', async () => {
    const { port } = await listening(net.createServer(() => undefined));
    const code = `
      import { TlsConnector } from '@ferrule/node/duplex';
      new TlsConnector({ backend: '${backend}' }).duplex({ host: '127.0.0.1', port: ${port}, servername: 'server.test' }).unref();`;
    await promisify(execFile)(
      process.execPath,
      ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', code],
      { timeout: 20_000 },
    );
  });

  it('a peer that floods during the session lookup is not read', async () => {
    let sent = 0;
    const { port } = await listening(
      net.createServer((socket) => {
        const more = (): void => {
          while (sent < 1000 && !socket.destroyed && socket.write(Buffer.alloc(65_536))) sent++;
        };
        socket.on('drain', () => more());
        more();
      }),
    );
    const duplex = await dial(
      { port },
      { sessions: { take: () => new Promise(() => undefined), put: () => undefined } },
    );
    duplex.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(duplex.bytesRead).toBeLessThan(600_000);
  });

  it('a preamble is limited in length', async () => {
    const { port } = await listening(
      net.createServer((socket) => {
        const more = (): void => {
          while (!socket.destroyed && socket.write('220-hello\r\n'.repeat(1000)));
        };
        socket.on('drain', () => more());
        more();
      }),
    );
    expect(await failure(await dial({ port, preamble: 'smtp' }))).toMatchObject({ code: 'STARTTLS_MALFORMED' });
  });

  it('a tunnel on a unix socket survives failures of its target', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrule-tunnel-'));
    undo.push(() => rmSync(folder, { recursive: true }));
    const rude = await listening(net.createServer((socket) => socket.resetAndDestroy()));
    const told: unknown[] = [];
    const connector = new TlsConnector({ backend, ca: (await pki('root')).certificatePem });
    const path = join(folder, 'door');
    const onError = (error: Error): never => {
      told.push(error);
      throw new Error('of onError');
    };
    const thrown: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error));
    undo.push(() => {
      process.removeAllListeners('uncaughtException');
      for (const each of others) process.on('uncaughtException', each);
    });
    const door = await tunnel(
      connector,
      { host: '127.0.0.1', port: rude.port, servername: 'server.test' },
      { listen: path, onError },
    );
    undo.push(() => door.close());
    for (let i = 0; i < 2; i++) {
      const plain = net.connect(path).on('error', () => undefined);
      plain.write('hello');
      await once(plain.resume(), 'close');
    }
    expect(told).toHaveLength(2);
    expect(thrown.map(String)).toEqual(['Error: of onError', 'Error: of onError']);
  });

  it.each<[RegExp, Partial<DuplexOptions>, object]>([
    [/port/, { port: 0 }, {}],
    [/servername/, { port: 443, servername: '' }, {}],
    [/preamble/, { port: 443, preamble: {} as never }, {}],
    [/onread/, { port: 443, onread: { buffer: new Uint8Array(1), callback: () => true } }, {}],
    [/listen/, { port: 443 }, { listen: 65_536 }],
    [/onError/, { port: 443 }, { onError: 'log' }],
    [/nonsense/, { port: 443 }, { nonsense: 1 }],
  ])('a tunnel is refused when it is made: %s', async (message, target, options) => {
    await expect(tunnel(new TlsConnector({ backend }), { host: '127.0.0.1', ...target }, options)).rejects.toThrow(
      message,
    );
  });
});
