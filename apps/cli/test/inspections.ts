/** @module Servers as `inspect` reports them: with everything that makes a report long. */
import { issue } from '@ferrule/conformance/pki';
import { TlsError } from 'ferrule';
import type { Inspection } from '../src/inspect.ts';

const names = Array.from({ length: 120 }, (_, i) => `service-${i}.department.example.org`);
const root = await issue(undefined, {
  subject: 'O=Example Trust Services, CN=Example Root CA',
  kind: 'rsa',
  ca: true,
  until: 2650,
});
const middle = await issue(root, {
  subject: 'O=Example Trust Services, CN=Example TLS CA 1',
  kind: 'p384',
  ca: true,
  until: 1325,
});
const leaf = await issue(middle, {
  subject: 'CN=shop.example.org',
  kind: 'p256',
  names: ['shop.example.org', ...names],
  until: 45,
});
const chain = [leaf, middle, root].map(({ certificate }) => certificate);

export const info = {
  backend: 'native',
  fellBackBecause: [],
  engine: 'OpenSSL 3.0.19 (host process)',
  host: 'service-77.department.example.org',
  remote: '192.0.2.1:443',
  version: 'TLSv1.3',
  cipherSuite: { code: 0x1301, name: 'TLS_AES_128_GCM_SHA256' },
  group: { code: 29, name: 'x25519' },
  signatureAlgorithm: { code: 0x0403, name: 'ecdsa_secp256r1_sha256' },
  helloRetryRequested: true,
  alpn: 'http/1.1',
  peerCertificates: chain,
  verifiedChain: chain,
} as unknown as NonNullable<Inspection['info']>;

export const healthy: Inspection = {
  target: 'service-77.department.example.org:443',
  exit: 0,
  error: undefined,
  cause: undefined,
  info,
  chain,
  handshake: [
    { label: 'DNS', start: 0, end: 2 },
    { label: 'TCP', start: 2, end: 30 },
    { label: 'sent', start: 30, end: 32, bytes: 517, messages: ['ClientHello'] },
    { label: 'received', start: 32, end: 60, bytes: 88, messages: ['HelloRetryRequest'] },
    { label: 'sent', start: 60, end: 61, bytes: 583, messages: ['ChangeCipherSpec', 'ClientHello'] },
    {
      label: 'received',
      start: 61,
      end: 98,
      bytes: 4123,
      messages: [
        'ServerHello',
        'EncryptedExtensions',
        'CertificateRequest',
        'Certificate',
        'CertificateVerify',
        'Finished',
      ],
    },
    { label: 'sent', start: 98, end: 99, bytes: 60, messages: ['Certificate', 'Finished'] },
    { label: 'received', start: 99, end: 130, bytes: 500, messages: ['NewSessionTicket', 'NewSessionTicket'] },
  ],
  roundTrips: 3,
  via: undefined,
  clientCertificateRequested: true,
  clientCertificateAuthorities: [
    'CN=Department Client CA 1,O=Example Organization',
    'CN=Department Client CA 2,O=Example Organization',
  ],
  anchorFrom: '--ca',
  stapled: false,
  crlite: undefined,
  resumption: { offered: true, resumed: true, maxEarlyData: 16_384, roundTrips: 1, error: undefined },
  document: undefined,
};
export const sick: Inspection = {
  ...healthy,
  exit: 5,
  error: new TlsError('CERT_UNTRUSTED_ROOT', 'the chain ends in a root that is not trusted'),
  cause: {
    what: 'the chain ends in CN=Example Root CA, O=Example Trust Services, which is not trusted here',
    hint: 'If you trust this CA, give its certificate with --ca.',
  },
};
