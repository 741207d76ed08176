/**
 * Certificates side by side, in one run: parsing with every field read against `node:crypto`, `@peculiar/x509` and
 * `pkijs`, and a path of three certificates against its three signature checks alone. `--json` prints figures only.
 *
 * Each row is measured in turns with its rivals, and the figure is the best of the rounds in CPU time: what other
 * processes take does not count.
 */
import 'reflect-metadata';
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { parseArgs } from 'node:util';
import * as peculiar from '@peculiar/x509';
import { Certificate as PkijsCertificate } from 'pkijs';
import {
  decodePem,
  generalNameText,
  nameText,
  parseCertificate,
  trustStore,
  validatePath,
  type Certificate,
} from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';

const ROUNDS = 9;

interface Row {
  readonly name: string;
  /** Microseconds of CPU for one operation. */
  readonly microseconds: number;
  /** Against the first row of its table. */
  readonly ratio: number;
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs each of them in turn, `count` times a round. */
function compare(count: number, tasks: Readonly<Record<string, () => void>>): Row[] {
  const best = new Map<string, number>();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const from = cpu();
      for (let i = 0; i < count; i++) task();
      const each = (cpu() - from) / count;
      if (round >= 0) best.set(name, Math.min(best.get(name) ?? Infinity, each));
    }
  }
  const [first = 1] = best.values();
  return [...best].map(([name, microseconds]) => ({ name, microseconds, ratio: microseconds / first }));
}

function ignore(..._: unknown[]): void {}

function readOurs(der: Uint8Array): void {
  const c = parseCertificate(der);
  ignore(
    nameText(c.subject),
    nameText(c.issuer),
    c.subjectAltName?.map(generalNameText),
    c.serial,
    new Date(c.notBefore),
    new Date(c.notAfter),
    c.publicKey,
    c.keyUsage,
    c.extendedKeyUsage,
    c.basicConstraints,
    c.authorityInfoAccess,
    c.signature,
  );
}
function readNode(der: Uint8Array): void {
  const c = new NodeCertificate(der);
  ignore(
    c.subject,
    c.issuer,
    c.subjectAltName,
    c.serialNumber,
    c.validFrom,
    c.validTo,
    c.publicKey,
    c.keyUsage,
    c.infoAccess,
    c.ca,
  );
}
function readPeculiar(der: Uint8Array): void {
  const c = new peculiar.X509Certificate(der as Uint8Array<ArrayBuffer>);
  ignore(c.subject, c.issuer, c.serialNumber, c.notBefore, c.notAfter, c.publicKey, c.signature, c.extensions);
}
function readPkijs(der: Uint8Array): void {
  const c = PkijsCertificate.fromBER(der as Uint8Array<ArrayBuffer>);
  ignore(
    c.subject.typesAndValues,
    c.issuer.typesAndValues,
    c.serialNumber,
    c.notBefore.value,
    c.notAfter.value,
    c.subjectPublicKeyInfo,
    c.signatureValue,
    c.extensions?.map((extension) => extension.parsedValue as unknown),
  );
}

interface Chain {
  readonly ders: readonly Uint8Array[];
  readonly anchor: Uint8Array;
}

