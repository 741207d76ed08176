/**
 * @module The key schedule of TLS 1.3 (RFC 9846 section 7.1), one stage after the other as in its figure. Going on to
 * the next stage consumes the one before and wipes its secret, so no secret outlives its use.
 *
 *     earlySecret(psk?) ── handshake(dhe?) ── main()
 */
import { EMPTY } from '@ferrule/result/bytes';
import type { CipherSuite, Hash } from '../crypto/provider.ts';
import { deriveSecret, emptyHash, expandLabel, hkdfExtract } from './hkdf.ts';
import { Secret, type Secrets } from './secret.ts';

/** Every method takes the Transcript-Hash up to the message that its secret's name implies. */
export interface EarlyStage {
  /** Signs the binder of the PSK that this stage was made with (section 4.3.11.2). */
  binderKey(kind: BinderKind): Secret;
  /** After ClientHello: `client_early_traffic_secret`. */
  clientTraffic(transcriptHash: Uint8Array): Secret;
  /** After ClientHello: `early_exporter_secret`. */
  exporter(transcriptHash: Uint8Array): Secret;
  /** @param sharedSecret - (EC)DHE or KEM secret, wiped here; `undefined` for psk_ke. */
  handshake(sharedSecret: Secret | undefined): HandshakeStage;
  dispose(): void;
}

export interface HandshakeStage {
  /** After ServerHello: `client_handshake_traffic_secret`. */
  clientTraffic(transcriptHash: Uint8Array): Secret;
  /** After ServerHello: `server_handshake_traffic_secret`. */
  serverTraffic(transcriptHash: Uint8Array): Secret;
  main(): MainStage;
  dispose(): void;
}

export interface MainStage {
  /** After the server's Finished: `client_application_traffic_secret_0`. */
  clientTraffic(transcriptHash: Uint8Array): Secret;
  /** After the server's Finished: `server_application_traffic_secret_0`. */
  serverTraffic(transcriptHash: Uint8Array): Secret;
  /** After the server's Finished: `exporter_secret`. */
  exporter(transcriptHash: Uint8Array): Secret;
  /** After the client's Finished: `resumption_secret`. */
  resumption(transcriptHash: Uint8Array): Secret;
  dispose(): void;
}

/** Of what kind a PSK is; `imported`: by RFC 9258. */
export type BinderKind = keyof typeof BINDER_LABELS;
const BINDER_LABELS = { external: 'ext binder', imported: 'imp binder', resumption: 'res binder' } as const;

/**
 * @param psk - taken over: wiped with the stage. Without one, a string of zeros takes its place.
 * @param owner - of every secret that is derived from here on; that of the PSK or of the shared secret when there is
 * none.
 */
export function earlySecret(hash: Hash, psk?: Secret, owner?: Secrets): EarlyStage {
  const zeros = new Uint8Array(hash.size);
  const secret =
    psk === undefined ? Secret.copyOf(withoutPsk(hash), owner) : psk.derived(hkdfExtract(hash, zeros, psk.bytes));
  psk?.dispose();
  return {
    binderKey: (kind) => derive(hash, secret, BINDER_LABELS[kind], emptyHash(hash)),
    clientTraffic: (transcriptHash) => derive(hash, secret, 'c e traffic', transcriptHash),
    exporter: (transcriptHash) => derive(hash, secret, 'e exp master', transcriptHash),
    handshake(sharedSecret) {
      const next = extractNext(hash, secret, sharedSecret?.bytes ?? zeros);
      sharedSecret?.dispose();
      return handshakeStage(hash, next);
    },
    dispose: () => secret.dispose(),
  };
}

const WITHOUT_PSK = new WeakMap<Hash, Uint8Array>();

/** The Early Secret without a PSK: no secret, since it is the same for everyone. Computed once. */
function withoutPsk(hash: Hash): Uint8Array {
  let secret = WITHOUT_PSK.get(hash);
  if (secret === undefined) {
    const zeros = new Uint8Array(hash.size);
    WITHOUT_PSK.set(hash, (secret = hkdfExtract(hash, zeros, zeros)));
  }
  return secret;
}

function handshakeStage(hash: Hash, secret: Secret): HandshakeStage {
  return {
    clientTraffic: (transcriptHash) => derive(hash, secret, 'c hs traffic', transcriptHash),
    serverTraffic: (transcriptHash) => derive(hash, secret, 's hs traffic', transcriptHash),
    main: () => mainStage(hash, extractNext(hash, secret, new Uint8Array(hash.size))),
    dispose: () => secret.dispose(),
  };
}

function mainStage(hash: Hash, secret: Secret): MainStage {
  return {
    clientTraffic: (transcriptHash) => derive(hash, secret, 'c ap traffic', transcriptHash),
    serverTraffic: (transcriptHash) => derive(hash, secret, 's ap traffic', transcriptHash),
    exporter: (transcriptHash) => derive(hash, secret, 'exp master', transcriptHash),
    resumption: (transcriptHash) => derive(hash, secret, 'res master', transcriptHash),
    dispose: () => secret.dispose(),
  };
}

/** Derive-Secret, for the same owner. */
const derive = (hash: Hash, secret: Secret, label: string, transcriptHash: Uint8Array): Secret =>
  secret.derived(deriveSecret(hash, secret.bytes, label, transcriptHash));

/**
 * HKDF-Extract over Derive-Secret(., "derived", ""): the step between two stages; wipes the secret that it leaves
 * behind.
 */
function extractNext(hash: Hash, secret: Secret, keyMaterial: Uint8Array): Secret {
  const salt = deriveSecret(hash, secret.bytes, 'derived', emptyHash(hash));
  const next = secret.derived(hkdfExtract(hash, salt, keyMaterial));
  secret.dispose();
  salt.fill(0);
  return next;
}

/** Section 7.3: record key and IV (12 bytes) of a traffic secret. The caller wipes both. */
export function trafficKeys(suite: CipherSuite, secret: Secret): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  return {
    key: expandLabel(suite.hash, secret.bytes, 'key', EMPTY, suite.aead.keyLength),
    iv: expandLabel(suite.hash, secret.bytes, 'iv', EMPTY, 12),
  };
}

/** Section 7.2: the next generation after a KeyUpdate. The old secret is wiped. */
export function nextTrafficSecret(hash: Hash, secret: Secret): Secret {
  const next = secret.derived(expandLabel(hash, secret.bytes, 'traffic upd', EMPTY, hash.size));
  secret.dispose();
  return next;
}

/**
 * Section 4.5.3: `verify_data` of Finished.
 * @param base - the sender's handshake traffic secret; after the handshake its application traffic secret; for a PSK
 * binder the binder key.
 */
export function finishedMac(hash: Hash, base: Secret, transcriptHash: Uint8Array): Uint8Array {
  const key = expandLabel(hash, base.bytes, 'finished', EMPTY, hash.size);
  const mac = hash.hmac(key, transcriptHash);
  key.fill(0);
  return mac;
}

/** Section 4.7.1: the PSK of one ticket, without an owner: it goes into a session. */
export const resumptionPsk = (hash: Hash, resumptionSecret: Secret, ticketNonce: Uint8Array): Secret =>
  new Secret(expandLabel(hash, resumptionSecret.bytes, 'resumption', ticketNonce, hash.size));
