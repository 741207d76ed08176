/** @module The options of `connectOver()` where many connections are made with them: what can be checked is, once. */
import type { ConnectOverOptions } from 'ferrule';
import { checkConnection, contextOptionNames, ownOptions } from 'ferrule/options';

const CONTEXT_OPTIONS: readonly string[] = contextOptionNames;
const OF_CONNECTIONS = [
  'backend',
  'context',
  'ca',
  'preamble',
  'timeout',
  'closeTimeout',
  'sessions',
] satisfies Exclude<keyof ConnectOverOptions, 'host' | 'signal'>[];

/** All but `host` and `signal`, which are those of one connection. */
export const TLS_OPTIONS: readonly string[] = [...OF_CONNECTIONS, ...CONTEXT_OPTIONS];

/** What the engine needs is checked when it is loaded. @throws TypeError that begins with the name of the option. */
export function checkTlsOptions(tls: Omit<ConnectOverOptions, 'host'>): void {
  checkConnection({ ...tls });
  if (tls.context !== undefined) return;
  ownOptions(Object.fromEntries(Object.entries(tls).filter(([key]) => CONTEXT_OPTIONS.includes(key))), tls.ca);
}
