import { once } from 'node:events';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { readdirSync } from 'node:fs';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { chooseBackend } from 'ferrule';
import { Kafka, logLevel } from 'kafkajs';
import { SMTPServer } from 'smtp-server';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { post as postAxios } from '../examples/axios.ts';
import { post as postGot } from '../examples/got.ts';
import { call as callGrpc } from '../examples/grpc.ts';
import { get as getHttp2 } from '../examples/http2.ts';
import { get } from '../examples/https.ts';
import { send } from '../examples/nodemailer.ts';
import { post, postGlobally } from '../examples/undici.ts';
import { ask as askWs } from '../examples/ws.ts';
import { http2Connect } from '../src/adapters/http2.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { kafkaSocketFactory } from '../src/adapters/kafkajs.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { TlsConnector, tunnel } from '../src/duplex/index.ts';

const engines = ['native', 'pure'] as const;

const portOf = (server: { address(): unknown }): number => (server.address() as net.AddressInfo).port;

it('every adapter has its example', () => {
  const shared = ['node-options.ts', 'ready.ts', 'tls-required.ts'];
  const names = (folder: string): string[] =>
    readdirSync(new URL(folder, import.meta.url)).filter((name) => name.endsWith('.ts') && !shared.includes(name));
  expect(names('../examples')).toEqual([...names('../src/adapters'), 'tunnel.ts'].toSorted());
});

