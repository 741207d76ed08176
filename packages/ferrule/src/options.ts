/**
 * @module ferrule/options: the options of a context, as connect() and the connector take them. They load their engine
 * when it is needed, and what counts is what was given at the call (ADR 0090): this reads and copies it.
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
 * A copy of the options, checked as far as no engine is needed for it, with the certificates of `ca` among the anchors.
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

/** What a connection has beside a context. @throws TypeError that begins with the name of the option. */
export function checkConnection({ timeout, closeTimeout, signal, sessions }: Readonly<Record<string, unknown>>): void {
  if (timeout !== undefined) millisecondsOption(timeout, 'timeout');
  if (closeTimeout !== undefined) millisecondsOption(closeTimeout, 'closeTimeout', 1);
  if (signal !== undefined) signalOption(signal);
  sessionsOption(sessions);
}

/** With the platform's anchors, where a path is to be verified and nobody said whom to trust. */
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