/** Leaf, two intermediates and the anchor: three signatures. */
async function makeChain(algorithm: 'RSA-2048' | 'P-256'): Promise<Chain> {
  peculiar.cryptoProvider.set(webcrypto as NonNullable<ReturnType<typeof peculiar.cryptoProvider.get>>);
  const keyAlgorithm =
    algorithm === 'P-256'
      ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1), modulusLength: 2048 };
  let issuer: { certificate: peculiar.X509Certificate; keys: webcrypto.CryptoKeyPair } | undefined;
  const ders: Uint8Array[] = [];
  for (const subject of ['CN=Root', 'CN=Intermediate 1', 'CN=Intermediate 2', 'CN=www.example.com']) {
    const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const leaf = subject.startsWith('CN=www');
    const { certificate: parent, keys: parentKeys } = issuer ?? { certificate: undefined, keys };
    const certificate: peculiar.X509Certificate = await peculiar.X509CertificateGenerator.create({
      subject,
      issuer: parent?.subject ?? subject,
      notBefore: new Date(Date.now() - 86_400_000),
      notAfter: new Date(Date.now() + 86_400_000),
      publicKey: keys.publicKey,
      signingKey: parentKeys.privateKey,
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new peculiar.BasicConstraintsExtension(!leaf, undefined, true),
        new peculiar.KeyUsagesExtension(
          leaf
            ? peculiar.KeyUsageFlags.digitalSignature
            : peculiar.KeyUsageFlags.keyCertSign | peculiar.KeyUsageFlags.cRLSign,
          true,
        ),
        await peculiar.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(parent ? [await peculiar.AuthorityKeyIdentifierExtension.create(parent.publicKey)] : []),
        ...(leaf
          ? [
              new peculiar.SubjectAlternativeNameExtension([{ type: 'dns', value: 'www.example.com' }]),
              new peculiar.ExtendedKeyUsageExtension([peculiar.ExtendedKeyUsage.serverAuth]),
            ]
          : []),
      ],
    });
    ders.unshift(new Uint8Array(certificate.rawData));
    issuer = { certificate, keys };
  }
  const [anchor] = ders.splice(-1) as [Uint8Array];
  return { ders, anchor };
}

async function benchPath(algorithm: 'RSA-2048' | 'P-256'): Promise<Row[]> {
  const { ders, anchor } = await makeChain(algorithm);
  const trustAnchors = trustStore([anchor]);
  const chain = ders.map(parseCertificate);
  const path = [...chain, parseCertificate(anchor)];
  const host = 'www.example.com';
  const validate = (given: readonly (Uint8Array | Certificate)[]): void => {
    const result = validatePath({ chain: given, trustAnchors, verifier: nodeVerifier, host });
    if (!result.ok) throw new Error(result.error.message);
  };
  return compare(2000, {
    'three signature checks': () => {
      for (let i = 0; i < 3; i++) {
        const [c, issuer] = [path[i] as Certificate, path[i + 1] as Certificate];
        if (
          nodeVerifier.verify(
            c.signatureAlgorithm as NonNullable<Certificate['signatureAlgorithm']>,
            issuer.spki,
            c.tbs,
            c.signature,
          ) !== true
        )
          throw new Error('bad signature');
      }
    },
    'path of parsed certificates': () => validate(chain),
    'path from DER, parsing included': () => validate(ders),
  });
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const roots = rootCertificates.map((pem) => decodePem(pem)[0]?.der as Uint8Array);
const all =
  (read: (der: Uint8Array) => void): (() => void) =>
  () => {
    for (const der of roots) read(der);
  };
const perCertificate = (rows: Row[]): Row[] =>
  rows.map((row) => ({ ...row, microseconds: row.microseconds / roots.length }));

const tables: Record<string, Row[]> = {
  [`parsing, all fields read (${roots.length} roots, per certificate)`]: perCertificate(
    compare(2, {
      '@ferrule/x509': all(readOurs),
      '@ferrule/x509, parsed only': all((der) => ignore(parseCertificate(der))),
      'node:crypto X509Certificate': all(readNode),
      '@peculiar/x509': all(readPeculiar),
      pkijs: all(readPkijs),
    }),
  ),
  'path of three certificates, RSA-2048, node:crypto': await benchPath('RSA-2048'),
  'path of three certificates, ECDSA P-256, node:crypto': await benchPath('P-256'),
};

if (values.json) console.log(JSON.stringify({ node: process.version, tables }, null, 2));
else {
  for (const [title, rows] of Object.entries(tables)) {
    console.log(`\n${title} (Node ${process.version})`);
    console.table(
      Object.fromEntries(
        rows.map(({ name, microseconds, ratio }) => [
          name,
          { 'µs of CPU': Number(microseconds.toFixed(2)), 'against the first': Number(ratio.toFixed(2)) },
        ]),
      ),
    );
  }
}
