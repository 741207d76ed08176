/** @module The options of who asks a server many things: polite where nothing is said. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { seconds } from './options.ts';
import { parseVia } from './route.ts';
import { count } from './watch.ts';

export function withScanning(command: Command): Command {
  return command
    .option('--servername <name>', 'the name to send, where it is not the host')
    .addOption(new Option('--timeout <seconds>', 'the longest time for each connection').argParser(seconds).default(10))
    .addOption(new Option('--concurrency <number>', 'how many connections at a time').argParser(count).default(4))
    .addOption(new Option('--delay <seconds>', 'the least time between the beginnings of two connections').argParser(delay).default(0))
    .addOption(new Option('--via <url>', 'the way there, as in connect').argParser(parseVia));
}

function delay(text: string): number {
  const value = Number(text);
  if (!(text !== '' && value >= 0 && value <= 3600)) throw new InvalidArgumentError('Expected a number of seconds from 0 to 3600.');
  return value;
}
