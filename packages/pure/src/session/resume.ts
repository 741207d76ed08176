/**
 * @module Offering what earlier handshakes left: which session fits this connection, the age of its ticket, PSK offers
 * and their binders (RFC 9846 section 4.3.11), and the proof that a resumed handshake continues a verified one.
 */
import type { ExternalPsk } from '@ferrule/contract';
import type { Facts } from '@ferrule/ssl';
import { bindingDigest, mayOffer, mayOfferEarlyData, type Offering, verifiesAnew } from '@ferrule/ssl/session-binding';
import { TlsError } from '@ferrule/result';
import { concat } from '@ferrule/result/bytes';
import { verifyChain } from '../auth/verify.ts';
import type { Config } from '../context.ts';
import type { Hash } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { type EarlyStage, earlySecret, finishedMac } from '../keys/schedule13.ts';
import { Secret } from '../keys/secret.ts';
import { Negotiated } from '../negotiated.ts';
import type { Steps } from '../wait.ts';
import { importPsk } from './psk-import.ts';
import { fieldsOf, type Session } from './session.ts';

class ContinuesProof {
  protected readonly continues = true;
}
/** A proof token, see `flow/proof.ts`: made by {@link continueSession} and {@link continuesExternal}. */
export type ContinuesVerified = ContinuesProof;

/**
 * Whether the session may be offered on this connection to this host: intact, and of a handshake that would end in the
 * same way now ({@link mayOffer}). Otherwise a full handshake follows, which is always safe.
 */
export function fits(
  session: Session,
  { config, quic }: Pick<Effects, 'config' | 'quic'>,
  host: string | undefined,
): boolean {
  const fields = fieldsOf(session);
  const parameters = quic?.transportParameters.length ?? 0;
  const offering = { ...offeringOf(config), host, parameters };
  return mayOffer({ ...fields, ticketLength: fields.ticket.length }, offering, config.now());
}

export const allowsEarlyData = (session: Session, config: Config): boolean =>
  mayOfferEarlyData(fieldsOf(session), offeringOf(config));

/** `obfuscated_ticket_age` (section 4.3.11.1): milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
export function obfuscatedTicketAge(session: Session, now: number): number {
  const { receivedAt, ageAdd } = fieldsOf(session);
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
  readonly source:
    | { readonly kind: 'session'; readonly session: Session }
    | { readonly kind: 'external' | 'imported'; readonly psk: ExternalPsk };
}

/** The session, if it is of TLS 1.3, then the external PSKs. The keys are the connection's own copies. */
export function pskOffers({ config, secrets }: Effects, session: Session | undefined): PskOffer[] {
  const offers: PskOffer[] = [];
  if (session?.version === 'TLSv1.3') {
    const own = hashOf(session, config);
    const { ticket, secret } = fieldsOf(session);
    if (own !== undefined) {
      offers.push({
        identity: ticket,
        obfuscatedTicketAge: obfuscatedTicketAge(session, config.now()),
        hash: own,
        early: earlySecret(own, secret.clone(secrets)),
        source: { kind: 'session', session },
      });
    }
  }
  for (const psk of config.externalPsks) {
    if (psk.import !== undefined) {
      for (const { identity, hash, key } of importPsk(config, psk, secrets)) {
        offers.push({
          identity,
          obfuscatedTicketAge: 0,
          hash,
          early: earlySecret(hash, key),
          source: { kind: 'imported', psk },
        });
      }
      continue;
    }
    const own = config.provider.hashes[psk.hash];
    offers.push({
      identity: psk.identity,
      obfuscatedTicketAge: 0,
      hash: own,
      early: earlySecret(own, Secret.copyOf(psk.key, secrets)),
      source: { kind: 'external', psk },
    });
  }
  return offers;
}

/**
 * The same for a second ClientHello (section 4.2.2): those of the suite's hash, with their age anew. The others are
 * wiped.
 */
export function retriedPsks(offers: readonly PskOffer[], hash: Hash, now: number): PskOffer[] {
  for (const offer of offers) if (offer.hash !== hash) offer.early.dispose();
  const age = ({ source }: PskOffer): number =>
    source.kind === 'session' ? obfuscatedTicketAge(source.session, now) : 0;
  return offers.filter((offer) => offer.hash === hash).map((offer) => ({ ...offer, obfuscatedTicketAge: age(offer) }));
}

/**
 * The binder of one offer (section 4.3.11.2).
 * @param transcriptHash - by the offer's hash, over the transcript with the ClientHello up to its binders.
 */
export function binder(offer: PskOffer, transcriptHash: Uint8Array): Uint8Array {
  const { kind } = offer.source;
  const key = offer.early.binderKey(kind === 'session' ? 'resumption' : kind);
  const mac = finishedMac(offer.hash, key, transcriptHash);
  key.dispose();
  return mac;
}

