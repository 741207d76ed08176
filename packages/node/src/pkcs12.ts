/**
 * @module @ferrule/node/pkcs12: the certificates and the keys of a .p12 or .pfx file (RFC 7292). Node reads such files
 * without exposing their content, so this implements what files in use need: one passphrase, and the encryption of RFC
 * 8018 (PBES2) or `pbeWithSHAAnd3-KeyTripleDES-CBC`.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  pbkdf2Sync,
  timingSafeEqual,
  X509Certificate,
} from 'node:crypto';
import { isBytes, refuseOption } from '@ferrule/result/arguments';

export interface Pkcs12 {
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  /** DER, PKCS#8, decrypted or not: `encrypted` says which. */
  readonly keys: readonly { readonly der: Uint8Array; readonly encrypted: boolean }[];
}

/** The form of `credentials` of either engine. */
export interface Pkcs12Credential {
  /** DER: the key's certificate, each followed by its issuer, as far as the file has them. */
  readonly chain: readonly Uint8Array[];
  /** DER, PKCS#8, decrypted. */
  readonly key: Uint8Array;
}

/** The passphrase is wrong: the file's MAC does not match (RFC 7292 section 4). */
export class WrongPassphrase extends Error {}

/** Whether the bytes begin as a PFX does: SEQUENCE, INTEGER 3 (RFC 7292 section 4). */
export function isPkcs12(bytes: Uint8Array): boolean {
  try {
    const [version] = childrenOf(node(bytes, 0));
    return version?.tag === 0x02 && version.content.length === 1 && version.content[0] === 3;
  } catch {
    return false;
  }
}

export interface Pkcs12Options {
  /** Whether to check the MAC, which detects a wrong passphrase; default true. */
  readonly mac?: boolean;
}

/**
 * Reads a PKCS#12 file.
 * @throws WrongPassphrase
 * @throws TypeError if it is not bytes
 * @throws Error that names what cannot be read: a damaged structure, RC2, an unsupported MAC
 */
export function readPkcs12(bytes: Uint8Array, passphrase: string, { mac = true }: Pkcs12Options = {}): Pkcs12 {
  if (!isBytes(bytes)) refuseOption(bytes, 'bytes', 'a Uint8Array');
  if (!isPkcs12(bytes)) throw new Error('it is not PKCS#12 in DER, or it is cut off');
  const [, authSafe, macData] = childrenOf(node(bytes, 0));
  const content = octetsOf(contentOf(authSafe));
  // Without a password, files use an empty one or none at all
  const password = bmpString(passphrase);
  const used = macData && mac ? checkedMac(macData, content, password, passphrase === '') : password;
  const found: Found = { certificates: [], keys: [] };
  for (const info of childrenOf(node(content, 0))) {
    const [type] = childrenOf(info);
    const safe = oidOf(type) === DATA ? octetsOf(contentOf(info)) : decrypted(contentOf(info), passphrase, used);
    readBags(node(safe, 0), found);
  }
  return found;
}

/**
 * The client certificate in a PKCS#12 file.
 * @throws WrongPassphrase
 * @throws Error as {@link readPkcs12}, and for a file with no private key, several, or none of their certificates.
 */
export function credentialFromPkcs12(bytes: Uint8Array, passphrase: string = ''): Pkcs12Credential {
  const { certificates, keys } = readPkcs12(bytes, passphrase);
  const [key, ...more] = keys.map(({ der, encrypted }) =>
    createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8', ...(encrypted && { passphrase }) }),
  );
  if (key === undefined) throw new Error('it holds no private key');
  if (more.length > 0) throw new Error('it holds several private keys; openssl pkcs12 takes one out');
  const left = certificates.map((der) => ({ der, certificate: new X509Certificate(der) }));
  let next = left.find(({ certificate }) => certificate.checkPrivateKey(key));
  if (next === undefined) throw new Error('it holds no certificate of its key');
  const chain: Uint8Array[] = [];
  while (next !== undefined) {
    const last: (typeof left)[number] = next;
    chain.push(new Uint8Array(last.der));
    left.splice(left.indexOf(last), 1);
    next = left.find(({ certificate }) => last.certificate.checkIssued(certificate));
  }
  return { chain, key: new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })) };
}

