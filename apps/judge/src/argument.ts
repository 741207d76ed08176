/** @module How the tables of arguments are written down. */
import type { Argument, Severity } from './row.ts';

type Make = (severity: Severity, section: string, ...alerts: readonly number[]) => Argument;

/** `section` is one of the RFC of this version, or a whole citation. Without alerts, any and none fit. */
const make =
  (rfc: string, rule: Argument['rule']): Make =>
  (severity, section, ...alerts) => ({
    severity,
    rule,
    rfc: section.includes(' ') ? section : `${rfc} §${section}`,
    alerts: alerts.length === 0 ? 'any' : alerts,
  });

export const must13: Make = make('RFC 9846', 'must');
export const should13: Make = make('RFC 9846', 'should');
export const must12: Make = make('RFC 5246', 'must');
export const should12: Make = make('RFC 5246', 'should');

/** By the names of the wrong servers. What is not in it is not asked of a client, and {@link Unasked} says why. */
export type Arguments = Readonly<Record<string, Argument>>;
/** By the names of the wrong servers: why no client is judged by it. */
export type Unasked = Readonly<Record<string, string>>;
