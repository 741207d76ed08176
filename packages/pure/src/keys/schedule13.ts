/**
 * @module The key schedule of TLS 1.3 (RFC 9846 section 7.1), one stage after the other as in its figure. Going on to the
 * next stage consumes the one before and wipes its secret, so no secret outlives its use.
 *
 *     earlySecret(psk?) ── handshake(dhe?) ── main()
 */
import type { CipherSuite, Hash } from '../crypto/provider.ts';
import { deriveSecret, emptyHash, expandLabel, hkdfExtract } from './hkdf.ts';

const EMPTY = new Uint8Array(0);

/** Every method takes the Transcript-Hash up to the message that its secret's name implies. */
export interface EarlyStage {
  /** Signs the binder of the PSK that this stage was made with (section 4.2.11.2). */
  binderKey(kind: 'external' | 'resumption'): Uint8Array;
  /** After ClientHello: `client_early_traffic_secret`. */
  clientTraffic(transcriptHash: Uint8Array): Uint8Array;
  /** After ClientHello: `early_exporter_secret`. */
  exporter(transcriptHash: Uint8Array): Uint8Array;
  /** @param sharedSecret - (EC)DHE or KEM secret, wiped here; `undefined` for psk_ke. */
  handshake(sharedSecret: Uint8Array | undefined): HandshakeStage;
  dispose(): void;
}

export interface HandshakeStage {
  /** After ServerHello: `client_handshake_traffic_secret`. */
  clientTraffic(transcriptHash: Uint8Array): Uint8Array;
  /** After ServerHello: `server_handshake_traffic_secret`. */
  serverTraffic(transcriptHash: Uint8Array): Uint8Array;
  main(): MainStage;
  dispose(): void;
}

export interface MainStage {
  /** After the server's Finished: `client_application_traffic_secret_0`. */
  clientTraffic(transcriptHash: Uint8Array): Uint8Array;
  /** After the server's Finished: `server_application_traffic_secret_0`. */
  serverTraffic(transcriptHash: Uint8Array): Uint8Array;
  /** After the server's Finished: `exporter_secret`. */
  exporter(transcriptHash: Uint8Array): Uint8Array;
  /** After the client's Finished: `resumption_secret`. */
  resumption(transcriptHash: Uint8Array): Uint8Array;
  dispose(): void;
}

/** @param psk - without one, a string of zeros stands in its place. */
export function earlySecret(hash: Hash, psk?: Uint8Array): EarlyStage {
  const zeros = new Uint8Array(hash.size);
  const secret = psk === undefined ? withoutPsk(hash) : hkdfExtract(hash, zeros, psk);
  return {
    binderKey: (kind) => deriveSecret(hash, secret, kind === 'external' ? 'ext binder' : 'res binder', emptyHash(hash)),
    clientTraffic: (transcriptHash) => deriveSecret(hash, secret, 'c e traffic', transcriptHash),
    exporter: (transcriptHash) => deriveSecret(hash, secret, 'e exp master', transcriptHash),
    handshake(sharedSecret) {
      const next = extractNext(hash, secret, sharedSecret ?? zeros);
      sharedSecret?.fill(0);
      return handshakeStage(hash, next);
    },
    dispose: () => void secret.fill(0),
  };
}

const WITHOUT_PSK = new WeakMap<Hash, Uint8Array>();

/** The Early Secret that is none: the same for everyone, computed once. */
function withoutPsk(hash: Hash): Uint8Array {
  let secret = WITHOUT_PSK.get(hash);
  if (secret === undefined) {
    const zeros = new Uint8Array(hash.size);
    WITHOUT_PSK.set(hash, (secret = hkdfExtract(hash, zeros, zeros)));
  }
  return secret.slice();
}

function handshakeStage(hash: Hash, secret: Uint8Array): HandshakeStage {
  return {
    clientTraffic: (transcriptHash) => deriveSecret(hash, secret, 'c hs traffic', transcriptHash),
    serverTraffic: (transcriptHash) => deriveSecret(hash, secret, 's hs traffic', transcriptHash),
    main: () => mainStage(hash, extractNext(hash, secret, new Uint8Array(hash.size))),
    dispose: () => void secret.fill(0),
  };
}

function mainStage(hash: Hash, secret: Uint8Array): MainStage {
  return {
    clientTraffic: (transcriptHash) => deriveSecret(hash, secret, 'c ap traffic', transcriptHash),
    serverTraffic: (transcriptHash) => deriveSecret(hash, secret, 's ap traffic', transcriptHash),
    exporter: (transcriptHash) => deriveSecret(hash, secret, 'exp master', transcriptHash),
    resumption: (transcriptHash) => deriveSecret(hash, secret, 'res master', transcriptHash),
    dispose: () => void secret.fill(0),
  };
}

/** HKDF-Extract over Derive-Secret(., "derived", ""): the step between two stages; wipes the secret that it leaves behind. */
function extractNext(hash: Hash, secret: Uint8Array, keyMaterial: Uint8Array): Uint8Array {
  const salt = deriveSecret(hash, secret, 'derived', emptyHash(hash));
  secret.fill(0);
  const next = hkdfExtract(hash, salt, keyMaterial);
  salt.fill(0);
  return next;
}

/** Section 7.3: record key and IV (12 bytes) of a traffic secret. */
export function trafficKeys(suite: CipherSuite, secret: Uint8Array): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  return {
    key: expandLabel(suite.hash, secret, 'key', EMPTY, suite.aead.keyLength),
    iv: expandLabel(suite.hash, secret, 'iv', EMPTY, 12),
  };
}

/** Section 7.2: the next generation after a KeyUpdate. The old secret is wiped. */
export function nextTrafficSecret(hash: Hash, secret: Uint8Array): Uint8Array {
  const next = expandLabel(hash, secret, 'traffic upd', EMPTY, hash.size);
  secret.fill(0);
  return next;
}

/**
 * Section 4.4.4: `verify_data` of Finished.
 * @param base - the sender's handshake traffic secret; after the handshake its application traffic secret; for a PSK binder the binder key.
 */
export function finishedMac(hash: Hash, base: Uint8Array, transcriptHash: Uint8Array): Uint8Array {
  const key = expandLabel(hash, base, 'finished', EMPTY, hash.size);
  const mac = hash.hmac(key, transcriptHash);
  key.fill(0);
  return mac;
}

/** Section 4.6.1: the PSK of one ticket. */
export const resumptionPsk = (hash: Hash, resumptionSecret: Uint8Array, ticketNonce: Uint8Array): Uint8Array =>
  expandLabel(hash, resumptionSecret, 'resumption', ticketNonce, hash.size);
