/** @module The options of scan and diff, apart from what these do: every command knows them, and few need the rest. */
import type { Command } from 'commander';
import { seconds, serverName, viaOption, withFamily } from './options.ts';
import { count, option } from './usage.ts';

export function withScanning(command: Command): Command {
  return withFamily(command)
    .addOption(option('--servername <name>', 'the name to send, where it is not the host', { parse: serverName }))
    .addOption(option('--timeout <seconds>', 'the longest time for each connection', { parse: seconds }).default(10))
    .addOption(option('--concurrency <number>', 'how many connections at a time', { parse: count }).default(4))
    .addOption(
      option('--delay <seconds>', 'the least time between the beginnings of two connections', { parse: delay }).default(
        0,
      ),
    )
    .addOption(viaOption('the way there, as in connect'));
}

function delay(text: string): number {
  const value = Number(text);
  if (!(text !== '' && value >= 0 && value <= 3600)) throw new Error('expected a number of seconds from 0 to 3600');
  return value;
}

const ENGINES = ['native', 'pure'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Two, which may be the same. */
export function enginesOf(text: string): readonly [EngineName, EngineName] {
  const [a, b, ...more] = text.split(',').map((name) => ENGINES.find((each) => each === name));
  if (a === undefined || b === undefined || more.length > 0)
    throw new Error(`expected two of ${ENGINES.join(', ')}, separated by a comma`);
  return [a, b];
}
