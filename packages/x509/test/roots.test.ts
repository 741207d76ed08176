import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { describe as group, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  decodePem,
  describeCertificate,
  encodePem,
  nameText,
  parseCertificate,
  trustStore,
  validatePath,
} from '@ferrule/x509';
import { extension, keyIdentifier, make, newKeys, seq, tlv } from './make.ts';

const [ecKeys, rsaKeys] = [newKeys(), newKeys('rsa', 2048)];
const DEBIAN = '/usr/share/ca-certificates/mozilla';
const debian = existsSync(DEBIAN)
  ? readdirSync(DEBIAN).map((file) => readFileSync(`${DEBIAN}/${file}`, 'latin1'))
  : undefined;
if (!debian) console.warn(`skipped: Debian's ca-certificates are not at ${DEBIAN}`);

group.each([
  ['tls.rootCertificates', rootCertificates],
  ["Debian's ca-certificates", debian ?? []],
])('%s', (_, pems) => {
  const blocks = pems.flatMap((pem) => decodePem(pem, 'CERTIFICATE'));
  const available = it.skipIf(pems.length === 0);

  available('are all read, as node:crypto reads them', () => {
    expect(blocks.length).toBe(pems.length);
    for (const { der } of blocks) {
      const ours = parseCertificate(der);
      const theirs = new X509Certificate(der);
      expect(Buffer.from(ours.serial).toString('hex').replace(/^0+/, '').toUpperCase()).toBe(
        theirs.serialNumber.replace(/^0+/, ''),
      );
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo));
      expect(ours.notBefore).toBe(Date.parse(theirs.validFrom));
      expect(Buffer.from(ours.spki).equals(theirs.publicKey.export({ type: 'spki', format: 'der' }))).toBe(true);
      expect(ours.basicConstraints?.ca).toBe(theirs.ca);
      if (ours.publicKey.kind === 'rsa')
        expect(ours.publicKey.bits).toBe(
          createPublicKey(theirs.publicKey.export({ type: 'spki', format: 'pem' })).asymmetricKeyDetails?.modulusLength,
        );
    }
  });

  available('are the same bytes when their PEM is written again', () => {
    for (const [i, { label, der }] of blocks.entries()) {
      const again = encodePem(label, der);
      expect(decodePem(again)[0]?.der).toEqual(der);
      expect(again.replace(/\s/g, '')).toBe((pems[i] as string).replace(/\s/g, ''));
    }
  });

  available('can all be anchors: none breaks a rule but time', () => {
    const store = trustStore(blocks.map(({ der }) => der));
    expect(store.anchors).toHaveLength(blocks.length);
    for (const { der } of blocks) {
      const root = parseCertificate(der);
      expect(store.find(root.subject).some(({ certificate }) => certificate?.raw === der)).toBe(true);
      const result = validatePath({
        chain: [root],
        trustAnchors: store,
        verifier: nodeVerifier,
        purpose: 'any',
        now: root.notAfter,
      });
      if (!result.ok)
        expect(`${nameText(root.subject)}: ${result.error.code} ${result.error.verify}`).toMatch(
          /CERT_INVALID (1|13)$/,
        );
    }
  });

  available.each(['compatible', 'rfc5280', 'webpki'] as const)(
    'all work as issuers, under the profile %s',
    (profile) => {
      // The keys of these CAs are not ours to sign with: the verifier believes each signature, so that all else is
      // judged.
      const believing = { ...nodeVerifier, verify: () => true };
      // Roots from before BR 7.1.2.1.3 name their own issuer and serial number, which x509-limbo has refused under the
      // web's rules.
      const older = profile === 'webpki' ? /^valid$|BR 7\.1\.2\.1\.3/ : /^valid$/;
      for (const { der } of blocks) {
        const root = parseCertificate(der);
        const { kind } = root.publicKey;
        const keys = kind === 'rsa' || kind === 'rsa-pss' ? rsaKeys : ecKeys;
        const issuer = { der, keys, subject: root.subject, serial: 1n };
        const authority = root.subjectKeyIdentifier ?? keyIdentifier(root.spki);
        const leaf = make({
          issuer,
          notBefore: root.notBefore,
          notAfter: root.notAfter,
          extensions: { '2.5.29.35': extension('2.5.29.35', seq(tlv(0x80, authority))) },
        });
        const result = validatePath({
          chain: [leaf.der],
          trustAnchors: trustStore([der]),
          verifier: believing,
          now: root.notAfter,
          host: 'example.com',
          profile,
        });
        expect(result.ok ? 'valid' : `${nameText(root.subject)}: ${result.error.message}`).toMatch(older);
      }
    },
  );

  available('can all be shown', () => {
    for (const { der } of blocks) {
      const shown = describeCertificate(parseCertificate(der));
      expect(JSON.parse(JSON.stringify(shown))).toMatchObject({ version: 3 });
      expect(String(shown)).toContain('X509v3 extensions:');
    }
  });
});
