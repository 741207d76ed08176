/** The client of @ferrule/node/tls before servers of node:tls, on both engines. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import nodeTls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { chooseBackend } from 'ferrule';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import tls, { connect, createSecureContext, TLSSocket, type TlsConnectOptions } from './index.ts';
import { lend } from './lend.ts';

type Failure = Error & { readonly code?: string; readonly tlsCode?: string } & Readonly<Record<string, unknown>>;

const available = async (backend: 'native' | 'pure'): Promise<boolean> =>
  chooseBackend(backend).then(
    () => true,
    () => false,
  );

describe.each(['native', 'pure'] as const)('@ferrule/node/tls on %s', async (backend) => {
  describe.skipIf(!(await available(backend)))('a client', () => {
    let ca: string;
    let identity: { key: string; cert: string };
    const made: { destroy(): unknown }[] = [];
    const servers: net.Server[] = [];

    beforeAll(async () => {
      const [root, leaf] = [await pki('root'), await pki('p256')];
      ca = root.certificatePem;
      identity = { key: leaf.keyPem, cert: leaf.chainPem };
    });
    afterEach(() => {
      for (const each of made.splice(0)) each.destroy();
      for (const server of servers.splice(0)) server.close();
    });

    const serve = async (
      options: nodeTls.TlsOptions = {},
      on: (socket: nodeTls.TLSSocket) => void = (socket) => void socket.pipe(socket),
    ): Promise<number> => {
      const server = nodeTls.createServer({ ...identity, ...options }, (socket) => {
        made.push(socket);
        socket.on('error', () => undefined);
        on(socket);
      });
      return listening(server);
    };
    const listening = async (server: net.Server): Promise<number> => {
      servers.push(server.listen(0, '127.0.0.1'));
      await once(server, 'listening');
      return (server.address() as net.AddressInfo).port;
    };
    const open = (port: number, options: TlsConnectOptions = {}): TLSSocket => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'server.test', ca, backend, ...options });
      made.push(socket);
      return socket;
    };
    const secure = async (socket: TLSSocket): Promise<TLSSocket> => (await once(socket, 'secureConnect'), socket);
    const failure = async (socket: TLSSocket): Promise<Failure> => ((await once(socket, 'error')) as [Failure])[0];

    it('connects, emits events in the order of node:tls, and carries data', async () => {
      const port = await serve({ ALPNProtocols: ['one'] });
      const socket = open(port, { ALPNProtocols: ['two', 'one'] });
      const events: string[] = [];
      for (const event of ['connect', 'ready', 'secureConnect', 'session', 'end', 'close'])
        socket.on(event, (what: unknown) => events.push(event === 'close' ? `close ${String(what)}` : event));
      await secure(socket);
      expect([socket.authorized, socket.authorizationError, socket.alpnProtocol, socket.servername]).toEqual([
        true,
        null,
        'one',
        'server.test',
      ]);
      socket.write('hello');
      expect(String((await once(socket, 'data'))[0])).toBe('hello');
      expect([socket.bytesRead, socket.bytesWritten]).toEqual([5, 5]);
      socket.end();
      await once(socket, 'close');
      expect(events.filter((event) => event !== 'session')).toEqual([
        'connect',
        'ready',
        'secureConnect',
        'end',
        'close false',
      ]);
      expect(events.indexOf('session')).toBeGreaterThan(events.indexOf('secureConnect'));
    });

    it('keeps its options as given: later changes by the caller or to defaults have no effect', async () => {
      const unknown = await pki('unknownRoot');
      const port = await serve({ key: unknown.keyPem, cert: unknown.chainPem });
      const root = (await pki('unknownRoot')).chainPem;

      const trusted = [ca];
      const secureContext = createSecureContext({ ca: trusted });
      trusted.push(root);
      const byContext = failure(open(port, { secureContext }));

      const buffers = [Buffer.from(ca)];
      const byConnect = failure(open(port, { ca: buffers }));
      buffers[0] = Buffer.from(root);

      const options: TlsConnectOptions = { servername: 'server.test', ca, backend, rejectUnauthorized: true };
      const socket = new TLSSocket(net.connect(port, '127.0.0.1'), options);
      made.push(socket);
      Object.assign(options, { rejectUnauthorized: false, ca: root });

      for (const each of [byContext, byConnect, failure(socket)])
        expect(await each).toMatchObject({ tlsCode: expect.stringMatching(/^CERT_/) as string });
    });

    it('keeps the versions that were the default when its context was made', async () => {
      const port = await serve({ maxVersion: 'TLSv1.2' });
      const { DEFAULT_MIN_VERSION } = nodeTls;
      nodeTls.DEFAULT_MIN_VERSION = 'TLSv1.3';
      const secureContext = createSecureContext({ ca });
      nodeTls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
      expect(await failure(open(port, { secureContext }))).toMatchObject({ tlsCode: 'PEER_ALERT' });
    });

    it('has used its key and session by the time the caller wipes them', async () => {
      const client = await pki('client');
      const [key, cert] = [Buffer.from(client.keyPem), Buffer.from(client.chainPem)];
      const port = await serve({ requestCert: true, rejectUnauthorized: true, ca });
      const first = await secure(open(port, { key: client.keyPem, cert: client.chainPem, maxVersion: 'TLSv1.2' }));
      const session = first.getSession() as Buffer;
      first.end();
      const socket = open(port, { key, cert, session, maxVersion: 'TLSv1.2' });
      for (const bytes of [key, cert, session]) bytes.fill(0);
      expect((await secure(socket)).isSessionReused()).toBe(true);
    });

    it('never verifies with another engine than that of the connection, whatever its name', async () => {
      const unknown = await pki('unknownRoot');
      const port = await serve({ key: unknown.keyPem, cert: unknown.chainPem });
      const { backend: engine } = await chooseBackend(backend);
      const trusting = {
        ...engine,
        createContext: (options?: ContextOptions) => {
          const { trustAnchors: _, verifyHost: __, ...rest } = options ?? {};
          return engine.createContext({ ...rest, verify: () => true });
        },
      };
      const secureContext = createSecureContext({ ca });
      await secure(open(port, { secureContext, backend: trusting, checkServerIdentity: () => undefined }));
      expect(await failure(open(port, { secureContext, backend: engine }))).toMatchObject({
        tlsCode: expect.stringMatching(/^CERT_/) as string,
      });
    });

    it.each(['DEFAULT@SECLEVEL=1', 'DEFAULT:@SECLEVEL=1', 'ECDHE-ECDSA-AES128-GCM-SHA256;ECDHE-RSA-AES128-GCM-SHA256'])(
      'keeps TLS 1.2 with the cipher list %s',
      async (ciphers) => {
        const port = await serve({ maxVersion: 'TLSv1.2' });
        expect((await secure(open(port, { ciphers }))).getProtocol()).toBe('TLSv1.2');
      },
    );

    it('takes options after the first object, as node:tls', async () => {
      const port = await serve();
      const refuse = { checkServerIdentity: () => new Error('not mine') };
      const more = connect as unknown as (first: object, more: object) => TLSSocket;
      const socket = more({ host: '127.0.0.1', port, servername: 'server.test', ca, backend }, refuse);
      made.push(socket);
      expect(await failure(socket)).toMatchObject({ message: 'not mine' });
    });

    it('refuses renegotiation, in TLS 1.3 as node:tls does', async () => {
      const port = await serve();
      const [ours, theirs] = [await secure(open(port)), nodeTls.connect({ port, ca, servername: 'server.test' })];
      await once(
        theirs.on('error', () => undefined),
        'secureConnect',
      );
      made.push(theirs);
      const told = (socket: { renegotiate: TLSSocket['renegotiate'] }): Promise<Failure> =>
        new Promise((resolve) => expect(socket.renegotiate({}, resolve as (error: Error) => void)).toBe(false));
      const { code, message, library, reason } = await told(theirs as unknown as TLSSocket);
      expect(await told(ours)).toMatchObject({ code, message, library, reason, tlsCode: 'NO_RENEGOTIATION' });
      for (const wrong of [[], [() => undefined], [{}, false], [{}, null]])
        expect(() => ours.renegotiate(...(wrong as unknown as [object]))).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
        );
      const old = await secure(open(port, { maxVersion: 'TLSv1.2' }));
      expect(await told(old)).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    });

    it('treats a falsy session as absent', async () => {
      expect((await secure(open(await serve(), { session: false as never }))).isSessionReused()).toBe(false);
    });

    it('may be called with port and host, with a path, and over a Duplex', async () => {
      const port = await serve();
      const options = { servername: 'server.test', ca, backend };
      const [byPort, byHost] = [connect(port, options), connect(port, '127.0.0.1', options)];
      const [near, far] = duplexPair();
      const raw = net.connect(port, '127.0.0.1');
      far.pipe(raw).pipe(far);
      const over = connect({ ...options, socket: near });
      made.push(byPort, byHost, over, raw);
      await Promise.all([byPort, byHost, over].map(secure));
      expect([byPort, byHost, over].every(({ authorized }) => authorized)).toBe(true);
    });

    it.each([
      ['a root that is not trusted', {}, 'SELF_SIGNED_CERT_IN_CHAIN', /CERT_/],
      ['another name', { servername: 'other.test' }, 'ERR_TLS_CERT_ALTNAME_INVALID', undefined],
    ])(
      'refuses %s under the name of node:tls, and tells of it with rejectUnauthorized: false',
      async (what, more, code, tlsCode) => {
        const root = await pki('root');
        const port = await serve({ cert: `${identity.cert}${root.certificatePem}` });
        const options = { ...more, ...(what.includes('root') && { ca: (await pki('otherRoot')).certificatePem }) };
        const strict = open(port, options);
        const error = await failure(strict);
        expect([error.code, strict.authorizationError]).toEqual([code, code]);
        if (tlsCode !== undefined)
          expect([TlsError.is(error), error.tlsCode]).toEqual([true, expect.stringMatching(tlsCode)]);
        const lenient = await secure(open(port, { ...options, rejectUnauthorized: false }));
        expect([lenient.authorized, lenient.authorizationError]).toEqual([false, code]);
      },
    );

    it.each([
      ['and the intermediate is sent', true],
      ['and is alone', false],
    ])(
      'tells a server whose root is not trusted %s as node:tls does, with rejectUnauthorized: false',
      async (_, whole) => {
        const { certificatePem, chainPem } = await pki('p256');
        const port = await serve({ cert: whole ? chainPem : certificatePem });
        const options = { ca: (await pki('otherRoot')).certificatePem, rejectUnauthorized: false };
        const theirs = nodeTls.connect({ ...options, port, servername: 'server.test' });
        made.push(theirs);
        await once(theirs, 'secureConnect');
        const ours = await secure(open(port, options));
        expect(ours.authorizationError).toBe(theirs.authorizationError);
      },
    );

    it('calls checkServerIdentity in addition to verifying the chain, never instead', async () => {
      const port = await serve();
      const asked: unknown[] = [];
      const checkServerIdentity = (host: string, cert: nodeTls.PeerCertificate): undefined =>
        void asked.push(host, cert.subjectaltname?.includes('server.test'));
      await secure(open(port, { servername: 'other.test', checkServerIdentity }));
      expect(asked).toEqual(['other.test', true]);
      const stranger = (await pki('otherRoot')).certificatePem;
      const error = await failure(open(port, { servername: 'other.test', checkServerIdentity, ca: stranger }));
      expect([error.code, asked.length]).toEqual(['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 2]);
      const own = new Error('not this one');
      expect(await failure(open(port, { checkServerIdentity: () => own }))).toBe(own);
    });

    it('sends no data to a server that it rejects', async () => {
      let received = 0;
      const port = await serve({}, (socket) => void socket.on('data', (data: Buffer) => (received += data.length)));
      const socket = open(port, { servername: 'other.test' });
      socket.write('secret');
      await failure(socket);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(received).toBe(0);
    });

    it('sends no SNI for an empty servername, an address or none', async () => {
      const names: unknown[] = [];
      const port = await serve({}, (socket) => {
        names.push((socket as unknown as { servername: unknown }).servername);
        socket.end();
      });
      for (const servername of ['', '127.0.0.1', undefined])
        await once(
          open(port, { servername, checkServerIdentity: () => undefined } as TlsConnectOptions).resume(),
          'end',
        );
      await once(open(port).resume(), 'end');
      expect(names).toEqual([false, false, false, 'server.test']);
    });

    it('shows its certificate, from PEM with a passphrase and from PKCS#12', async () => {
      const client = await pki('client');
      const seen: unknown[] = [];
      const port = await serve({ requestCert: true, ca }, (socket) => {
        seen.push(socket.authorized, socket.getPeerCertificate().fingerprint256);
        socket.end();
      });
      const fingerprint = new X509Certificate(client.certificatePem).fingerprint256;
      const locked = createPrivateKey(client.keyPem)
        .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'word' })
        .toString();
      await once(open(port, { key: locked, passphrase: 'word', cert: client.chainPem }).resume(), 'end');
      const folder = mkdtempSync(join(tmpdir(), 'ferrule-pfx-'));
      try {
        const at = (name: string): string => join(folder, name);
        writeFileSync(at('key'), client.keyPem);
        writeFileSync(at('cert'), client.chainPem);
        for (const kind of [[], ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']]) {
          execFileSync('openssl', [
            'pkcs12',
            '-export',
            '-inkey',
            at('key'),
            '-in',
            at('cert'),
            '-passout',
            'pass:word',
            '-out',
            at('pfx'),
            ...kind,
          ]);
          await once(open(port, { pfx: readFileSync(at('pfx')), passphrase: 'word' }).resume(), 'end');
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
      expect(seen).toEqual([true, fingerprint, true, fingerprint, true, fingerprint]);
      expect(() => open(port, { key: locked, passphrase: 'wrong', cert: client.chainPem })).toThrow(/bad decrypt/);
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a session of its events, %s', async (version) => {
      const port = await serve({ maxVersion: version }, (socket) => void socket.resume().write('x'));
      const first = open(port);
      first.resume();
      const [session] = (await once(first, 'session')) as [Buffer];
      first.destroy();
      const second = await secure(open(port, { session }));
      expect([second.isSessionReused(), second.authorized, (second.getSession()?.length ?? 0) > 0]).toEqual([
        true,
        true,
        true,
      ]);
      // It is not offered for another name
      const error = await failure(open(port, { session, servername: 'other.test' }));
      expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    });

    it('takes suites, groups, algorithms and versions by their names in OpenSSL', async () => {
      const port = await serve();
      const socket = await secure(
        open(port, {
          ciphers: 'HIGH:!CHACHA20:!AES128',
          maxVersion: 'TLSv1.2',
          ecdhCurve: 'P-256',
          sigalgs: 'ECDSA+SHA256',
        }),
      );
      expect([socket.getCipher()?.name, socket.getProtocol()]).toEqual(['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLSv1.2']);
      const other = await secure(
        open(port, { ecdhCurve: 'X25519:P-384', minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' }),
      );
      expect([other.getEphemeralKeyInfo(), other.getCipher()?.name]).toMatchObject([
        { name: 'X25519' },
        'TLS_AES_128_GCM_SHA256',
      ]);
    });

    it('reports errors of the system and the peer as Node does', async () => {
      const gone = net.createServer();
      const nobody = await listening(gone);
      gone.close();
      await once(gone, 'close');
      expect(await failure(open(nobody))).toMatchObject({
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '127.0.0.1',
        port: nobody,
        tlsCode: 'TRANSPORT_ERROR',
      });
      const hangsUp = await listening(net.createServer((socket) => void socket.end()));
      expect(await failure(open(hangsUp))).toMatchObject({
        code: 'ECONNRESET',
        tlsCode: 'UNEXPECTED_EOF',
        port: hangsUp,
        message: /before secure TLS connection/ as unknown as string,
      });
      const old = await serve({ minVersion: 'TLSv1.3' });
      expect(await failure(open(old, { maxVersion: 'TLSv1.2' }))).toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        library: 'SSL routines',
        reason: 'tlsv1 alert protocol version',
        tlsCode: 'PEER_ALERT',
      });
      const plain = await listening(
        net.createServer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      );
      expect(await failure(open(plain))).toMatchObject({
        code: 'ERR_SSL_WRONG_VERSION_NUMBER',
        tlsCode: 'HTTP_REQUEST',
      });
      const controller = new AbortController();
      const aborted = open(old, { signal: controller.signal });
      controller.abort();
      expect(await failure(aborted)).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    });

    it("treats EOF without close_notify as an error, with truncation: 'end' as the end", async () => {
      const port = await serve({}, (socket) => {
        socket.write('all of it', () => cut(socket));
      });
      const said = async (socket: TLSSocket): Promise<unknown[]> => {
        const all: unknown[] = [];
        socket.on('data', (data: Buffer) => all.push(String(data)));
        for (const event of ['end', 'error']) socket.on(event, (error?: Failure) => all.push(event, error?.code));
        await new Promise((resolve) => socket.once('close', resolve));
        return all;
      };
      const raw = (): net.Socket => {
        const socket = net.connect(port, '127.0.0.1');
        made.push(socket);
        return socket;
      };
      expect(await said(open(port, { socket: raw() }))).toEqual(['all of it', 'error', 'ECONNRESET']);
      expect(await said(open(port, { socket: raw(), truncation: 'end' }))).toEqual(['all of it', 'end', undefined]);
    });
    /** FIN without close_notify: ends the raw socket beneath TLS. */
    const cut = (socket: nodeTls.TLSSocket): void => {
      const { _handle } = socket as unknown as {
        readonly _handle: { readonly _parent: { shutdown(request: object): number } };
      };
      const { ShutdownWrap } = (
        process as unknown as { binding(name: string): { ShutdownWrap: new () => object } }
      ).binding('stream_wrap');
      _handle._parent.shutdown(Object.assign(new ShutdownWrap(), { oncomplete: () => undefined }));
    };

    it('takes a self-signed certificate as its own anchor, though it may not sign certificates', async () => {
      const own = await pki('selfSigned');
      const port = await serve({ key: own.keyPem, cert: own.certificatePem });
      expect((await secure(open(port, { ca: own.certificatePem }))).authorized).toBe(true);
    });

    it('refuses an intermediate as the only anchor, unless allowPartialTrustChain', async () => {
      const port = await serve();
      const intermediate = (await pki('intermediate')).certificatePem;
      expect((await failure(open(port, { ca: intermediate }))).code).toBe('UNABLE_TO_GET_ISSUER_CERT');
      expect((await secure(open(port, { ca: intermediate, allowPartialTrustChain: true }))).authorized).toBe(true);
      expect((await secure(open(port, { ca: [intermediate, ca] }))).authorized).toBe(true);
    });

    it('installs itself for https, and uninstalls itself', async () => {
      const server = https.createServer(identity, (request, response) => void request.pipe(response));
      const port = await listening(server);
      const before = [nodeTls.connect, nodeTls.TLSSocket];
      const back = lend();
      tls.defaults.backend = backend;
      try {
        const agent = new https.Agent({ keepAlive: true });
        const ask = (): Promise<unknown[]> =>
          new Promise((resolve, reject) => {
            const request = https.request(
              { host: '127.0.0.1', servername: 'server.test', port, ca, agent, method: 'POST' },
              (response) => {
                const { socket } = request;
                let text = '';
                response.on('data', (data: Buffer) => (text += String(data)));
                response.on('end', () => resolve([text, socket instanceof TLSSocket, request.reusedSocket]));
              },
            );
            request.on('error', reject).end('body');
          });
        expect([await ask(), await ask()]).toEqual([
          ['body', true, false],
          ['body', true, true],
        ]);
        agent.destroy();
      } finally {
        back();
        tls.defaults.backend = undefined;
        server.closeAllConnections();
      }
      expect([nodeTls.connect, nodeTls.TLSSocket]).toEqual(before);
    });
  });
});
