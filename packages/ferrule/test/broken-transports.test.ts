/** A transport that breaks, floods or delivers when it likes: every end is noticed, and no byte is lost. */
import { pki } from '@ferrule/conformance/pki';
import { describe, expect, it } from 'vitest';
import { connectOver, type Pipe, type StreamPipe, TlsConnection } from 'ferrule';
import { engines, OddTransport } from './odd-transports.ts';
import { bytes, connected, echoing, later, listening, readExactly, text } from './support.ts';

describe.each(engines)('a transport under a connection, %s', (backend) => {
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
    // What was taken is no TLS; the server has had our Finished by now, or our alert
    if (connection instanceof TlsConnection) await connection.closed;
    await server.accepted();
  });
});
