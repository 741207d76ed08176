/** @module The target that is X.509: everything that @ferrule/x509 reads, and path validation over what it has read. */
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  decodePem, DerError, describe, embeddedScts, encodePem, matchesHost, nameText, parseCertificate, parseCrl, parseHost, parseOcspResponse,
  parsePkcs7, parsePublicKey, parseSctList, signatureSchemes, subjectText, trustStore, validatePathSync, type SignatureVerifier,
} from '@ferrule/x509';
import { concat } from '../hostile/peer.ts';
import { Finding, tried } from './finding.ts';
import type { MakeTarget } from './target.ts';
import type { World } from './world.ts';

const derError = (error: unknown): boolean => error instanceof DerError;
const isTypeError = (error: unknown): boolean => error instanceof TypeError && error.constructor === TypeError;

/** Signatures are right when they end in an even byte: what is behind them is reached by what a fuzzer can make. */
const lenient: SignatureVerifier = { ...nodeVerifier, name: 'even bytes', verify: (_algorithm, _spki, _message, signature) => ((signature.at(-1) ?? 1) & 1) === 0 };

type Door = (bytes: Uint8Array, world: World) => void;

const DOORS: readonly Door[] = [
  (bytes) => {
    const certificate = tried('parseCertificate', () => parseCertificate(bytes), derError);
    if (certificate === undefined) return;
    tried('describe', () => JSON.stringify(describe(certificate)), derError);
    tried('subjectText', () => subjectText(certificate), derError);
    tried('embeddedScts', () => embeddedScts(certificate), derError);
    tried('matchesHost', () => matchesHost(certificate, 'server.test'), derError);
    tried('matchesHost', () => matchesHost(certificate, '127.0.0.1'), derError);
  },
  (bytes) => void tried('parseCrl', () => parseCrl(bytes), derError),
  (bytes) => void tried('parseOcspResponse', () => parseOcspResponse(bytes), derError),
  (bytes) => void tried('parsePkcs7', () => parsePkcs7(bytes), derError),
  (bytes) => {
    const blocks = tried('decodePem', () => decodePem(Buffer.from(bytes).toString('latin1')), derError);
    for (const { label, der } of blocks ?? []) if (!Buffer.from(decodePem(encodePem(label, der))[0]?.der ?? []).equals(der)) throw new Finding('PEM does not survive its own text');
  },
  (bytes) => void tried('parseSctList', () => parseSctList(bytes), derError),
  (bytes) => {
    const key = tried('parsePublicKey', () => parsePublicKey(bytes), derError);
    if (key !== undefined) signatureSchemes(key);
  },
  (bytes) => void tried('nameText', () => nameText(bytes), derError),
  (bytes) => void tried('parseHost', () => parseHost(Buffer.from(bytes).toString()), isTypeError),
  (bytes) => void tried('trustStore', () => trustStore([bytes]), isTypeError),
  (bytes, { identity, chains }) => {
    const [subject, spki, nameConstraints] = parts(bytes);
    const anchor = { subject: subject ?? new Uint8Array(0), spki: spki ?? identity.spki, ...(nameConstraints && { nameConstraints }) };
    const trust = tried('trustStore', () => trustStore([anchor]), isTypeError);
    if (trust !== undefined) validatePathSync({ chain: chains['p256'] ?? [], trustAnchors: trust, verifier: lenient });
  },
  validate,
  validate,
];

