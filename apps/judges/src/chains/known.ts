/**
 * @module Disagreements that have a reason. One that is not here fails, and so does a row here that explains nothing
 * any more.
 */
import type { Kind, Verdicts } from './compare.ts';

export interface KnownDisagreement {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** About the smallest form: its title, and what is said of it. */
  readonly explains: (title: string, verdicts: Verdicts) => boolean;
  readonly reason: string;
}

const NATIVE_REFUSES: readonly Kind[] = [
  'pure accepts, native refuses',
  'engines refuse with other codes',
  'engines refuse with other X509_V',
];
const SELF_SIGNED: readonly (number | undefined)[] = [18, 19];
const BAD_ANCHOR = 'bad trust anchor';
const UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20;
const INVALID_PURPOSE = 26;

export const KNOWN: readonly KnownDisagreement[] = [
  {
    name: 'not decoded',
    kinds: NATIVE_REFUSES,
    explains: (_title, { native, pure }) =>
      (native?.verify === 0 && (native.code === 'CERT_INVALID' || native.code === 'DECODE_ERROR')) ||
      (native?.code === BAD_ANCHOR && pure?.code !== BAD_ANCHOR),
    reason:
      'OpenSSL decodes each certificate as a whole when it comes, and ends with the first that it cannot decode: one with a GeneralString in a name, which nobody may need. Pure passes over what it cannot read and does not need.',
  },
  {
    name: 'no search',
    kinds: NATIVE_REFUSES,
    explains: (title, { native }) =>
      /KeyIdentifier|twin|same name/.test(title) &&
      (native?.verify === UNABLE_TO_GET_ISSUER_CERT_LOCALLY || native?.code === 'CERT_SIGNATURE'),
    reason:
      'OpenSSL does not search: an authorityKeyIdentifier that disagrees is a verdict, and the first issuer that fits by name is the only one. For pure it is a hint.',
  },
  {
    name: 'named as its issuer',
    kinds: NATIVE_REFUSES,
    explains: (title, { native }) => title.includes('named as the root') && SELF_SIGNED.includes(native?.verify),
    reason:
      'A certificate of its own issuer’s name, without an authorityKeyIdentifier, is self-signed for OpenSSL, whoever signed it: the path ends there (EXFLAG_SS). Pure looks at the signature (RFC 5280 section 3.2: self-issued is not self-signed).',
  },
  {
    name: 'anyExtendedKeyUsage',
    kinds: NATIVE_REFUSES,
    explains: (title, { native }) => title.includes('extendedKeyUsage any') && native?.verify === INVALID_PURPOSE,
    reason:
      'OpenSSL does not take anyExtendedKeyUsage for serverAuth (RFC 5280 section 4.2.1.12 leaves that open); Go and pure do.',
  },
  {
    name: 'above an anchor',
    kinds: NATIVE_REFUSES,
    explains: (title) => /(is|are) trusted/.test(title),
    reason:
      'OpenSSL builds a path as long as it can, and judges also what is above a certificate that is itself trusted. For pure the path ends there (RFC 5280 section 6.1.1 d).',
  },
  {
    name: 'a key that signs nothing in TLS 1.3',
    kinds: ['engines refuse with other codes', 'x509 is not pure', 'OpenSSL and Go accept, pure refuses'],
    explains: (title, { pure }) =>
      /leaf: key (secp224r1|secp256k1)/.test(title) && pure?.code === 'WRONG_CERTIFICATE_TYPE',
    reason:
      'Such a key signs certificates, and no handshake (RFC 9846 section 4.3.3 binds ECDSA to three curves). Pure says so of the certificate; OpenSSL waits for CertificateVerify, and then says that its curve is not that of the scheme. The others are asked for a path alone.',
  },
  {
    name: 'brainpool in TLS 1.3',
    kinds: NATIVE_REFUSES,
    explains: (title) => title.includes('leaf: key brainpool'),
    reason: 'OpenSSL knows the code points of RFC 8734 from 3.2 on; native offers what its host knows (ADR 0082).',
  },
  {
    name: 'ECDSA over SHA-3',
    kinds: [...NATIVE_REFUSES, 'pure accepts, nobody else'],
    explains: (title) => title.includes('signed with SHA3-256'),
    reason: 'OpenSSL knows it from 3.5 on, Go and pyca not at all.',
  },
  {
    name: 'a leaf that is not a certificate',
    kinds: ['x509 is not pure'],
    explains: (_title, { x509, pure }) => x509?.code === 'CERT_INVALID' && pure?.code === 'DECODE_ERROR',
    reason: 'In the handshake it is a message that cannot be decoded (RFC 9846 section 6.2).',
  },
  {
    name: 'a key that may not sign',
    kinds: ['x509 is not pure'],
    explains: (title, { x509 }) => /leaf: keyUsage key(Encipherment|Agreement)/.test(title) && x509?.accepts === true,
    reason: 'That the key signs is asked by the handshake (RFC 9846 section 4.5.1.2), not by the path.',
  },
  {
    name: 'policies count',
    kinds: ['OpenSSL and Go accept, pure refuses'],
    explains: (title, { native }) => /polic|qualifier/i.test(title) && native?.accepts === false,
    reason:
      'What a CA says of policies limits what it vouches for (RFC 5280 sections 4.2.1.4, 4.2.1.11, 6.1.5 g); OpenSSL looks at that only with X509_V_FLAG_POLICY_CHECK. Both engines refuse.',
  },
  {
    name: 'what a key may be used for',
    kinds: ['OpenSSL and Go accept, pure refuses'],
    explains: (title, { native, pure }) =>
      /keyUsage/.test(title) && native?.accepts === false && native.code === pure?.code,
    reason:
      'The others are asked for a path alone. In the handshake the key signs, and its keyUsage must allow that (RFC 9846 section 4.5.1.2). At least one bit must be set (RFC 5280 section 4.2.1.3): a key that may be used for nothing is used for nothing. Both engines ask.',
  },
  {
    name: 'not decoded by others',
    kinds: ['pure accepts, nobody else'],
    explains: (title) => /rubbish|in (general|graphic)|trailing bytes|leading zero/.test(title),
    reason: 'The others decode every certificate as a whole. What pure cannot read and does not need, it passes over.',
  },
  {
    name: 'others for other reasons',
    kinds: ['pure accepts, nobody else'],
    explains: (title) => title.includes(' + '),
    reason: 'No feature alone is refused by all: each of the others has a reason of its own.',
  },
];