interface Found {
  readonly certificates: Uint8Array[];
  readonly keys: { der: Uint8Array; encrypted: boolean }[];
}

const DATA = '1.2.840.113549.1.7.1';
const BAG = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;
const X509 = '1.2.840.113549.1.9.22.1';

/** SafeContents, RFC 7292 section 4.2: bags of other kinds are skipped. */
function readBags(contents: Node, found: Found): void {
  for (const bag of childrenOf(contents)) {
    const [id, wrapped] = childrenOf(bag);
    const value = wrapped && childrenOf(wrapped)[0];
    if (value === undefined) continue;
    switch (oidOf(id)) {
      case BAG.key:
        found.keys.push({ der: value.whole, encrypted: false });
        break;
      case BAG.shroudedKey:
        found.keys.push({ der: value.whole, encrypted: true });
        break;
      case BAG.certificate: {
        const [kind, certificate] = childrenOf(value);
        if (oidOf(kind) === X509 && certificate) found.certificates.push(octetsOf(childrenOf(certificate)[0]));
        break;
      }
      case BAG.safeContents:
        readBags(value, found);
    }
  }
}

/** RFC 7292 appendix B: the password as used in the MAC. */
function checkedMac(macData: Node, content: Uint8Array, password: Buffer, mayBeNone: boolean): Buffer {
  const [digestInfo, salt, iterations] = childrenOf(macData);
  const [algorithm, digest] = childrenOf(digestInfo);
  const hash = HASHES[oidOf(algorithm && childrenOf(algorithm)[0])];
  if (hash === undefined) throw new Error('its MAC is of a kind that is not supported');
  const count = iterations === undefined ? 1 : numberOf(iterations);
  for (const candidate of mayBeNone ? [password, Buffer.alloc(0)] : [password]) {
    const key = pkcs12Key(hash, 3, candidate, octetsOf(salt), count, createHash(hash).digest().length);
    const mac = createHmac(hash, key).update(content).digest();
    const expected = octetsOf(digest);
    if (mac.length === expected.length && timingSafeEqual(mac, expected)) return candidate;
  }
  throw new WrongPassphrase('the passphrase is wrong');
}

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** HMAC with a hash, of PBKDF2 (RFC 8018 appendix B.1). */
const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const CIPHERS: Readonly<Record<string, readonly [string, number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};

/** EncryptedData (RFC 5652 section 8). */
function decrypted(encryptedData: Node, passphrase: string, password: Buffer): Uint8Array {
  const info = childrenOf(encryptedData)[1];
  const [, algorithm, content] = childrenOf(info);
  const [id, parameters] = childrenOf(algorithm);
  if (content === undefined || parameters === undefined) throw new Error('it is damaged');
  // [0] IMPLICIT OCTET STRING, in one piece or in several
  const sealed =
    content.tag === 0xa0 ? Buffer.concat(childrenOf(content).map((each) => each.content)) : content.content;
  const open = (cipher: string, key: Buffer, iv: Uint8Array): Uint8Array => {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  };
  switch (oidOf(id)) {
    // PBES2 with PBKDF2, RFC 8018 section 6.2
    case '1.2.840.113549.1.5.13': {
      const [kdf, scheme] = childrenOf(parameters);
      const [, kdfParameters] = childrenOf(kdf);
      const [salt, iterations, ...more] = childrenOf(kdfParameters);
      const prf = more.find(({ tag }) => tag === 0x30);
      const hash = prf === undefined ? 'sha1' : PRFS[oidOf(childrenOf(prf)[0])];
      const [cipherId, iv] = childrenOf(scheme);
      const [cipher, length] = CIPHERS[oidOf(cipherId)] ?? [];
      if (hash === undefined || cipher === undefined || length === undefined || iterations === undefined)
        throw new Error('its encryption is not supported');
      return open(cipher, pbkdf2Sync(passphrase, octetsOf(salt), numberOf(iterations), length, hash), octetsOf(iv));
    }
    // pbeWithSHAAnd3-KeyTripleDES-CBC, RFC 7292 appendix C
    case '1.2.840.113549.1.12.1.3': {
      const [salt, iterations] = childrenOf(parameters);
      if (iterations === undefined) throw new Error('it is damaged');
      const derive = (use: number, length: number): Buffer =>
        pkcs12Key('sha1', use, password, octetsOf(salt), numberOf(iterations), length);
      return open('des-ede3-cbc', derive(1, 24), derive(2, 8));
    }
    default:
      throw new Error('its encryption (RC2, perhaps) is not supported; openssl pkcs12 -legacy converts it');
  }
}

