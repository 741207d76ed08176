/** Webs of certificates that nobody signed: what is asked of whole paths is asked once, and does not hide good paths. */
import { expect, it, vi } from 'vitest';
import { parseCertificate, parseCrl, trustStore, validatePath, type SignatureVerifier } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { DAY, extension, make, makeCrl, makeOcsp, NOW, seq, text, tlv, type Made } from './make.ts';

const root = make({ ca: true, subject: 'One name' });
const extensions = { '2.5.29.35': null };
/** Each of the root's name, and signed by nobody's key. */
const web: readonly Made[] = Array.from({ length: 15 }, () =>
  make({ ca: true, subject: 'One name', issuer: make({ ca: true, subject: 'One name' }), extensions }),
);
const unsigned = make({ issuer: make({ ca: true, subject: 'One name' }), extensions });
const chain = [unsigned, ...web].map(({ der }) => der);

it('a list is not looked at where the path has a wrong signature', () => {
  const crl = parseCrl(makeCrl(root));
  let read = 0;
  const counted = Object.defineProperty({ ...crl }, 'entries', {
    get: () => {
      read++;
      return crl.entries;
    },
  });
  const trustAnchors = trustStore([root.der]);
  const result = validatePath({ chain, trustAnchors, verifier: nodeVerifier, now: NOW, crls: [counted] });
  expect(result.ok || result.error.code).toBe('CERT_SIGNATURE');
  expect(read).toBe(0);
});

it('a staple is not looked at where the path has a wrong signature', () => {
  const checked: Uint8Array[] = [];
  const verifier: SignatureVerifier = {
    ...nodeVerifier,
    verify: (algorithm, spki, message, signature) => {
      checked.push(message);
      return nodeVerifier.verify(algorithm, spki, message, signature);
    },
  };
  const ocspResponse = makeOcsp(unsigned, root);
  const trustAnchors = trustStore([root.der]);
  const options = { trustAnchors, verifier, now: NOW, ocsp: 'request', ocspResponse } as const;
  const result = validatePath({ chain, ...options });
  expect(result.ok || result.error.code).toBe('CERT_SIGNATURE');
  const known = chain.map((der) => parseCertificate(der).tbs);
  expect(checked.filter((one) => !known.some((tbs) => Buffer.compare(tbs, one) === 0))).toEqual([]);
});

const dns = (count: number, name: string): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, i) => tlv(0x82, text(`${name}${i}.test`)));

it('names and constraints are counted by the path: a branch that leads nowhere hides none that is good', () => {
  const expired = make({ ca: true, subject: 'Old root', notAfter: NOW - DAY });
  const excluded = extension('2.5.29.30', seq(tlv(0xa1, ...dns(600, 'excluded').map((base) => seq(base)))), true);
  const issuing = make({ ca: true, subject: 'Issuing', issuer: expired, extensions: { '2.5.29.30': excluded } });
  const crossed = make({
    ca: true,
    subject: 'Issuing',
    issuer: root,
    extensions: { '2.5.29.30': excluded },
    keys: issuing.keys,
  });
  const leaf = make({ issuer: issuing, extensions: { '2.5.29.17': extension('2.5.29.17', seq(...dns(900, 'own'))) } });
  const result = validatePath({
    chain: [leaf, issuing, crossed].map(({ der }) => der),
    trustAnchors: trustStore([expired.der, root.der]),
    verifier: nodeVerifier,
    now: NOW,
  });
  expect(result.ok || result.error.message).toBe(true);
});

it('a value that cannot be read is taken apart once, however many constraints it meets', () => {
  const directory = (type: number, tag: number, value: string): Uint8Array =>
    tlv(0xa4, seq(tlv(0x31, seq(tlv(6, Uint8Array.of(0x55, 4, type)), tlv(tag, text(value))))));
  const bases = Array.from({ length: 600 }, (_, i) => seq(directory(11, 0x0c, `o${i}`)));
  const constraints = extension('2.5.29.30', seq(tlv(0xa1, ...bases)), true);
  const ca = make({ ca: true, subject: 'CA', issuer: root, extensions: { '2.5.29.30': constraints } });
  const san = extension('2.5.29.17', seq(directory(10, 0x1b, 'x'.repeat(60_000))));
  const leaf = make({ issuer: ca, extensions: { '2.5.29.17': san } });
  const match = vi.spyOn(String.prototype, 'match');
  const result = validatePath({
    chain: [leaf, ca].map(({ der }) => der),
    trustAnchors: trustStore([root.der]),
    verifier: nodeVerifier,
    now: NOW,
  });
  const taken = match.mock.contexts.filter((context) => String(context).length > 60_000);
  match.mockRestore();
  expect(result.ok || result.error.message).toBe(true);
  expect(taken.length).toBeLessThanOrEqual(4);
});

it.each([
  ['the string type', 0x13, 'Renewed'],
  ['case', 0x0c, 'RENEWED'],
  ['spaces', 0x0c, ' Renewed  '],
])('a certificate is self-issued whatever %s its two names have (RFC 5280 section 7.1)', (_what, tag, value) => {
  const old = make({ ca: true, subject: [['2.5.4.3', value, tag]] });
  const renewed = make({ ca: true, subject: 'Renewed', issuer: old });
  expect(parseCertificate(renewed.der).selfIssued).toBe(true);
  expect(parseCertificate(make({ issuer: old, subject: 'Renewed 2' }).der).selfIssued).toBe(false);
});

it('a filter is asked once about a certificate and the key of its issuer, however many paths lead there', () => {
  const old = make({ ca: true, subject: 'Old root' });
  const issuing = make({ ca: true, subject: 'Issuing', issuer: root });
  const crossed = make({ ca: true, subject: 'Issuing', issuer: old, keys: issuing.keys });
  const leaf = make({ issuer: issuing });
  let asked = 0;
  const check = (): 'revoked' => {
    asked++;
    return 'revoked';
  };
  const result = validatePath({
    chain: [leaf, issuing, crossed].map(({ der }) => der),
    trustAnchors: trustStore([root.der, old.der, issuing.der, leaf.der]),
    verifier: nodeVerifier,
    now: NOW,
    revocation: { crlite: { check } },
  });
  expect([result.ok || result.error.code, asked]).toEqual(['CERT_REVOKED', 1]);
});
