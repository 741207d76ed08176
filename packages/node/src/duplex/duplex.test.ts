import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { Duplex, duplexPair } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { pki } from '@ferrule/conformance/pki';
import { TlsError } from '@ferrule/result';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chooseBackend } from 'ferrule';
import { memorySessionCache, TlsConnector, tlsDuplex, tunnel, type DuplexOptions, type TlsDuplex } from './index.ts';

const engines = await Promise.all(
  (['native', 'pure'] as const).map(async (name) => ({
    name,
    available: await chooseBackend(name).then(
      () => true,
      () => false,
    ),
  })),
);

for (const { name, available } of engines)
  if (!available) console.log(`skipped: the ${name} engine is not available here`);

describe.each(engines.filter(({ available }) => available))('a TLS Duplex on $name', ({ name: backend }) => {
  let server: tls.Server;
  let port: number;
  let ca: string;
  const open = new Set<net.Socket>();
  const made: TlsDuplex[] = [];
  let onConnection: (socket: tls.TLSSocket) => void;

  beforeAll(async () => {
    const [{ certificatePem }, identity] = [await pki('root'), await pki('p256')];
    ca = certificatePem;
    server = tls.createServer(
      { key: identity.keyPem, cert: identity.chainPem, allowHalfOpen: true, ALPNProtocols: ['ferrule', 'http/1.1'] },
      (socket) => {
        socket.on('error', () => undefined);
        onConnection(socket);
      },
    );
    server.on('connection', (socket: net.Socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as net.AddressInfo).port;
  });
  afterEach(() => {
    for (const each of made.splice(0)) each.destroy();
  });
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  const dial = (
    options: Partial<DuplexOptions> & { verify?: 'none'; alpn?: string[]; groups?: number[] } = {},
  ): TlsDuplex => {
    const duplex = tlsDuplex({
      backend,
      ca,
      host: '127.0.0.1',
      servername: 'server.test',
      ...('stream' in options || 'lazy' in options ? {} : { port }),
      ...options,
    });
    made.push(duplex);
    return duplex;
  };
  const echo = (): void => {
    onConnection = (socket) => void socket.pipe(socket);
  };
  async function everything(stream: Duplex): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  const failure = (stream: Duplex): Promise<unknown> => new Promise((resolve) => stream.once('error', resolve));

  it.each<[string, () => DuplexOptions]>([
    ['a stream', () => ({ stream: net.connect(port, '127.0.0.1').on('error', () => undefined) })],
    ['a path', () => ({ path: '/nonexistent/socket' })],
    ['lazy', () => ({ lazy: true })],
  ])('without a name to verify there is no connection: %s', (_what, options) => {
    const given = options();
    expect(() => tlsDuplex({ backend, ca, ...given })).toThrow(/servername: needed/);
    given.stream?.destroy();
    // Without name verification no name is needed
    for (const own of [{ verify: 'none' }, { verify: () => true }, { ca, verifyHost: false }] as const)
      made.push(new TlsConnector({ backend, ...own }).duplex({ lazy: true }));
  });

  it('without a host, localhost is where to connect, and the name', async () => {
    echo();
    const duplex = tlsDuplex({ backend, ca, port });
    made.push(duplex);
    await once(duplex, 'secureConnect');
    expect(duplex.servername).toBe('localhost');
  });

  it('is handed out at once, and sends what was written before the handshake', async () => {
    echo();
    const duplex = dial();
    expect([duplex.connecting, duplex.readyState, duplex.authorized]).toEqual([true, 'opening', false]);
    duplex.end('written before anybody was verified');
    expect((await everything(duplex)).toString()).toBe('written before anybody was verified');
  });

  it.each(['onKeylog', 'onMessage', 'onSession'] as const)(
    'is destroyed when the promise of %s is rejected, though nothing more comes',
    async (observer) => {
      onConnection = () => undefined;
      const observers = { [observer]: () => Promise.reject(new Error('no disk')) };
      const duplex = tlsDuplex({ backend, ca, host: '127.0.0.1', servername: 'server.test', port, ...observers });
      made.push(duplex);
      expect(await failure(duplex)).toMatchObject({ tlsCode: 'CALLBACK_FAILED' });
    },
  );

  it('says connect, secureConnect and ready, and then knows the facts', async () => {
    echo();
    const duplex = dial({ alpn: ['ferrule'] });
    const order: string[] = [];
    for (const event of ['connect', 'secureConnect', 'ready'] as const) duplex.on(event, () => order.push(event));
    await once(duplex, 'ready');
    expect(order).toEqual(['connect', 'secureConnect', 'ready']);
    expect([duplex.authorized, duplex.encrypted, duplex.alpnProtocol, duplex.getProtocol(), duplex.readyState]).toEqual(
      [true, true, 'ferrule', 'TLSv1.3', 'open'],
    );
    expect((duplex.getPeerCertificate() as tls.PeerCertificate).raw).toEqual(
      Buffer.from((await pki('p256')).certificate),
    );
    expect((duplex.getPeerCertificate(true) as tls.DetailedPeerCertificate).issuerCertificate.subject.CN).toBe(
      'ferrule test intermediate',
    );
    expect(duplex.getCipher()).toMatchObject({ version: 'TLSv1.3' });
    expect(duplex.remotePort).toBe(port);
    expect(duplex).not.toHaveProperty('then');
  });

  it('moves megabytes both ways, with backpressure, unchanged', async () => {
    echo();
    const duplex = dial();
    const data = randomBytes(8_000_000);
    const hash = createHash('sha256');
    let received = 0;
    const done = (async (): Promise<void> => {
      for await (const chunk of duplex) {
        received += (chunk as Buffer).length;
        hash.update(chunk as Buffer);
        if (received % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (let at = 0; at < data.length; at += 70_000)
      if (!duplex.write(data.subarray(at, at + 70_000))) await once(duplex, 'drain');
    duplex.end();
    await done;
    expect([received, hash.digest('hex')]).toEqual([data.length, createHash('sha256').update(data).digest('hex')]);
  });

  it.each([
    ['a record', 100, 10, 1],
    ['full records', 300, 1000, 19],
  ])('joins what was written corked into %s', async (_what, count, size, records) => {
    echo();
    const sockets: net.Socket[] = [];
    const connect = net.connect as (options: net.NetConnectOpts) => net.Socket;
    vi.spyOn(net, 'connect').mockImplementation(((options: net.NetConnectOpts) => {
      const socket = connect(options);
      sockets.push(socket);
      return socket;
    }) as typeof net.connect);
    const duplex = dial();
    vi.restoreAllMocks();
    await once(duplex, 'ready');
    duplex.write('x');
    await once(duplex, 'data');
    const sent = (): number => sockets.reduce((bytes, socket) => bytes + socket.bytesWritten, 0);
    const before = sent();
    const data = randomBytes(count * size);
    duplex.cork();
    for (let at = 0; at < data.length; at += size) duplex.write(data.subarray(at, at + size));
    duplex.uncork();
    const received: Buffer[] = [];
    await new Promise<void>((resolve) =>
      duplex.on(
        'data',
        (chunk: Buffer) => received.push(chunk) && Buffer.concat(received).length === data.length && resolve(),
      ),
    );
    expect(Buffer.concat(received).equals(data)).toBe(true);
    // Header, type and tag (RFC 9846 section 5.2)
    expect(sent() - before).toBe(data.length + records * 22);
  });

  it('continues when a listener throws, as streams do', async () => {
    echo();
    const duplex = dial();
    await once(duplex, 'ready');
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const others = process.listeners('uncaughtException').slice(0, -1);
    for (const each of others) process.off('uncaughtException', each);
    duplex.once('data', () => {
      throw new Error('of the listener');
    });
    duplex.write('x');
    expect(await thrown).toMatchObject({ message: 'of the listener' });
    for (const each of others) process.on('uncaughtException', each);
    duplex.write('y');
    expect(((await once(duplex, 'data')) as [Buffer])[0].toString()).toBe('y');
  });

  it('stops reading the socket while the plaintext is not read', async () => {
    const sent: number[] = [];
    onConnection = (socket) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (sent.length < 1000 && (sent.push(chunk.length), socket.write(chunk)));
      };
      socket.on('drain', more);
      more();
    };
    const duplex = dial();
    await once(duplex, 'ready');
    duplex.once('readable', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(duplex.readableLength).toBeLessThan(1_000_000);
    expect(sent.length).toBeLessThan(1000);
  });

  it('half-closes: the peer may continue after we have ended', async () => {
    onConnection = (socket) => {
      socket.on('end', () => socket.end('after your end')).resume();
    };
    const duplex = dial({ allowHalfOpen: true });
    duplex.end('question');
    expect((await everything(duplex)).toString()).toBe('after your end');
  });

  it('ends when the peer has ended', async () => {
    onConnection = (socket) => void setImmediate(() => socket.end('bye'));
    const duplex = dial();
    expect((await everything(duplex)).toString()).toBe('bye');
    if (!duplex.closed) await once(duplex, 'close');
    expect(duplex.destroyed).toBe(true);
  });

  it('tells a truncated stream from one that was closed', async () => {
    onConnection = (socket) => {
      socket.write('half an ans', () => {
        for (const raw of open) raw.destroy();
      });
    };
    const duplex = dial().resume();
    expect(await failure(duplex)).toMatchObject({
      tlsCode: expect.stringMatching(/^(UNEXPECTED_EOF|TRANSPORT_ERROR)$/),
    });
  });

  it('refuses a wrong name before one byte has moved', async () => {
    let got = 0;
    onConnection = (socket) => void socket.on('data', (chunk) => (got += chunk.length));
    const duplex = dial({ servername: 'other.test' });
    duplex.write('secret');
    const error = await failure(duplex);
    expect(TlsError.is(error) && [error.code, `${error.message} ${error.hint}`.includes('server.test')]).toEqual([
      'CERT_NAME_MISMATCH',
      true,
    ]);
    expect([duplex.authorized, duplex.authorizationError, got]).toEqual([false, 'CERT_NAME_MISMATCH', 0]);
  });

  it('is not authorized when verification is off', async () => {
    echo();
    const duplex = dial({ verify: 'none' });
    await once(duplex, 'ready');
    expect(duplex.authorized).toBe(false);
  });

  it('names the step that timed out', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const duplex = dial({ port: (silent.address() as net.AddressInfo).port, handshakeTimeout: 1_000 });
    expect(await failure(duplex)).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('the handshake') });
    silent.close();
  });

  it('fails with ABORTED when the signal is aborted', async () => {
    const duplex = dial({ signal: AbortSignal.abort() });
    expect(await failure(duplex)).toMatchObject({ tlsCode: 'ABORTED' });
  });

  it('gives the reason when the port is closed', async () => {
    const duplex = dial({ port: 1 });
    expect(await failure(duplex)).toMatchObject({
      tlsCode: 'TRANSPORT_ERROR',
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
    });
  });

  it('recognises plain HTTP', async () => {
    const plain = net
      .createServer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      .listen(0, '127.0.0.1');
    await once(plain, 'listening');
    expect(await failure(dial({ port: (plain.address() as net.AddressInfo).port }))).toMatchObject({
      code: 'HTTP_REQUEST',
    });
    plain.close();
  });

  it('runs over any Duplex', async () => {
    echo();
    const [ours, theirs] = duplexPair();
    server.emit('connection', theirs);
    const duplex = dial({ stream: ours });
    duplex.end('through memory');
    expect((await everything(duplex)).toString()).toBe('through memory');
  });

  it('runs STARTTLS first, and supplies a greeting to libraries that expect one', async () => {
    echo();
    const smtp = net
      .createServer((socket) => {
        socket.write('220 mail.test\r\n');
        socket.on('data', (chunk) => {
          const line = chunk.toString();
          if (line.startsWith('EHLO')) socket.write('250-mail.test\r\n250 STARTTLS\r\n');
          if (line !== 'STARTTLS\r\n') return;
          socket.removeAllListeners('data');
          socket.pause();
          socket.write('220 go\r\n');
          server.emit('connection', socket);
        });
      })
      .listen(0, '127.0.0.1');
    await once(smtp, 'listening');
    const duplex = dial({ port: (smtp.address() as net.AddressInfo).port, preamble: 'smtp', standInGreeting: true });
    duplex.end('NOOP');
    expect((await everything(duplex)).toString()).toBe('220 ready\r\nNOOP');
    smtp.close();
  });

  it('waits for connect() when it is lazy', async () => {
    echo();
    const duplex = dial({ lazy: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(duplex.connecting).toBe(true);
    duplex.connect(port, '127.0.0.1');
    duplex.end('at last');
    expect((await everything(duplex)).toString()).toBe('at last');
  });

  it('treats a numeric string as a port, as net.connect does', async () => {
    echo();
    const duplex = dial({ lazy: true });
    duplex.connect(String(port), '127.0.0.1');
    duplex.end('as text');
    expect((await everything(duplex)).toString()).toBe('as text');
  });

  it('reads into one buffer of the caller', async () => {
    echo();
    const parts: string[] = [];
    const duplex = dial({
      onread: {
        buffer: new Uint8Array(4),
        callback: (count, buffer) => parts.push(Buffer.from(buffer.subarray(0, count)).toString()) > 0,
      },
    });
    duplex.end('0123456789');
    await once(duplex, 'close');
    expect(parts.join('')).toBe('0123456789');
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(4);
  });

  it('takes bytes of another realm from the stream below, the writer and onread', async () => {
    const foreign = runInNewContext('(bytes) => Uint8Array.from(bytes)') as (bytes: Uint8Array) => Uint8Array;
    echo();
    const [near, far] = duplexPair();
    server.emit('connection', far);
    const stream = new Duplex({
      readableObjectMode: true,
      read: () => undefined,
      write: (chunk, _encoding, done) => void near.write(chunk, done),
      final: (done) => void near.end(done),
    });
    near.on('data', (chunk: Buffer) => stream.push(foreign(chunk))).on('end', () => stream.push(null));
    const buffer = foreign(new Uint8Array(8));
    const parts: string[] = [];
    const duplex = dial({
      stream,
      onread: { buffer, callback: (count) => parts.push(Buffer.from(buffer.subarray(0, count)).toString()) > 0 },
    });
    duplex.end(foreign(Buffer.from('from afar')));
    await once(duplex, 'close');
    expect(parts.join('')).toBe('from afar');
  });

  it('reads options that are inherited, or getters of a class', async () => {
    class Settings {
      readonly #pin = new Uint8Array(32);
      get pins(): Uint8Array[] {
        return [this.#pin];
      }
      get port(): number {
        return port;
      }
    }
    const settings = Object.assign(new Settings(), { backend, ca, host: '127.0.0.1', servername: 'server.test' });
    const duplex = tlsDuplex(settings);
    made.push(duplex);
    expect(await failure(duplex)).toMatchObject({ code: 'CERT_PIN_MISMATCH' });
    const connector = new TlsConnector(Object.create({ backend, ca }) as object);
    echo();
    const inherited = connector.duplex(
      Object.create({ host: '127.0.0.1', port, servername: 'server.test' }) as DuplexOptions,
    );
    made.push(inherited);
    inherited.end('hello');
    expect((await everything(inherited)).toString()).toBe('hello');
    await expect(tunnel(connector, { port }, Object.create({ listen: '' }) as object)).rejects.toThrow(/listen/);
  });

  it('resumes on a second connection of the same connector, and keeps sessions of other names apart', async () => {
    echo();
    const connector = new TlsConnector({ backend, ca, sessions: memorySessionCache() });
    const once1 = async (servername: string): Promise<boolean> => {
      const duplex = connector.duplex({ host: '127.0.0.1', port, servername });
      made.push(duplex);
      duplex.end('hello');
      await everything(duplex);
      return duplex.isSessionReused();
    };
    expect([await once1('server.test'), await once1('server.test'), await once1('localhost')]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('emits timeout after idle time', async () => {
    echo();
    const duplex = dial();
    await once(duplex, 'ready');
    duplex.setTimeout(50);
    await once(duplex, 'timeout');
    expect(duplex.destroyed).toBe(false);
  });

  it('serves https.request', async () => {
    const answer = https
      .createServer({ key: (await pki('rsa')).keyPem, cert: (await pki('rsa')).chainPem }, (request, response) =>
        response.end(`you asked for ${request.url}`),
      )
      .listen(0, '127.0.0.1');
    await once(answer, 'listening');
    const to = (answer.address() as net.AddressInfo).port;
    const body = await new Promise<string>((resolve, reject) => {
      https
        .get(
          { host: 'server.test', port: to, path: '/page', createConnection: () => dial({ port: to }) },
          (response) => {
            void everything(response as unknown as Duplex).then((bytes) => resolve(bytes.toString()));
          },
        )
        .on('error', reject);
    });
    expect(body).toBe('you asked for /page');
    answer.closeAllConnections();
    answer.close();
  });

  it('refuses wrong options by name', () => {
    expect(() => dial({ port: 0 })).toThrow(/port/);
    expect(() => dial({ path: '/x' })).toThrow(/exactly one/);
    expect(() => dial({ servername: '' })).toThrow(/servername/);
    expect(() => dial({ onread: {} as never })).toThrow(/onread/);
    expect(() => dial({ preamble: 'gopher' as never })).toThrow(/gopher/);
    expect(() => tlsDuplex({ port: 443, sessions: {} as never })).toThrow(/sessions/);
  });

  it('destroys the Duplex when the engine refuses an option', async () => {
    const duplex = dial({ groups: [0x9999] });
    expect(await failure(duplex)).toMatchObject({ message: expect.stringContaining('0x9999') });
  });
});
