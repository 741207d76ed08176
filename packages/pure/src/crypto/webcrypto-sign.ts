/** @module Client signatures by WebCrypto. */
import type { SigningKey } from './provider.ts';
import { type KeyKind, SIGNATURE_SCHEMES, type SignatureScheme, signatureScheme } from './schemes.ts';
import type { Subtle } from './subtle.ts';

/** A PKCS#8 key. WebCrypto binds a key to padding and hash when it is imported, so it is imported once for each scheme used. @throws TypeError (as a rejection) for a key of no kind that signs here. */
export async function webSigningKey(subtle: Subtle, pkcs8: Uint8Array): Promise<SigningKey> {
  const der = pkcs8.slice();
  const kind = keyKind(der);
  const schemes = SIGNATURE_SCHEMES.filter(({ key }) => (kind.startsWith('secp') ? key.startsWith('secp') : key === kind)).map(({ id }) => id);
  const keys = new Map<number, Promise<object>>();
  const keyFor = (scheme: SignatureScheme): Promise<object> => {
    let key = keys.get(scheme.id);
    if (key === undefined) keys.set(scheme.id, (key = subtle.importKey('pkcs8', der, importParameters(scheme, kind), false, ['sign'])));
    return key;
  };
  // A key that cannot be imported is better known now than in the middle of a handshake.
  try {
    await keyFor(signatureScheme(schemes[0] as number) as SignatureScheme);
  } catch (cause) {
    throw new TypeError(`the platform does not import this private key of kind ${kind}`, { cause });
  }
  return {
    schemes: Object.freeze(schemes),
    async sign(id, message) {
      const scheme = schemes.includes(id) ? signatureScheme(id) : undefined;
      if (scheme === undefined) throw new TypeError(`this key makes no signature of scheme 0x${id.toString(16)}`);
      const signature = new Uint8Array(await subtle.sign(signParameters(scheme), await keyFor(scheme), message));
      return scheme.algorithm.kind === 'ecdsa' ? derSignature(signature) : signature;
    },
  };
}

const HASHES = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;
const CURVES: Readonly<Record<string, string>> = { secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

function importParameters({ algorithm }: SignatureScheme, kind: KeyKind): object {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { name: 'ECDSA', namedCurve: CURVES[kind] };
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash: HASHES[algorithm.hash] };
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5', hash: HASHES[algorithm.hash] };
    default:
      return { name: 'Ed25519' };
  }
}

function signParameters({ algorithm }: SignatureScheme): object {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { name: 'ECDSA', hash: HASHES[algorithm.hash] };
    case 'rsa-pss':
      return { name: 'RSA-PSS', saltLength: algorithm.saltLength };
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5' };
    default:
      return { name: 'Ed25519' };
  }
}

/** OIDs as they stand in the AlgorithmIdentifier of PKCS#8; WebCrypto wants to be told what they say. */
const OIDS: readonly (readonly [KeyKind, readonly number[]])[] = [
  ['rsa', [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]],
  ['secp256r1', [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]],
  ['secp384r1', [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]],
  ['secp521r1', [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]],
  ['ed25519', [0x06, 0x03, 0x2b, 0x65, 0x70]],
];

/** PKCS#8 begins with its length, version 0 or 1, and the AlgorithmIdentifier (RFC 5958 section 2). */
function keyKind(pkcs8: Uint8Array): KeyKind {
  const lengthBytes = (pkcs8[1] ?? 0) > 0x80 ? (pkcs8[1] as number) - 0x80 : 0;
  // SEQUENCE, INTEGER version, SEQUENCE: two bytes, three bytes and two bytes in front of the OID.
  const at = 2 + lengthBytes + 3 + 2;
  const found = pkcs8[0] === 0x30 && OIDS.find(([, oid]) => oid.every((byte, i) => pkcs8[at + i] === byte));
  if (!found) throw new TypeError('the private key is no PKCS#8 of a kind that WebCrypto signs with (RSA, ECDSA on P-256, P-384 or P-521, Ed25519)');
  return found[0];
}

/** r and s side by side, as WebCrypto gives them, as the DER ECDSA-Sig-Value that TLS wants. */
function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = [...derInteger(raw.subarray(0, half)), ...derInteger(raw.subarray(half))];
  // P-521 makes more than 127 bytes.
  return new Uint8Array([0x30, ...(body.length > 127 ? [0x81] : []), body.length, ...body]);
}

function derInteger(bytes: Uint8Array): number[] {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const value = [...bytes.subarray(start)];
  if ((value[0] as number) >= 0x80) value.unshift(0);
  return [0x02, value.length, ...value];
}
