/** @module The target that is X.509: everything that @ferrule/x509 reads, and path validation over what it has read. */
import { concat } from '@ferrule/result/bytes';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  decodePem,
  DerError,
  describeCertificate,
  embeddedScts,
  encodePem,
  matchesHost,
  nameText,
  parseCertificate,
  parseCrl,
  parseHost,
  parseOcspResponse,
  parsePkcs7,
  parsePublicKey,
  parseSctList,
  signatureSchemes,
  subjectText,
  trustStore,
  validatePath,
  type SignatureVerifier,
} from '@ferrule/x509';
import {
  CA_EXTENSIONS,
  CRL_EXTENSIONS,
  hex,
  LEAF_EXTENSIONS,
  LOG_KEY,
  SCT_LIST,
  tlv,
  withCrlExtensions,
  withExtensions,
} from './der.ts';
import { Finding, tried } from './finding.ts';
import type { MakeTarget } from './target.ts';
import type { World } from './world.ts';

const derError = (error: unknown): boolean => error instanceof DerError;
const isTypeError = (error: unknown): boolean => error instanceof TypeError && error.constructor === TypeError;

/** Nearly every signature is right: what is behind it is reached by what a fuzzer can make. */
const lenient: SignatureVerifier = {
  ...nodeVerifier,
  name: 'lenient',
  verify: (_algorithm, _spki, _message, signature) => signature.length > 1,
};

type Door = (bytes: Uint8Array, world: World) => void;

const DOORS: readonly Door[] = [
  (bytes) => {
    const certificate = tried('parseCertificate', () => parseCertificate(bytes), derError);
    if (certificate === undefined) return;
    tried('describe', () => JSON.stringify(describeCertificate(certificate)), derError);
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
    for (const { label, der } of blocks ?? [])
      if (!Buffer.from(decodePem(encodePem(label, der))[0]?.der ?? []).equals(der))
        throw new Finding('PEM does not survive its own text');
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
    const anchor = {
      subject: subject ?? new Uint8Array(0),
      spki: spki ?? identity.spki,
      ...(nameConstraints && { nameConstraints }),
    };
    const trust = tried('trustStore', () => trustStore([anchor]), isTypeError);
    if (trust !== undefined) validatePath({ chain: chains['p256'] ?? [], trustAnchors: trust, verifier: lenient });
  },
  validate,
  validate,
];

/** Flags, host, then parts: an OCSP response, a CRL, a trust anchor, and the chain. */
function validate(bytes: Uint8Array, { root, now }: World): void {
  const [flags = 0] = bytes;
  const [ocspResponse, crlBytes, anchorBytes, sctList, ...chain] = parts(bytes.subarray(1));
  const list =
    crlBytes === undefined || crlBytes.length === 0 ? undefined : tried('parseCrl', () => parseCrl(crlBytes), derError);
  // A delta CRL is refused as an option, whatever is in it
  const crl = list?.delta === true ? undefined : list;
  const anchors =
    anchorBytes === undefined || anchorBytes.length === 0
      ? trustStore([root])
      : tried('trustStore', () => trustStore([root, anchorBytes]), isTypeError);
  if (anchors === undefined) return;
  const result = validatePath({
    chain,
    trustAnchors: anchors,
    verifier: (flags & 1) === 0 ? lenient : nodeVerifier,
    now,
    host: (flags & 2) === 0 ? 'server.test' : undefined,
    profile: (flags & 4) !== 0 ? 'rfc5280' : (flags & 1) === 0 ? 'compatible' : 'webpki',
    ...(crl && { crls: [crl], missingCrl: (flags & 8) === 0 ? 'accept' : 'refuse' }),
    ocsp: (['off', 'request', 'require'] as const)[(flags >>> 4) % 3] ?? 'off',
    ...(ocspResponse && ocspResponse.length > 0 && { ocspResponse }),
    ...((flags & 128) !== 0 && { transparency: { logs: LOGS, minimum: 1, tlsList: sctList } }),
  });
  if (!result.ok && !/^[A-Z][A-Z0-9_]+$/.test(result.error.code))
    throw new Finding(`a failure without a code: ${String(result.error.code)}`);
  if (!result.ok && typeof result.error.message !== 'string') throw new Finding('a failure without words');
}

