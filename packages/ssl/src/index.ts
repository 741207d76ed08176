/** @module @ferrule/ssl: code shared by all engines. Engines import it; applications do not. */
export { ask, askFailed, callbackFailed, clock, refusalOf, type Asked, type Refusal } from './callbacks.ts';
export { CALLS, Misuse, PHASES, type Call, type Operation, type Phase, type Rule } from './calls.ts';
export { credentialOption, givenCredential, type OwnCredential } from './credential.ts';
export { foreignPeer } from './foreign.ts';
export { defaultKeyShares, knownIds, type Offer, refuseUnusable, versionsAndSuites } from './offer.ts';
export type { FactName, Facts, Observers, Outlet, Port, Start } from './port.ts';
export { askFilter, revocationError } from './revocation.ts';
export { SslShell } from './shell.ts';
export { endText, transportError } from './transport.ts';
