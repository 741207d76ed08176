/**
 * One subject, one row, one process: what one client leaves to the compiler and the garbage collector must not count
 * against another. Its argument is an {@link Order}; its answer, one line of JSON. Nothing is loaded before the subject
 * but what every process of Node has, and neither IPC nor process.stdout, which would bring sockets along.
 */
import { writeSync } from 'node:fs';
import type { Need, Peer } from './client.ts';
import { SUBJECTS } from './subjects.ts';
import { TASKS, type TaskName } from './tasks.ts';

export interface Order {
  readonly peer: Peer;
  readonly subject: string;
  readonly task: TaskName;
  readonly port: number;
  readonly count: number;
  readonly need: Need | null;
}

const { peer, subject, task, port, count, need } = JSON.parse(process.argv[2] ?? '') as Order;
const found = SUBJECTS.find(({ id }) => id === subject);
if (found === undefined) throw new TypeError(`no subject ${subject}`);
const figures = await TASKS[task](() => found.load(peer, need ?? undefined), { port, peer, count });
writeSync(1, `${JSON.stringify(figures)}\n`);
process.exit(0);