const LOGS = [{ key: LOG_KEY }];

/** Parts with two bytes of length before each. */
function parts(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    found.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

const joined = (all: readonly Uint8Array[]): Uint8Array =>
  concat(all.flatMap((part) => [Uint8Array.of(part.length >>> 8, part.length & 0xff), part]));

export const certificates: MakeTarget = (world) => ({
  share: 4,
  about: 'certificates, CRLs, OCSP responses, PKCS #7, PEM, names and keys; path validation over them',
  seeds: () => {
    const door = (index: number, body: Uint8Array): Uint8Array => concat([Uint8Array.of(index), body]);
    const empty = new Uint8Array(0);
    const [leaf = empty, authority = empty] = world.chains['p256'] ?? [];
    // Each extension alone, and all in one.
    const leaves = [
      ...LEAF_EXTENSIONS.map((each) => withExtensions(leaf, [each])),
      withExtensions(leaf, LEAF_EXTENSIONS),
    ];
    const authorities = CA_EXTENSIONS.map((each) => withExtensions(authority, [each]));
    const crls = [world.crl, ...CRL_EXTENSIONS.map((each) => withCrlExtensions(world.crl, [each]))];
    const chains = [
      ...Object.values(world.chains),
      ...leaves.map((each) => [each, authority]),
      ...authorities.map((each) => [leaves[0] ?? leaf, each]),
      [withExtensions(leaf, LEAF_EXTENSIONS.slice(0, 1)), ...authorities, authority],
    ];
    const validation = (flags: number, crl: Uint8Array, chain: readonly Uint8Array[]): Uint8Array =>
      concat([Uint8Array.of(flags), joined([world.ocsp[0] ?? empty, crl, empty, SCT_LIST, ...chain])]);
    return [
      ...chains.map(([each = empty]) => door(0, each)),
      ...authorities.map((each) => door(0, each)),
      ...crls.map((crl) => door(1, crl)),
      ...world.ocsp.map((response) => door(2, response)),
      door(3, pkcs7(chains[0] ?? [])),
      door(4, Buffer.from(`${world.identity.chainPem}\n${world.identity.keyPem}`, 'latin1')),
      door(5, SCT_LIST),
      ...Object.values(world.chains).map(([each = empty]) => door(6, parseCertificate(each).spki)),
      door(7, parseCertificate(world.root).subject),
      ...['server.test', '::1', '127.0.0.1', 'xn--bcher-kva.example', 'a'.repeat(64)].map((host) =>
        door(8, Buffer.from(host)),
      ),
      door(9, world.root),
      door(
        10,
        joined([
          parseCertificate(world.root).subject,
          parseCertificate(world.root).spki,
          Buffer.from('3010a00e300c820a2e6578616d706c652e', 'hex'),
        ]),
      ),
      ...chains.flatMap((chain) => [0, 4, 16, 34, 128].map((flags) => door(11, validation(flags, empty, chain)))),
      ...crls.flatMap((crl) => [0, 8].map((flags) => door(11, validation(flags, crl, world.chains['revoked'] ?? [])))),
    ];
  },
  fuzz: (input) => DOORS[(input[0] ?? 0) % DOORS.length]?.(input.slice(1), world),
});

/** A degenerate SignedData that only carries certificates (RFC 5652 section 5.1). */
function pkcs7(chain: readonly Uint8Array[]): Uint8Array {
  const signed = tlv(
    0x30,
    hex('020101'),
    hex('3100'),
    hex('300b06092a864886f70d010701'),
    tlv(0xa0, ...chain),
    hex('3100'),
  );
  return tlv(0x30, hex('06092a864886f70d010702'), tlv(0xa0, signed));
}
