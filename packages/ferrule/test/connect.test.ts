import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { describe, expect, it, vi } from 'vitest';
import { peerCertificatesOf, chooseBackend, connect, type ConnectOptions, TlsError, type TlsErrorCode } from 'ferrule';
import type { TlsSession } from '@ferrule/contract';
import { bytes, connected, echoing, later, listening, readAll, readExactly, text } from './support.ts';

const engines = ['native', 'pure'] as const;
const runs = await Promise.all(
  engines.map((name) =>
    chooseBackend(name).then(
      () => true,
      (error: Error) => (console.info(`skipped: ${error.message}`), false),
    ),
  ),
);

async function failure(options: ConnectOptions): Promise<TlsError> {
  const error: unknown = await connect(options).then(
    () => new Error('it connected'),
    (reason: unknown) => reason,
  );
  if (!TlsError.is(error)) throw error;
  return error;
}

describe.each(engines.filter((_, i) => runs[i]))('connect() with the %s engine', (backend) => {
  it('makes a verified connection and tells what was agreed on', async () => {
    const { options, port } = await echoing();
    const { info } = await connected({ ...options, backend });
    expect(info).toMatchObject({
      backend,
      host: 'server.test',
      version: 'TLSv1.3',
      sessionReused: false,
      verifyResult: 0,
      remote: `127.0.0.1:${port}`,
      fellBackBecause: [],
    });
    expect(info.cipherSuite.name).toMatch(/^TLS_/);
    expect(info.group?.name).toBeTypeOf('string');
    expect(info.signatureAlgorithm?.name).toBe('ecdsa_secp256r1_sha256');
    expect(info.verifiedChain).toHaveLength(3);
    expect(info.timings.handshake).toBeGreaterThan(0);
  });

  it('carries data both ways through Web Streams, far more than any buffer', async () => {
    const { options } = await echoing();
    const connection = await connected({ ...options, backend });
    const sent = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) ^ (i >> 9));
    const writer = connection.writable.getWriter();
    const sending = (async () => {
      for (let at = 0; at < sent.length; at += 100_000) await writer.write(sent.subarray(at, at + 100_000));
      await writer.close();
    })();
    const got = await readAll(connection.readable);
    await sending;
    expect(Buffer.compare(got, sent)).toBe(0);
  });

  it('reads into memory of the caller, through read() and through a BYOB reader', async () => {
    const { options } = await echoing();
    const first = await connected({ ...options, backend });
    await first.write(bytes('hello'));
    const into = new Uint8Array(10);
    expect(await first.read(into.subarray(2, 7))).toBe(5);
    expect(text(into.subarray(2, 7))).toBe('hello');

    const second = await connected({ ...options, backend });
    await second.write(bytes('BYOB'));
    const reader = second.readable.getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(100));
    expect(text(value ?? new Uint8Array(0))).toBe('BYOB');
    expect(value?.buffer.byteLength).toBe(100);
  });

  it('holds back a server that sends more than anybody reads, and loses nothing', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    const block = Buffer.alloc(500_000, 'x');
    for (let i = 0; i < 60; i++) socket.write(block);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The kernels' buffers hold some of it, we hold little
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.end();
    const got = await readAll(connection.readable);
    expect(got.length).toBe(60 * block.length);
  });

  it('writes of many callers at once come out whole and in order', async () => {
    const { options } = await echoing();
    const connection = await connected({ ...options, backend });
    const messages = Array.from({ length: 50 }, (_, i) => `message ${i};`.padEnd(1000 + i, '.'));
    const whole = messages.join('');
    const [got] = await Promise.all([
      readExactly(connection, whole.length),
      ...messages.map((message) => connection.write(bytes(message))),
    ]);
    expect(text(got)).toBe(whole);
  });

  it('half-closes: closing the writable leaves the readable open', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    const heard: Buffer[] = [];
    socket
      .on('data', (chunk: Buffer) => heard.push(chunk))
      .on('end', () => socket.end(`you said ${Buffer.concat(heard).toString()}`));
    const writer = connection.writable.getWriter();
    await writer.write(bytes('that is all'));
    await writer.close();
    expect(text(await readAll(connection.readable))).toBe('you said that is all');
    await expect(connection.write(bytes('more'))).rejects.toMatchObject({ code: 'PROTOCOL_IS_SHUTDOWN' });
  });

  it('fails a read with UNEXPECTED_EOF when the server goes without close_notify, after what came', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    socket.write('truncat');
    expect(text(await readExactly(connection, 7))).toBe('truncat');
    server.cut();
    const error: unknown = await connection.read(new Uint8Array(5)).catch((reason: unknown) => reason);
    expect(TlsError.is(error) && ['UNEXPECTED_EOF', 'TRANSPORT_ERROR'].includes(error.code)).toBe(true);
  });

  it('reports a reset as TRANSPORT_ERROR with the error of the system, to a reader and to whoever asks later', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    await server.accepted();
    const reading = connection.read(new Uint8Array(1));
    server.reset();
    await expect(reading).rejects.toMatchObject({ code: 'TRANSPORT_ERROR', cause: { code: 'ECONNRESET' } });
    await connection.closed;
    await expect(connection.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
  });

  it('close() leaves though the server reads nothing and a write waits', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend, closeTimeout: 200 });
    (await server.accepted()).pause();
    const writing = connection.write(new Uint8Array(30_000_000)).catch((error: unknown) => error);
    await connection.close();
    expect(TlsError.is(await writing)).toBe(true);
  });

  it('close() ends both sides in order, and can be called twice', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = (await server.accepted()).resume();
    const ended = once(socket, 'end');
    socket.on('end', () => socket.end());
    await Promise.all([connection.close(), connection.close()]);
    await ended;
    await connection.closed;
    await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'DISPOSED' });
    await expect(connection.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('close() does not wait for ever for a server that never ends', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    (await server.accepted()).resume();
    await connection.close();
    await connection.closed;
  });

  it('is a TypeError to read twice at once, or into nothing', async () => {
    const { options } = await echoing();
    const connection = await connected({ ...options, backend });
    const first = connection.read(new Uint8Array(1));
    await expect(connection.read(new Uint8Array(1))).rejects.toThrow(TypeError);
    await expect(connection.read(new Uint8Array(0))).rejects.toThrow(TypeError);
    await connection.write(bytes('x'));
    expect(await first).toBe(1);
  });

  it('resumes a session from a Map, once, and says so', async () => {
    const { options } = await echoing();
    const sessions = new Map<string, TlsSession>();
    for (const [reused, kept] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const connection = await connected({ ...options, backend, sessions });
      expect(connection.info.sessionReused).toBe(reused);
      await connection.write(bytes('x'));
      await readExactly(connection, 1);
      // Node's server issues tickets after full handshakes alone.
      expect(sessions.size).toBe(kept);
      await connection.close();
    }
  });

  it('an observer whose promise is rejected fails the connection, whether sessions are kept or not', async () => {
    const { options } = await echoing();
    for (const sessions of [undefined, new Map<string, TlsSession>()]) {
      const rejects = (() => Promise.reject(new Error('no disk'))) as () => void;
      const connection = await connected({ ...options, backend, onSession: rejects, ...(sessions && { sessions }) });
      await connection.write(bytes('x'));
      const failure: unknown = await readExactly(connection, 2).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'CALLBACK_FAILED',
        message: expect.stringContaining('onSession') as string,
      });
    }
  });

  it('updates keys, exports keying material and binds channels', async () => {
    const { options, server } = await listening();
    const connection = await connected({ ...options, backend });
    const socket = await server.accepted();
    socket.pipe(socket);
    await connection.keyUpdate(true);
    await connection.write(bytes('new keys'));
    expect(text(await readExactly(connection, 8))).toBe('new keys');
    expect(Buffer.from(connection.exportKeyingMaterial('EXPERIMENTAL x', undefined, 20))).toEqual(
      socket.exportKeyingMaterial(20, 'EXPERIMENTAL x', undefined as unknown as Buffer),
    );
    expect(connection.channelBinding('tls-exporter')).toHaveLength(32);
  });

  it.each<[string, Parameters<typeof pki>[0], TlsErrorCode]>([
    ['a wrong name', 'wrongName', 'CERT_NAME_MISMATCH'],
    ['an expired certificate', 'expired', 'CERT_EXPIRED'],
    ['a self-signed certificate', 'selfSigned', 'CERT_SELF_SIGNED'],
  ])('refuses %s; the server gets the alert', async (_title, name, code) => {
    const { options, server } = await listening({ identity: await pki(name) });
    const error = await failure({ ...options, backend });
    expect(error.code).toBe(code);
    expect(error.hint).not.toBe('');
    expect(await server.alert()).toBe(error.alert?.description);
    expect(peerCertificatesOf(error).map((der) => Buffer.from(der))).toEqual(
      (await pki(name)).chain.map((der) => Buffer.from(der)),
    );
    // Another copy of the package, CommonJS beside ESM say, knows them, too
    vi.resetModules();
    const other = await import('ferrule');
    expect(other.peerCertificatesOf).not.toBe(peerCertificatesOf);
    expect(other.peerCertificatesOf(error)).toEqual(peerCertificatesOf(error));
  });

  it('shows nobody the chain of another one, where both end for the same reason', async () => {
    const servers = [await listening({ identity: await pki('p256') }), await listening({ identity: await pki('rsa') })];
    const control = new AbortController();
    const reason = new TlsError('ABORTED', 'enough of both');
    const asked: Promise<void>[] = [];
    const errors = servers.map(({ options }) => {
      let ask: () => void = () => {};
      asked.push(new Promise((resolve) => (ask = resolve)));
      const verify = (): Promise<boolean> => (ask(), new Promise(() => {}));
      const { ca: _ca, ...rest } = options;
      return failure({ ...rest, backend, verify, signal: control.signal });
    });
    await Promise.all(asked);
    control.abort(reason);
    expect(await Promise.all(errors)).toEqual([reason, reason]);
    expect(peerCertificatesOf(reason)).toEqual([]);
  });

  it('trusts the roots of the platform when none are named, and those are not ours', async () => {
    const { options } = await listening();
    const { ca: _, ...rest } = options;
    expect((await failure({ ...rest, backend })).code).toMatch(/^CERT_(MISSING_INTERMEDIATE|UNTRUSTED_ROOT)$/);
  });

  it('says which flight it was waiting for when time is over', async () => {
    const port = await silent();
    const error = await failure({ host: '127.0.0.1', port, servername: 'server.test', backend, timeout: 1_000 });
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toMatch(/within 1000 ms, waiting for the ServerHello/);
  });

  it('is aborted by the signal, before, during and after the handshake', async () => {
    const port = await silent();
    const reason = new Error('enough');
    expect((await failure({ host: '127.0.0.1', port, backend, signal: AbortSignal.abort(reason) })).cause).toBe(reason);
    const own = new TlsError('TIMEOUT', 'the program has waited long enough');
    expect(await failure({ host: '127.0.0.1', port, backend, signal: AbortSignal.abort(own) })).toBe(own);
    const during = new AbortController();
    setTimeout(() => during.abort(reason), 50);
    expect(await failure({ host: '127.0.0.1', port, backend, signal: during.signal })).toMatchObject({
      code: 'ABORTED',
      cause: reason,
    });
    const after = new AbortController();
    const { options } = await echoing();
    const connection = await connected({ ...options, backend, signal: after.signal });
    const reading = connection.read(new Uint8Array(1));
    after.abort(reason);
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    await connection.closed;
  });

  it('recognises a server that speaks HTTP', async () => {
    const port = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const error = await failure({ host: 'localhost', port, backend });
    expect(error.code).toBe('HTTP_REQUEST');
    expect(error.hint).toMatch(/http:/);
  });

  it('connects over a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrule-'));
    later(() => rmSync(folder, { recursive: true }));
    const { port, options } = await echoing();
    const { connect: dial } = await import('node:net');
    const relay = createServer((socket) =>
      socket
        .pipe(dial(port, '127.0.0.1'))
        .pipe(socket)
        .on('error', () => {}),
    );
    later(() => relay.close());
    const path = join(folder, 'relay');
    await new Promise<void>((resolve) => relay.listen(path, resolve));
    const connection = await connected({ path, servername: 'server.test', ca: options.ca ?? '', backend });
    await connection.write(bytes('x'));
    expect(await readExactly(connection, 1)).toHaveLength(1);
  });
});

