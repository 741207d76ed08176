/**
 * @module The certificates and the key of a PKCS#12 file (RFC 7292). Node reads such files and keeps what it has read
 * to itself, so here is as much of the format as files in use have: one password, and the encryption of RFC 8018
 * (PBES2) or `pbeWithSHAAnd3-KeyTripleDES-CBC`. Whether the password is right, its MAC, has been judged by Node
 * already.
 */
import { createDecipheriv, createHash, createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto';

/** DER: the chain, its own certificate first, further certificates, and the key as PKCS#8. */
export interface PfxContent {
  readonly chain: readonly Buffer[];
  readonly key: Buffer;
}

/** @throws TypeError for what is no such file, or encrypted in another way. */
export function readPfx(file: Uint8Array, passphrase: string): PfxContent {
  const certificates: Buffer[] = [];
  const keys: Buffer[] = [];
  const bags = (contents: Buffer): void => {
    for (const bag of children(contents)) {
      const [type, value] = children(bag.value);
      const content = children(value?.value ?? EMPTY)[0];
      if (type === undefined || content === undefined) throw malformed();
      const name = oid(type);
      if (name === OID.keyBag) keys.push(content.whole);
      if (name === OID.shroudedKeyBag) keys.push(pkcs8(content.whole, passphrase));
      if (name === OID.certBag) certificates.push(certificateOf(content));
      if (name === OID.safeContentsBag) bags(content.value);
    }
  };
  const [, authSafe] = children(first(Buffer.from(file)).value);
  const data = contentOf(authSafe);
  for (const info of children(first(data.value).value)) {
    const [type, value] = children(info.value);
    if (type === undefined || value === undefined) throw malformed();
    if (oid(type) === OID.data) bags(first(contentOf(info).value).value);
    else if (oid(type) === OID.encryptedData) bags(first(decrypted(first(value.value), passphrase)).value);
    else throw new TypeError(`pfx: content of the type ${oid(type)} is not supported: only passwords are`);
  }
  const [key] = keys;
  if (key === undefined) throw new TypeError('pfx: it holds no private key');
  const own = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const leaf = certificates.find((each) => new X509Certificate(each).checkPrivateKey(own));
  if (leaf === undefined) throw new TypeError('pfx: none of its certificates is for its private key');
  return { chain: [leaf, ...certificates.filter((each) => each !== leaf)], key };
}

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbeTripleDes: '1.2.840.113549.1.12.1.3',
} as const;

const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};

const EMPTY = Buffer.alloc(0);

/** CertBag ::= SEQUENCE { certId, certValue [0] EXPLICIT OCTET STRING } */
const certificateOf = (bag: Element): Buffer => first(children(bag.value)[1]?.value ?? EMPTY).value;

const pkcs8 = (encrypted: Buffer, passphrase: string): Buffer =>
  createPrivateKey({ key: encrypted, format: 'der', type: 'pkcs8', passphrase }).export({
    format: 'der',
    type: 'pkcs8',
  });

/** ContentInfo's content, an OCTET STRING. */
function contentOf(info: Element | undefined): Element {
  const content = info && children(info.value)[1];
  if (content === undefined) throw malformed();
  return first(content.value);
}

/** EncryptedData of RFC 2315 section 13. */
function decrypted(data: Element, passphrase: string): Buffer {
  const [, algorithm, bytes] = children(children(data.value)[1]?.value ?? EMPTY);
  const [scheme, parameters] = children(algorithm?.value ?? EMPTY);
  if (scheme === undefined || parameters === undefined || bytes === undefined) throw malformed();
  const { cipher, key, iv } = keyOf(oid(scheme), parameters, passphrase);
  const decipher = createDecipheriv(cipher, key, iv);
  return Buffer.concat([decipher.update(bytes.value), decipher.final()]);
}

interface Derived {
  readonly cipher: string;
  readonly key: Buffer;
  readonly iv: Buffer;
}

