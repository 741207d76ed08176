/** @module All cells of one server, with every engine, and where the engines differ. */
import type { Backend, TlsSession } from '@ferrule/contract';
import { type Facts, lacking, tryCell } from './cell.ts';
import { isFailing, waysOf, type Setting, type Way } from './matrix.ts';
import { type PeerKind, suitesOf } from './peers.ts';

export interface Cell extends Setting {
  readonly peer: string;
  readonly suite: string;
  readonly way: Way;
  /** By engine: why it failed. */
  readonly errors: Readonly<Record<string, string>>;
  /** By engine: why it was not tried. */
  readonly untried: Readonly<Record<string, string>>;
  /** What the engines say of it that is not the same. */
  readonly differences: readonly string[];
}

export const isGood = ({ errors, differences }: Cell): boolean => Object.keys(errors).length + differences.length === 0;

/** A server in one setting, tried with everything that fits. `all`: every suite. */
export async function trySetting(
  engines: ReadonlyMap<string, Backend>,
  peer: PeerKind,
  setting: Setting,
  directory: string,
  all: boolean,
): Promise<Cell[]> {
  const suites = suitesOf(peer, setting).slice(0, all ? undefined : 1);
  if (suites.length === 0) return [];
  const cells: Cell[] = [];
  const server = await peer.start(setting, directory);
  try {
    for (const [index, [suite, id]] of suites.entries()) {
      const sessions = new Map<string, TlsSession | undefined>();
      // One suite is enough to fail with.
      for (const way of waysOf(setting).filter(
        (each) => peer.can(setting, suite, each) && (index === 0 || !isFailing(each)),
      )) {
        const errors: Record<string, string> = {};
        const untried: Record<string, string> = {};
        const told = new Map<string, Facts>();
        for (const [name, backend] of engines) {
          const missing = lacking(backend, setting);
          if (missing !== undefined) {
            untried[name] = missing;
            continue;
          }
          try {
            const session = way === 'resumed' ? sessions.get(name) : undefined;
            const { facts, session: given } = await tryCell({
              backend,
              setting,
              suite: id,
              way,
              port: server.port,
              dialogue: peer.dialogue,
              alpn: peer.alpn,
              session,
            });
            told.set(name, facts);
            if (way === 'full') sessions.set(name, given);
          } catch (error) {
            errors[name] = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
          }
        }
        cells.push({ peer: peer.name, ...setting, suite, way, errors, untried, differences: differencesOf(told) });
      }
    }
  } finally {
    await server.stop();
  }
  return cells;
}

/** Every engine against the first. */
function differencesOf(told: ReadonlyMap<string, Facts>): string[] {
  const [first, ...others] = told;
  return others.flatMap(([name, facts]) => {
    const [firstName, firstFacts] = first as readonly [string, Facts];
    return Object.keys({ ...firstFacts, ...facts })
      .filter((key) => JSON.stringify(facts[key]) !== JSON.stringify(firstFacts[key]))
      .map((key) => `${key}: ${firstName} ${JSON.stringify(firstFacts[key])}, ${name} ${JSON.stringify(facts[key])}`);
  });
}
