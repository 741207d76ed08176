/** @module The hosts that the READMEs name: servers of HTTPS, SMTP and PostgreSQL, a proxy, and `ssh -W`. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { type Identity, issue, pki } from '@ferrule/conformance/pki';
import { socksProxy } from '@ferrule/conformance/server';

export interface World {
  /** What an example's program is started with. */
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

/** @param folder where the examples run; gets the files that they read */
export async function world(folder: string, smtp: string): Promise<World> {
  const root = await pki('root');
  const names = ['example.org', 'example.com', 'mail.example', 'db.example', 'redis.example'];
  const [identity, expired, client] = [
    await issue(root, { names }),
    await issue(root, { names: ['expired.example'], from: -20, until: -10 }),
    await pki('client'),
  ];
  writeFileSync(join(folder, 'root.der'), root.certificate);
  writeFileSync(join(folder, 'root.pem'), root.certificatePem);
  writeFileSync(join(folder, 'client.pem'), client.chainPem);
  writeFileSync(join(folder, 'client-key.pem'), client.keyPem);

  const servers: Server[] = [];
  const listen = async (serve: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return (server.address() as AddressInfo).port;
  };
  const https = await listen((socket) => secure(socket, identity));
  const mail = await listen((socket) => {
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', function talk(line: Buffer) {
      if (line.toString().startsWith('EHLO')) return void socket.write('250-mail.example\r\n250 STARTTLS\r\n');
      socket.removeListener('data', talk);
      socket.write(smtp);
      if (smtp === GO_AHEAD) secure(socket, identity);
    });
  });
  const postgres = await listen((socket) =>
    socket.once('data', () => {
      socket.write('S');
      secure(socket, identity);
    }),
  );
  const proxy = await socksProxy(() => https, { username: 'user', password: 'password' });
  const ports = {
    'example.org:443': https,
    'example.com:443': https,
    'redis.example:6380': https,
    'expired.example:443': await listen((socket) => secure(socket, expired)),
    'mail.example:587': mail,
    'db.example:5432': postgres,
    'proxy.example:1080': proxy.port,
  };
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const ssh = join(folder, 'bin/ssh');
  writeFileSync(
    ssh,
    `#!${process.execPath}
import { connect } from 'node:net';
const socket = connect(JSON.parse(process.env.REDIRECT)[process.argv[3]], '127.0.0.1');
process.stdin.pipe(socket).pipe(process.stdout);
`,
  );
  chmodSync(ssh, 0o755);
  return {
    env: {
      ...process.env,
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      REDIRECT: JSON.stringify(ports),
      NODE_EXTRA_CA_CERTS: join(folder, 'root.pem'),
    },
    close() {
      proxy.close();
      for (const server of servers) server.close();
    },
  };
}

export const GO_AHEAD = '220 go ahead\r\n';

/** TLS from here on; a page for whoever says anything. */
function secure(socket: Socket, { chainPem, keyPem }: Identity): void {
  const tls = new TLSSocket(socket, { isServer: true, key: keyPem, cert: chainPem, requestCert: true });
  tls.on('error', () => undefined);
  tls.once('data', () => tls.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'));
}
