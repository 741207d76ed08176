/** createSockets(): what is wrong is refused by name, and whatever ends a socket ends all of it. */
import type { Pipe } from 'ferrule';
import { describe, expect, it } from 'vitest';
import { createSockets, type Dial, type SocketOptions } from '../src/index.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** A pipe whose other side says nothing and takes everything. */
class SilentPipe implements Pipe {
  readonly written: string[] = [];
  closed = 0;

  read(): Promise<Uint8Array | null> {
    return never();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.written.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }

  close(): void | Promise<void> {
    this.closed++;
  }
}

const dial: Dial = () => Promise.resolve(new SilentPipe());
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('options', () => {
  it.each([
    [undefined, /^options: /],
    [{}, /^dial: /],
    [{ dial: 1 }, /^dial: /],
    [{ dial, secureTransport: 'on' }, /^secureTransport: unknown option$/],
    [{ dial, host: 'db' }, /^host: unknown option$/],
    [{ dial, verfy: 'none' }, /^verfy: unknown option$/],
    [{ dial, trustAnchors: 'x' }, /^trustAnchors: /],
    [{ dial, ca: 'no certificate' }, /^ca: /],
  ])('createSockets(%j)', (options, said) => {
    expect(() => createSockets(options as never)).toThrow(TypeError);
    expect(() => createSockets(options as never)).toThrow(said);
  });

  it.each([
    [null, /^options: /],
    [{ secureTransprt: 'on' }, /^secureTransprt: unknown option$/],
    [{ secureTransport: 'ON' }, /^secureTransport: /],
    [{ allowHalfOpen: 'no' }, /^allowHalfOpen: must be a boolean, not "no"$/],
  ])('connect(…, %j)', (options, said) => {
    const { connect } = createSockets({ dial });
    expect(() => connect('db:1', options as SocketOptions)).toThrow(TypeError);
    expect(() => connect('db:1', options as SocketOptions)).toThrow(said);
  });

  it.each([
    undefined,
    null,
    '',
    'db',
    'db:0',
    'db:65536',
    'db:1:2',
    '::1:443',
    '[::1:443',
    ' db:1',
    { hostname: 'db' },
    { hostname: 'db', port: '1' },
    { hostname: '', port: 1 },
  ])('%j is no address', (address) => {
    const { connect } = createSockets({ dial });
    expect(() => connect(address as never)).toThrow(TypeError);
    expect(() => connect(address as never)).toThrow(/^(address|hostname|port): /);
  });

  it('an IPv6 address has brackets', async () => {
    const asked: unknown[] = [];
    const { connect } = createSockets({ dial: (to) => (asked.push(to), Promise.resolve(new SilentPipe())) });
    await connect('[::1]:443').opened;
    expect(asked).toEqual([{ host: '::1', port: 443 }]);
  });

  it('startTls() checks its own', () => {
    const socket = createSockets({ dial }).connect('db:1', { secureTransport: 'starttls' });
    expect(() => socket.startTls({ expectedServerHostnam: 'x' } as never)).toThrow(/^expectedServerHostnam: unknown/);
    for (const name of ['expectedServerHostname', 'servername', 'host'])
      expect(() => socket.startTls({ [name]: 1 })).toThrow(new RegExp(`^${name}: `));
    // Trust is given to createSockets()
    expect(() => socket.startTls({ rejectUnauthorized: false } as never)).toThrow(/^rejectUnauthorized: unknown/);
    expect(socket.upgraded).toBe(false);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      'no way',
    ],
    ['gives nothing', () => Promise.resolve(null), 'dial: gave neither'],
  ])('a dial that %s fails the socket', async (_what, broken, said) => {
    const socket = createSockets({ dial: broken as unknown as Dial }).connect('db:1');
    await expect(socket.opened).rejects.toThrow(said);
    await expect(socket.closed).rejects.toThrow(said);
  });
});

type Ending = 'close' | 'cancel' | 'abort';
const ENDINGS = ['close', 'cancel', 'abort'] as const;

const end = (socket: ReturnType<ReturnType<typeof createSockets>['connect']>, how: Ending): Promise<void> =>
  how === 'close' ? socket.close() : how === 'cancel' ? socket.readable.cancel() : socket.writable.abort();

