/** @module Certificates that must be refused, each shown by an otherwise good server of either version. */
import { createPublicKey, sign } from 'node:crypto';
import {
  issue,
  makeOcspResponse,
  oid,
  pki,
  sequence,
  tlv,
  type Identity,
  type IssueOptions,
} from '@ferrule/conformance/pki';
import { Alert } from '@ferrule/result';
import { concat } from '@ferrule/result/bytes';
import { encodeExtension } from '@ferrule/pure/wire';
import { need } from '@ferrule/wrong-servers/offer';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';
import type { Argument, Play, Row, Version } from './row.ts';

/** The name in every good certificate here, which leads to loopback on every host. */
export const HOST = 'localhost';

const GENERAL = [Alert.bad_certificate, Alert.certificate_unknown];
const PATH = [...GENERAL, Alert.unknown_ca, Alert.unsupported_certificate];
const SIGNATURE = [...PATH, Alert.decrypt_error];

interface Recipe extends Argument {
  readonly name: string;
  readonly make: () => Promise<Identity>;
  readonly host?: string;
  readonly only?: Version;
}

const must = (rfc: string, alerts: readonly number[]): Argument => ({ rfc, alerts, rule: 'must', severity: 'high' });
const should = (rfc: string, alerts: readonly number[]): Argument => ({
  rfc,
  alerts,
  rule: 'should',
  severity: 'medium',
});

const leaf = async (options: IssueOptions = {}, issuer?: Identity): Promise<Identity> =>
  issue(issuer ?? (await pki('intermediate')), { subject: 'CN=leaf', names: [HOST], ...options });
const authority = async (subject: string, options: IssueOptions = {}, issuer?: Identity): Promise<Identity> =>
  issue(issuer ?? (await pki('root')), { subject: `CN=${subject}`, ca: true, ...options });

const SUBJECT_ALT_NAME = '2.5.29.17';
const NAME_CONSTRAINTS = '2.5.29.30';
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Of the arc for examples in documents. */
const UNKNOWN = '2.16.840.1.113730.5.99999';
const dns = (name: string): Uint8Array => tlv(0x82, name);
const named = (...names: readonly Uint8Array[]): IssueOptions => ({
  names: [],
  extensions: [{ oid: SUBJECT_ALT_NAME, value: sequence(...names) }],
});
const constrained = (subtrees: Uint8Array): IssueOptions => ({
  extensions: [{ oid: NAME_CONSTRAINTS, critical: true, value: sequence(subtrees) }],
});

