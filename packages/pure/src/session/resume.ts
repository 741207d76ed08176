/**
 * @module Offering what earlier handshakes left: which session fits this connection, the age of its ticket, PSK offers and
 * their binders (RFC 9846 section 4.2.11), and the proof that a resumed handshake continues a verified one.
 */
import type { ExternalPsk } from '@ferrule/contract';
import { rememberPeer, verifyChain } from '../auth/verify.ts';
import type { Config } from '../context.ts';
import type { Hash } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { type ContinuesVerified, mint } from '../flow/proof.ts';
import { type EarlyStage, earlySecret, finishedMac } from '../keys/schedule13.ts';
import { MAX_TICKET_LIFETIME } from '../limits.ts';
import { fail } from '../reason.ts';
import type { Steps } from '../wait.ts';
import { Writer } from '../wire/write.ts';
import type { Session } from './session.ts';

/**
 * Whether the session may be offered on a connection of this config to this host: intact, not expired, made for the same
 * host under the same rules of trust, of a version and suite still allowed. Otherwise a full handshake follows, which is
 * always safe.
 */
export function fits(session: Session, config: Config, host: string | undefined): boolean {
  const { fields } = session;
  if (session.disposed || fields.host !== host || !config.versions.includes(fields.version)) return false;
  const now = config.now();
  if (now >= fields.expiresAt || now < fields.receivedAt - CLOCK_SKEW) return false;
  if (!same(fields.configuration, trustDigest(config))) return false;
  const suite = config.suites.find(({ id }) => id === fields.cipherSuite);
  if (fields.version === 'TLSv1.2') return suite !== undefined;
  const hash = hashOf(session, config);
  return config.suites.some((offered) => offered.version === 'TLSv1.3' && offered.hash === hash);
}
/** A clock may have been set back a little since the ticket came. */
const CLOCK_SKEW = 60_000;

/** Early data needs, besides, the very suite of the session, and its application protocol on offer (RFC 9846 section 4.2.10). */
export function allowsEarlyData(session: Session, config: Config): boolean {
  const { fields } = session;
  if (fields.version !== 'TLSv1.3' || fields.maxEarlyData === 0) return false;
  if (!config.suites.some(({ id }) => id === fields.cipherSuite)) return false;
  // Without a protocol, the server cannot take the data and choose one: accepting both is an error (RFC 9846 section 4.2.10).
  return fields.alpn === undefined || config.alpn.includes(fields.alpn);
}

/** When a ticket ends, milliseconds since the epoch; `lifetime` in seconds as the server said, cut to seven days (section 4.6.1). */
export const expiry = (receivedAt: number, lifetime: number): number => receivedAt + Math.min(lifetime, MAX_TICKET_LIFETIME) * 1000;

/** `obfuscated_ticket_age` (section 4.2.11.1): milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
export function obfuscatedTicketAge(session: Session, now: number): number {
  const { receivedAt, ageAdd } = session.fields;
  return (Math.max(0, Math.floor(now - receivedAt)) + ageAdd) % 2 ** 32;
}

/** One identity of pre_shared_key, with the key schedule that it begins. */
export interface PskOffer {
  readonly identity: Uint8Array;
  /** 0 for an external PSK. */
  readonly obfuscatedTicketAge: number;
  readonly hash: Hash;
  /** Keyed with this PSK: goes on if the server selects it, otherwise it is to be disposed. */
  readonly early: EarlyStage;
  readonly source: { readonly kind: 'session'; readonly session: Session } | { readonly kind: 'external'; readonly psk: ExternalPsk };
}

/** The session, if it is of TLS 1.3, then the external PSKs; with `hash` (after HelloRetryRequest) those of that hash only. */
export function pskOffers(config: Config, session: Session | undefined, hash?: Hash): PskOffer[] {
  const offers: PskOffer[] = [];
  if (session?.version === 'TLSv1.3') {
    const own = hashOf(session, config);
    const { ticket, secret } = session.fields;
    if (own !== undefined && (hash === undefined || own === hash)) {
      offers.push({
        identity: ticket,
        obfuscatedTicketAge: obfuscatedTicketAge(session, config.now()),
        hash: own,
        early: earlySecret(own, secret),
        source: { kind: 'session', session },
      });
    }
  }
  for (const psk of config.externalPsks) {
    const own = config.provider.hashes[psk.hash];
    if (hash !== undefined && own !== hash) continue;
    offers.push({ identity: psk.identity, obfuscatedTicketAge: 0, hash: own, early: earlySecret(own, psk.key), source: { kind: 'external', psk } });
  }
  return offers;
}

