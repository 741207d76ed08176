/** @module What the callbacks of one connection have seen and decided. */
import type { Backend, Credential, Feature, TlsSession } from '@ferrule/contract';
import { Unimplemented, type Config } from './flags.ts';

export interface Observed {
  /** The flags in force: others once early data was rejected. */
  readonly config: () => Config;
  session: TlsSession | undefined;
  /** The certificate callback was asked, after which the engine makes no session (ADR 0090). */
  asked: boolean;
  /** Labels and secrets of the key log. */
  readonly secrets: Map<string, Uint8Array>;
  /** The flags in force when the certificate was last judged. */
  verifiedBy: Config | undefined;
  /** An expectation that a callback found broken; the connection fails with it. */
  complaint: string | undefined;
  /** HandshakeType of the message that came last; of interest to few. */
  lastReceived: number;
  /** selected_identity of the last ServerHello's pre_shared_key. */
  selectedPsk: number | undefined;
  /**
   * The number of the credential that each PSK which is offered comes from, in their order, and by their hash after a
   * HelloRetryRequest.
   */
  readonly psks: number[];
  /** The credential made for each number, -1 for the one without. */
  readonly credentials: Map<Credential, number>;
}

/** Notes a broken expectation, the first one only; false, for a callback to refuse with. */
export function complain(observed: Observed, text: string): false {
  observed.complaint ??= text;
  return false;
}

/** @throws Unimplemented when the backend lacks it. */
export function need(backend: Backend, feature: Feature): void {
  if (!backend.features.has(feature)) throw new Unimplemented(`${backend.name} has no ${feature}`);
}

/** Whether two lists hold the same values in the same order. */
export const same = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