/** Binders of zeros: they hold the place while the ClientHello is encoded and hashed. */
export const blankBinders = (offers: readonly PskOffer[]): Uint8Array[] =>
  offers.map(({ hash }) => new Uint8Array(hash.size));

/** What the handshake of a session learned of the peer, for a resumed one to tell again. */
export type KnownPeer = Partial<
  Pick<
    Facts,
    | 'peerCertificates'
    | 'peerRawPublicKey'
    | 'ocspResponse'
    | 'signedCertificateTimestamps'
    | 'verifiedChain'
    | 'verifyResult'
  >
> & {
  readonly signatureAlgorithm: number | undefined;
};

/**
 * Whom a session is with. Where the options ask for it ({@link verifiesAnew}), its certificates are verified anew first, as if the server had
 * sent them; `undefined` when they no longer pass, and the session is not to be offered.
 */
export function* knownPeer(effects: Effects, session: Session): Steps<KnownPeer | undefined> {
  const fields = fieldsOf(session);
  const {
    peerCertificates,
    peerRawPublicKey: raw,
    ocspResponse,
    signedCertificateTimestamps,
    verifiedChain,
    verifyResult,
    peerSignatureAlgorithm: signatureAlgorithm,
  } = fields;
  const told = {
    peerCertificates,
    peerRawPublicKey: raw,
    ocspResponse,
    signedCertificateTimestamps,
    verifiedChain,
    verifyResult,
  };
  if (!verifiesAnew(effects.config) || (peerCertificates.length === 0 && raw === undefined))
    return { ...told, signatureAlgorithm };
  const suite = effects.config.provider.suites.find(({ id }) => id === fields.cipherSuite);
  if (suite === undefined) return undefined;
  const presented =
    raw === undefined
      ? ({ kind: 'x509', certificates: peerCertificates } as const)
      : ({ kind: 'raw-public-key', certificates: [raw] } as const);
  const negotiated = new Negotiated();
  try {
    yield* verifyChain(
      { ...effects, negotiated },
      { host: fields.host, suite, ...presented, ocspResponse, signedCertificateTimestamps },
    );
  } catch (error) {
    effects.hs.checkOpen();
    if (TlsError.is(error)) return undefined;
    throw error;
  }
  return { ...told, ...negotiated.facts, signatureAlgorithm };
}

/** The server took up the session that was offered: what is known of the peer is told again. */
export function continueSession(effects: Effects, { signatureAlgorithm, ...peer }: KnownPeer): ContinuesVerified {
  effects.negotiated.settle('peerCertificates', peer.peerCertificates ?? []);
  effects.negotiated.settle('peerRawPublicKey', peer.peerRawPublicKey);
  effects.negotiated.settle('ocspResponse', peer.ocspResponse);
  effects.negotiated.settle('signedCertificateTimestamps', peer.signedCertificateTimestamps);
  effects.negotiated.settle('verifiedChain', peer.verifiedChain);
  effects.negotiated.settle('verifyResult', peer.verifyResult ?? 0);
  if (signatureAlgorithm !== undefined) effects.negotiated.settle('peerSignatureAlgorithm', signatureAlgorithm);
  return new ContinuesProof();
}

/** The server selected this key, agreed out of band: it identifies the peer by itself. */
export const continuesExternal = (_psk: ExternalPsk): ContinuesVerified => new ContinuesProof();

function hashOf(session: Session, config: Config): Hash | undefined {
  return config.provider.suites.find(({ id }) => id === fieldsOf(session).cipherSuite)?.hash;
}

/** Behind the digest of a context for QUIC. */
const QUIC = Uint8Array.of(0x71, 0x75, 0x69, 0x63);

const OFFERINGS = new WeakMap<Config, Omit<Offering, 'host' | 'parameters'>>();

/** What sessions are compared with; made once for each config. */
export function offeringOf(config: Config): Omit<Offering, 'host' | 'parameters'> {
  let offering = OFFERINGS.get(config);
  if (offering === undefined) {
    const { versions, suites, groups, signatureAlgorithms, sessionTickets, alpn, externalPsks, ech } = config;
    const { sha256 } = config.provider.hashes;
    const digest = bindingDigest(config, (bytes) => sha256.digest(bytes));
    const binding = config.quic ? sha256.digest(concat([digest, QUIC])) : digest;
    const ids = (all: readonly { readonly id: number }[]): readonly number[] => all.map(({ id }) => id);
    offering = {
      binding,
      versions,
      cipherSuites: ids(suites),
      groups: ids(groups),
      signatureAlgorithms,
      sessionTickets,
      alpn,
      externalPsks,
      hidden: Array.isArray(ech),
    };
    OFFERINGS.set(config, offering);
  }
  return offering;
}
