/** @module `npm run playground`: page, relay and demonstration server with one command. */
import { parseArgs } from 'node:util';
import type { Playground, PlaygroundOptions } from './playground.ts';

const HELP = `Usage: npm run playground -- [options]

A page in which TLS happens, drawn message by message. Starts the page, a relay and a demonstration server, all on
127.0.0.1, and prints the URL. Ctrl-C ends them.

  --port N             of the page; default: any that is free
  --allow HOST:PORT    a server of your own choice that the relay may connect to; repeatable
  --help
`;

/** Exit codes: 0 ended as told, 1 it could not start, 2 a wrong option. */
async function main(): Promise<void> {
  const options = parse();
  if (options === undefined) return;
  let playground: Playground;
  try {
    // Not before the options are known to be right
    playground = await (await import('./playground.ts')).startPlayground(options);
  } catch (error) {
    fail((error as Error).message, 1);
    return;
  }
  process.stdout.write(`The playground is at ${playground.url}\nCtrl-C ends it.\n`);
  let isEnding = false;
  const end = (): void => {
    if (isEnding) process.exit(0);
    isEnding = true;
    void playground.close();
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}

function parse(): PlaygroundOptions | undefined {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        allow: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return undefined;
    }
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65_535)
      throw new TypeError(`--port: ${values.port} is not a whole number from 0 to 65535`);
    return { port, allow: values.allow };
  } catch (error) {
    fail(`${(error as Error).message}\nSee npm run playground -- --help.`, 2);
    return undefined;
  }
}

function fail(message: string, code: number): void {
  process.stderr.write(`playground: ${message}\n`);
  process.exitCode = code;
}

await main();
