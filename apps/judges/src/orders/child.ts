/** @module The process that plays: it may hang or crash, which whoever started it finds out. */
import { sequenceFrom, type Sequence } from './sequence.ts';
import type { Fault } from './plant.ts';
import { judge, target, type TargetName } from './targets.ts';

/** What it is asked: the sequence of a seed, or this one. */
export type Order = { readonly target: TargetName; readonly plant?: Fault | undefined } & (
  { readonly seed: number } | { readonly sequence: Sequence } | { readonly prepare: true }
);
/** One per order. */
export interface Answer {
  readonly rule: string | undefined;
  readonly detail: string;
  readonly trace: readonly string[];
}

process.on('message', (order: Order) => void answer(order));
process.on('disconnect', () => process.exit());

const loaded = new Map<string, ReturnType<typeof target>>();

async function answer(order: Order): Promise<void> {
  const name = `${order.target} ${order.plant ?? ''}`;
  let known = loaded.get(name);
  if (known === undefined) loaded.set(name, (known = target(order.target, order.plant)));
  const it = await known;
  if ('prepare' in order) return void process.send?.({ rule: undefined, detail: '', trace: [] } satisfies Answer);
  const { finding, trace } = await judge(it, 'seed' in order ? sequenceFrom(order.seed, it.recipes) : order.sequence);
  const detail =
    finding === undefined
      ? ''
      : `${finding.message}${finding.cause instanceof Error ? `\n${finding.cause.stack ?? ''}` : ''}`;
  process.send?.({ rule: finding?.rule, detail, trace: finding === undefined ? [] : trace } satisfies Answer);
}
