/** Makes certificates, CRLs, OCSP responses and timestamps for tests, good ones and bad ones. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  const { length } = body;
  const header =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return concat(Uint8Array.of(tag, ...header), body);
}
export const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'utf8'));
export const seq = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...parts);
export function int(value: number | bigint | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return tlv(2, value);
  let digits = BigInt(value).toString(16);
  if (digits.length % 2) digits = `0${digits}`;
  if (parseInt(digits.slice(0, 2), 16) >= 0x80) digits = `00${digits}`;
  return tlv(2, Uint8Array.from(Buffer.from(digits, 'hex')));
}
export function oid(dotted: string): Uint8Array {
  const [a = 0, b = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [a * 40 + b, ...rest]) {
    const group = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) group.unshift((high % 128) | 0x80);
    bytes.push(...group);
  }
  return tlv(6, Uint8Array.from(bytes));
}
export const TRUE: Uint8Array = Uint8Array.of(1, 1, 255);
const NULL = Uint8Array.of(5, 0);

/** `CN=…` of a plain string, or pairs of OID and value. */
export type NameInput = string | readonly (readonly [oid: string, value: string, tag?: number])[];
export const name = (input: NameInput): Uint8Array =>
  seq(
    ...(typeof input === 'string' ? [['2.5.4.3', input, 0x0c] as const] : input).map(([type, value, tag = 0x0c]) =>
      tlv(0x31, seq(oid(type), tlv(tag, text(value)))),
    ),
  );

export function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tlv(0x17, text(digits.slice(2))) : tlv(0x18, text(digits));
}

export const extension = (id: string, value: Uint8Array, critical = false): Uint8Array =>
  seq(oid(id), ...(critical ? [TRUE] : []), tlv(4, value));
export function bits(...set: readonly number[]): Uint8Array {
  const last = Math.max(...set);
  const bytes = new Uint8Array(1 + (last >> 3) + 1);
  bytes[0] = 7 - (last & 7);
  for (const bit of set) bytes[1 + (bit >> 3)] = (bytes[1 + (bit >> 3)] as number) | (0x80 >> (bit & 7));
  return tlv(3, bytes);
}

export interface Keys {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
}
export function newKeys(kind: 'ec' | 'rsa' | 'ed25519' = 'ec', bitsOrCurve?: number | string): Keys {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: (bitsOrCurve as number | undefined) ?? 2048 })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: (bitsOrCurve as string | undefined) ?? 'P-256' });
  return { privateKey: pair.privateKey, spki: Uint8Array.from(pair.publicKey.export({ type: 'spki', format: 'der' })) };
}

type SignatureKind = 'ec' | 'rsa' | 'ed25519' | 'sha1' | 'unknown';
const SIGNATURES: Readonly<Record<SignatureKind, readonly [algorithm: Uint8Array, hash: string | null]>> = {
  ec: [seq(oid('1.2.840.10045.4.3.2')), 'sha256'],
  rsa: [seq(oid('1.2.840.113549.1.1.11'), NULL), 'sha256'],
  ed25519: [seq(oid('1.3.101.112')), null],
  sha1: [seq(oid('1.2.840.113549.1.1.5'), NULL), 'sha1'],
  unknown: [seq(oid('1.2.3.4')), 'sha256'],
};

function signatureOf(
  keys: Keys,
  body: Uint8Array,
  kind: SignatureKind = keys.privateKey.asymmetricKeyType as SignatureKind,
): Uint8Array {
  const [algorithm, hash] = SIGNATURES[kind];
  return concat(body, algorithm, tlv(3, Uint8Array.of(0), Uint8Array.from(sign(hash, body, keys.privateKey))));
}

