/** node:http2 over each of our faces: what a session tells, and in which order, is what it is over node:tls. */
import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { Agent, request as undiciRequest } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http2Connect, http2Options } from '../src/adapters/http2.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { lend } from '../src/tls/lend.ts';
import tls from '../src/tls/index.ts';

let ca: string;
let identity: { key: string; cert: string };
let server: http2.Http2SecureServer;
let port: number;
let url: string;

beforeAll(async () => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  ca = root.certificatePem;
  identity = { key: leaf.keyPem, cert: leaf.chainPem };
  server = http2
    .createSecureServer({ ...identity, origins: ['https://other.test'] })
    .on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ done: 'yes' }));
      stream.pipe(stream);
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as net.AddressInfo).port;
  url = `https://localhost:${port}`;
});
afterAll(() => server.close());

const BODY = Buffer.alloc(300_000, 'ferrule');

/** What a session tells, and what comes of a request whose body is streamed. */
async function told(session: http2.ClientHttp2Session): Promise<object> {
  const before = [session.connecting, session.encrypted, session.alpnProtocol];
  const events: string[] = [];
  session.once('connect', () => events.push(`connect ${session.alpnProtocol}`));
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  const received: Buffer[] = [];
  for (const event of ['response', 'trailers', 'end', 'close']) stream.once(event, () => events.push(event));
  stream.once('data', () => events.push('data')).on('data', (chunk: Buffer) => received.push(chunk));
  for (let at = 0; at < BODY.length; at += 10_000) stream.write(BODY.subarray(at, at + 10_000));
  stream.end();
  await once(stream, 'close');
  const { encrypted, originSet, alpnProtocol, connecting } = session;
  const whole = Buffer.concat(received).equals(BODY);
  const { authorized } = session.socket as unknown as { authorized: boolean };
  const closed = once(session, 'close');
  session.close();
  await closed;
  return { before, events, whole, encrypted, originSet, alpnProtocol, connecting, authorized };
}

describe.each(['native', 'pure'] as const)('on the %s engine', async (backend) => {
  const available = await chooseBackend(backend).then(
    () => true,
    () => false,
  );
  if (!available) console.log(`skipped: the ${backend} engine is not available here`);
  const connector = (): TlsConnector => new TlsConnector({ backend, ca, alpn: ['h2', 'http/1.1'] });
  const face = (): Duplex =>
    tls.connect({ host: 'localhost', port, servername: 'localhost', ca, ALPNProtocols: ['h2'], backend });

  describe.skipIf(!available)('a session', () => {
    it.each<[string, () => http2.ClientHttp2Session]>([
      ['of http2Connect()', () => http2Connect(connector(), url)],
      ['with http2Options()', () => http2.connect(url, http2Options(connector()))],
      ['over tls.connect() of our face', () => http2.connect(url, { createConnection: face })],
      [
        'over node:tls that is lent ours',
        () => {
          const back = lend();
          tls.defaults.backend = backend;
          try {
            return http2.connect(url, { ca });
          } finally {
            back();
            tls.defaults.backend = undefined;
          }
        },
      ],
    ])('%s is as one over node:tls', async (_name, connect) => {
      const expected = await told(http2.connect(url, { ca }));
      expect(expected).toMatchObject({ encrypted: true, alpnProtocol: 'h2', whole: true, authorized: true });
      expect(await told(connect())).toEqual(expected);
    });

    it('over a connection that is open, and on which the server has spoken, loses none of it', async () => {
      for (const open of [() => connector().duplex({ host: 'localhost', port }), face]) {
        const duplex = open();
        await once(duplex, 'secureConnect');
        await expect.poll(() => duplex.readableLength, { timeout: 10_000 }).toBeGreaterThan(0);
        expect(await told(http2.connect(url, { createConnection: () => duplex }))).toMatchObject({
          events: ['connect h2', 'response', 'data', 'trailers', 'end', 'close'],
          whole: true,
          originSet: [url, 'https://other.test'],
        });
      }
    });

    it('that is refused says no `connect`', async () => {
      const sessions = [
        http2.connect(url, http2Options(new TlsConnector({ backend, trustAnchors: [], alpn: ['h2'] }))),
        http2.connect(url, {
          createConnection: () => tls.connect({ host: 'localhost', port, backend, ALPNProtocols: ['h2'] }),
        }),
        http2.connect('https://localhost:1', http2Options(connector())),
      ];
      const codes = sessions.map(async (session) => {
        const events: string[] = [];
        session.on('connect', () => events.push('connect'));
        session.on('error', ({ code }: NodeJS.ErrnoException) => events.push(String(code)));
        await new Promise((resolve) => session.once('close', resolve));
        return events;
      });
      expect(await Promise.all(codes)).toEqual([
        [expect.stringMatching(/^CERT_/)],
        ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
        ['ECONNREFUSED'],
      ]);
    });

    it('ends a stream that the server cancels', async () => {
      const cancelling = http2.createSecureServer(identity).listen(0, '127.0.0.1');
      cancelling.on('stream', (stream) => stream.on('error', () => undefined).close(http2.constants.NGHTTP2_CANCEL));
      await once(cancelling, 'listening');
      const at = `https://localhost:${(cancelling.address() as net.AddressInfo).port}`;
      const events = async (session: http2.ClientHttp2Session): Promise<readonly string[]> => {
        const seen: string[] = [];
        const stream = session.request({ ':path': '/' });
        for (const event of ['aborted', 'end', 'error', 'close']) stream.on(event, () => seen.push(event));
        await new Promise((resolve) => stream.once('close', resolve));
        session.destroy();
        return seen;
      };
      expect(await events(http2Connect(connector(), at))).toEqual(await events(http2.connect(at, { ca })));
      cancelling.close();
    });

    it('lets the process end after unref()', async () => {
      const session = http2Connect(connector(), url);
      await once(session, 'connect');
      const { _handle: handle } = session.socket as unknown as { _handle: unknown };
      expect(handle).toBeDefined();
      const active = (): number => process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length;
      const before = active();
      session.unref();
      expect(active()).toBe(before - 1);
      session.ref();
      expect(active()).toBe(before);
      session.destroy();
      await once(session, 'close');
    });

    it("of undici's, with allowH2, has the whole body of a request that is streamed", async () => {
      const agent = new Agent({ connect: undiciConnect(connector()), allowH2: true });
      for (let request = 0; request < 2; request++) {
        const { statusCode, body } = await undiciRequest(url, { dispatcher: agent, method: 'POST', body: BODY });
        expect(statusCode).toBe(200);
        expect(Buffer.from(await body.arrayBuffer()).equals(BODY)).toBe(true);
      }
      await agent.close();
    });
  });
});
