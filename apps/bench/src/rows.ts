/** @module What is measured. How, is in `tasks.ts`; here are names, units and what one figure is of. */
import type { Need, ServerName } from './client.ts';
import type { Subject } from './subjects.ts';
import type { TaskName } from './tasks.ts';

export interface Metric {
  readonly title: string;
  readonly unit: string;
}

export interface Row {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly task: TaskName;
  /** How many of what the task counts; `--quick` has other numbers. */
  readonly count: number;
  readonly quick: number;
  readonly server: ServerName;
  readonly need: Need | undefined;
  /** The first one is what tables and plots show. Less is better for each. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Only for subjects that are not slow. */
  readonly fast: boolean;
}

/** One plot each. */
export const GROUPS = {
  handshake: 'Handshakes',
  bulk: 'Bulk data',
  small: 'Small messages',
  load: 'Many connections',
  start: 'Start',
  size: 'Size',
} as const;
export type Group = keyof typeof GROUPS;

const CPU: Metric = { title: 'CPU', unit: 'µs' };
const WALL: Metric = { title: 'wall clock', unit: 'µs' };
const BOTH = { cpu: CPU, wall: WALL };
const PER_MEBIBYTE = { cpu: { title: 'CPU', unit: 'µs/MiB' }, wall: { title: 'wall clock', unit: 'µs/MiB' } };

type Given = Pick<Row, 'id' | 'group' | 'title' | 'task' | 'count' | 'quick' | 'metrics'> & Partial<Row>;
const row = (given: Given): Row => ({ server: 'ec', need: undefined, fast: false, ...given });

const handshake = (id: string, title: string, others: Partial<Row> = {}): Row =>
  row({ id, group: 'handshake', title, task: 'handshakes', count: 200, quick: 5, metrics: BOTH, ...others });

const bulk = (task: 'download' | 'upload', mebibytes: number, quick: number): Row =>
  row({
    id: `${task}-${mebibytes}`,
    group: 'bulk',
    title: `${task} of ${mebibytes} MiB in a new process`,
    task,
    count: mebibytes,
    quick,
    metrics: PER_MEBIBYTE,
    need: task === 'download' ? task : undefined,
    fast: mebibytes > 32,
  });

export const ROWS: readonly Row[] = [
  handshake('handshake-ec', 'handshake, P-256 chain'),
  handshake('handshake-rsa', 'handshake, RSA leaf', { server: 'rsa' }),
  handshake('handshake-resumed', 'resumed handshake, and 100 B there and back', {
    task: 'resumed',
    need: 'resumption',
  }),
  handshake('handshake-client', 'handshake with a client certificate', {
    server: 'client',
    need: 'clientCertificate',
  }),
  ...([1, 32, 512] as const).flatMap((size) => [
    bulk('download', size, size === 1 ? 1 : 4),
    bulk('upload', size, size === 1 ? 1 : 4),
  ]),
  row({
    id: 'first-byte',
    group: 'small',
    title: 'from connecting to the first byte of the answer',
    task: 'firstByte',
    count: 100,
    quick: 5,
    metrics: { wall: { title: 'wall clock, median', unit: 'µs' }, cpu: CPU },
  }),
  row({
    id: 'request-100',
    group: 'small',
    title: '100 B there and back',
    task: 'requests',
    count: 5000,
    quick: 50,
    metrics: BOTH,
  }),
  row({
    id: 'fan-out',
    group: 'load',
    title: '200 B to each of 1,500 connections at once, for each message',
    task: 'fanOut',
    count: 1500,
    quick: 20,
    metrics: BOTH,
  }),
  row({
    id: 'fairness',
    group: 'load',
    title: 'a ping beside 20 downloads',
    task: 'fairness',
    need: 'download',
    count: 20,
    quick: 3,
    metrics: {
      p50: { title: 'ping p50', unit: 'ms' },
      p99: { title: 'ping p99', unit: 'ms' },
      loop99: { title: 'event-loop delay p99', unit: 'ms' },
      loopMax: { title: 'event-loop delay max', unit: 'ms' },
      perMebibyte: { title: 'CPU for a mebibyte', unit: 'µs/MiB' },
    },
  }),
  row({
    id: 'idle',
    group: 'load',
    title: 'memory for an idle connection, one of 500',
    task: 'idle',
    count: 500,
    quick: 20,
    metrics: { memory: { title: 'heap and external', unit: 'KiB' }, resident: { title: 'resident', unit: 'KiB' } },
  }),
  row({
    id: 'import',
    group: 'start',
    title: 'import and context',
    task: 'load',
    count: 1,
    quick: 1,
    metrics: BOTH,
  }),
  row({
    id: 'cold',
    group: 'start',
    title: 'import and first handshake',
    task: 'cold',
    count: 1,
    quick: 1,
    metrics: BOTH,
  }),
];

/** Sizes come from a bundler, once, with no process of a subject. */
export const BUNDLE: Pick<Row, 'id' | 'group' | 'title' | 'metrics'> = {
  id: 'bundle',
  group: 'size',
  title: 'bundled and minified',
  metrics: { gzip: { title: 'after gzip', unit: 'KiB' }, minified: { title: 'minified', unit: 'KiB' } },
};

/** Whether the subject can be measured in that row. */
export const takesPart = ({ need, fast }: Row, { lacks, slow }: Subject): boolean =>
  !(fast && slow) && (need === undefined || !lacks.includes(need));

/** @throws TypeError for a name that is none. */
export function rowsNamed(names: string | undefined): { readonly rows: readonly Row[]; readonly bundle: boolean } {
  if (names === undefined) return { rows: ROWS, bundle: true };
  const given = names.split(',');
  for (const name of given)
    if (name !== BUNDLE.id && !ROWS.some(({ id }) => id === name))
      throw new TypeError(`--rows: ${name} is none of ${[...ROWS, BUNDLE].map(({ id }) => id).join(', ')}`);
  return { rows: ROWS.filter(({ id }) => given.includes(id)), bundle: given.includes(BUNDLE.id) };
}