/** Flags, host, then parts: an OCSP response, a CRL, a trust anchor, and the chain. */
function validate(bytes: Uint8Array, { root, now }: World): void {
  const [flags = 0] = bytes;
  const [ocspResponse, crlBytes, anchorBytes, sctList, ...chain] = parts(bytes.subarray(1));
  const crl = crlBytes === undefined || crlBytes.length === 0 ? undefined : tried('parseCrl', () => parseCrl(crlBytes), derError);
  const anchors = anchorBytes === undefined || anchorBytes.length === 0 ? trustStore([root]) : tried('trustStore', () => trustStore([root, anchorBytes]), isTypeError);
  if (anchors === undefined) return;
  const result = validatePathSync({
    chain,
    trustAnchors: anchors,
    verifier: (flags & 1) === 0 ? lenient : nodeVerifier,
    now,
    host: (flags & 2) === 0 ? 'server.test' : undefined,
    profile: (flags & 4) === 0 ? 'webpki' : 'rfc5280',
    ...(crl && { crls: [crl] }),
    missingCrl: (flags & 8) === 0 ? 'accept' : 'refuse',
    ocsp: (['off', 'request', 'require'] as const)[(flags >>> 4) % 3] ?? 'off',
    ...(ocspResponse && ocspResponse.length > 0 && { ocspResponse }),
    ...((flags & 128) !== 0 && { transparency: { logs: LOGS, minimum: 1, tlsList: sctList } }),
  });
  if (!result.ok && !/^[A-Z][A-Z0-9_]+$/.test(result.error.code)) throw new Finding(`a failure without a code: ${String(result.error.code)}`);
  if (!result.ok && typeof result.error.message !== 'string') throw new Finding('a failure without words');
}

const LOGS = [{ key: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex') }].map(({ key }) => ({ key: concat([key, Uint8Array.of(4), new Uint8Array(64).fill(2)]) }));

/** Parts with two bytes of length before each. */
function parts(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const length = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    found.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

const joined = (all: readonly Uint8Array[]): Uint8Array => concat(all.flatMap((part) => [Uint8Array.of(part.length >>> 8, part.length & 0xff), part]));

export const certificates: MakeTarget = (world) => ({
  share: 4,
  about: 'certificates, CRLs, OCSP responses, PKCS #7, PEM, names and keys; path validation over them',
  seeds: () => {
    const door = (index: number, body: Uint8Array): Uint8Array => concat([Uint8Array.of(index), body]);
    const empty = new Uint8Array(0);
    const chains = Object.values(world.chains);
    return [
      ...chains.map(([leaf = empty]) => door(0, leaf)),
      door(1, world.crl),
      ...world.ocsp.map((response) => door(2, response)),
      door(3, pkcs7(chains[0] ?? [])),
      door(4, Buffer.from(`${world.identity.chainPem}\n${world.identity.keyPem}`, 'latin1')),
      door(5, Buffer.from(`007d007b00${'11'.repeat(32)}00000190000000000000040300483046022100${'01'.repeat(33)}022100${'01'.repeat(33)}`, 'hex')),
      ...chains.map(([leaf = empty]) => door(6, parseCertificate(leaf).spki)),
      door(7, parseCertificate(world.root).subject),
      ...['server.test', '::1', '127.0.0.1', 'xn--bcher-kva.example', 'a'.repeat(64)].map((host) => door(8, Buffer.from(host))),
      door(9, world.root),
      door(10, joined([parseCertificate(world.root).subject, parseCertificate(world.root).spki, Buffer.from('3010a00e300c820a2e6578616d706c652e', 'hex')])),
      ...chains.flatMap((chain) => [0, 2, 4, 8, 16, 32, 128].map((flags) => door(11, concat([Uint8Array.of(flags), joined([world.ocsp[0] ?? empty, flags === 8 ? world.crl : empty, empty, empty, ...chain])])))),
    ];
  },
  fuzz: (input) => DOORS[(input[0] ?? 0) % DOORS.length]?.(input.slice(1), world),
});

/** A degenerate SignedData that only carries certificates (RFC 5652 section 5.1). */
function pkcs7(chain: readonly Uint8Array[]): Uint8Array {
  const tlv = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
    const body = concat(content);
    return concat([Uint8Array.of(tag, 0x82, body.length >>> 8, body.length & 0xff), body]);
  };
  const short = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
  const signed = tlv(0x30, short('020101'), short('3100'), short('300b06092a864886f70d010701'), tlv(0xa0, ...chain), short('3100'));
  return tlv(0x30, short('06092a864886f70d010702'), tlv(0xa0, signed));
}