describe.each(ENDINGS)('%s() ends', (how) => {
  it('the dial, and closes a pipe that comes later', async () => {
    let signal: AbortSignal | undefined;
    let come: (pipe: Pipe) => void = () => {};
    const { connect } = createSockets({
      dial: (_to, given) => {
        signal = given;
        return new Promise((resolve) => (come = resolve));
      },
    });
    const socket = connect('db:1');
    await end(socket, how);
    await socket.closed;
    await expect(socket.opened).rejects.toMatchObject({ code: 'ABORTED' });
    expect(signal?.aborted).toBe(true);
    const late = new SilentPipe();
    come(late);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(late.closed).toBe(1);
  });

  it('the handshake', async () => {
    const pipe = new SilentPipe();
    const socket = createSockets({ dial: () => Promise.resolve(pipe), verify: 'none' }).connect('db:1', {
      secureTransport: 'on',
    });
    while (pipe.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await end(socket, how);
    await socket.closed;
    await expect(socket.opened).rejects.toMatchObject({ code: 'ABORTED' });
    expect(pipe.closed).toBe(1);
  });

  it('the dial of a socket that startTls() was called on', async () => {
    const plain = createSockets({ dial: never }).connect('db:1', { secureTransport: 'starttls' });
    const socket = plain.startTls();
    await end(socket, how);
    await socket.closed;
    await expect(plain.opened).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('the pipe', async () => {
    const pipe = new SilentPipe();
    const socket = createSockets({ dial: () => Promise.resolve(pipe) }).connect('db:1');
    await socket.opened;
    await end(socket, how);
    await socket.closed;
    expect(pipe.closed).toBe(1);
  });
});

it('close() ends a read and a write under way, and what is written after it fails', async () => {
  const pipe = new SilentPipe();
  pipe.write = never;
  const socket = createSockets({ dial: () => Promise.resolve(pipe) }).connect('db:1');
  const [reader, writer] = [socket.readable.getReader(), socket.writable.getWriter()];
  const reading = reader.read();
  const writing = writer.write(bytes('x'));
  const after = writing.catch((error: unknown) => error);
  await socket.opened;
  await socket.close();
  expect(await reading).toEqual({ done: true, value: undefined });
  expect(await after).toMatchObject({ code: 'ABORTED' });
  await expect(writer.write(bytes('y'))).rejects.toMatchObject({ code: 'ABORTED' });
  await socket.close();
  expect(pipe.closed).toBe(1);
});

it('writable.abort() does not wait for a write under way', async () => {
  const socket = createSockets({ dial: never }).connect('db:1');
  const writer = socket.writable.getWriter();
  const writing = writer.write(bytes('x')).catch((error: unknown) => error);
  await Promise.resolve();
  await writer.abort();
  expect(await writing).toBeDefined();
  await socket.closed;
});

it('a pipe that fails to close is told, by close() and closed', async () => {
  const pipe = new SilentPipe();
  pipe.close = () => {
    throw new Error('stuck');
  };
  const socket = createSockets({ dial: () => Promise.resolve(pipe) }).connect('db:1');
  await socket.opened;
  await expect(socket.close()).rejects.toThrow('stuck');
  await expect(socket.closed).rejects.toThrow('stuck');
});

it('what was given to write() is written, whatever becomes of the memory', async () => {
  const pipe = new SilentPipe();
  const socket = createSockets({ dial: () => Promise.resolve(pipe) }).connect('db:1');
  const writer = socket.writable.getWriter();
  const [first, second] = [bytes('first'), bytes('second')];
  const written = [writer.write(first), writer.write(second)];
  first.fill(88);
  second.fill(88);
  await Promise.all(written);
  expect(pipe.written).toEqual(['first', 'second']);
  await expect(writer.write('text' as never)).rejects.toThrow(TypeError);
});

it('a pipe of a class is handed on to TLS with its methods', async () => {
  const pipe = new SilentPipe();
  const plain = createSockets({ dial: () => Promise.resolve(pipe) }).connect('db:1', { secureTransport: 'starttls' });
  const socket = plain.startTls();
  while (pipe.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await socket.close();
  expect(pipe.closed).toBe(1);
});

describe.each([
  ['expectedServerHostname', { expectedServerHostname: 'a.test', servername: 'b.test' }, 'a.test'],
  ['servername, as postgres.js and pg give it', { servername: 'b.test', host: '127.0.0.1', socket: {} }, 'b.test'],
  ['host, as pg gives it for an address', { host: 'c.test', socket: {} }, 'c.test'],
  ['nothing: the host of the socket', { servername: undefined }, 'db.test'],
])('startTls() verifies the name in %s', (_what, options, name) => {
  it('asks for it in its ClientHello', async () => {
    const pipe = new SilentPipe();
    const dial = (): Promise<Pipe> => Promise.resolve(pipe);
    const socket = createSockets({ dial }).connect('db.test:1', { secureTransport: 'starttls' }).startTls(options);
    while (pipe.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(pipe.written.join('')).toContain(name);
    await socket.close();
  });
});

it('a plain socket is closed when TLS has its pipe, not at the call of startTls()', async () => {
  const order: string[] = [];
  const plain = createSockets({ dial: () => Promise.resolve(new SilentPipe()) }).connect('db:1', {
    secureTransport: 'starttls',
  });
  void plain.closed.then(() => order.push('plain closed'));
  const socket = plain.startTls();
  socket.opened.catch(() => order.push('TLS ended'));
  // What postgres.js waits for before it believes in the upgrade
  await socket.writable.getWriter().ready;
  order.push('ready');
  await socket.close();
  await plain.closed;
  expect(order).toEqual(['ready', 'TLS ended', 'plain closed']);
});

describe('closed', () => {
  class EndingPipe extends SilentPipe {
    readonly #reads: (Uint8Array | null | Error)[];
    constructor(...reads: (Uint8Array | null | Error)[]) {
      super();
      this.#reads = reads;
    }
    override read(): Promise<Uint8Array | null> {
      const next = this.#reads.shift();
      if (next === undefined) return never();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    }
    closeWrite(): Promise<void> {
      this.written.push('the end');
      return Promise.resolve();
    }
  }
  const over =
    (pipe: Pipe): Dial =>
    (): Promise<Pipe> =>
      Promise.resolve(pipe);

  it.each(['reads', 'writes'])('settles when both directions have ended, the one that %s last', async (last) => {
    const pipe = new EndingPipe(bytes('all'), null);
    const socket = createSockets({ dial: over(pipe) }).connect('db:1', { allowHalfOpen: true });
    const readAll = async (): Promise<void> => {
      const reader = socket.readable.getReader();
      while (!(await reader.read()).done);
    };
    if (last === 'reads') await socket.writable.close();
    await readAll();
    if (last === 'writes') await socket.writable.close();
    await socket.closed;
    expect([pipe.written, pipe.closed]).toEqual([['the end'], 1]);
  });

  it('settles when the other side ends and nobody reads', async () => {
    const pipe = new EndingPipe(null);
    await createSockets({ dial: over(pipe) }).connect('db:1').closed;
    expect(pipe.closed).toBe(1);
  });

  it('rejects when the pipe fails and nobody reads', async () => {
    const socket = createSockets({ dial: over(new EndingPipe(new Error('reset'))) }).connect('db:1');
    await expect(socket.closed).rejects.toThrow('reset');
  });

  it('rejects when a transport fails behind what nobody has read', async () => {
    const transport = {
      name: 'reset',
      start: (sink: { data(bytes: Uint8Array): unknown; failed(error: Error): void }) =>
        void setTimeout(() => (sink.data(bytes('hello')), setTimeout(() => sink.failed(new Error('reset')), 1)), 1),
      resume: () => {},
      send: () => {},
      end: () => {},
      destroy: () => {},
    };
    const socket = createSockets({ dial: () => Promise.resolve(transport) }).connect('db:1');
    await expect(socket.closed).rejects.toThrow('reset');
    expect((await socket.readable.getReader().read()).value).toEqual(bytes('hello'));
  });

  it.each(['pipe', 'transport'])('rejects for a %s that yields no bytes', async (kind) => {
    const text = 'a line' as never;
    const pipe = new EndingPipe(text);
    const transport = {
      name: 'odd',
      start: (sink: { data(bytes: never): unknown }) => void setTimeout(() => sink.data(text), 1),
      resume: () => {},
      send: () => {},
      end: () => {},
      destroy: () => {},
    };
    const socket = createSockets({
      dial: () => Promise.resolve(kind === 'pipe' ? pipe : transport),
    }).connect('db:1');
    await expect(socket.closed).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
    await expect(socket.readable.getReader().read()).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
  });
});

it.each([true, false])('plain text behind startTls() is taken for TLS, and fails (read before: %s)', async (isRead) => {
  let come: (chunk: Uint8Array) => void = () => {};
  const chunks: Promise<Uint8Array>[] = [new Promise((resolve) => (come = resolve))];
  const pipe: Pipe = {
    read: () => chunks.shift() ?? never(),
    write: async () => {},
    close: () => {},
  };
  const { connect } = createSockets({ dial: () => Promise.resolve(pipe), trustAnchors: [], backend: 'pure' });
  const plain = connect('localhost:1', { secureTransport: 'starttls' });
  await plain.opened;
  const reading = isRead ? plain.readable.getReader().read() : undefined;
  await new Promise((resolve) => setTimeout(resolve, 5));
  const socket = plain.startTls();
  come(bytes('250 injected plain text\r\n'));
  await expect(socket.opened).rejects.toMatchObject({ code: 'PLAINTEXT_PEER' });
  if (reading !== undefined) expect((await reading).done).toBe(true);
});
