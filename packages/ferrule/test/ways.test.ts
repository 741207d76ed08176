/** Ways to a server: a dialogue in plain text before TLS, and pipes that the caller opens. */
import { once } from 'node:events';
import net from 'node:net';
import { starttls } from '@ferrule/starttls';
import { connect, connectOver, type ConnectOptions, type Pipe, type TransportSink } from 'ferrule';
import { speakBefore } from 'ferrule/before-tls';
import { describe, expect, it } from 'vitest';
import { bytes, connected, echoing, later, readExactly, text } from './support.ts';

/** Says these lines, each when something has come, and leads the rest to `port`. */
async function mailServer(lines: readonly string[], port: number): Promise<{ port: number; closed: Promise<unknown> }> {
  let told = (): void => {};
  const closed = new Promise<void>((resolve) => (told = resolve));
  const server = net.createServer((socket) => {
    const rest = [...lines];
    const next = (): void => {
      socket.write(rest.shift() ?? '');
      if (rest.length > 0) return void socket.once('data', next);
      if (port === 0) return void socket.resume();
      const tls = net.connect(port, '127.0.0.1');
      socket.pipe(tls).on('error', () => socket.destroy());
      tls.pipe(socket);
    };
    socket.on('error', () => {}).on('close', told);
    next();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(() => server.close());
  return { port: (server.address() as net.AddressInfo).port, closed };
}

const GREETED = ['220 mail.test\r\n', '250-mail.test\r\n250 STARTTLS\r\n'];

async function behind(lines: readonly string[]): Promise<{ options: ConnectOptions; closed: Promise<unknown> }> {
  const { options, port } = await echoing();
  const { port: plain, closed } = await mailServer(lines, lines.at(-1) === '' ? 0 : port);
  return { options: { ...options, port: plain, preamble: 'smtp' }, closed };
}

async function speaks(options: ConnectOptions): Promise<void> {
  const connection = await connected(options);
  await connection.write(bytes('hello'));
  expect(text(await readExactly(connection, 5))).toBe('hello');
}

describe('preamble', () => {
  it.each(['native', 'pure'] as const)('leads STARTTLS before TLS, with the %s engine', async (backend) => {
    const { options } = await behind([...GREETED, '220 go ahead\r\n']);
    await speaks({ ...options, backend });
  });

  it('is a dialogue of starttls() as well, which begins anew with each connection', async () => {
    const { options } = await behind([...GREETED, '220 go ahead\r\n']);
    const preamble = starttls('smtp');
    await speaks({ ...options, preamble });
    await speaks({ ...options, preamble });
  });

  it.each([
    ['STARTTLS_NOT_OFFERED', ['220 mail.test\r\n', '250 HELP\r\n', '']],
    ['STARTTLS_REFUSED', [...GREETED, '454 not now\r\n']],
    ['STARTTLS_INJECTION', [...GREETED, '220 go ahead\r\n250 more\r\n']],
  ])('fails with %s, and the connection is closed', async (code, lines) => {
    const { options, closed } = await behind(lines);
    await expect(connect(options)).rejects.toMatchObject({ code });
    await closed;
  });

  it('counts for the timeout and for the signal', async () => {
    const { options, closed } = await behind(['220 mail.test\r\n', '']);
    await expect(connect({ ...options, timeout: 300 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('the smtp dialogue') as string,
    });
    await closed;
    const abort = new AbortController();
    const attempt = connect({ ...options, timeout: 0, signal: abort.signal });
    setTimeout(() => abort.abort(), 300);
    await expect(attempt).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each(['ssmtp', {}, null, 1])('%o is none', async (preamble) => {
    await expect(connect({ host: '127.0.0.1', port: 1, preamble } as never)).rejects.toThrow(/^preamble: must be /);
  });

  it.each(['end', 'failed'] as const)('what comes before anybody listens is kept, and then the %s', async (event) => {
    let sink: TransportSink | undefined;
    const transport = {
      name: 'pipe',
      start: (to: TransportSink) => void (sink = to),
      send: (_: Uint8Array, done: () => void) => done(),
      resume: () => heard.push('resume'),
      end: (done: () => void) => done(),
      destroy: () => heard.push('destroy'),
    };
    const heard: string[] = [];
    const opening = speakBefore(transport, starttls('postgres'), () => {});
    sink?.data(bytes('S'));
    expect(sink?.data(bytes('to'))).toBe(false);
    expect(sink?.data(bytes('ld'))).toBe(false);
    const opened = await opening;
    if (event === 'end') sink?.end();
    else sink?.failed(new Error('gone'));
    opened.start({
      data: (received) => heard.push(text(received)) > 0,
      end: () => heard.push('end'),
      failed: ({ message }) => heard.push(message),
    });
    expect(heard).toEqual(['told', event === 'end' ? 'end' : 'gone', 'resume']);
  });
});

/** A socket as three functions. */
async function pipeTo(port: number, told: () => void = () => {}): Promise<Pipe> {
  const socket = net.connect(port, '127.0.0.1').on('close', told);
  await once(socket, 'connect');
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    read: async () => {
      const { done, value } = await chunks.next();
      return done === true ? null : value;
    },
    write: (data) =>
      new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve()))),
    close: () => void socket.destroy(),
  };
}

describe('dial', () => {
  it('opens the pipe, and is told where to', async () => {
    const { options, port } = await echoing();
    const asked: unknown[] = [];
    const dial: ConnectOptions['dial'] = (to) => {
      asked.push(to);
      return pipeTo(port);
    };
    await speaks({ ...options, host: 'münchen.example', port: 4433, dial });
    expect(asked).toEqual([{ host: 'xn--mnchen-3ya.example', port: 4433 }]);
  });

  it('speaks STARTTLS, too', async () => {
    const { options } = await behind([...GREETED, '220 go ahead\r\n']);
    await speaks({ ...options, dial: ({ port }) => pipeTo(port) });
    await expect(
      connectOver(await pipeTo(options.port ?? 0), { ca: options.ca ?? '', host: 'server.test', preamble: 'imap' }),
    ).rejects.toMatchObject({ code: 'STARTTLS_MALFORMED' });
  });

  it('is told when the attempt is over, and what comes too late is closed', async () => {
    const { options, port } = await echoing();
    let signal: AbortSignal | undefined;
    let give = (_pipe: Pipe): void => {};
    const attempt = connect({
      ...options,
      timeout: 100,
      dial: (_to, given) => {
        signal = given;
        return new Promise<Pipe>((resolve) => (give = resolve));
      },
    });
    await expect(attempt).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(signal?.aborted).toBe(true);
    let close = (): void => {};
    const closed = new Promise<void>((resolve) => (close = resolve));
    give(await pipeTo(port, close));
    await closed;
  });

  it('that fails is a failure of the transport, that gives no pipe a mistake', async () => {
    const cause = new Error('no way');
    const options = { host: 'server.test', verify: 'none' } as const;
    await expect(connect({ ...options, dial: () => Promise.reject(cause) })).rejects.toMatchObject({
      code: 'TRANSPORT_ERROR',
      message: expect.stringContaining('server.test:443: no way') as string,
      cause,
    });
    await expect(connect({ ...options, dial: () => Promise.resolve({} as Pipe) })).rejects.toThrow(TypeError);
  });

  it.each([{ path: '/socket' }, { family: 4 }, { localAddress: '127.0.0.1' }, { noDelay: true }] as const)(
    'has nothing to do with %o',
    async (beside) => {
      const attempt = connect({ host: 'server.test', dial: () => pipeTo(1), ...beside });
      await expect(attempt).rejects.toThrow(/^(dial|family|localAddress|noDelay): has no effect beside /);
    },
  );
});

it('a dialogue before TLS needs a port, whatever connects: at 443 TLS begins at once', async () => {
  for (const way of [{}, { dial: () => pipeTo(1) }])
    await expect(connect({ host: 'server.test', preamble: 'smtp', ...way })).rejects.toThrow(/^port: required beside/);
});
