/** @module Client signatures by WebCrypto. */
import { readPkcs8 } from './pkcs8.ts';
import type { SigningKey } from './provider.ts';
import { type KeyKind, SIGNATURE_SCHEMES, type SignatureScheme, signatureScheme } from './schemes.ts';
import type { Subtle } from './subtle.ts';

/**
 * A PKCS#8 key. WebCrypto binds a key to padding and hash when it is imported, so that happens once for each scheme
 * used.
 * @param edwards - whether the platform signs with Ed25519; see {@link signsEd25519}.
 * @throws TypeError for what is not such a key, or of no kind that signs here.
 */
export function webSigningKey(subtle: Subtle, pkcs8: Uint8Array, edwards: boolean): SigningKey {
  const der = pkcs8.slice();
  const { kind, publicKey } = readPkcs8(der);
  if (kind === 'ed25519' && !edwards) throw new TypeError('the platform does not sign with Ed25519');
  const schemes = SIGNATURE_SCHEMES.filter(({ key }) =>
    kind.startsWith('secp') ? key.startsWith('secp') : key === kind,
  ).map(({ id }) => id);
  const keys = new Map<number, Promise<object>>();
  const keyFor = (scheme: SignatureScheme): Promise<object> => {
    let key = keys.get(scheme.id);
    if (key === undefined)
      keys.set(scheme.id, (key = subtle.importKey('pkcs8', der, importParameters(scheme, kind), false, ['sign'])));
    return key;
  };
  return {
    schemes: Object.freeze(schemes),
    ...(publicKey && { publicKey }),
    async sign(id, message) {
      const scheme = schemes.includes(id) ? signatureScheme(id) : undefined;
      if (scheme === undefined) throw new TypeError(`this key makes no signature of scheme 0x${id.toString(16)}`);
      const signature = new Uint8Array(await subtle.sign(signParameters(scheme), await keyFor(scheme), message));
      return scheme.algorithm.kind === 'ecdsa' ? derSignature(signature) : signature;
    },
  };
}

/** Chromium before 137 does not. */
export const signsEd25519 = (subtle: Subtle): Promise<boolean> =>
  subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  );

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
