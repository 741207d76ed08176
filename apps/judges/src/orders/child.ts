/** @module The process that plays: it may hang or crash, which whoever started it finds out. */
import { sequenceFrom, type Sequence } from './sequence.ts';
import { judge, target, type TargetName } from './targets.ts';

/** What it is asked: the sequence of a seed, or this one. */
export type Order = { readonly target: TargetName; readonly seed: number } | { readonly target: TargetName; readonly sequence: Sequence };
/** `ready` comes once per target, others once per order. */
export interface Answer {
  readonly rule: string | undefined;
  readonly detail: string;
  readonly trace: readonly string[];
}

process.on('message', (order: Order) => void answer(order));
process.on('disconnect', () => process.exit());

const loaded = new Map<TargetName, ReturnType<typeof target>>();

async function answer(order: Order): Promise<void> {
  let known = loaded.get(order.target);
  if (known === undefined) loaded.set(order.target, (known = target(order.target)));
  const it = await known;
  const { finding, trace } = await judge(it, 'seed' in order ? sequenceFrom(order.seed, it.recipes) : order.sequence);
  const detail = finding === undefined ? '' : `${finding.message}${finding.cause instanceof Error ? `\n${finding.cause.stack ?? ''}` : ''}`;
  process.send?.({ rule: finding?.rule, detail, trace: finding === undefined ? [] : trace } satisfies Answer);
}
