/** @module PKIs made by the tools themselves, where they are installed: the commands as people copy them. */
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePem } from '@ferrule/x509';
import { output } from '../interop/process.ts';
import type { Server } from './engines.ts';

export interface ToolRecipe {
  readonly name: string;
  /** The program, and what shows that it can be used. */
  readonly needs: readonly [program: string, ...args: string[]];
  /** Commands in an empty folder: they leave chain.pem, key.pem and root.pem there. */
  readonly commands: readonly (readonly [program: string, ...args: string[]])[];
  readonly files?: Readonly<Record<string, string>>;
}

const NAME = 'subjectAltName=DNS:server.test';
const PYCA = `
import datetime
from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "My Company"), x509.NameAttribute(NameOID.COMMON_NAME, "server.test")])
now = datetime.datetime.now(datetime.timezone.utc)
cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("server.test")]), critical=False).sign(key, hashes.SHA256()))
open("key.pem", "wb").write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
for file in "chain.pem", "root.pem": open(file, "wb").write(cert.public_bytes(serialization.Encoding.PEM))
`;
const KEYSTORE = ['-keystore', 'store.p12', '-storetype', 'PKCS12', '-storepass', 'changeit'];

export const TOOL_RECIPES: readonly ToolRecipe[] = [
  {
    name: 'openssl req -x509',
    needs: ['openssl', 'version'],
    commands: [
      [
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'key.pem',
        '-out',
        'chain.pem',
        '-days',
        '30',
        '-subj',
        '/CN=server.test',
        '-addext',
        NAME,
      ],
      ['openssl', 'x509', '-in', 'chain.pem', '-out', 'root.pem'],
    ],
  },
  {
    name: 'openssl req -x509, then x509 -req',
    needs: ['openssl', 'version'],
    files: { 'san.cnf': NAME },
    commands: [
      [
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        'ca.key',
        '-out',
        'root.pem',
        '-days',
        '30',
        '-subj',
        '/O=Example/CN=my ca',
      ],
      [
        'openssl',
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        'key.pem',
        '-out',
        'server.csr',
        '-subj',
        '/CN=server.test',
      ],
      [
        'openssl',
        'x509',
        '-req',
        '-in',
        'server.csr',
        '-CA',
        'root.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '30',
        '-extfile',
        'san.cnf',
        '-out',
        'chain.pem',
      ],
    ],
  },
  {
    name: 'keytool -genkeypair',
    needs: ['keytool', '-help'],
    commands: [
      [
        'keytool',
        '-genkeypair',
        '-alias',
        'server',
        '-keyalg',
        'EC',
        '-groupname',
        'secp256r1',
        '-dname',
        'CN=server.test',
        '-ext',
        'san=dns:server.test',
        '-validity',
        '30',
        ...KEYSTORE,
      ],
      ['openssl', 'pkcs12', '-in', 'store.p12', '-passin', 'pass:changeit', '-nodes', '-nocerts', '-out', 'key.pem'],
      ['openssl', 'pkcs12', '-in', 'store.p12', '-passin', 'pass:changeit', '-nokeys', '-out', 'chain.pem'],
      ['openssl', 'x509', '-in', 'chain.pem', '-out', 'root.pem'],
    ],
  },
  {
    name: 'pyca/cryptography, tutorial',
    needs: ['python3', '-c', 'import cryptography.x509'],
    files: { 'make.py': PYCA },
    commands: [['python3', 'make.py']],
  },
];

/** `undefined` where the tool is not installed. @throws Error when it is, and fails */
export async function makeByTool({
  name,
  needs: [program, ...args],
  commands,
  files = {},
}: ToolRecipe): Promise<Server | undefined> {
  if ((await output(program, args)) === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'ferrule-pki-'));
  try {
    for (const [file, content] of Object.entries(files)) await writeFile(join(directory, file), content);
    for (const [command, ...rest] of commands) {
      if ((await output(command, rest, directory)) === undefined)
        throw new Error(`${name}: ${command} ${rest[0] ?? ''} failed`);
    }
    const read = async (file: string): Promise<Uint8Array[]> =>
      decodePem(await readFile(join(directory, file), 'latin1'))
        .filter(({ label }) => label === 'CERTIFICATE')
        .map(({ der }) => der);
    return {
      sent: await read('chain.pem'),
      anchors: await read('root.pem'),
      leafKey: createPrivateKey(await readFile(join(directory, 'key.pem'))),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
