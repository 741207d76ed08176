/**
 * @module The demonstration server: HTTPS by `node:tls` under a CA made on the spot, once as it should be and once for
 * each behaviour, each on a port of its own.
 */
import { once } from 'node:events';
import { createServer as createHttp, type Server as HttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { type Identity, issue, type IssueOptions } from '@ferrule/conformance/pki';
import { type BehaviourId, BEHAVIOURS } from './behaviours.ts';
import { DEEDS, type Deed } from './deeds.ts';
import { Way } from './way.ts';

export interface Demonstration {
  readonly host: string;
  /** PEM. */
  readonly ca: string;
  /** Of the server that does everything right. */
  readonly port: number;
  readonly ports: Readonly<Record<BehaviourId, number>>;
  close(): void;
}

/** The name of the server; the relay resolves it. */
const HOST = 'localhost';

export async function startDemonstration(): Promise<Demonstration> {
  const root = await issue(undefined, { subject: 'CN=Playground Root', ca: true });
  const shows = await showings(root);
  const http = createHttp((_request, response) => answer(response));
  const servers: Server[] = [];
  const listen = async (identity: Shown, deed?: Deed): Promise<number> => {
    const context = createSecureContext({ key: identity.keyPem, cert: identity.chainPem });
    const server = createServer((socket) => serve(socket, context, http, deed));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(shows.honest);
  const ports = await Promise.all(
    BEHAVIOURS.map(async ({ id }) => [id, await listen(shows[id as 'expired'] ?? shows.honest, DEEDS[id])] as const),
  );
  return {
    host: HOST,
    ca: root.certificatePem,
    port,
    ports: Object.fromEntries(ports) as Demonstration['ports'],
    close: () => {
      for (const server of servers) server.close();
      http.closeAllConnections();
    },
  };
}

type Shown = Pick<Identity, 'keyPem' | 'chainPem'>;

/** What the servers show: the honest one, and those whose certificate is the point. */
async function showings(root: Identity): Promise<Readonly<Record<'honest', Shown>> & Partial<Record<string, Shown>>> {
  const intermediate = await issue(root, { subject: 'CN=Playground Intermediate', ca: true });
  const leaf = (options: IssueOptions = {}): Promise<Identity> =>
    issue(intermediate, { subject: `CN=${HOST}`, names: [HOST, '127.0.0.1'], ...options });
  const stranger = await issue(undefined, { subject: 'CN=Some Other Root', ca: true });
  const honest = await leaf();
  const made: Partial<Record<BehaviourId, Shown>> = {
    'wrong-name': await leaf({ subject: 'CN=other.example', names: ['other.example'] }),
    expired: await leaf({ from: -30, until: -1 }),
    'unknown-ca': await issue(await issue(stranger, { subject: 'CN=Some Other Intermediate', ca: true }), {
      subject: `CN=${HOST}`,
      names: [HOST],
    }),
    'self-signed': await issue(undefined, { subject: `CN=${HOST}`, names: [HOST] }),
    'missing-intermediate': { ...honest, chainPem: honest.certificatePem },
    'client-certificate': await leaf({ purpose: 'clientAuth' }),
  };
  return { ...made, honest };
}

/** One connection: TLS on one end of a pair of streams, TCP on the other, and what is done to the bytes in between. */
function serve(socket: Socket, context: SecureContext, http: HttpServer, deed: Deed | undefined): void {
  socket.setNoDelay(true);
  const [inner, outer] = duplexPair();
  const tls = new TLSSocket(inner as unknown as Socket, {
    isServer: true,
    secureContext: context,
    ALPNCallback: ({ protocols }) => (protocols.includes('http/1.1') ? 'http/1.1' : undefined),
  });
  const way = new Way(deed ?? {});
  // A client that refuses is what this is for
  for (const each of [socket, inner, outer, tls]) each.on('error', () => {});
  tls.on('keylog', (line: Buffer) => way.learn(line.toString('latin1').trimEnd()));
  tls.once('secure', () => http.emit('connection', tls));
  socket.on('data', (bytes) => {
    for (const each of way.up(bytes)) outer.write(each);
  });
  outer.on('data', (bytes: Buffer) => {
    for (const each of way.down(bytes)) {
      if (each === 'end') socket.end();
      else if (!socket.writableEnded) socket.write(each);
    }
  });
  outer.on('end', () => socket.end());
  socket.on('end', () => outer.end());
  socket.on('close', () => tls.destroy());
}

const PAGE = `Hello from the demonstration server.
TLS ended in your page: the relay carried bytes that it could not read.
`;

/** In several records, so that there is something to drop and to cut off. */
function answer(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(PAGE),
    connection: 'close',
  });
  const [first = '', ...rest] = PAGE.split(/(?<=\n)/);
  response.write(first);
  setImmediate(() => response.end(rest.join('')));
}