function keyOf(scheme: string, parameters: Element, passphrase: string): Derived {
  if (scheme === OID.pbeTripleDes) {
    const [salt, count] = children(parameters.value);
    if (salt === undefined || count === undefined) throw malformed();
    const derive = (id: number, length: number): Buffer =>
      pkcs12Kdf(passphrase, salt.value, integer(count), id, length);
    return { cipher: 'des-ede3-cbc', key: derive(1, 24), iv: derive(2, 8) };
  }
  if (scheme !== OID.pbes2)
    throw new TypeError(
      `pfx: it is encrypted in a way (${scheme}) that is not supported: write it anew with openssl pkcs12 -export`,
    );
  const [kdf, encryption] = children(parameters.value);
  const [, kdfParameters] = children(kdf?.value ?? EMPTY);
  const [name, iv] = children(encryption?.value ?? EMPTY);
  const [salt, count, ...more] = children(kdfParameters?.value ?? EMPTY);
  if (name === undefined || iv === undefined || salt === undefined || count === undefined) throw malformed();
  const prf = more.find(({ tag }) => tag === 0x30);
  const hash = prf === undefined ? 'sha1' : HASHES[oid(first(prf.value))];
  const [cipher, length] = CIPHERS[oid(name)] ?? [];
  if (hash === undefined || cipher === undefined || length === undefined)
    throw new TypeError(
      'pfx: it is encrypted in a way that is not supported: write it anew with openssl pkcs12 -export',
    );
  return { cipher, key: pbkdf2Sync(passphrase, salt.value, integer(count), length, hash), iv: iv.value };
}

/** RFC 7292 appendix B.2 with SHA-1: u = 20, v = 64. */
function pkcs12Kdf(passphrase: string, salt: Buffer, iterations: number, id: number, length: number): Buffer {
  const [u, v] = [20, 64];
  // BMPString with its zero at the end
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  const filled = (bytes: Buffer): Buffer => Buffer.alloc(v * Math.ceil(bytes.length / v), bytes);
  const diversifier = Buffer.alloc(v, id);
  const state = Buffer.concat([filled(salt), filled(password)]);
  const blocks: Buffer[] = [];
  for (let made = 0; made < length; made += u) {
    let block = createHash('sha1').update(diversifier).update(state).digest();
    for (let round = 1; round < iterations; round++) block = createHash('sha1').update(block).digest();
    blocks.push(block);
    const addend = Buffer.alloc(v, block);
    for (let at = 0; at < state.length; at += v) {
      for (let index = v - 1, carry = 1; index >= 0; index--) {
        carry += (state[at + index] as number) + (addend[index] as number);
        state[at + index] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(blocks).subarray(0, length);
}

interface Element {
  readonly tag: number;
  readonly value: Buffer;
  readonly whole: Buffer;
}

/** DER, or BER of definite length (X.690 section 8.1.3). */
function children(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] as number;
    const short = bytes[at + 1];
    if (short === undefined || short === 0x80 || short > 0x84) throw malformed();
    const more = short < 0x80 ? 0 : short & 0x7f;
    const begin = at + 2 + more;
    const length = more === 0 ? short : begin <= bytes.length ? bytes.readUIntBE(at + 2, more) : Infinity;
    if (begin + length > bytes.length) throw malformed();
    found.push({ tag, value: bytes.subarray(begin, begin + length), whole: bytes.subarray(at, begin + length) });
    at = begin + length;
  }
  return found;
}

function first(bytes: Buffer): Element {
  const [element] = children(bytes);
  if (element === undefined) throw malformed();
  return element;
}

function oid({ tag, value }: Element): string {
  if (tag !== 0x06) throw malformed();
  const numbers: number[] = [];
  let number = 0;
  for (const byte of value) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  const [head = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(head / 40));
  return [top, head - 40 * top, ...rest].join('.');
}

function integer({ value }: Element): number {
  if (value.length === 0 || value.length > 4) throw malformed();
  return value.readUIntBE(0, value.length);
}

const malformed = (): TypeError => new TypeError('pfx: not a PKCS#12 file');