/**
 * The binder of one offer (section 4.2.11.2).
 * @param transcriptHash - by the offer's hash, over the transcript with the ClientHello up to its binders.
 */
export function binder(offer: PskOffer, transcriptHash: Uint8Array): Uint8Array {
  const key = offer.early.binderKey(offer.source.kind === 'external' ? 'external' : 'resumption');
  const mac = finishedMac(offer.hash, key, transcriptHash);
  key.fill(0);
  return mac;
}

/** Binders of zeros: they hold the place while the ClientHello is encoded and hashed. */
export const blankBinders = (offers: readonly PskOffer[]): Uint8Array[] => offers.map(({ hash }) => new Uint8Array(hash.size));

/**
 * The server took up this session: its facts about the peer are told again, and where the options ask for it, its
 * certificates are verified anew, as if the server had sent them.
 * @throws TlsError as {@link verifyChain}
 */
export function* continueSession(effects: Effects, session: Session): Steps<ContinuesVerified> {
  const { fields } = session;
  if (effects.config.reverifyOnResumption && (fields.peerCertificates.length > 0 || fields.peerRawPublicKey !== undefined)) {
    const { host, peerRawPublicKey: raw, ocspResponse, signedCertificateTimestamps } = fields;
    const suite = effects.config.provider.suites.find(({ id }) => id === fields.cipherSuite);
    if (suite === undefined) throw fail('INTERNAL_ERROR', 'a session of a suite that the provider has not');
    const presented = raw === undefined ? ({ kind: 'x509', certificates: fields.peerCertificates } as const) : ({ kind: 'raw-public-key', certificates: [raw] } as const);
    yield* verifyChain(effects, { host, suite, ...presented, ocspResponse, signedCertificateTimestamps });
    if (fields.peerSignatureAlgorithm !== undefined) effects.fact('peerSignatureAlgorithm', fields.peerSignatureAlgorithm);
  } else rememberPeer(effects, session);
  return mint('continues');
}

/** The server selected this key, agreed out of band: it identifies the peer by itself. */
export const continuesExternal = (_psk: ExternalPsk): ContinuesVerified => mint('continues');

function hashOf(session: Session, config: Config): Hash | undefined {
  return config.provider.suites.find(({ id }) => id === session.fields.cipherSuite)?.hash;
}

const DIGESTS = new WeakMap<Config, Uint8Array>();

/**
 * SHA-256 of what the options say about whom to trust. A session made under other rules, say `verify: 'none'`, must not
 * carry its peer past these. A verify function has no bytes: all functions count as one, and whoever changes what it
 * accepts has `reverifyOnResumption`.
 */
export function trustDigest(config: Config): Uint8Array {
  let digest = DIGESTS.get(config);
  if (digest === undefined) DIGESTS.set(config, (digest = config.provider.hashes.sha256.digest(trustRules(config))));
  return digest;
}

function trustRules(config: Config): Uint8Array {
  const writer = new Writer(4096);
  const list = (items: readonly Uint8Array[]): void => {
    writer.u32(items.length);
    for (const item of items) writer.vector24(item);
  };
  writer.u8(config.verify === 'none' ? 0 : config.verify === 'peer' ? 1 : 2);
  list(config.trustAnchors.flatMap((anchor) => (anchor instanceof Uint8Array ? [anchor] : [anchor.subject, anchor.spki, anchor.nameConstraints ?? EMPTY])));
  list(config.crls ?? []);
  list(config.pins);
  list(config.rawPublicKeys);
  writer.u8(config.crls === undefined ? 0 : 1).u8(['off', 'request', 'require'].indexOf(config.ocsp)).u8(config.securityLevel);
  writer.u8(config.extendedMasterSecret === 'require' ? 1 : 0);
  return writer.finish();
}
const EMPTY = new Uint8Array(0);

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
