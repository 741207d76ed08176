/**
 * @module The process that runs the targets against the addon: what it crashes on is in a file when it has crashed.
 * Nothing counts what C++ and OpenSSL reach; inputs are those that the pure engine's coverage has kept, and children of
 * them.
 */
import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { engine } from '../engines.ts';
import { hostile, wireOf } from './connections.ts';
import { Finding } from './finding.ts';
import { Mutator, Random } from './mutator.ts';
import { readWorld } from './world.ts';

export type ChildMessage =
  | { readonly kind: 'status'; readonly executions: number; readonly heap: number }
  | { readonly kind: 'finding'; readonly input: string; readonly message: string; readonly stack: string };

const [dir = '.', worldFile = '', current = '', until = '0'] = process.argv.slice(2);
const backend = await engine('native');
const world = readWorld(worldFile);
const random = new Random(Date.now());
const mutator = new Mutator(random, []);
const file = openSync(current, 'w');
const targets = (
  [
    ['hostile', hostile(backend)],
    ['wire', wireOf(backend)],
  ] as const
).map(([name, make]) => {
  const corpus = join(dir, 'corpus', name);
  const inputs = readdirSync(corpus).map((each) => new Uint8Array(readFileSync(join(corpus, each))));
  return { name, target: make(world), inputs };
});
let executions = 0;
let told = 0;

const say = (message: ChildMessage): void => void process.send?.(message);
const inTime = (): boolean => Date.now() < Number(until);

function execute({ name, target }: (typeof targets)[number], input: Uint8Array): void {
  // The target and the length are a line before the input.
  writeSync(
    file,
    Buffer.concat([Buffer.from(`${name} ${String(input.length).padStart(6)}\n`), input]),
    0,
    undefined,
    0,
  );
  executions++;
  try {
    void target.fuzz(input);
  } catch (error) {
    const finding = error instanceof Finding ? error : new Finding('the target itself failed', { cause: error });
    const cause = finding.cause instanceof Error ? finding.cause : undefined;
    say({
      kind: 'finding',
      input: Buffer.from(input).toString('hex'),
      message: `${name}: ${finding.message}`,
      stack: cause?.stack ?? finding.stack ?? '',
    });
  }
  if (Date.now() - told < 2_000) return;
  told = Date.now();
  say({ kind: 'status', executions, heap: process.memoryUsage().rss });
}

for (const target of targets) for (const input of target.inputs) if (inTime()) execute(target, input);
while (inTime()) {
  const target = random.below(4) === 0 ? targets[1] : targets[0];
  const parent = random.of(target?.inputs ?? []);
  if (target === undefined || parent === undefined) break;
  execute(target, mutator.mutate(parent, [], random.of(target.inputs) ?? parent));
}
say({ kind: 'status', executions, heap: process.memoryUsage().rss });
process.disconnect();
