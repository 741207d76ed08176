import { rootCertificates } from 'node:tls';
import { generatedAt, isStale, mozillaRoots, source } from '@ferrule/roots';
import { toHex } from '@ferrule/result/bytes';
import { decodePem, nameText, parseCertificate, parsePublicKey, trustStore } from '@ferrule/x509';
import { expect, it } from 'vitest';
import { linesOf } from '../scripts/lines.ts';

const keyOf = ({ subject, spki }: { readonly subject: Uint8Array; readonly spki: Uint8Array }): string =>
  `${toHex(subject)} ${toHex(spki)}`;
const ofThisNode = new Set(
  rootCertificates.flatMap((pem) => decodePem(pem, 'CERTIFICATE')).map(({ der }) => keyOf(parseCertificate(der))),
);

it('has more than 100 roots, each with a name and a key that can be read, none of them twice', () => {
  const roots = mozillaRoots();
  expect(roots.length).toBeGreaterThan(100);
  expect(new Set(roots.map(keyOf)).size).toBe(roots.length);
  for (const { subject, spki } of roots) {
    expect(nameText(subject)).toMatch(/(CN|OU)=/);
    expect(parsePublicKey(spki).kind).not.toBe('unknown');
  }
  expect(trustStore(roots).anchors).toHaveLength(roots.length);
});

it('nine of ten are roots of the running Node.js, whichever is newer', () => {
  const shared = mozillaRoots().filter((root) => ofThisNode.has(keyOf(root)));
  expect(shared.length / mozillaRoots().length).toBeGreaterThan(0.9);
});

it('the same frozen array at each call', () => {
  expect(mozillaRoots()).toBe(mozillaRoots());
  expect(Object.isFrozen(mozillaRoots())).toBe(true);
});

it("Mozilla's limit on the names of one root is in it", () => {
  const limited = mozillaRoots().filter(({ nameConstraints }) => nameConstraints !== undefined);
  expect(limited.map(({ subject }) => /CN=([^,]*)/.exec(nameText(subject))?.[1])).toEqual([
    'TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1',
  ]);
  // permittedSubtrees: dNSName ".tr"
  expect(limited.map(({ nameConstraints }) => toHex(nameConstraints as Uint8Array))).toEqual([
    '3009a007300582032e7472',
  ]);
});

it('reports its date and source, and when it is stale', () => {
  const made = Date.parse(generatedAt);
  const day = 86_400_000;
  expect(source).toMatch(/^Node\.js \d+\.\d+\.\d+$/);
  expect(isStale(undefined, made + 183 * day)).toBe(false);
  expect(isStale(undefined, made + 183 * day + 1)).toBe(true);
  expect(isStale(30, made + 31 * day)).toBe(true);
  expect(() => isStale(0)).toThrow(new TypeError('maxAgeDays: must be a positive number of days, not 0'));
  expect(() => isStale(Number.NaN)).toThrow(TypeError);
  expect(() => isStale(1, Number.NaN)).toThrow(new TypeError('now: must be a time in milliseconds, not NaN'));
});

it('a line of the list is what the certificate says; an expired root has none', () => {
  const [pem = ''] = rootCertificates;
  const root = parseCertificate(decodePem(pem, 'CERTIFICATE')[0]?.der as Uint8Array);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  expect(linesOf(pem, root.notAfter - 1)).toEqual([
    { name: nameText(root.subject), line: `${base64(root.subject)}.${base64(root.spki)}` },
  ]);
  expect(linesOf(pem, root.notAfter)).toEqual([]);
});
