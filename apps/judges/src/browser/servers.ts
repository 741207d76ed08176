/** @module The servers that pages talk to, under a private CA, and the relay between. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { programs, startPostgres } from '../postgres.ts';
import { bulk, STREAMS, type Task } from './task.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

export interface Stage {
  readonly task: Task;
  /** Process id of the relay. */
  readonly relay: number;
  end(): Promise<void>;
}

/** Of one upload among several. */
interface Share {
  received: number;
}

/** @param megabytes that go down and up, eight times at once. */
export async function stage(megabytes: number): Promise<Stage> {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const root = await pki('root');
  const down = bulk(megabytes);
  let together: Share[] = [];
  const https = createHttps({ key, cert }, (request, response) => {
    const { method, url } = request;
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    if (url === '/bulk') return void response.end(down);
    if (url === '/short') {
      response.setHeader('content-length', 100).write('half');
      return void setTimeout(() => response.destroy(), 100);
    }
    if (url !== '/hash' && url !== '/hashes') return void response.end(`${method ?? ''} ${url ?? ''}`);
    const hash = createHash('sha256');
    if (url === '/hashes') {
      if (together.length === STREAMS) together = [];
      const all = together;
      const own: Share = { received: 0 };
      all.push(own);
      request.on('data', (chunk: Buffer) => (own.received += chunk.length));
      request.on('end', () => {
        const least = all.length < STREAMS ? 0 : Math.min(...all.map(({ received }) => received)) / down.length;
        response.end(JSON.stringify({ hash: hash.digest('hex'), least }));
      });
    } else request.on('end', () => response.end(hash.digest('hex')));
    request.on('data', (chunk: Buffer) => hash.update(chunk));
  });
  const answering = (delay: number): Server =>
    createTls({ key, cert }, (socket: TLSSocket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => void setTimeout(() => socket.write(bytes), delay));
    });
  const servers = [https, answering(0), answering(1000)];
  const postgres = programs() === undefined ? undefined : await startPostgres({ certificate: cert, key });
  if (postgres === undefined) console.log("skipped: PostgreSQL is not installed; Debian's package is postgresql");
  const ports = await Promise.all(servers.map(listening));
  const relay = spawn(
    process.execPath,
    [
      '--conditions=@ferrule/source',
      '--import',
      'tsx',
      'apps/relay/src/main.ts',
      '--json',
      '--listen',
      '127.0.0.1:0',
    ].concat([...ports, ...(postgres ? [postgres.port] : [])].flatMap((port) => ['--allow', `localhost:${port}`])),
    { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [port0 = 0, port1 = 0, port2 = 0] = ports;
  return {
    task: {
      relay: await urlOf(relay),
      megabytes,
      ca: root.certificatePem,
      root: [...root.certificate],
      https: port0,
      echo: port1,
      late: port2,
      ...(postgres && { database: postgres }),
    },
    relay: relay.pid as number,
    end: async () => {
      relay.kill();
      for (const server of servers) server.close();
      https.closeAllConnections();
      await postgres?.stop();
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The first line of the relay has its URL. */
async function urlOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream }))
    return (JSON.parse(line) as { readonly url: string }).url;
  throw new Error('the relay did not start');
}
