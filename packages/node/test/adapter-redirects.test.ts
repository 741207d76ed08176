/**
 * A server that the connector trusts sends its clients elsewhere: to where there is no TLS, to one that the connector
 * refuses, and to no port at all. Nobody there hears the secret, and the client is told.
 */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import axios from 'axios';
import got from 'got';
import nodeFetch from 'node-fetch';
import { Agent, fetch as undiciFetch, interceptors, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { axiosOverTls } from '../src/adapters/axios.ts';
import { gotOptions } from '../src/adapters/got.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { wsOptions } from '../src/adapters/ws.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { ENGINES } from './adapter-engines.ts';
import { SECRET } from './adapter-uses.ts';
import { record, type Recorder } from './recorder.ts';

/** The words of an error, and of what caused it. */
const reason = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error: Error) => `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`,
  );

/** Node itself refuses it for node-fetch, whose agent is of one scheme. */
const WITHOUT_TLS = /without TLS|"http:" not supported/;

const headers = { 'x-secret': SECRET };
const body = SECRET;

const CLIENTS: Readonly<Record<string, (connector: TlsConnector, url: string) => Promise<unknown>>> = {
  axios: (connector, url) => axiosOverTls(axios.create(), connector).post(url, body, { headers }),
  got: (connector, url) => got.extend(gotOptions(connector, { retry: { limit: 0 } })).post(url, { body, headers }),
  'node-fetch': (connector, url) => nodeFetch(url, { method: 'POST', body, headers, agent: new TlsAgent(connector) }),
  undici: (connector, url) =>
    undiciFetch(url, { method: 'POST', body, headers, dispatcher: new Agent({ connect: undiciConnect(connector) }) }),
  'undici, its interceptor': (connector, url) => {
    const dispatcher = new Agent({ connect: undiciConnect(connector) });
    return request(url, {
      method: 'POST',
      body,
      headers,
      dispatcher: dispatcher.compose(interceptors.redirect({ maxRedirections: 3 })),
    });
  },
  ws: (connector, url) =>
    new Promise((resolve, reject) => {
      new WebSocket(url.replace(/^http/, 'ws'), wsOptions(connector, { headers, followRedirects: true }))
        .once('open', resolve)
        .once('error', reject);
    }),
};

let ca: string;
let plain: Recorder;
let refused: Recorder;
/** Sends whoever comes to the URL behind its first `/`. */
let leading: https.Server;

beforeAll(async () => {
  const [root, leaf, stranger] = [await pki('root'), await pki('p256'), await pki('selfSigned')];
  ca = root.certificatePem;
  leading = https
    .createServer({ key: leaf.keyPem, cert: leaf.chainPem }, ({ url = '' }, response) => {
      response.writeHead(307, { location: decodeURIComponent(url.slice(1)), connection: 'close' }).end();
    })
    .on('upgrade', ({ url = '' }, socket) => {
      const to = decodeURIComponent(url.slice(1)).replace(/^http/, 'ws');
      socket.end(`HTTP/1.1 307 Elsewhere\r\nLocation: ${to}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    })
    .listen(0, '127.0.0.1');
  await once(leading, 'listening');
  const silent = { tls: 'at once', talk: () => ({ answer: () => undefined }), until: SECRET } as const;
  plain = await record({ ...silent, identity: undefined });
  refused = await record({ ...silent, identity: { key: stranger.keyPem, cert: stranger.chainPem } });
});
afterAll(async () => {
  leading.close();
  await Promise.all([plain.close(), refused.close()]);
});

describe.each(ENGINES)('on the $name engine', async ({ name: backend, available }) => {
  describe.skipIf(!(await available)).each(Object.entries(CLIENTS))('%s', (_name, client) => {
    const led = (to: string): Promise<unknown> => {
      const from = `https://localhost:${(leading.address() as AddressInfo).port}/${encodeURIComponent(to)}`;
      return client(new TlsConnector({ backend, ca }), from);
    };

    it('sends nothing where there is no TLS, and says so', async () => {
      await expect(reason(led(`http://localhost:${plain.port}/`))).resolves.toMatch(WITHOUT_TLS);
      expect(plain.connections()).toBe(0);
    });

    it('sends nothing to a server that the connector refuses', async () => {
      const before = refused.connections();
      await expect(reason(led(`https://localhost:${refused.port}/`))).resolves.toMatch(/self-signed/);
      expect(refused.connections()).toBe(before + 1);
      expect(refused.secret() + refused.plain()).toBe('');
    });

    it('fails where there can be no server', async () => {
      await expect(reason(led('https://localhost:0/'))).resolves.toMatch(/port|addr/i);
    });

    it('sends nothing to a URL without TLS that is its first', async () => {
      const connector = new TlsConnector({ backend, ca });
      const first = client(connector, `http://localhost:${plain.port}/`);
      await expect(reason(first)).resolves.toMatch(WITHOUT_TLS);
      expect(plain.connections()).toBe(0);
    });
  });
});