describe('connect()', () => {
  it('has TCP_NODELAY on for the handshake and leaves it as the caller wants', async () => {
    const { Socket } = await import('node:net');
    const set = vi.spyOn(Socket.prototype, 'setNoDelay');
    later(() => set.mockRestore());
    const { options } = await echoing();
    await connected(options);
    expect(set).not.toHaveBeenCalledWith(false);
    await connected({ ...options, noDelay: false });
    expect(set).toHaveBeenLastCalledWith(false);
  });

  it('names what is wrong with DNS and TCP, and keeps the error of the system', async () => {
    const server = createServer();
    const closed = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const refused = await failure({ host: '127.0.0.1', port: closed });
    expect(refused).toMatchObject({ code: 'TRANSPORT_ERROR', cause: { code: 'ECONNREFUSED' } });
    expect(refused.hint).toMatch(/Nothing listens/);
    const unknown = await failure({ host: 'no-such-host.invalid', port: 443 });
    expect(unknown.code).toBe('TRANSPORT_ERROR');
    expect((unknown.cause as { code: string }).code).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(unknown.hint).toMatch(/name/);
  });

  it('takes an address in the brackets of a URL', async () => {
    const { options } = await echoing();
    const error: unknown = await connect({ ...options, host: '[::1]', timeout: 2000 }).catch(
      (reason: unknown) => reason,
    );
    expect(TlsError.is(error) && error.code).toBe('TRANSPORT_ERROR');
  });

  it('asks for international names in A-labels', async () => {
    const { options } = await echoing();
    const named = { ...options, servername: 'MÜNCHEN.test' };
    await expect(connect(named)).rejects.toMatchObject({ code: 'CERT_NAME_MISMATCH' });
    expect((await connected({ ...named, verify: 'none' })).info.host).toBe('xn--mnchen-3ya.test');
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown option', { rejectUnauthorized: false }, /^rejectUnauthorized: unknown option$/],
    ['no host', { host: undefined, servername: undefined }, /^host: /],
    ['an empty host', { host: '', servername: undefined }, /^host: /],
    ['a host that cannot be', { servername: 'no spaces allowed' }, /^servername: /],
    ['a port out of range', { port: 65_536 }, /port/],
    ['a port in words', { port: 'https' }, /port/],
    ['a negative timeout', { timeout: -1 }, /timeout/],
    ['a signal that is none', { signal: {} }, /signal/],
    ['a family that is none', { family: 5 }, /family/],
    ['a backend that is none', { backend: 'fastest' }, /backend/],
    ['a CA that is none', { ca: 'no PEM' }, /ca/],
    ['a store that is none', { sessions: {} }, /sessions/],
    ['noDelay that is not a boolean', { noDelay: 1 }, /noDelay/],
    ['an option of the engine that is wrong', { alpn: [] }, /alpn/],
    ['a group that does not exist', { groups: [0xfefe] }, /groups/],
  ])('refuses %s by name, before it touches the network', async (_title, wrong, name) => {
    const error: unknown = await connect({ host: '127.0.0.1', port: 1, ...wrong } as ConnectOptions).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(name);
  });

  it('takes a context made before, and refuses context options beside it', async () => {
    const { options } = await echoing();
    const { backend } = await chooseBackend('pure');
    const context = backend.createContext({ trustAnchors: [(await pki('root')).certificate], alpn: ['x'] });
    later(() => context.dispose());
    const { ca: _, ...rest } = options;
    expect((await connected({ ...rest, context })).info.backend).toBe('pure');
    await expect(connect({ ...rest, context, alpn: ['y'] })).rejects.toThrow(/alpn.*context/);
    await expect(
      connect(Object.assign(Object.create({ alpn: ['y'] }) as object, { ...rest, context }) as ConnectOptions),
    ).rejects.toThrow(/alpn.*context/);
  });
});

const servers: Server[] = [];

async function listen(server: Server): Promise<number> {
  const sockets: Socket[] = [];
  servers.push(server);
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** Takes connections and says nothing. */
const silent = (): Promise<number> => listen(createServer((socket) => void socket.resume()));
