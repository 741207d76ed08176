/**
 * A Duplex reports its writes truthfully, notices every end, and survives faulty listeners and streams of the caller.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { pki } from '@ferrule/conformance/pki';
import { describe, expect, it } from 'vitest';
import { dialling, engines, failure, listening, secure, Slow, undo } from '../../test/duplex-support.ts';

describe.each(engines)('the ends of a TLS Duplex on $name', ({ name: backend }) => {
  const dial = dialling(backend);

  it('a write’s callback and finish wait for a slow transport', async () => {
    let got = 0;
    const { port } = await secure(
      (socket) => void socket.on('data', (chunk) => (got += chunk.length)).on('end', () => socket.end()),
    );
    const stream = new Slow(port, 20);
    const duplex = await dial({ stream });
    const told: number[] = [];
    for (let i = 0; i < 2; i++) duplex.write(Buffer.alloc(100_000), () => told.push(stream.sent));
    duplex.resume().end();
    await once(duplex, 'finish');
    expect([told.length, told[0]! >= 100_000, told[1]! >= 200_000, stream.sent >= 200_000]).toEqual([
      2,
      true,
      true,
      true,
    ]);
    await once(duplex, 'close');
    expect(got).toBe(200_000);
  });

  it('a write whose memory is transferred before all of it was taken is an error, even with others queued behind it', async () => {
    const { port } = await secure((socket) => void socket.resume());
    const duplex = await dial({ stream: new Slow(port, 20) });
    const from = new Uint8Array(400_000);
    const told: unknown[] = [];
    duplex.on('error', () => {});
    duplex.write(Buffer.alloc(10), () => {});
    duplex.write(from, (error) => told.push(error?.message));
    duplex.write(Buffer.alloc(100_000), (error) => told.push(error?.message));
    structuredClone(from.buffer, { transfer: [from.buffer] });
    await new Promise((resolve) => duplex.once('close', resolve));
    expect(told).toHaveLength(2);
    for (const message of told) expect(message).toMatch(/^write: /);
  });

  it('a small write whose memory is transferred while it waits for others is an error, and nothing is sent after it', async () => {
    let got = '';
    const { port } = await secure(
      (socket) => void socket.on('data', (chunk: Buffer) => void (got += chunk.toString())),
    );
    const duplex = await dial({ stream: new Slow(port, 20) });
    duplex.on('error', () => {});
    const from = new Uint8Array(100);
    const told: unknown[] = [];
    duplex.write('first', (error) => told.push(error?.message));
    duplex.write(from, (error) => told.push(error?.message));
    duplex.write('third', (error) => told.push(error?.message));
    structuredClone(from.buffer, { transfer: [from.buffer] });
    await new Promise((resolve) => duplex.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got).toBe('first');
    expect(told).toEqual([undefined, expect.stringMatching(/^write: /), expect.stringMatching(/^write: /)]);
  });

  it('a process that exits in end()’s callback loses nothing', async () => {
    let got = 0;
    const ca = (await pki('root')).certificatePem;
    // TLS 1.2: in TLS 1.3 an unread ticket makes the system reset the connection at exit, with node:tls too.
    const over = new Promise<void>(
      (resolve) =>
        void secure(
          (socket) =>
            void socket
              .on('data', (chunk) => (got += chunk.length))
              .on('end', () => socket.end())
              .on('close', () => resolve()),
        ).then(({ port }) => start(port)),
    );
    const start = (port: number): void => {
      const code = `
        import { TlsConnector } from '@ferrule/node/duplex';
        const duplex = new TlsConnector({ backend: '${backend}', ca: ${JSON.stringify(ca)}, maxVersion: 'TLSv1.2' }).duplex({ host: '127.0.0.1', port: ${port}, servername: 'server.test' });
        duplex.end(Buffer.alloc(3_000_000), () => process.exit());`;
      void promisify(execFile)(process.execPath, [
        '--conditions=@ferrule/source',
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        code,
      ]).catch((error: unknown) => console.error(error));
    };
    await over;
    expect(got).toBe(3_000_000);
  });

  it('notices tickets, the end and a fatal alert though it only writes', async () => {
    const { port } = await secure((socket) => void socket.once('data', () => socket.end()));
    const ending = await dial({ port });
    const session = once(ending, 'session');
    ending.write('x');
    await Promise.all([session, once(ending, 'end'), once(ending, 'close')]);
    const cut = await secure(
      (socket) =>
        void socket.once(
          'data',
          () => (socket as unknown as { _handle: { _parent?: unknown } })._handle && socket.destroy(),
        ),
    );
    const truncated = await dial({ port: cut.port });
    truncated.write('x');
    expect(await failure(truncated)).toMatchObject({
      tlsCode: expect.stringMatching(/UNEXPECTED_EOF|TRANSPORT_ERROR/) as string,
    });
  });

  it('fails writes when the transport breaks after the peer’s close_notify', async () => {
    const { port } = await secure((socket) => void socket.end());
    const stream = new Slow(port, 0);
    const duplex = await dial({ stream, allowHalfOpen: true });
    await once(duplex.resume(), 'end');
    const failed = failure(duplex);
    stream.destroy(new Error('the way is gone'));
    const written = await new Promise((resolve) => duplex.write('x', resolve));
    expect([await failed, written]).toEqual([
      expect.objectContaining({ tlsCode: 'TRANSPORT_ERROR' }),
      expect.any(Error),
    ]);
  });

  it.each([
    ['at once', 0],
    ['later than that', 50],
  ])(
    'that may write on is over when its stream has closed behind the server’s end, which is read %s',
    async (_, ms) => {
      const { port } = await secure((socket) => void socket.once('data', () => socket.end('all')));
      // Not half-open, so Node closes it when the server ends
      const stream = net.connect(port, '127.0.0.1');
      const duplex = await dial({ stream, allowHalfOpen: true });
      duplex.write('how much?');
      const closed = once(duplex, 'close');
      if (ms > 0) {
        await once(stream, 'close');
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
      let text = '';
      duplex.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(duplex, 'end');
      expect(await closed).toEqual([false]);
      expect([text, duplex.writableEnded]).toEqual(['all', false]);
    },
  );

  it('a data listener that throws loses no byte of its own connection or of others', async () => {
    const whole = Buffer.from(Array.from({ length: 600_000 }, (_, i) => (i * 7) ^ (i >> 8)));
    const { port } = await secure((socket) => void socket.end(whole));
    const thrown: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error));
    undo.push(() => {
      process.removeAllListeners('uncaughtException');
      for (const each of others) process.on('uncaughtException', each);
    });
    const results = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const duplex = await dial({ port });
        const parts: Buffer[] = [];
        duplex.on('data', (chunk: Buffer) => {
          parts.push(chunk);
          if (i === 0 && parts.length === 1) throw new Error('of the listener');
        });
        for (const event of ['secureConnect', 'session'])
          duplex.once(event, () => {
            if (i === 1) throw new Error(`of ${event}`);
          });
        await once(duplex, 'close');
        return Buffer.concat(parts).equals(whole);
      }),
    );
    expect(results).toEqual(Array.from({ length: 8 }, () => true));
    expect(thrown.map(String)).toContain('Error: of the listener');
  });

  it('reads a stream that was paused, through a preamble', async () => {
    const tlsServer = await secure((socket) => void socket.pipe(socket));
    const { port } = await listening(
      net.createServer((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.write('S');
          tlsServer.emit('connection', socket);
        });
      }),
    );
    const socket = net.connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const duplex = await dial({ stream: socket.pause(), preamble: 'postgres' });
    duplex.end('through');
    expect(String((await once(duplex, 'data'))[0])).toBe('through');
  });

  it.each<[string, (port: number) => Promise<Duplex> | Duplex, RegExp]>([
    ['yields strings', (port) => net.connect({ port, host: '127.0.0.1' }).setEncoding('latin1'), /strings/],
    [
      'throws from _write()',
      () =>
        new Duplex({
          read: () => undefined,
          write: () => {
            throw new Error('of _write');
          },
        }),
      /of _write/,
    ],
    [
      'is closed already',
      async (port) => {
        const socket = net.connect({ port, host: '127.0.0.1' }).destroy();
        await once(socket, 'close');
        return socket;
      },
      /closed already/,
    ],
    [
      'is closed amid the handshake',
      (port) => {
        const socket = net.connect({ port, host: '127.0.0.1' });
        socket.once('connect', () => setTimeout(() => socket.destroy(), 20));
        return socket;
      },
      /./,
    ],
  ])('ends in one typed error with a stream that %s', async (_what, make, message) => {
    const { port } = await listening(
      net.createServer((socket) => void socket.once('data', () => socket.write('what?'))),
    );
    const duplex = await dial({ stream: await make(port) });
    expect(await failure(duplex)).toMatchObject({
      name: 'TlsError',
      message: expect.stringMatching(message) as string,
    });
  });

  it('reads for onread(), and reports the end, with an earlier listener for readable', async () => {
    const { port } = await secure((socket) => void setImmediate(() => socket.end(Buffer.from('abc'))));
    let got = '';
    const callback = (n: number, buffer: Uint8Array): unknown =>
      (got += Buffer.from(buffer.subarray(0, n)).toString()).length > 0;
    const duplex = await dial({ port, onread: { buffer: Buffer.alloc(1), callback } });
    duplex.on('readable', () => duplex.read());
    await once(duplex, 'end');
    expect(got).toBe('abc');
  });

  it.each([
    ['goes on whatever onread() returns but false', undefined, false],
    ['waits when onread() returns false', false, false],
    ['waits after pause()', true, true],
  ])('%s', async (_what, answer, pauses) => {
    const { port } = await secure((socket) => void setImmediate(() => socket.end(Buffer.from('abc'))));
    const waits = pauses || answer === false;
    let got = '';
    const callback = (n: number, buffer: Uint8Array): unknown => {
      got += Buffer.from(buffer.subarray(0, n)).toString();
      if (got.length > 1) return true;
      if (pauses) duplex.pause();
      return answer;
    };
    const duplex = await dial({ port, onread: { buffer: Buffer.alloc(1), callback } });
    const ended = once(duplex, 'end');
    if (waits) {
      while (got === '') await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(got).toBe('a');
      duplex.resume();
    }
    await ended;
    expect(got).toBe('abc');
  });

  it('an error of the underlying stream destroys it before its owner is notified', async () => {
    const { port } = await secure((socket) => void socket.resume());
    const stream = net.connect({ port, host: '127.0.0.1' });
    const heard: boolean[] = [];
    stream.on('error', () => heard.push(stream.destroyed));
    const duplex = await dial({ stream });
    await once(duplex, 'secureConnect');
    const failed = failure(duplex);
    stream.emit('error', new Error('the way is gone'));
    expect(heard).toEqual([true]);
    expect(((await failed) as Error).message).toMatch(/the way is gone/);
  });
});