/** With a bit of its signature changed. */
function broken(certificate: Uint8Array): Uint8Array {
  const changed = certificate.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

const RECIPES: readonly Recipe[] = [
  { name: 'another name', ...must('RFC 9525 §6.3', GENERAL), make: () => leaf({ names: ['other.test'] }) },
  {
    name: 'a wildcard that would have to stand for nothing',
    ...must('RFC 9525 §6.3', GENERAL),
    make: () => leaf({ names: [`*.${HOST}`] }),
  },
  {
    name: 'a wildcard inside a label',
    ...should('RFC 9525 §6.3', GENERAL),
    make: () => leaf(named(dns(`${HOST.slice(0, 4)}*`))),
  },
  {
    name: 'a name that goes on behind a NUL',
    ...must('RFC 5280 §4.2.1.6', [...GENERAL, Alert.decode_error, Alert.illegal_parameter]),
    make: () => leaf(named(dns(`${HOST}\0.other.test`))),
  },
  {
    name: 'the name as common name alone, beside another one in subjectAltName',
    ...must('RFC 9525 §6.3', GENERAL),
    make: () => leaf({ subject: `CN=${HOST}`, names: ['other.test'] }),
  },
  {
    name: 'the name as common name alone',
    ...should('RFC 9525 §2', GENERAL),
    make: () => leaf({ subject: `CN=${HOST}`, names: [] }),
  },
  {
    name: 'the address that was asked for, as a DNS name',
    ...should('RFC 9525 §6.5', GENERAL),
    host: '127.0.0.1',
    make: () => leaf(named(dns('127.0.0.1'))),
  },
  {
    name: 'another address than was asked for',
    ...must('RFC 9525 §6.5', GENERAL),
    host: '127.0.0.1',
    make: () => leaf({ names: ['127.0.0.2'] }),
  },
  {
    name: 'expired',
    ...must('RFC 5280 §6.1.3', [Alert.certificate_expired, ...GENERAL]),
    make: () => leaf({ from: -30, until: -1 }),
  },
  {
    name: 'not yet valid',
    ...must('RFC 5280 §6.1.3', [Alert.certificate_expired, ...GENERAL]),
    make: () => leaf({ from: 1, until: 30 }),
  },
  {
    name: 'an expired intermediate',
    ...must('RFC 5280 §6.1.3', [Alert.certificate_expired, ...PATH]),
    make: async () => leaf({}, await authority('expired intermediate', { from: -30, until: -1 })),
  },
  {
    name: 'an authority that nobody knows',
    ...must('RFC 5280 §6.1', PATH),
    make: async () => leaf({}, await pki('otherRoot')),
  },
  {
    name: 'an authority that has the name of the one that is trusted',
    ...must('RFC 5280 §6.1.3', SIGNATURE),
    make: async () => leaf({}, await issue(undefined, { subject: (await pki('root')).subject, ca: true })),
  },
  { name: 'self-signed', ...must('RFC 5280 §6.1', PATH), make: () => issue(undefined, { names: [HOST] }) },
  {
    name: 'the intermediate left out',
    ...must('RFC 5280 §6.1', PATH),
    make: async () => {
      // One that was never shown: a client may keep intermediates
      const whole = await leaf({}, await authority('never shown'));
      return { ...whole, chain: [whole.certificate] };
    },
  },
  {
    name: 'a signature with one bit changed',
    ...must('RFC 5280 §6.1.3', SIGNATURE),
    make: async () => {
      const whole = await leaf();
      return { ...whole, chain: [broken(whole.certificate), ...whole.chain.slice(1)] };
    },
  },
  {
    name: 'an intermediate whose signature has one bit changed',
    ...must('RFC 5280 §6.1.3', SIGNATURE),
    make: async () => {
      const whole = await leaf();
      return { ...whole, chain: [whole.certificate, ...whole.chain.slice(1).map(broken)] };
    },
  },
  { name: 'for clients alone', ...must('RFC 5280 §4.2.1.12', PATH), make: () => leaf({ purpose: 'clientAuth' }) },
  {
    name: 'an issuer that is not an authority',
    ...must('RFC 5280 §6.1.4', PATH),
    make: async () => leaf({}, await authority('no authority', { ca: false, signs: true, purpose: 'none' })),
  },
  {
    name: 'an authority that may not sign certificates',
    ...must('RFC 5280 §6.1.4', PATH),
    make: async () => leaf({}, await authority('signs nothing', { signs: false })),
  },
  {
    name: 'a path longer than its authority allows',
    ...must('RFC 5280 §6.1.4', PATH),
    make: async () => {
      const last = await authority('last', {
        extensions: [{ oid: BASIC_CONSTRAINTS, critical: true, value: sequence(tlv(0x01, '\xff'), tlv(0x02, '\0')) }],
      });
      return leaf({}, await authority('one too many', {}, last));
    },
  },
  {
    name: 'a name that its authority is not permitted',
    ...must('RFC 5280 §6.1.3', PATH),
    make: async () => leaf({}, await authority('permitted', constrained(tlv(0xa0, sequence(dns('permitted.test')))))),
  },
  {
    name: 'a name that is excluded for its authority',
    ...must('RFC 5280 §6.1.3', PATH),
    make: async () => leaf({}, await authority('excluded', constrained(tlv(0xa1, sequence(dns(HOST)))))),
  },
  {
    name: 'a critical extension that nobody knows',
    ...must('RFC 5280 §4.2', [...PATH, Alert.unsupported_extension]),
    make: () => leaf({ extensions: [{ oid: UNKNOWN, critical: true, value: tlv(0x05) }] }),
  },
  {
    name: 'a key that may not sign',
    ...should('RFC 9846 §4.5.1.2', [...PATH, Alert.illegal_parameter]),
    make: () => leaf({ extensions: [{ oid: KEY_USAGE, critical: true, value: tlv(0x03, '\x03\x08') }] }),
  },
  {
    name: 'signed over MD5',
    ...must('RFC 9846 §4.5.1.3', [...PATH, Alert.insufficient_security, Alert.handshake_failure]),
    only: 'TLSv1.3',
    make: () => signedOver('md5', 0x04),
  },
  {
    name: 'signed over MD5',
    ...should('RFC 6151 §2', [...PATH, Alert.insufficient_security, Alert.handshake_failure]),
    only: 'TLSv1.2',
    make: () => signedOver('md5', 0x04),
  },
  {
    name: 'signed over SHA-1',
    ...should('RFC 9846 §4.5.1.3', [...PATH, Alert.insufficient_security, Alert.handshake_failure]),
    make: () => signedOver('sha1', 0x05),
  },
  {
    name: 'an RSA key of 1024 bits',
    ...should('RFC 9325 §4.5', [...PATH, Alert.insufficient_security, Alert.handshake_failure]),
    only: 'TLSv1.3',
    make: () => leaf({ kind: 'rsa-1024' }),
  },
];

/**
 * A leaf of an RSA authority, signed anew over another hash. The algorithms of PKCS#1 differ in the last byte of their
 * identifiers (RFC 8017 appendix A.2.4), and the signature keeps its length.
 */
async function signedOver(hash: 'md5' | 'sha1', algorithm: number): Promise<Identity> {
  const issuer = await authority(`${hash} authority`, { kind: 'rsa' });
  const whole = await leaf({}, issuer);
  const certificate = Buffer.from(whole.certificate);
  const sha256 = oid('1.2.840.113549.1.1.11');
  for (let at = certificate.indexOf(sha256); at >= 0; at = certificate.indexOf(sha256, at + 1))
    certificate[at + sha256.length - 1] = algorithm;
  const { modulusLength = 0 } = createPublicKey(issuer.privateKey).asymmetricKeyDetails ?? {};
  // Certificate and TBSCertificate have headers of four bytes each, as they are longer than 255 (RFC 5280 section 4.1)
  const tbs = certificate.subarray(4, 8 + certificate.readUInt16BE(6));
  const signed = concat([
    certificate.subarray(0, certificate.length - modulusLength / 8),
    sign(hash, tbs, issuer.privateKey),
  ]);
  return { ...whole, certificate: signed, chain: [signed, ...issuer.chain] };
}

const handshake = (version: Version) =>
  function play(identity: Identity): Play {
    const peer = version === 'TLSv1.3' ? new Server13(identity) : new Server12(identity);
    return { peer, script: peer.clientHello() };
  };

const VERSIONS: readonly Version[] = ['TLSv1.3', 'TLSv1.2'];

const REVOKED: Argument = must('RFC 5280 §6.3', [Alert.certificate_revoked, ...GENERAL]);

/** The response says that the certificate has been revoked. */
function stapled(): Row {
  let response = new Uint8Array(0);
  return {
    title: 'TLSv1.3, certificate: revoked, by the response stapled to it',
    kind: 'certificate',
    version: 'TLSv1.3',
    ...must('RFC 6960 §2.2', [Alert.certificate_revoked, Alert.bad_certificate_status_response, ...GENERAL]),
    expects: 'revocation',
    async identity(): Promise<Identity> {
      response = new Uint8Array(
        makeOcspResponse(await pki('revoked'), await pki('intermediate'), { status: 'revoked' }),
      );
      return await pki('revoked');
    },
    play(identity): Play {
      const peer = new Server13(identity);
      return { peer, script: staple(peer, response) };
    },
  };
}

function* staple(server: Server13, response: Uint8Array): Script {
  yield* server.clientHello();
  need(server.offered.statusRequest === true, 'the client asks for no OCSP response');
  server.serverHello();
  server.encryptedExtensions();
  server.certificate(undefined, { extensions: [encodeExtension('certificate', 'statusRequest', response)] });
}

export const CERTIFICATE_ROWS: readonly Row[] = VERSIONS.flatMap((version): Row[] => [
  ...RECIPES.filter(({ only }) => only === undefined || only === version).map(
    ({ name, make, only: _, ...rest }): Row => {
      let made: Promise<Identity> | undefined;
      return {
        title: `${version}, certificate: ${name}`,
        kind: 'certificate',
        version,
        ...rest,
        identity: () => (made ??= make()),
        play: handshake(version),
      };
    },
  ),
  {
    title: `${version}, certificate: revoked, by the list in {crl}`,
    kind: 'certificate',
    version,
    ...REVOKED,
    expects: 'revocation',
    identity: () => pki('revoked'),
    play: handshake(version),
  },
  ...(version === 'TLSv1.3' ? [stapled()] : []),
]);