export const keyIdentifier = (spki: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha1').update(spki).digest());

export interface Made {
  readonly der: Uint8Array;
  readonly keys: Keys;
  readonly subject: Uint8Array;
  readonly serial: bigint;
}

export const DAY = 86_400_000;
/** Certificates are made valid from a year before to a year after this moment. */
export const NOW: number = Date.UTC(2026, 10, 23, 12);

export interface MakeOptions {
  readonly subject?: NameInput;
  readonly issuer?: Made;
  readonly keys?: Keys;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly dns?: readonly string[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly serial?: bigint | Uint8Array;
  readonly version?: number;
  /** Extra extensions; one of an OID that is there already takes its place, `null` takes it out. */
  readonly extensions?: Readonly<Record<string, Uint8Array | null>>;
  readonly signature?: SignatureKind;
  /**
   * What is signed, in place of these: version, serial number, algorithm, issuer, validity, subject, key, extensions.
   */
  readonly parts?: (parts: Uint8Array[]) => readonly Uint8Array[];
}

let count = 1n;

/** A certificate; self-signed without `issuer`. */
export function make(options: MakeOptions = {}): Made {
  const { issuer, ca = false, pathLength, dns = ca ? [] : ['example.com'], version = 3 } = options;
  const keys = options.keys ?? newKeys();
  const serial = options.serial ?? 0x1000n + count++;
  const subject = name(options.subject ?? (ca ? `CA ${count}` : 'example.com'));
  const list: Record<string, Uint8Array | null> = {
    '2.5.29.19': ca
      ? extension('2.5.29.19', seq(TRUE, ...(pathLength === undefined ? [] : [int(pathLength)])), true)
      : null,
    '2.5.29.15': extension('2.5.29.15', ca ? bits(5, 6) : bits(0), true),
    '2.5.29.14': extension('2.5.29.14', tlv(4, keyIdentifier(keys.spki))),
    '2.5.29.35': issuer ? extension('2.5.29.35', seq(tlv(0x80, keyIdentifier(issuer.keys.spki)))) : null,
    '2.5.29.37': ca ? null : extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.1'))),
    '2.5.29.17': dns.length > 0 ? extension('2.5.29.17', seq(...dns.map((one) => tlv(0x82, text(one))))) : null,
    ...options.extensions,
  };
  const extensions = Object.values(list).filter((one) => one !== null);
  const signer = issuer?.keys ?? keys;
  const [algorithm] = SIGNATURES[options.signature ?? (signer.privateKey.asymmetricKeyType as SignatureKind)];
  const parts = [
    version > 1 ? tlv(0xa0, int(version - 1)) : new Uint8Array(0),
    int(serial),
    algorithm,
    issuer?.subject ?? subject,
    seq(time(options.notBefore ?? NOW - 365 * DAY), time(options.notAfter ?? NOW + 365 * DAY)),
    subject,
    keys.spki,
    extensions.length > 0 && version === 3 ? tlv(0xa3, seq(...extensions)) : new Uint8Array(0),
  ];
  const tbs = seq(...(options.parts?.(parts) ?? parts));
  return {
    der: seq(signatureOf(signer, tbs, options.signature)),
    keys,
    subject,
    serial: typeof serial === 'bigint' ? serial : 0n,
  };
}

export interface CrlOptions {
  /** What is signed, in place of these: version, algorithm, issuer, thisUpdate, nextUpdate, entries, extensions. */
  readonly parts?: (parts: Uint8Array[]) => readonly Uint8Array[];
  /** Extensions of every entry. */
  readonly entryExtensions?: readonly Uint8Array[];
  readonly revoked?: readonly (readonly [serial: bigint, reason?: number])[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  readonly extensions?: readonly Uint8Array[];
  readonly keys?: Keys;
}
export const crlNumber: Uint8Array = extension('2.5.29.20', int(7));

export function makeCrl(issuer: Made, options: CrlOptions = {}): Uint8Array {
  const {
    revoked = [],
    entryExtensions = [],
    thisUpdate = NOW - DAY,
    nextUpdate = NOW + DAY,
    extensions = [crlNumber],
    keys = issuer.keys,
  } = options;
  const [algorithm] = SIGNATURES[keys.privateKey.asymmetricKeyType as SignatureKind];
  const entries = revoked.map(([serial, reason]) =>
    seq(
      int(serial),
      time(NOW - 2 * DAY),
      ...(reason === undefined && entryExtensions.length === 0
        ? []
        : [
            seq(
              ...(reason === undefined ? [] : [extension('2.5.29.21', tlv(10, Uint8Array.of(reason)))]),
              ...entryExtensions,
            ),
          ]),
    ),
  );
  const parts = [
    int(1),
    algorithm,
    issuer.subject,
    time(thisUpdate),
    nextUpdate === null ? new Uint8Array(0) : time(nextUpdate),
    entries.length > 0 ? seq(...entries) : new Uint8Array(0),
    extensions.length > 0 ? tlv(0xa0, seq(...extensions)) : new Uint8Array(0),
  ];
  return seq(signatureOf(keys, seq(...(options.parts?.(parts) ?? parts))));
}

export interface OcspOptions {
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** Who signs; default the issuer. */
  readonly responder?: Made;
  readonly hash?: 'sha1' | 'sha256';
  readonly serial?: bigint;
  readonly signer?: Keys;
  /** Name the responder by its key's hash. */
  readonly byKey?: boolean;
  /** What stands in front of the answer that counts: so many about the same serial number of another issuer. */
  readonly strangers?: number;
  /** Certificates in front of the responder's. */
  readonly before?: readonly Uint8Array[];
  /** Version of ResponseData, where it is not the default. */
  readonly version?: number;
  /** In place of the certificate's status. */
  readonly state?: Uint8Array;
  /** Of the response. */
  readonly extensions?: readonly Uint8Array[];
}

const generalized = (at: number): Uint8Array => tlv(0x18, text(new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')));
const keyBits = (spki: Uint8Array): Uint8Array => spki.subarray(spki.length - 65);

/** For certificates whose issuer has a P-256 key. */
export function makeOcsp(leaf: Made, issuer: Made, options: OcspOptions = {}): Uint8Array {
  const {
    status = 'good',
    thisUpdate = NOW - DAY,
    nextUpdate = NOW + DAY,
    responder = issuer,
    hash = 'sha1',
    serial = leaf.serial,
  } = options;
  const digest = (data: Uint8Array): Uint8Array => Uint8Array.from(createHash(hash).update(data).digest());
  const hashOid = hash === 'sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1';
  const certId = seq(
    seq(oid(hashOid), NULL),
    tlv(4, digest(issuer.subject)),
    tlv(4, digest(keyBits(issuer.keys.spki))),
    int(serial),
  );
  const state =
    options.state ??
    (status === 'good'
      ? tlv(0x80)
      : status === 'unknown'
        ? tlv(0x82)
        : tlv(0xa1, generalized(NOW - 3 * DAY), tlv(0xa0, tlv(10, Uint8Array.of(1)))));
  const single = seq(
    certId,
    state,
    generalized(thisUpdate),
    ...(nextUpdate === null ? [] : [tlv(0xa0, generalized(nextUpdate))]),
  );
  const id = options.byKey
    ? tlv(0xa2, tlv(4, Uint8Array.from(createHash('sha1').update(keyBits(responder.keys.spki)).digest())))
    : tlv(0xa1, responder.subject);
  const stranger = seq(
    seq(seq(oid(hashOid), NULL), tlv(4, new Uint8Array(20)), tlv(4, new Uint8Array(20)), int(serial)),
    state,
    generalized(thisUpdate),
  );
  const responses = seq(...Array.from({ length: options.strangers ?? 0 }, () => stranger), single);
  const version = options.version === undefined ? [] : [tlv(0xa0, int(options.version))];
  const data = seq(
    ...version,
    id,
    generalized(NOW),
    responses,
    ...(options.extensions ? [tlv(0xa1, seq(...options.extensions))] : []),
  );
  const basic = seq(
    signatureOf(options.signer ?? responder.keys, data),
    ...(responder === issuer ? [] : [tlv(0xa0, seq(...(options.before ?? []), responder.der))]),
  );
  return seq(tlv(10, Uint8Array.of(0)), tlv(0xa0, seq(oid('1.3.6.1.5.5.7.48.1.1'), tlv(4, basic))));
}
