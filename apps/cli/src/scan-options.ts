/** @module The options of scan and diff, apart from what these do: every command knows them, and few need the rest. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { seconds } from './options.ts';
import { parseVia } from './route.ts';
import { count } from './watch.ts';

export function withScanning(command: Command): Command {
  return command
    .option('--servername <name>', 'the name to send, where it is not the host')
    .addOption(new Option('--timeout <seconds>', 'the longest time for each connection').argParser(seconds).default(10))
    .addOption(new Option('--concurrency <number>', 'how many connections at a time').argParser(count).default(4))
    .addOption(
      new Option('--delay <seconds>', 'the least time between the beginnings of two connections')
        .argParser(delay)
        .default(0),
    )
    .addOption(new Option('--via <url>', 'the way there, as in connect').argParser(parseVia));
}

function delay(text: string): number {
  const value = Number(text);
  if (!(text !== '' && value >= 0 && value <= 3600))
    throw new InvalidArgumentError('Expected a number of seconds from 0 to 3600.');
  return value;
}

const ENGINES = ['native', 'pure'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Two, which may be the same. */
export function enginesOf(text: string): readonly [EngineName, EngineName] {
  const [a, b, ...more] = text.split(',').map((name) => ENGINES.find((each) => each === name));
  if (a === undefined || b === undefined || more.length > 0)
    throw new InvalidArgumentError(`Expected two of ${ENGINES.join(', ')}, separated by a comma.`);
  return [a, b];
}
