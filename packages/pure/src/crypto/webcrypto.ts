/**
 * @module The provider on the Web Cryptography API: AES-GCM, key exchange, signatures and ML-KEM by the platform, which
 * answers later; hashes, HMAC and HKDF by noble, at once. Whatever the platform has not is noble's too.
 *
 * A record through WebCrypto costs a promise and saves 90 % and more of noble's AES; up to 16 are usefully in flight.
 */
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import { nobleHashes } from './hash.ts';
import { wiped } from '../keys/secret.ts';
import type { AeadAlgorithm, AsyncAead, CryptoProvider } from './provider.ts';
import { DEFAULT_SCHEMES } from './schemes.ts';
import { type Subtle, subtleCrypto } from './subtle.ts';
import { KEY_LENGTH, RECORD_LIMIT, suitesOf } from './suites.ts';
import { webDecompressors } from './webcrypto-decompress.ts';
import { webGroups } from './webcrypto-groups.ts';
import { signsEd25519, webSigningKey } from './webcrypto-sign.ts';

export type { CryptoProvider } from './provider.ts';

function random(into: Uint8Array): void {
  crypto.getRandomValues(into);
}

/**
 * Finds out what this platform's WebCrypto can do (ADR 0022).
 * @throws TypeError (as a rejection) where there is no WebCrypto, as on pages without HTTPS: noble's provider works
 * there.
 */
export const createWebCrypto = (): Promise<CryptoProvider> => webCrypto(true);

/** The same with the platform's own AEADs and groups alone, for whoever takes the missing ones from elsewhere. */
export const createWebCryptoAlone = (): Promise<CryptoProvider> => webCrypto(false);

async function webCrypto(fill: boolean): Promise<CryptoProvider> {
  const subtle = subtleCrypto();
  if (subtle === undefined)
    throw new TypeError('this context has no crypto.subtle: serve the page over HTTPS, or use the noble provider');
  const [chaCha, groups, edwards] = await Promise.all([
    platformChaCha(subtle),
    webGroups(subtle, random, fill),
    signsEd25519(subtle),
  ]);
  const last = chaCha ?? (fill ? (await import('./chacha.ts')).nobleChaCha20Poly1305 : undefined);
  const aeads = [aesGcm(subtle, 'AES-128-GCM'), aesGcm(subtle, 'AES-256-GCM'), ...(last === undefined ? [] : [last])];
  return Object.freeze<CryptoProvider>({
    name: 'WebCrypto + noble 2.4.0',
    synchronous: false,
    suites: suitesOf(aeads, nobleHashes),
    ...groups,
    hashes: nobleHashes,
    verifier: webcryptoVerifier,
    schemes: DEFAULT_SCHEMES,
    importSigningKey: (pkcs8) => webSigningKey(subtle, pkcs8, edwards),
    decompressors: webDecompressors(),
    random,
  });
}

const aesGcm = (subtle: Subtle, name: 'AES-128-GCM' | 'AES-256-GCM'): AeadAlgorithm =>
  algorithm(subtle, name, 'AES-GCM', 'raw');

/** Node has it since 24.7, under a key format of its own; browsers do not yet. */
async function platformChaCha(subtle: Subtle): Promise<AeadAlgorithm | undefined> {
  const candidate = algorithm(subtle, 'ChaCha20-Poly1305', 'ChaCha20-Poly1305', 'raw-secret');
  const aead = candidate.key(new Uint8Array(32)) as AsyncAead;
  try {
    const sealed = await aead.seal(new Uint8Array(12), new Uint8Array(5), new Uint8Array(1));
    return sealed.length === 17 ? candidate : undefined;
  } catch {
    return undefined;
  }
}

function algorithm(
  subtle: Subtle,
  name: AeadAlgorithm['name'],
  platformName: string,
  format: 'raw' | 'raw-secret',
): AeadAlgorithm {
  const key = (bytes: Uint8Array): AsyncAead =>
    aead(subtle, platformName, subtle.importKey(format, bytes, platformName, false, ['encrypt', 'decrypt']));
  return Object.freeze({ name, keyLength: KEY_LENGTH[name], constantTime: true, recordLimit: RECORD_LIMIT[name], key });
}

/** What fits: one call of 16 records covers the way to a thread and back, more only fills memory. */
const DEPTH = 16;

function aead(subtle: Subtle, name: string, importing: Promise<object>): AsyncAead {
  // The key once it is there, so that a record waits for nothing but its own call.
  let key: object | undefined;
  let disposed = false;
  const imported = importing.then((made) => {
    if (!disposed) key = made;
  });
  // Whoever seals or opens hears of a failed import.
  imported.catch(() => undefined);

  const call = (
    operation: 'encrypt' | 'decrypt',
    iv: Uint8Array,
    additionalData: Uint8Array,
    data: Uint8Array,
  ): Promise<ArrayBuffer> => {
    if (disposed) return Promise.reject(gone());
    if (key !== undefined) return subtle[operation]({ name, iv, additionalData, tagLength: 128 }, key, data);
    // The platform takes its copy when it is called; until then this one has to do.
    const [parameters, copy] = [
      { name, iv: iv.slice(), additionalData: additionalData.slice(), tagLength: 128 },
      data.slice(),
    ];
    return imported.then(() => {
      if (key === undefined) throw gone();
      return subtle[operation](parameters, key, copy);
    });
  };

  return {
    sync: false,
    depth: DEPTH,
    seal: (nonce, aad, plain) => call('encrypt', nonce, aad, plain).then(bytesOf),
    open: (nonce, aad, cipher) => call('decrypt', nonce, aad, cipher).then(bytesOf, (error: unknown) => badTag(error)),
    dispose() {
      disposed = true;
      key = undefined;
    },
  };
}

const gone = (): Error => wiped('an AEAD key');
const bytesOf = (buffer: ArrayBuffer): Uint8Array => new Uint8Array(buffer);

/** OperationError is how WebCrypto says that the tag is wrong (or that there is no room for one). */
function badTag(error: unknown): null {
  if (error instanceof Error && error.name === 'OperationError') return null;
  throw error;
}
