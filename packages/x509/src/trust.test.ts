import { expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { parseCertificate, trustStore, validatePath } from './index.ts';
import { extension, make, newKeys, NOW, oid, seq, tlv } from '../test/make.ts';

const roots = Array.from({ length: 40 }, (_, i) => make({ ca: true, subject: `Root ${i % 39}` }));
const broken = make({ ca: true, subject: 'Broken', extensions: { '2.5.29.17': extension('2.5.29.17', tlv(4)) } });
const ders = roots.map(({ der }) => der);

it('many anchors are found by name, those of one name together', () => {
  const store = trustStore(ders);
  const first = parseCertificate(ders[0] as Uint8Array);
  expect(store.find(first.subject).map(({ certificate }) => certificate?.raw)).toEqual([ders[0], ders[39]]);
  expect(store.find(first.subject)[0]).toBe(store.find(first.subject)[0]);
  expect(store.holding(first)?.certificate?.raw).toEqual(ders[0]);
  expect(store.holding(parseCertificate(make({}).der))).toBeUndefined();
  expect(store.anchors).toHaveLength(40);
});

it('an anchor with malformed content is ignored, among few or many', () => {
  expect(trustStore([broken.der, parseCertificate(broken.der)]).anchors).toEqual([]);
  const store = trustStore([...ders, broken.der]);
  expect(store.anchors).toHaveLength(40);
  const leaf = make({ issuer: broken });
  expect(validatePath({ chain: [leaf.der], trustAnchors: store, verifier: nodeVerifier, now: NOW })).toMatchObject({
    ok: false,
    error: { code: 'CERT_MISSING_INTERMEDIATE' },
  });
  expect(
    validatePath({
      chain: [make({ issuer: roots[7] as (typeof roots)[number] }).der],
      trustAnchors: store,
      verifier: nodeVerifier,
      now: NOW,
    }),
  ).toMatchObject({ ok: true });
});

it('an anchor with an unreadable key is ignored; its signature does not matter', () => {
  const keys = newKeys();
  const unread = Uint8Array.from(keys.spki);
  unread[unread.length - 65] = 5;
  const keyless = make({ ca: true, subject: 'Keyless', keys: { ...keys, spki: unread } });
  const pss = seq(oid('1.2.840.113549.1.1.10'), tlv(5));
  const odd = make({ ca: true, subject: 'Odd', parts: (parts) => parts.with(2, pss) });
  const store = trustStore([keyless.der, parseCertificate(keyless.der), odd.der]);
  expect(store.anchors.map(({ certificate }) => certificate?.raw)).toEqual([odd.der]);
  const chain = [make({ issuer: odd }).der];
  expect(validatePath({ chain, trustAnchors: store, verifier: nodeVerifier, now: NOW }).ok).toBe(true);
});

it('a non-certificate is reported among many too', () => {
  expect(() => trustStore([...ders, seq()])).toThrow(/trust anchor 40/);
});

it('an anchor among many whose subject is not a Name matches nothing, and fails no path', () => {
  const nameless = make({ ca: true, parts: (parts) => parts.with(5, seq(Uint8Array.of(5, 0))) });
  const leaf = make({ issuer: make({ ca: true, subject: 'Nobody' }) });
  const store = trustStore([...ders, nameless.der]);
  expect(store.anchors).toHaveLength(40);
  expect(validatePath({ chain: [leaf.der], trustAnchors: store, verifier: nodeVerifier, now: NOW })).toMatchObject({
    ok: false,
    error: { code: 'CERT_MISSING_INTERMEDIATE' },
  });
});

it('a chain holds DER and certificates, and nothing else', () => {
  const { buffer } = make().der;
  for (const wrong of [
    buffer,
    new DataView(buffer as ArrayBuffer),
    [0x30],
    'x',
    null,
    {},
    { tbs: 1 },
  ] as unknown as Uint8Array[])
    for (const chain of [[wrong], [make().der, wrong]])
      expect(() => validatePath({ chain, trustAnchors: trustStore([]), verifier: nodeVerifier })).toThrow(TypeError);
  for (const wrong of [buffer, 'x', [0x30]] as unknown as Uint8Array[])
    expect(() => parseCertificate(wrong)).toThrow(TypeError);
});
