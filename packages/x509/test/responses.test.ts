/** Who may sign a stapled response, and how long one holds: each condition by itself. */
import { expect, it } from 'vitest';
import { trustStore, validatePath, type TrustAnchorInput, type ValidationInput } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { DAY, extension, make, makeOcsp, name, NOW, oid, seq, tlv, type Made, type MakeOptions } from './make.ts';

const ca = make({ ca: true, subject: 'CA' });
const leaf = make({ issuer: ca });
const PURPOSE = '2.5.29.37';
const signing = extension(PURPOSE, seq(oid('1.3.6.1.5.5.7.3.9')));

const delegate = (more: MakeOptions = {}): Made =>
  make({ subject: 'Responder', dns: [], issuer: ca, ...more, extensions: { [PURPOSE]: signing, ...more.extensions } });

function told(
  response: Parameters<typeof makeOcsp>[2],
  anchor: TrustAnchorInput = ca.der,
  more: Partial<ValidationInput> = {},
): string {
  const result = validatePath({
    chain: [leaf.der],
    trustAnchors: trustStore([anchor]),
    verifier: nodeVerifier,
    now: NOW,
    ocsp: 'request',
    ocspResponse: makeOcsp(leaf, ca, response),
    ...more,
  });
  return result.ok ? 'good' : result.error.code;
}

it.each<[string, Parameters<typeof makeOcsp>[2]]>([
  ['of version 1 that is written out', { version: 0 }],
  ['of more than a week ago that says that it holds', { thisUpdate: NOW - 8 * DAY }],
  ['of a week ago that does not say how long it holds', { thisUpdate: NOW - 7 * DAY, nextUpdate: null }],
  ['by a delegate', { responder: delegate() }],
  ['by a delegate without keyUsage', { responder: delegate({ extensions: { '2.5.29.15': null } }) }],
])('a response %s is good', (_, response) => {
  expect(told(response)).toBe('good');
});

it('a response by a delegate of an anchor that is a name and a key is good', () => {
  expect(told({ responder: delegate() }, { subject: ca.subject, spki: ca.keys.spki })).toBe('good');
});

it('a response over SHA-256 is good at the level that asks for 128 bits', () => {
  expect(told({}, ca.der, { securityLevel: 3 })).toBe('good');
});

it.each<[string, MakeOptions]>([
  ['was let respond by another name', { issuer: make({ ca: true, subject: 'Another', keys: ca.keys }) }],
  ['has no purpose at all', { extensions: { [PURPOSE]: null } }],
  ['names two signature algorithms', { parts: (parts) => parts.with(2, seq(oid('1.2.840.10045.4.3.3'))) }],
])('a response by a delegate whose certificate %s is of nobody', (_, options) => {
  expect(told({ responder: delegate(options) })).toBe('CERT_OCSP_INVALID');
});

it('a response by a delegate whose name its issuer may not let respond is of nobody', () => {
  const constrained = (excluded: string): TrustAnchorInput => ({
    subject: ca.subject,
    spki: ca.keys.spki,
    nameConstraints: seq(tlv(0xa1, seq(tlv(0xa4, name(excluded))))),
  });
  expect(told({ responder: delegate() }, constrained('Another'))).toBe('good');
  expect(told({ responder: delegate() }, constrained('Responder'))).toBe('CERT_OCSP_INVALID');
});
