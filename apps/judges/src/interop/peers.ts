/** @module The servers that the engines are tried against: what each can do, and how it is started. */
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { ALPN, EXPORTER_LABEL, type Dialogue } from './cell.ts';
import { curveOf, GROUPS, isHybrid, KINDS, suitesFor, type Setting, type Way } from './matrix.ts';
import { freePort, output, start, type Running } from './process.ts';

export interface PeerKind {
  readonly name: string;
  readonly dialogue: Dialogue;
  /** Whether it negotiates an application protocol. */
  readonly alpn: boolean;
  /** Its version, or `undefined` where it is not installed. `directory` is for what it builds first. */
  present(directory: string): Promise<string | undefined>;
  /** What it cannot do by itself. */
  can(setting: Setting, suite: string, way: Way): boolean;
  /** `directory` holds the files of {@link writeFiles}. */
  start(setting: Setting, directory: string): Promise<Running>;
}

/** Certificates and keys as the servers want them: `<kind>.pem` (chain), `<kind>.key`, `root.pem`. */
export async function writeFiles(directory: string, kinds: readonly Setting['kind'][]): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/root.pem`, (await pki('root')).certificatePem);
  for (const kind of kinds) {
    const { chainPem, keyPem } = await pki(kind);
    await writeFile(`${directory}/${kind}.pem`, chainPem);
    await writeFile(`${directory}/${kind}.key`, keyPem);
  }
}

const ECHO: Dialogue = { say: 'how do you do\n', hear: 'how do you do\n', exports: false };
/** The server begins with the bytes that its exporter gives. */
const EXPORTING: Dialogue = { ...ECHO, exports: true };
const firstLine = (text: string | undefined): string | undefined => text?.split('\n')[0]?.trim();

const openssl: PeerKind = {
  name: 'openssl s_server',
  dialogue: { say: 'abc\n', hear: 'cba\n', exports: false },
  alpn: true,
  present: async () => firstLine(await output('openssl', ['version'])),
  can: ({ group }) => !isHybrid(group),
  start: ({ version, group, kind, clientAuth }, directory) =>
    start(
      'openssl',
      [
        's_server',
        '-accept',
        '127.0.0.1:0',
        '-rev',
        version === 'TLSv1.3' ? '-tls1_3' : '-tls1_2',
        '-groups',
        group,
        '-alpn',
        ALPN,
        '-cert',
        `${directory}/${kind}.pem`,
        '-cert_chain',
        `${directory}/${kind}.pem`,
        '-key',
        `${directory}/${kind}.key`,
        ...(clientAuth ? ['-Verify', '3', '-verify_return_error', '-CAfile', `${directory}/root.pem`] : []),
      ],
      /ACCEPT \S*:(\d+)/,
    ),
};

const node: PeerKind = {
  name: 'node:tls',
  dialogue: EXPORTING,
  alpn: true,
  present: () => Promise.resolve(`${process.version}, OpenSSL ${process.versions.openssl}`),
  can: ({ group }) => !isHybrid(group) || Number(process.versions.openssl.split('.')[1]) >= 5,
  start: async ({ version, group, kind, clientAuth }) => {
    const { chainPem, keyPem } = await pki(kind);
    const server = createServer(
      {
        cert: chainPem,
        key: keyPem,
        ca: [(await pki('root')).certificatePem],
        minVersion: version,
        maxVersion: version,
        ecdhCurve: group,
        requestCert: clientAuth,
        rejectUnauthorized: clientAuth,
        sessionIdContext: 'interop',
        ALPNProtocols: [ALPN],
      },
      (socket) => {
        socket
          .on('error', () => undefined)
          .write(`${socket.exportKeyingMaterial(32, EXPORTER_LABEL, Buffer.alloc(0)).toString('hex')}\n`);
        socket.pipe(socket);
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, stop: () => Promise.resolve(void server.close()) };
  },
};

const GNUTLS_GROUPS: Readonly<Record<string, string>> = {
  X25519: 'X25519',
  'P-256': 'SECP256R1',
  'P-384': 'SECP384R1',
  'P-521': 'SECP521R1',
};

const gnutls: PeerKind = {
  name: 'gnutls-serv',
  dialogue: ECHO,
  alpn: true,
  present: async () => firstLine(await output('gnutls-serv', ['--version'])),
  can: ({ group }) => !isHybrid(group),
  start: async ({ version, group, kind, clientAuth }, directory) => {
    const port = await freePort();
    const priority = `NORMAL:-VERS-ALL:+VERS-${version === 'TLSv1.3' ? 'TLS1.3' : 'TLS1.2'}:-GROUP-ALL:+GROUP-${GNUTLS_GROUPS[group]}`;
    return start(
      'gnutls-serv',
      [
        '--echo',
        '--port',
        String(port),
        '--priority',
        priority,
        '--alpn',
        ALPN,
        '--x509certfile',
        `${directory}/${kind}.pem`,
        '--x509keyfile',
        `${directory}/${kind}.key`,
        ...(clientAuth
          ? ['--require-client-cert', '--x509cafile', `${directory}/root.pem`]
          : ['--disable-client-cert']),
      ],
      port,
    );
  },
};

/** Some take certificates of TLS 1.2 only on the curves of their groups, of which they have one here. */
function onItsCurves({ version, group, kind }: Setting): boolean {
  const curve = curveOf(kind);
  return version === 'TLSv1.3' || curve === undefined || curve === GROUPS[group];
}

const NSS_GROUPS: Readonly<Record<string, string>> = {
  X25519: 'x25519',
  'P-256': 'P256',
  'P-384': 'P384',
  'P-521': 'P521',
};

const nss: PeerKind = {
  name: 'NSS selfserv',
  alpn: false,
  dialogue: { say: 'GET / HTTP/1.0\r\n\r\n', hear: 'HTTP/1.0 200', exports: false },
  // A database for each kind: certificates of one subject share a nickname.
  async present(directory) {
    for (const kind of ['rsa', 'p256', 'p384', 'p521']) {
      const database = `${directory}/nss-${kind}`;
      await mkdir(database);
      if ((await output('certutil', ['-N', '-d', `sql:${database}`, '--empty-password'])) === undefined)
        return undefined;
      await output('certutil', [
        '-A',
        '-d',
        `sql:${database}`,
        '-n',
        'root',
        '-t',
        'CT,C,C',
        '-a',
        '-i',
        `${directory}/root.pem`,
      ]);
      await toPkcs12(directory, kind, `${database}/leaf.p12`, '');
      await output('pk12util', ['-i', `${database}/leaf.p12`, '-d', `sql:${database}`, '-W', '']);
    }
    const library = await output('dpkg-query', ['-W', '-f', '${Version}', 'libnss3']);
    return (await output('which', ['selfserv'])) === undefined ? undefined : `NSS ${library ?? 'of unknown version'}`;
  },
  can: (setting) =>
    !isHybrid(setting.group) && setting.kind !== 'ed25519' && setting.kind !== 'rsa-pss' && onItsCurves(setting),
  start: async ({ version, group, kind, clientAuth }, directory) => {
    const port = await freePort();
    const range = version === 'TLSv1.3' ? 'tls1.3' : 'tls1.2';
    return start(
      'selfserv',
      [
        '-d',
        `sql:${directory}/nss-${kind}`,
        '-p',
        String(port),
        kind === 'rsa' ? '-n' : '-e',
        kind,
        '-V',
        `${range}:${range}`,
        '-I',
        NSS_GROUPS[group] ?? '',
        '-G',
        '-u',
        ...(clientAuth ? ['-r', '-r'] : []),
      ],
      port,
    );
  },
};

const toPkcs12 = (directory: string, kind: string, file: string, password: string): Promise<string | undefined> =>
  output('openssl', [
    'pkcs12',
    '-export',
    '-name',
    kind,
    '-in',
    `${directory}/${kind}.pem`,
    '-inkey',
    `${directory}/${kind}.key`,
    '-out',
    file,
    '-passout',
    `pass:${password}`,
  ]);

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const go: PeerKind = {
  name: 'Go crypto/tls',
  dialogue: EXPORTING,
  alpn: true,
  async present(directory) {
    const version = await output('go', ['version']);
    if (version === undefined) return undefined;
    return (await output('go', ['build', '-o', `${directory}/go-server`, source('./go_server.go')])) === undefined
      ? undefined
      : firstLine(version);
  },
  can: ({ kind }) => kind !== 'rsa-pss',
  start: ({ version, group, kind, clientAuth }, directory) =>
    start(
      `${directory}/go-server`,
      [
        '-version',
        version,
        '-group',
        group,
        '-alpn',
        ALPN,
        '-label',
        EXPORTER_LABEL,
        '-cert',
        `${directory}/${kind}.pem`,
        '-key',
        `${directory}/${kind}.key`,
        ...(clientAuth ? ['-ca', `${directory}/root.pem`] : []),
      ],
      /listening on (\d+)/,
    ),
};

const JSSE_GROUPS: Readonly<Record<string, string>> = {
  X25519: 'x25519',
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

const jsse: PeerKind = {
  name: 'JSSE',
  dialogue: ECHO,
  alpn: true,
  async present(directory) {
    const version = await output('java', ['-version']);
    if (version === undefined) return undefined;
    for (const kind of KINDS) await toPkcs12(directory, kind, `${directory}/${kind}.p12`, 'changeit');
    return firstLine(version);
  },
  can: (setting) => !isHybrid(setting.group) && onItsCurves(setting),
  start: ({ version, group, kind, clientAuth }, directory) =>
    start(
      'java',
      [
        '-XX:TieredStopAtLevel=1',
        `-Djdk.tls.namedGroups=${JSSE_GROUPS[group]}`,
        source('./JsseServer.java'),
        version,
        `${directory}/${kind}.p12`,
        clientAuth ? `${directory}/root.pem` : '-',
        ALPN,
      ],
      /listening on (\d+)/,
    ),
};

/** Built once, and kept for the next run. */
const RUSTLS_TARGET = `${tmpdir()}/ferrule-interop-rustls`;

const rustls: PeerKind = {
  name: 'rustls',
  dialogue: EXPORTING,
  alpn: true,
  async present() {
    const built = await output('cargo', [
      'build',
      '--quiet',
      '--release',
      '--manifest-path',
      source('./rustls/Cargo.toml'),
      '--target-dir',
      RUSTLS_TARGET,
    ]);
    return built === undefined ? undefined : '0.23.46 on ring';
  },
  // Of ring's groups and keys there are fewer.
  can: ({ group, kind }) => !isHybrid(group) && group !== 'P-521' && kind !== 'p521' && kind !== 'rsa-pss',
  start: ({ version, group, kind, clientAuth }, directory) =>
    start(
      `${RUSTLS_TARGET}/release/rustls-server`,
      [
        version,
        group,
        `${directory}/${kind}.pem`,
        `${directory}/${kind}.key`,
        clientAuth ? `${directory}/root.pem` : '-',
        ALPN,
        EXPORTER_LABEL,
      ],
      /listening on (\d+)/,
    ),
};

export const PEERS: readonly PeerKind[] = [openssl, node, gnutls, nss, go, rustls, jsse];

/** The cells of one server. */
export const suitesOf = (peer: PeerKind, setting: Setting): [string, number][] =>
  suitesFor(setting).filter(([name]) => peer.can(setting, name, 'full'));
