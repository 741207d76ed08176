/**
 * Each root that Node and Debian trust works as an issuer, on both engines. Its key is not ours to sign with: another one
 * of its kind stands in its place, and every other octet that was signed stays.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { mozillaRoots } from '@ferrule/roots';
import { decodePem, nameText, parseCertificate, parsePublicKey } from '@ferrule/x509';
import { concat } from '@ferrule/result/bytes';
import { expect, it } from 'vitest';
import { buildChain } from '../src/chains/chain.ts';
import { encode, keyOf, sequence, utcTime, type Key } from '../src/chains/draft.ts';
import { askEngine, HOST, type Server } from '../src/chains/engines.ts';
import { Id } from '../src/chains/features.ts';
import { tlv } from '../src/fuzz/der.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const engines = [createPure({ crypto: nodeCrypto }), ...(loaded.ok ? [loaded.backend] : [])];

const DEBIAN = '/usr/share/ca-certificates/mozilla';
const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((file) => readFileSync(`${DEBIAN}/${file}`, 'latin1')) : [];
if (debian.length === 0) console.log(`skipped: Debian's ca-certificates are not at ${DEBIAN}`);
const roots = new Map(
  [...rootCertificates, ...debian]
    .flatMap((pem) => decodePem(pem, 'CERTIFICATE'))
    .map(({ der }) => [Buffer.from(der).toString('latin1'), der]),
);

/** The certificate with another key: the header of the SEQUENCE that is signed is written anew. */
function withKey(der: Uint8Array, { spki }: Key): Uint8Array {
  const root = parseCertificate(der);
  const at = Buffer.from(root.tbs).indexOf(root.spki);
  const header = (root.tbs[1] as number) < 0x80 ? 2 : 2 + ((root.tbs[1] as number) & 0x7f);
  const body = concat([root.tbs.subarray(header, at), spki, root.tbs.subarray(at + root.spki.length)]);
  return sequence(sequence(body), der.subarray(Buffer.from(der).indexOf(root.tbs) + root.tbs.length));
}

/** A server below this root, and when it may be asked. */
function below(der: Uint8Array): { readonly server: Server; readonly now: number; readonly name: string } {
  const root = parseCertificate(der);
  const key = keyOf(root.publicKey.kind === 'rsa' ? 'rsa' : root.publicKey.bits === 384 ? 'p384' : 'p256:root');
  const { drafts } = buildChain({ between: 0, features: [], shapes: [] });
  const [issuer, leaf] = drafts as [(typeof drafts)[number], (typeof drafts)[number]];
  Object.assign(issuer, { subject: root.subject, key });
  // Some of the roots have expired since.
  leaf.notBefore = utcTime(-1500);
  const { subjectKeyIdentifier } = root;
  if (subjectKeyIdentifier === undefined) leaf.extensions.delete(Id.aki);
  else leaf.extensions.set(Id.aki, { critical: new Uint8Array(), value: sequence(tlv(0x80, subjectKeyIdentifier)) });
  return {
    server: { sent: [encode(leaf, issuer)], anchors: [withKey(der, key)], leafKey: leaf.key.privateKey },
    // For OpenSSL, the second of notAfter itself is over (X509_cmp_time(3)).
    now: Math.min(Date.now(), root.notAfter - 1000),
    name: nameText(root.subject),
  };
}

it(
  `${roots.size} roots of Node and Debian work as issuers on ${engines.map(({ name }) => name).join(' and ')}`,
  { timeout: 120_000 },
  async () => {
    const refused: string[] = [];
    for (const der of roots.values()) {
      const { server, now, name } = below(der);
      for (const engine of engines) {
        const verdict = await askEngine(engine, server, HOST, { now: () => now });
        if (!verdict.accepts) refused.push(`${engine.name}: ${name}: ${verdict.code} ${verdict.verify}`);
      }
    }
    expect(refused).toEqual([]);
    expect(roots.size).toBeGreaterThan(100);
  },
);

it(
  'each root of @ferrule/roots works as an issuer, and one within its constraints only',
  { timeout: 120_000 },
  async () => {
    const refused: string[] = [];
    for (const root of mozillaRoots()) {
      const kind = parsePublicKey(root.spki);
      const key = keyOf(
        kind.kind === 'rsa' ? 'rsa' : kind.kind === 'ec' && kind.curve === 'P-384' ? 'p384' : 'p256:root',
      );
      const { drafts } = buildChain({ between: 0, features: [], shapes: [] });
      const [issuer, leaf] = drafts as [(typeof drafts)[number], (typeof drafts)[number]];
      Object.assign(issuer, { subject: root.subject, key });
      leaf.extensions.delete(Id.aki);
      const server = {
        sent: [encode(leaf, issuer)],
        anchors: [{ ...root, spki: key.spki }],
        leafKey: leaf.key.privateKey,
      };
      for (const engine of engines) {
        const verdict = await askEngine(engine, server, HOST);
        if (!verdict.accepts)
          refused.push(`${engine.name}: ${nameText(root.subject)}: ${verdict.code} ${verdict.verify}`);
      }
    }
    expect(refused).toEqual(
      engines.map(({ name }) => expect.stringMatching(new RegExp(`^${name}: .*TUBITAK.*: CERT_NAME_CONSTRAINT 47$`))),
    );
  },
);

it('a root whose key is another one than the leaf was signed with is found out', async () => {
  const { server } = below(roots.values().next().value as Uint8Array);
  for (const engine of engines)
    expect((await askEngine(engine, { ...server, anchors: [...roots.values()].slice(0, 1) })).accepts).toBe(false);
});
