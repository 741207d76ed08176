#!/usr/bin/env node
/** @module ferrule-relay: the command. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Relay, type RelayLimits, startRelay } from './relay.ts';

const HELP = `Usage: ferrule-relay --allow HOST:PORT [options]

Carries bytes from WebSockets to TCP, for programs that speak TLS in a page. What goes through is
encrypted from end to end, so that it does not have to be trusted. It connects to nothing that --allow does not name.

  --allow HOST:PORT      may be connected to; repeatable. *.example.org:443, db.example.org:*
  --allow-private        names may lead to loopback, private and link-local addresses. Without it they may only where
                         --allow has that address, too, and localhost to loopback
  --listen HOST:PORT     default 127.0.0.1:8080
  --origin URL           pages that may use it, as browsers name them; repeatable. Default: any
  --password USER:PASS   asked for by Wisp 2; repeatable. Raw connections are refused then
  --max-clients N        WebSockets at a time; default 100
  --max-streams N        connections at a time of one WebSocket; default 64
  --max-bytes N          of one connection; default 4294967296
  --idle SECONDS         of a connection without a byte, and of a WebSocket without a connection; default 300
  --grace SECONDS        for connections under way at SIGINT or SIGTERM; default 5. A second signal ends it at once
  --json                 one JSON object a line
  --help, --version

Examples:
  npx @ferrule/relay --allow db.example.org:5432
  npx @ferrule/relay --allow '*.example.org:443' --listen 0.0.0.0:8080 --origin https://app.example.org

  ws://127.0.0.1:8080/                          Wisp, versions 1 and 2
  ws://127.0.0.1:8080/db.example.org:5432       one connection
  ws://127.0.0.1:8080/?address=db.example.org:5432
  http://127.0.0.1:8080/health                  what is under way
`;

/** Exit codes: 0 ended as told, 1 the address cannot be had, 2 a wrong option. */
async function main(): Promise<void> {
  const options = parse();
  if (options === undefined) return;
  const say = (event: string, text: string, facts: object = {}): void =>
    void process.stdout.write(options.json ? `${JSON.stringify({ event, ...facts })}\n` : `${text}\n`);
  let relay: Relay;
  try {
    relay = await startRelay(options.relay);
  } catch (error) {
    // A TypeError begins with the name of the option
    if (error instanceof TypeError) fail(`--${error.message}\nSee ferrule-relay --help.`, 2);
    else fail((error as Error).message, 1);
    return;
  }
  say('listening', `listening on ${relay.url}; Wisp and raw, to ${options.relay.allow.join(', ')}`, {
    url: relay.url,
    allow: options.relay.allow,
  });
  let ending = false;
  const end = (): void => {
    if (ending) process.exit(0);
    ending = true;
    say('ending', `ending, within ${options.grace / 1000} s`);
    void relay.close(options.grace).then(() => {
      say('ended', 'ended', relay.counts);
      process.exitCode = 0;
    });
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        allow: { type: 'string', multiple: true },
        'allow-private': { type: 'boolean', default: false },
        listen: { type: 'string', default: '127.0.0.1:8080' },
        origin: { type: 'string', multiple: true },
        password: { type: 'string', multiple: true },
        'max-clients': { type: 'string' },
        'max-streams': { type: 'string' },
        'max-bytes': { type: 'string' },
        idle: { type: 'string' },
        grace: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    if (values.help || values.version) {
      process.stdout.write(values.help ? HELP : `${version()}\n`);
      return undefined;
    }
    if (values.allow === undefined)
      throw new TypeError('--allow: name at least one HOST:PORT that may be connected to');
    const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(values.listen) ?? [];
    if (host === undefined || Number(port) > 65_535) throw new TypeError(`--listen: ${values.listen} is not HOST:PORT`);
    const limits: Partial<Record<keyof RelayLimits, number>> = {};
    const limit = (name: keyof RelayLimits, option: keyof typeof values, unit = 1): void => {
      if (values[option] !== undefined) limits[name] = number(option, values[option] as string) * unit;
    };
    limit('clients', 'max-clients');
    limit('streams', 'max-streams');
    limit('bytes', 'max-bytes');
    limit('idleTimeout', 'idle', 1000);
    const passwords = values.password?.map((text) => {
      const at = text.indexOf(':');
      if (at < 1) throw new TypeError('--password: not USER:PASS');
      return [text.slice(0, at), text.slice(at + 1)] as const;
    });
    return {
      json: values.json,
      grace: number('grace', values.grace ?? '5', 0) * 1000,
      relay: {
        allow: values.allow,
        allowPrivate: values['allow-private'],
        host,
        port: Number(port),
        origins: values.origin,
        passwords: passwords && new Map(passwords),
        limits,
      },
    };
  } catch (error) {
    fail(`${(error as Error).message}\nSee ferrule-relay --help.`, 2);
    return undefined;
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function number(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (!(text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value < 2 ** 40))
    throw new TypeError(`--${option}: ${text} is not a whole number from ${least}`);
  return value;
}

function fail(message: string, code: number): void {
  process.stderr.write(`ferrule-relay: ${message}\n`);
  process.exitCode = code;
}

await main();
