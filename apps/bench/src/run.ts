/** @module A run: for each row and round, each subject in turn, each in a process of its own. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Peer } from './client.ts';
import { type RowResult, spread } from './result.ts';
import { type Row, takesPart } from './rows.ts';
import type { Subject } from './subjects.ts';
import type { Figures } from './tasks.ts';
import type { Order } from './worker.ts';

export interface Run {
  readonly rows: readonly Row[];
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Where CPU profiles of the subjects' processes go. */
  readonly profiles: string | undefined;
  progress(line: string): void;
}

/** A process that takes longer has failed, milliseconds. */
const LONGEST = 180_000;

export async function run({ rows, subjects, rounds, quick, profiles, progress }: Run): Promise<RowResult[]> {
  const server = fork(file('server.js'));
  const [peer] = (await once(server, 'message')) as [Peer];
  const results: RowResult[] = [];
  try {
    for (const row of rows) {
      const those = subjects.filter((subject) => takesPart(row, subject));
      const samples = new Map<string, Figures[]>(those.map(({ id }) => [id, []]));
      const failures: Record<string, string> = {};
      for (let round = 1; round <= rounds; round++) {
        for (const { id } of those) {
          if (failures[id] !== undefined) continue;
          progress(`${row.id}, round ${round} of ${rounds}: ${id}`);
          const { task, server: name, need = null } = row;
          const count = quick ? row.quick : row.count;
          const order: Order = { peer, subject: id, task, port: peer.ports[name], count, need: need ?? null };
          const outcome = await measured(order, profiles);
          if (typeof outcome !== 'string') samples.get(id)?.push(outcome);
          else progress(`${row.id}: ${id} FAILED: ${(failures[id] = outcome)}`);
        }
      }
      const measuredOnes = [...samples].filter(([id]) => failures[id] === undefined);
      results.push({
        id: row.id,
        group: row.group,
        title: row.title,
        metrics: row.metrics,
        figures: Object.fromEntries(measuredOnes.map(([id, figures]) => [id, spread(figures)])),
        failures,
      });
    }
  } finally {
    server.disconnect();
  }
  return results;
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The figures, or why there are none. */
async function measured(order: Order, profiles: string | undefined): Promise<Figures | string> {
  const flags = [
    ...(order.task === 'idle' ? ['--expose-gc'] : []),
    ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]),
  ];
  const child = spawn(process.execPath, [...flags, file('worker.js'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST,
    killSignal: 'SIGKILL',
  });
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  if (code === 0 && output !== '') return JSON.parse(output) as Figures;
  if (signal !== null) return `ended by ${signal}, after ${LONGEST / 1000} s at most`;
  const told = errors.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? errors.trim().split('\n')[0];
  return told === undefined || told === '' ? `ended with ${code} and no figures` : told;
}
