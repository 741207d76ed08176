import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TlsConnector, type ConnectorOptions, type DuplexOptions, type TlsDuplex } from './index.ts';
import { reset } from './socket-surface.ts';

const engines = await Promise.all(
  (['native', 'pure'] as const).map(async (name) => ({
    name,
    available: await chooseBackend(name).then(
      () => true,
      () => false,
    ),
  })),
);

/** The API of tls.TLSSocket that client libraries use, compared with a node:tls socket connected to the same server. */
describe.each(engines.filter(({ available }) => available))(
  'the surface of tls.TLSSocket on $name',
  ({ name: backend }) => {
    let server: tls.Server;
    let port: number;
    let ca: string;
    let client: { readonly key: string; readonly cert: string };
    /** Of the latest connection. */
    let atServer: tls.TLSSocket;
    const made: { destroy(): unknown }[] = [];

    beforeAll(async () => {
      const [root, leaf] = [await pki('root'), await pki('p256')];
      ca = root.certificatePem;
      client = { key: leaf.keyPem, cert: leaf.chainPem };
      server = tls
        .createServer(
          {
            key: leaf.keyPem,
            cert: leaf.chainPem,
            requestCert: true,
            rejectUnauthorized: false,
            ALPNProtocols: ['h2'],
            ticketKeys: Buffer.alloc(48),
          },
          (socket) => {
            atServer = socket;
            made.push(socket);
            socket.on('error', () => undefined).pipe(socket);
          },
        )
        .listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as net.AddressInfo).port;
    });
    afterEach(() => {
      for (const each of made.splice(0)) each.destroy();
    });
    afterAll(() => server.close());

    const dial = (options: ConnectorOptions = {}, own: Partial<DuplexOptions> = {}): TlsDuplex => {
      const duplex = new TlsConnector({ backend, ca, alpn: ['h2'], ...options }).duplex({
        host: '127.0.0.1',
        servername: 'server.test',
        ...(own.lazy ? {} : { port }),
        ...own,
      });
      made.push(duplex);
      return duplex;
    };
    const ready = async (duplex: TlsDuplex): Promise<TlsDuplex> => (await once(duplex, 'ready'), duplex);
    async function nodes(): Promise<tls.TLSSocket> {
      const socket = tls.connect({
        host: '127.0.0.1',
        port,
        servername: 'server.test',
        ca,
        ALPNProtocols: ['h2'],
        ecdhCurve: 'X25519',
      });
      made.push(socket);
      await once(socket, 'secureConnect');
      return socket;
    }

    it('destroy() does not change authorizationError', async () => {
      const duplex = await ready(dial({ verify: 'none' }, { servername: 'other.test' }));
      const before = duplex.authorizationError;
      duplex.destroy();
      await once(duplex, 'close');
      expect(duplex.authorizationError).toBe(before);
    });

    it('has every property and method of it', async () => {
      const [ours, theirs] = [await ready(dial()), await nodes()];
      const listed = [
        'connecting',
        'pending',
        'readyState',
        'encrypted',
        'authorized',
        'authorizationError',
        'alpnProtocol',
        'servername',
        'getPeerCertificate',
        'getPeerX509Certificate',
        'getCertificate',
        'getX509Certificate',
        'getCipher',
        'getProtocol',
        'getSession',
        'isSessionReused',
        'getTLSTicket',
        'getFinished',
        'getPeerFinished',
        'exportKeyingMaterial',
        'getEphemeralKeyInfo',
        'getSharedSigalgs',
        'disableRenegotiation',
        'renegotiate',
        'setMaxSendFragment',
        'setServername',
        'enableTrace',
        'connect',
        'setNoDelay',
        'setKeepAlive',
        'setTimeout',
        'timeout',
        'ref',
        'unref',
        'destroySoon',
        'resetAndDestroy',
        'address',
        'remoteAddress',
        'remotePort',
        'remoteFamily',
        'localAddress',
        'localPort',
        'localFamily',
        'bytesRead',
        'bytesWritten',
        'allowHalfOpen',
      ];
      expect(listed.filter((each) => !(each in ours))).toEqual([]);
      expect(
        listed.filter(
          (each) =>
            typeof ours[each as keyof TlsDuplex] === 'function' &&
            typeof theirs[each as keyof tls.TLSSocket] !== 'function',
        ),
      ).toEqual([]);
      expect(ours).not.toHaveProperty('then');
      // Only for node:http2, and not a handle that another module could drive itself
      const { _handle: handle } = ours as unknown as { readonly _handle?: object };
      expect(handle?.constructor.name ?? 'JSStream').toBe('JSStream');
    });

    it('reports the same of the peer as node:tls', async () => {
      const [ours, theirs] = [await ready(dial({ groups: [29] })), await nodes()];
      expect(ours.getPeerCertificate()).toEqual(theirs.getPeerCertificate());
      const [chain, expected] = [ours.getPeerCertificate(true), theirs.getPeerCertificate(true)] as [
        tls.DetailedPeerCertificate,
        tls.DetailedPeerCertificate,
      ];
      expect([chain.raw, chain.issuerCertificate.raw, chain.issuerCertificate.fingerprint256]).toEqual([
        expected.raw,
        expected.issuerCertificate.raw,
        expected.issuerCertificate.fingerprint256,
      ]);
      expect(ours.getPeerX509Certificate()?.raw).toEqual(theirs.getPeerX509Certificate()?.raw);
      expect([
        ours.getProtocol(),
        ours.alpnProtocol,
        ours.servername,
        ours.authorized,
        ours.authorizationError,
      ]).toEqual([theirs.getProtocol(), 'h2', 'server.test', true, theirs.authorizationError]);
      expect(ours.getEphemeralKeyInfo()).toEqual(theirs.getEphemeralKeyInfo());
      expect(Object.keys(ours.getCipher() ?? {}).toSorted()).toEqual(Object.keys(theirs.getCipher()).toSorted());
    });

    it('reports nothing before the handshake', () => {
      const duplex = dial();
      expect([
        duplex.getPeerCertificate(),
        duplex.getPeerX509Certificate(),
        duplex.getCertificate(),
        duplex.getCipher(),
        duplex.getProtocol(),
        duplex.getSession(),
        duplex.getEphemeralKeyInfo(),
      ]).toEqual([{}, undefined, {}, undefined, null, undefined, {}]);
      expect([
        duplex.encrypted,
        duplex.authorized,
        duplex.isSessionReused(),
        duplex.connecting,
        duplex.pending,
        duplex.readyState,
      ]).toEqual([true, false, false, true, true, 'opening']);
      expect(() => duplex.exportKeyingMaterial(32, 'EXPORTER-test')).toThrow(
        expect.objectContaining({ code: 'HANDSHAKE_NOT_DONE' }),
      );
    });

    it('gives back the certificate that we sent', async () => {
      const none = await ready(dial());
      expect([none.getCertificate(), none.getX509Certificate()]).toEqual([{}, undefined]);
      const chain = [Buffer.from((await pki('p256')).certificate)];
      const key = new Uint8Array(
        (await import('node:crypto')).createPrivateKey(client.key).export({ format: 'der', type: 'pkcs8' }),
      );
      const sent = await ready(dial({ credentials: [{ chain, key }] }));
      sent.write('x');
      await once(sent, 'data');
      expect((sent.getCertificate() as tls.PeerCertificate).raw).toEqual(chain[0]);
      expect(sent.getX509Certificate()).toBeInstanceOf(X509Certificate);
      expect(atServer.getPeerCertificate().raw).toEqual(chain[0]);
    });

    it('exports the keying material that the server exports', async () => {
      const duplex = await ready(dial());
      const context = Buffer.from('context');
      duplex.write('x');
      await once(duplex, 'data');
      expect(duplex.exportKeyingMaterial(32, 'EXPORTER-test', context)).toEqual(
        atServer.exportKeyingMaterial(32, 'EXPORTER-test', context),
      );
    });

    it('reports sessions by event and by getSession()', async () => {
      const duplex = dial();
      const session = once(duplex, 'session') as Promise<[Buffer]>;
      duplex.resume();
      const [bytes] = await session;
      expect(bytes.length).toBeGreaterThan(0);
      expect(Buffer.isBuffer(duplex.getSession())).toBe(true);
    });

    it('gives secrets and plaintext in memory of their own, as node:tls does', async () => {
      const duplex = new TlsConnector({ backend, ca, keylog: true }).duplex({
        host: '127.0.0.1',
        servername: 'server.test',
        port,
      });
      made.push(duplex);
      const given: Buffer[] = [];
      for (const event of ['session', 'keylog', 'data']) duplex.on(event, (bytes: Buffer) => given.push(bytes));
      duplex.write('x');
      await once(duplex, 'data');
      given.push(duplex.exportKeyingMaterial(32, 'label'), duplex.getSession() as Buffer);
      for (const bytes of given)
        expect([bytes.byteOffset, bytes.buffer.byteLength < 8192 || bytes.length > 4096]).toEqual([0, true]);
    });

    it('emits key log lines on request, each on its own connection', async () => {
      const connector = new TlsConnector({ backend, ca, keylog: true });
      const lines = await Promise.all(
        [1, 2].map(async () => {
          const duplex = connector.duplex({ host: '127.0.0.1', servername: 'server.test', port });
          made.push(duplex);
          const own: string[] = [];
          duplex.on('keylog', (line: Buffer) => own.push(line.toString()));
          duplex.write('x');
          await once(duplex, 'data');
          return own;
        }),
      );
      const randoms = lines.map((own) => new Set(own.map((line) => line.split(' ')[1])));
      expect(randoms.map((each) => each.size)).toEqual([1, 1]);
      expect([...(randoms[0] ?? [])]).not.toEqual([...(randoms[1] ?? [])]);
      for (const own of lines) expect(own.map((line) => line.split(' ')[0])).toContain('CLIENT_TRAFFIC_SECRET_0');
      expect(lines.flat().every((line) => line.endsWith('\n'))).toBe(true);
    });

    it('refuses renegotiation, another name and unsupported settings', async () => {
      const duplex = await ready(dial());
      const error = await new Promise<Error>((resolve) => expect(duplex.renegotiate({}, resolve)).toBe(false));
      expect(error).toMatchObject({ code: 'NO_RENEGOTIATION' });
      duplex.disableRenegotiation();
      duplex.setServername('server.test');
      expect(() => duplex.setServername('other.test')).toThrow(TypeError);
      expect([
        duplex.setMaxSendFragment(),
        duplex.getTLSTicket(),
        duplex.getFinished(),
        duplex.getPeerFinished(),
        duplex.getSharedSigalgs(),
        duplex.enableTrace(),
      ]).toEqual([false, undefined, undefined, undefined, [], undefined]);
    });

    it('has addresses, counts bytes of the socket, and chains', async () => {
      const duplex = await ready(dial());
      const chained = duplex.setNoDelay(true).setKeepAlive(true, 1000).setTimeout(60_000).ref().unref().ref();
      expect(chained).toBe(duplex);
      expect([
        duplex.remoteAddress,
        duplex.remotePort,
        duplex.remoteFamily,
        duplex.localAddress,
        duplex.localFamily,
        duplex.timeout,
      ]).toEqual(['127.0.0.1', port, 'IPv4', '127.0.0.1', 'IPv4', 60_000]);
      expect(duplex.address()).toMatchObject({ address: '127.0.0.1', port: duplex.localPort, family: 'IPv4' });
      const before = [duplex.bytesRead, duplex.bytesWritten];
      duplex.write('plain');
      const [echoed] = (await once(duplex, 'data')) as [Buffer];
      expect([String(echoed), duplex.bytesRead - before[0]!, duplex.bytesWritten - before[1]!]).toEqual([
        'plain',
        5,
        5,
      ]);
    });

    it('remembers what is set before there is a socket', async () => {
      const duplex = dial({}, { lazy: true }).setNoDelay(false).setKeepAlive(true).unref();
      expect([duplex.address(), duplex.remoteAddress, duplex.bytesRead]).toEqual([{}, undefined, 0]);
      const calls: string[] = [];
      for (const name of ['setKeepAlive', 'unref'] as const) {
        const real = net.Socket.prototype[name] as () => net.Socket;
        vi.spyOn(net.Socket.prototype, name).mockImplementation(function (this: net.Socket, ...args: unknown[]) {
          calls.push(name);
          return real.apply(this, args as []);
        });
      }
      duplex.connect(port, '127.0.0.1');
      vi.restoreAllMocks();
      expect(calls).toEqual(['setKeepAlive', 'unref']);
      await once(duplex.ref(), 'connect');
      expect(duplex.remotePort).toBe(port);
    });

    it('closes softly with destroySoon(), hard with resetAndDestroy(), and emits close either way', async () => {
      const soft = await ready(dial());
      soft.write('last words');
      soft.destroySoon();
      await once(soft, 'close');
      expect([soft.destroyed, soft.readyState]).toEqual([true, 'closed']);
      const hard = await ready(dial());
      hard.write('x');
      await once(hard, 'data');
      const reset = once(atServer, 'error') as Promise<[NodeJS.ErrnoException]>;
      hard.resetAndDestroy();
      if (!hard.closed) await once(hard, 'close');
      expect((await reset)[0].code).toBe('ECONNRESET');
    });

    it('is half-open on request, and then writes after the peer has ended', async () => {
      const duplex = dial({}, { allowHalfOpen: true });
      duplex.write('x');
      await once(duplex, 'data');
      const received: Buffer[] = [];
      atServer
        .unpipe()
        .on('data', (chunk: Buffer) => received.push(chunk))
        .resume();
      atServer.end();
      await once(duplex.resume(), 'end');
      expect(duplex.readyState).toBe('writeOnly');
      const heard = once(atServer, 'end');
      duplex.end('after your end');
      await heard;
      expect(Buffer.concat(received).toString()).toBe('after your end');
    });
  },
);

it('a socket that is shutting down is reset, and closes', async () => {
  const server = net.createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const errors: Error[] = [];
  socket.on('error', (error) => errors.push(error));
  socket.end();
  reset(socket);
  if (!socket.closed) await once(socket, 'close');
  expect(errors).toEqual([]);
  server.close();
});
