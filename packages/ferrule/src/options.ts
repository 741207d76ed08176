/**
 * @module The names of the options of a context, so that each is read once wherever the caller's object has it (ADR
 * 0090).
 */
import type { ContextOptions } from '@ferrule/contract';

const CONTEXT: Readonly<Record<keyof Required<ContextOptions>, true>> = {
  trustAnchors: true,
  crls: true,
  ocsp: true,
  pins: true,
  profile: true,
  verify: true,
  rawPublicKeys: true,
  serverCertificateTypes: true,
  externalPsks: true,
  securityLevel: true,
  signedCertificateTimestamps: true,
  reverifyOnResumption: true,
  now: true,
  credentials: true,
  onCertificateRequest: true,
  clientCertificateTypes: true,
  extendedMasterSecret: true,
  secureRenegotiation: true,
  minVersion: true,
  maxVersion: true,
  cipherSuites: true,
  groups: true,
  signatureAlgorithms: true,
  sessionTickets: true,
  alpn: true,
  keyShares: true,
  recordSizeLimit: true,
  certificateCompression: true,
  ech: true,
  echUnusable: true,
  grease: true,
  renegotiation: true,
  postHandshakeAuth: true,
  recordPadding: true,
  onKeylog: true,
  onSession: true,
  onMessage: true,
  limits: true,
  random: true,
};

/** The name of each option of a context. */
export const contextOptionNames: readonly (keyof ContextOptions)[] = Object.freeze(
  Object.keys(CONTEXT) as (keyof ContextOptions)[],
);