/** Libraries whose server is a Node library too: they run everywhere. */
describe.each(engines)('on the %s engine', async (backend) => {
  const available = await chooseBackend(backend).then(
    () => true,
    () => false,
  );
  if (!available) console.log(`skipped: the ${backend} engine is not available here`);

  describe.skipIf(!available)('adapters', () => {
    let ca: string;
    let tls: { key: string; cert: string };
    let secure: https.Server;
    let port: number;
    const connector = (alpn?: string[]): TlsConnector => new TlsConnector({ backend, ca, ...(alpn && { alpn }) });

    beforeAll(async () => {
      const [root, leaf] = [await pki('root'), await pki('p256')];
      ca = root.certificatePem;
      tls = { key: leaf.keyPem, cert: leaf.chainPem };
      secure = https.createServer(tls, (request, response) => void request.pipe(response)).listen(0, '127.0.0.1');
      await once(secure, 'listening');
      port = (secure.address() as net.AddressInfo).port;
    });
    afterAll(() => {
      secure.closeAllConnections();
      secure.close();
    });

    it('https.Agent: an answer', async () => {
      expect(await get(connector(), 'localhost', port, '/')).toBe('');
    });

    it.each([
      ['axios', postAxios],
      ['got', postGot],
    ])('%s: an answer to what was posted', async (_library, post) => {
      expect(await post(connector(), 'localhost', port, 'posted')).toBe('posted');
    });

    it('https.Agent: in place of https.globalAgent, and for http.request() with https:', async () => {
      const agent = new TlsAgent(connector());
      const body = (begin: (heard: (response: IncomingMessage) => void) => ClientRequest): Promise<string> =>
        new Promise((resolve, reject) => {
          begin((response) => {
            response.resume().on('end', () => resolve(String(response.statusCode)));
          })
            .on('error', reject)
            .end();
        });
      const before = https.globalAgent;
      https.globalAgent = agent;
      try {
        expect(await body((heard) => https.request(`https://localhost:${port}/`, heard))).toBe('200');
        expect(await body((heard) => https.request({ host: 'localhost', port }, heard))).toBe('200');
      } finally {
        https.globalAgent = before;
      }
      const protocol = 'https:';
      expect(await body((heard) => http.request({ protocol, host: 'localhost', port, agent }, heard))).toBe('200');
      agent.destroy();
    });

    it('https.Agent: keeps one connection for two requests', async () => {
      const agent = new TlsAgent(connector(), { keepAlive: true, maxSockets: 1 });
      const ask = (body: string): Promise<string> =>
        new Promise((resolve, reject) => {
          const request = https.request({ host: 'localhost', port, method: 'POST', agent }, (response) => {
            let text = '';
            response
              .setEncoding('utf8')
              .on('data', (chunk: string) => (text += chunk))
              .on('end', () => resolve(text));
          });
          request.on('error', reject).end(body);
        });
      expect([await ask('one'), await ask('two')]).toEqual(['one', 'two']);
      agent.destroy();
    });

    it('http2: a session over our Duplex', async () => {
      const server = http2
        .createSecureServer(tls, (_request, response) => response.end('over h2'))
        .listen(0, '127.0.0.1');
      await once(server, 'listening');
      expect(await getHttp2(connector(['h2']), 'localhost', portOf(server), '/')).toBe('over h2');
      server.close();
    });

    it('http2: a session says `connect` when the handshake is done, with what was agreed', async () => {
      const server = http2.createSecureServer(tls, (_request, response) => response.end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const refused = http2Connect(
        new TlsConnector({ backend, trustAnchors: [], alpn: ['h2'] }),
        `https://localhost:${portOf(server)}`,
      );
      const told: string[] = [];
      refused
        .on('connect', () => told.push('connect'))
        .on('error', (error: { code?: string }) => told.push(String(error.code)));
      await new Promise((resolve) => refused.once('close', resolve));
      expect(told).toEqual([expect.stringMatching(/^CERT_/)]);
      const session = http2Connect(connector(['h2']), `https://localhost:${portOf(server)}`);
      expect([session.connecting, session.alpnProtocol, session.encrypted]).toEqual([true, undefined, undefined]);
      await once(session, 'connect');
      expect([session.connecting, session.alpnProtocol, session.encrypted]).toEqual([false, 'h2', true]);
      session.close();
      await once(session, 'close');
      server.close();
    });

    it('http2: close() before the handshake ends the session and its streams', async () => {
      const silent = net
        .createServer((socket) => void socket.on('error', () => undefined).resume())
        .listen(0, '127.0.0.1');
      await once(silent, 'listening');
      for (const streams of [0, 1]) {
        const session = http2Connect(connector(['h2']), `https://localhost:${portOf(silent)}`);
        const closed = [
          session,
          ...(streams === 0 ? [] : [session.request({ ':path': '/' }).on('error', () => undefined)]),
        ].map((each) => new Promise((resolve) => each.once('close', resolve)));
        session.close();
        await Promise.all(closed);
      }
      silent.close();
      await once(silent, 'close');
    });

    it('undici: fetch with its Agent, and global fetch with its dispatcher', async () => {
      expect(await post(connector(), 'localhost', port, 'hello')).toBe('hello');
      expect(await postGlobally(connector(), 'localhost', port, 'globally')).toBe('globally');
    });

    it('undici: tells why a peer was refused', async () => {
      const agent = new Agent({ connect: undiciConnect(new TlsConnector({ backend, trustAnchors: [] })) });
      await expect(undiciFetch(`https://localhost:${port}/`, { dispatcher: agent })).rejects.toMatchObject({
        cause: { code: expect.stringMatching(/^CERT_/) },
      });
      await agent.close();
    });

    it('ws: a WebSocket', async () => {
      const server = https.createServer(tls).listen(0, '127.0.0.1');
      new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
      await once(server, 'listening');
      expect(await askWs(connector(), 'localhost', portOf(server), 'through ws')).toBe('through ws');
      server.closeAllConnections();
      server.close();
    });

    it('grpc: a unary call', async () => {
      const server = new GrpcServer();
      const asIs = { serialize: (value: Buffer): Buffer => value, deserialize: (value: Buffer): Buffer => value };
      const path = '/ferrule.Test/Echo';
      server.addService(
        {
          echo: {
            path,
            requestStream: false,
            responseStream: false,
            requestSerialize: asIs.serialize,
            requestDeserialize: asIs.deserialize,
            responseSerialize: asIs.serialize,
            responseDeserialize: asIs.deserialize,
          },
        },
        {
          echo: (call: { request: Buffer }, callback: (error: null, value: Buffer) => void) =>
            callback(null, call.request),
        },
      );
      const bound = await new Promise<number>((resolve, reject) =>
        server.bindAsync(
          '127.0.0.1:0',
          ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }]),
          (error, to) => (error ? reject(error) : resolve(to)),
        ),
      );
      expect((await callGrpc(connector(['h2']), 'localhost', bound, path, Buffer.from('called')))?.toString()).toBe(
        'called',
      );
      server.forceShutdown();
    });

    it.each([
      ['implicit TLS', true],
      ['STARTTLS', false],
    ])('nodemailer: a message by %s', async (_way, implicit) => {
      const messages: string[] = [];
      const smtp = new SMTPServer({
        ...tls,
        secure: implicit,
        authOptional: true,
        onData: (stream, _session, callback) => {
          let text = '';
          stream
            .on('data', (chunk: Buffer) => (text += chunk.toString()))
            .on('end', () => {
              messages.push(text);
              callback();
            });
        },
      });
      const listener = smtp.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      await send(connector(), 'localhost', portOf(listener), !implicit);
      expect(messages).toEqual([expect.stringContaining('by mail')]);
      await new Promise<void>((resolve) => smtp.close(resolve));
    });

    it('kafkajs: its first request reaches a broker', async () => {
      const requests: number[] = [];
      const broker = createTlsServer(tls, (socket: TLSSocket) => {
        socket.on('error', () => undefined);
        socket.once('data', (request: Buffer) => {
          requests.push(request.readInt16BE(4));
          socket.end();
        });
      }).listen(0, '127.0.0.1');
      await once(broker, 'listening');
      const kafka = new Kafka({
        brokers: [`localhost:${(broker.address() as net.AddressInfo).port}`],
        ssl: true,
        socketFactory: kafkaSocketFactory(connector()),
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
      });
      await expect(kafka.admin().connect()).rejects.toThrow();
      // ApiVersions
      expect(requests[0]).toBe(18);
      broker.close();
    });

    it('tunnel: a plain door into TLS', async () => {
      const door = await tunnel(connector(), { host: '127.0.0.1', port, servername: 'server.test' });
      if (!('port' in door.address)) throw new Error('a port was asked for');
      const plain = net.connect(door.address.port, door.address.host);
      plain.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndoor');
      let text = '';
      for await (const chunk of plain.setEncoding('utf8')) text += chunk as string;
      expect(text).toMatch(/door/);
      await door.close();
    });

    it('tunnel: resets the plain side and tells why when the peer is refused', async () => {
      const errors: Error[] = [];
      const door = await tunnel(
        connector(),
        { host: '127.0.0.1', port, servername: 'other.test' },
        { onError: (error) => errors.push(error) },
      );
      const plain = net.connect((door.address as { port: number }).port, '127.0.0.1');
      plain.on('error', () => undefined).resume();
      await new Promise((resolve) => plain.once('close', resolve));
      expect(errors).toMatchObject([{ code: 'CERT_NAME_MISMATCH' }]);
      await door.close();
    });
  });
});