/** RFC 7292 appendix B.2. */
function pkcs12Key(
  hash: string,
  use: number,
  password: Buffer,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Buffer {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const filled = (bytes: Uint8Array): Buffer =>
    Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes.length > 0 ? bytes : 0);
  const input = Buffer.concat([filled(salt), filled(password)]);
  const chunks: Buffer[] = [];
  for (let made = 0; made < length;) {
    let out = createHash(hash).update(Buffer.alloc(block, use)).update(input).digest();
    for (let i = 1; i < iterations; i++) out = createHash(hash).update(out).digest();
    chunks.push(out);
    made += out.length;
    const b = Buffer.alloc(block, out);
    for (let at = 0; at < input.length; at += block) {
      let carry = 1;
      for (let i = block - 1; i >= 0; i--) {
        carry += (input[at + i] ?? 0) + (b[i] ?? 0);
        input[at + i] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(chunks).subarray(0, length);
}

/** UTF-16, big-endian, with two trailing zero bytes (RFC 7292 appendix B.1). */
const bmpString = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le').swap16();

interface Node {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** @throws Error if it is not DER. */
function node(bytes: Uint8Array, at: number): Node {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || first === 0x80 || first > 0x84)
    throw new Error('it is damaged, or BER');
  let [length, head] = [first, 2];
  if (first > 0x80) {
    head += first & 0x7f;
    length = bytes.subarray(at + 2, at + head).reduce((sum, each) => sum * 256 + each, 0);
  }
  const end = at + head + length;
  if (end > bytes.length) throw new Error('it is cut off');
  return { tag, content: bytes.subarray(at + head, end), whole: bytes.subarray(at, end) };
}

function childrenOf(parent: Node | undefined): Node[] {
  if (parent === undefined) throw new Error('it is damaged');
  const children: Node[] = [];
  for (let at = 0; at < parent.content.length; at += children.at(-1)?.whole.length ?? 0)
    children.push(node(parent.content, at));
  return children;
}

/** ContentInfo: what is in its [0]. */
function contentOf(info: Node | undefined): Node {
  const content = childrenOf(childrenOf(info)[1])[0];
  if (content === undefined) throw new Error('it is damaged');
  return content;
}

function octetsOf(octets: Node | undefined): Uint8Array {
  if (octets?.tag === 0x24) return Buffer.concat(childrenOf(octets).map(octetsOf));
  if (octets?.tag !== 0x04) throw new Error('it is damaged');
  return octets.content;
}

/** @throws Error for an iteration count that would take hours. */
function numberOf({ content }: Node): number {
  const number = content.reduce((sum, each) => sum * 256 + each, 0);
  if (number < 1 || number > 10_000_000) throw new Error('it asks for too many iterations');
  return number;
}

function oidOf(id: Node | undefined): string {
  if (id?.tag !== 0x06) throw new Error('it is damaged');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of id.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join('.');
}
