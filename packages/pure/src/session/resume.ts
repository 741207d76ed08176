/**
 * @module Which session fits a connection, how long a ticket lives, and the proof that a resumed handshake continues a
 * verified one. The offer itself, with its binders, is made in `flow/hello.ts`.
 */
import type { ExternalPsk } from '@ferrule/contract';
import type { Config } from '../context.ts';
import { type ContinuesVerified, mint } from '../flow/proof.ts';
import { MAX_TICKET_LIFETIME } from '../limits.ts';
import { Writer } from '../wire/write.ts';
import type { Session } from './session.ts';

/** A clock may have been set back a little since the ticket came. */
const CLOCK_SKEW = 60_000;

/**
 * Whether the session may be offered on a connection of this config to this host: intact, not expired, made for the same
 * host under the same rules of trust, of a version and suite still allowed. If not, a full handshake is always safe.
 */
export function fits(session: Session, config: Config, host: string | undefined): boolean {
  if (session.disposed || session.host !== host || !config.versions.includes(session.version)) return false;
  const now = config.now();
  if (now >= session.expiresAt || now < session.receivedAt - CLOCK_SKEW) return false;
  if (!same(session.configuration, trustDigest(config))) return false;
  // TLS 1.3 resumes with any suite of the same hash (RFC 9846 section 4.2.11), TLS 1.2 with the same suite.
  return config.suites.some((suite) =>
    session.version === 'TLSv1.3' ? suite.version === 'TLSv1.3' && suite.hash === session.suite.hash : suite.id === session.suite.id,
  );
}

/** Early data needs, besides, the very suite of the session, and its application protocol on offer (RFC 9846 section 4.2.10). */
export function allowsEarlyData(session: Session, config: Config): boolean {
  if (session.version !== 'TLSv1.3' || session.maxEarlyData === 0) return false;
  if (!config.suites.some(({ id }) => id === session.suite.id)) return false;
  return session.alpn === undefined ? config.alpn.length === 0 : config.alpn.includes(session.alpn);
}

/** When a session ends, milliseconds since the epoch; `lifetime` in seconds as the server said, cut to seven days (RFC 9846 section 4.6.1). */
export const expiry = (receivedAt: number, lifetime: number): number => receivedAt + Math.min(lifetime, MAX_TICKET_LIFETIME) * 1000;

/** The server took up this session, or selected this PSK: the handshake continues a verified one, or rests on a key agreed out of band. */
export const continues = (_taken: Session | ExternalPsk): ContinuesVerified => mint('continues');

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
