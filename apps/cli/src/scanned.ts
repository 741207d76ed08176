/** @module What `ferrule scan` has found out: the facts that reports, findings and documents are made of. */
import type { Named } from 'ferrule';
import type { HttpFacts, TicketFacts } from './handshakes.ts';

/** An opinion: `dated` should be replaced, `broken` protects nobody. */
export type Strength = 'good' | 'dated' | 'broken';

export interface Thing extends Named {
  readonly strength: Strength;
}

/** A kind of things in one version: those that the server takes. */
export interface Taken {
  readonly version: string;
  /** In the server's order where that is known. */
  readonly taken: readonly Thing[];
  /** Whose preference decides; `undefined` where there is no choice, or no rule to be seen. */
  readonly order: 'server' | 'client' | undefined;
  /** Why there may be more. */
  readonly open?: string;
}

export interface ScannedVersion extends Thing {
  readonly taken: boolean | undefined;
  /** The alert, or what else happened. */
  readonly why?: string;
}

export interface ScannedCertificate {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly versions: readonly string[];
}

export interface Downgrade {
  /** Older than the newest that is taken; what was asked about. */
  readonly version: string;
  /** A hello with TLS_FALLBACK_SCSV is refused (RFC 7507); `undefined` where that could not be told. */
  readonly fallbackRefused: boolean | undefined;
  /** The random of ServerHello tells of the newer version (RFC 9846 section 4.2.3). */
  readonly sentinel: boolean;
}

export interface Scan {
  readonly target: string;
  readonly name: string | undefined;
  readonly versions: readonly ScannedVersion[];
  readonly cipherSuites: readonly Taken[];
  readonly groups: readonly Taken[];
  readonly signatureAlgorithms: readonly Taken[];
  readonly certificates: readonly ScannedCertificate[];
  /** Of TLS 1.2 and older: what the ServerHello agrees to. */
  readonly extensions: readonly string[];
  /** Of finite-field Diffie-Hellman. */
  readonly primeBits: number | undefined;
  /** What keeps others from taking a newer version away; `undefined` where one version alone is taken. */
  readonly downgrade: Downgrade | undefined;
  /** TLS itself compresses (RFC 3749); `undefined` where no version that could is taken, or there was no answer. */
  readonly compression: boolean | undefined;
  /** Whether an OCSP response is stapled; `undefined` where no certificate was seen. */
  readonly stapled: boolean | undefined;
  /** Of whole handshakes, where those were asked for. */
  readonly tickets?: readonly TicketFacts[];
  readonly http?: HttpFacts;
  readonly connections: number;
  readonly milliseconds: number;
  readonly notAsked: readonly string[];
}
