/**
 * @module ferrule/options: the context options of connect() and the connector. These load their engine later, but
 * options count as given at the call (ADR 0090), so they are checked and copied here.
 */
import type { ContextOptions } from '@ferrule/contract';
import { millisecondsOption, signalOption } from '@ferrule/result/arguments';
import { contextOptions, type OwnOptions } from '@ferrule/ssl/context-options';
import { platformAnchors } from './anchors.ts';
import { certificatesOf } from './pem.ts';
import { sessionsOption } from './sessions.ts';

export { contextOptionNames, type OwnOptions, verifiesName } from '@ferrule/ssl/context-options';

/** PEM or DER. */
export type CaOption = string | Uint8Array | readonly (string | Uint8Array)[];

/**
 * A copy of the options, checked as far as possible without an engine, with the certificates of `ca` among the anchors.
 * @throws TypeError that begins with the name of the option.
 */
export function ownOptions(options: ContextOptions, ca: CaOption | undefined): OwnOptions {
  const own = contextOptions(options);
  if (ca === undefined) return own;
  if (typeof own.verify === 'function')
    throw new TypeError(
      'ca: has no effect beside a verify function, which takes the place of the path; leave one of them out',
    );
  return contextOptions({ ...own, trustAnchors: [...(own.trustAnchors ?? []), ...certificatesIn(ca)] });
}

/**
 * Checks the options of a connection that are not the context's. @throws TypeError that begins with the name of the
 * option.
 */
export function checkConnection({ timeout, closeTimeout, signal, sessions }: Readonly<Record<string, unknown>>): void {
  if (timeout !== undefined) millisecondsOption(timeout, 'timeout');
  if (closeTimeout !== undefined) millisecondsOption(closeTimeout, 'closeTimeout', 1);
  if (signal !== undefined) signalOption(signal);
  sessionsOption(sessions);
}

/** Adds the platform's anchors if a path is to be verified and no anchors were given. */
export const withAnchors = (own: OwnOptions): OwnOptions =>
  own.trustAnchors === undefined && (own.verify ?? 'peer') === 'peer'
    ? { ...own, trustAnchors: platformAnchors() }
    : own;

function certificatesIn(ca: CaOption): Uint8Array[] {
  const sources: readonly unknown[] = Array.isArray(ca) ? ca : [ca];
  return sources.flatMap((source) => {
    try {
      return certificatesOf(source as string | Uint8Array);
    } catch (cause) {
      throw new TypeError(`ca: ${(cause as Error).message}`, { cause });
    }
  });
}
