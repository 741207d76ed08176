/** @module Calls that break the contract of `Ssl`. */
import type { Ssl } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { Finding } from './finding.ts';
import type { Link } from './link.ts';

/** What the types forbid. */
export const wrong = <T>(value: unknown): T => value as T;

/** Calls that break the contract: each is a TypeError, and nothing else happens. */
export const MISUSES: readonly (readonly [name: string, act: (ssl: Ssl) => unknown])[] = [
  ['read of no bytes', (ssl) => ssl.read(EMPTY)],
  ['read into an array', (ssl) => ssl.read(wrong([1, 2]))],
  ['write of no bytes', (ssl) => ssl.write(EMPTY)],
  ['write of a string', (ssl) => ssl.write(wrong('hello'))],
  ['write of an ArrayBuffer', (ssl) => ssl.write(wrong(new ArrayBuffer(4)))],
  ['writeEarlyData of no bytes', (ssl) => ssl.writeEarlyData(EMPTY)],
  ['keyUpdate of a number', (ssl) => ssl.keyUpdate(wrong(1))],
  [
    'an exporter with a string as its context',
    (ssl) => ssl.exportKeyingMaterial('EXPORTER-orders', wrong('context'), 32),
  ],
  [
    'an exporter with an ArrayBuffer as its context',
    (ssl) => ssl.exportKeyingMaterial('EXPORTER-orders', wrong(new ArrayBuffer(7)), 32),
  ],
  ['an exporter with null as its context', (ssl) => ssl.exportKeyingMaterial('EXPORTER-orders', wrong(null), 32)],
  ['an exporter of no bytes', (ssl) => ssl.exportKeyingMaterial('EXPORTER-orders', undefined, 0)],
  ['an exporter of half a byte', (ssl) => ssl.exportKeyingMaterial('EXPORTER-orders', undefined, 0.5)],
  ['a host that is a number', (ssl) => ssl.setHost(wrong(7))],
  ['a session that is a string', (ssl) => ssl.setSession(wrong('session'))],
];

export function misuse(link: Link, which: number): void {
  const [name, act] = MISUSES[which] ?? [];
  if (name === undefined || act === undefined) return;
  const over = link.disposed || link.failure !== undefined || link.ssl.failure !== undefined;
  try {
    act(link.ssl);
  } catch (error) {
    // Where both are due, a connection that is over may say so first.
    // So may one that has failed, and whose alert is still on its way.
    if (error instanceof TypeError || (TlsError.is(error) && (over || link.excused(error.code)))) return;
    throw new Finding(`${name} throws what is not a TypeError`, String(error), { cause: error });
  }
  if (over && name.startsWith('keyUpdate')) return;
  throw new Finding(`${name} is taken`);
}
