#!/usr/bin/env node
/** @module The `ferrule` command. stdout is data, stderr is talk, the exit code is the verdict. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { TlsError } from 'ferrule';
import manifest from '../package.json' with { type: 'json' };
import { completionScript, type Shell, SHELLS } from './completion.ts';
import { type ConnectCommandOptions, connectCommand } from './connect.ts';
import type { DiffCommandOptions } from './diff.ts';
import { Exit, exitOf } from './exit.ts';
import { getCommand, type GetCommandOptions } from './get.ts';
import { failureJson } from './json.ts';
import { chainCommand, type ChainCommandOptions, CHAIN_FORMATS, depthOf, pinCommand } from './chain.ts';
import { inspectCommand } from './inspect.ts';
import { doorOf, tunnelCommand, type TunnelCommandOptions } from './tunnel.ts';
import { count, listCommand, type ListOptions, targetsOf } from './watch.ts';
import { withObserving } from './observe.ts';
import { type CommonOptions, readCertificates, seconds, withCommonOptions, withStarttls } from './options.ts';
import type { ReplayCommandOptions } from './replay.ts';
import { colorsFor, failureReport } from './report.ts';
import type { ScanCommandOptions } from './scan-report.ts';
import { enginesOf, withScanning } from './scan-options.ts';
import { nameOfTarget, parseTarget, parseUrl, type Target } from './target.ts';

const EXIT_CODES = `
Exit codes:
  0 ok   1 usage   2 DNS or TCP   3 STARTTLS   4 handshake or alert   5 untrusted chain   6 wrong name
  7 expired or not valid yet   8 expires soon   9 pin mismatch   10 ALPN, version or policy   11 proxy
  12 differs (diff)   124 timeout   130 interrupted`;

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('SIGINT')));
process.once('SIGTERM', () => interrupt.abort(new Error('SIGTERM')));
// a reader that has seen enough (head, less) is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? Exit.ok : Exit.usage),
);

const program = new Command('ferrule')
  .description('TLS connections, and what there is to know about them.')
  .version(manifest.version)
  .showHelpAfterError()
  .addHelpText(
    'after',
    `\nExamples:\n  ferrule inspect example.org\n  ferrule watch - --min-days 21 < hosts.txt\n  ferrule get https://example.org/ -v\n  ferrule inspect internal.example --via "exec:ssh -W {host}:{port} jump.example"\n  ferrule help tunnel`,
  )
  .exitOverride();

withObserving(withCommonOptions(program.command('get').argument('<url>', 'an https:// URL', parseUrl)))
  .description('fetch a page; its body goes to stdout')
  .option('-v, --verbose', 'tell about the connection and the headers, on stderr')
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule get https://example.org/\n  ferrule get https://localhost:8443/ --ca root.pem -v\n  ferrule get https://example.org/ --backend pure --json`,
  )
  .action((url: URL, options: GetCommandOptions) =>
    run(url.host, options, () => getCommand(url, options, interrupt.signal)),
  );

const TARGET = 'host, host:port or [address]:port; the port is 443 when left out';

const wait = new Option('--wait <seconds>', 'listen so long after the handshake, for what a server says on its own')
  .argParser(seconds)
  .default(0.25);
const concurrency = new Option('--concurrency <number>', 'of a list, how many at a time').argParser(count).default(8);

withObserving(
  withStarttls(
    withCommonOptions(
      program.command('inspect').argument('<target>', `${TARGET}; - for a list on stdin, which makes NDJSON`),
    ),
  ),
)
  .description('verdict, facts, chain and timing on one screen; why a server is not trusted, and what to do')
  .addOption(wait)
  .addOption(concurrency)
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule inspect example.org\n  ferrule inspect mail.example:587\n  ferrule inspect - < hosts.txt > report.ndjson\n  ferrule inspect example.org --annotate\n  ferrule inspect internal.example --via "exec:ssh -W {host}:{port} jump.example"`,
  )
  .action((name: string, options: ListOptions) =>
    run(name, options, async () => {
      const targets = await targetsOf([name]);
      const [target] = targets;
      if (name === '-' && (options.record ?? options.pcap) !== undefined)
        throw new TypeError('--record and --pcap: one connection has room in them, a list has not');
      if (name === '-') await listCommand(targets, { ...options, json: true }, interrupt.signal);
      else if (target) await inspectCommand(target, options, interrupt.signal);
    }),
  );

withStarttls(
  withCommonOptions(program.command('watch').argument('<targets...>', 'hosts as in inspect; - for a list on stdin')),
)
  .description('a line for each server: trusted, and for how many days; made for cron')
  .addOption(
    new Option('--min-days <days>', 'exit with 8 when a certificate has fewer days left').argParser(count).default(14),
  )
  .addOption(wait)
  .addOption(concurrency)
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule watch example.org example.net:8443 --min-days 21\n  ferrule watch - --json < hosts.txt`,
  )
  .action((names: readonly string[], options: ListOptions) =>
    run(names.join(' '), options, async () => listCommand(await targetsOf(names), options, interrupt.signal)),
  );

withStarttls(withCommonOptions(program.command('chain').argument('<target>', TARGET, parseTarget)))
  .description('the certificates that the server sends, on stdout; whether they are trusted is the exit code')
  .addOption(new Option('--format <format>', 'what to write').choices(CHAIN_FORMATS).default('pem'))
  .addOption(new Option('--depth <n>', 'one certificate alone; 0 is the server’s own').argParser(depthOf))
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule chain example.org > chain.pem\n  ferrule chain example.org --depth 0 --format der > leaf.der`,
  )
  .action((target: Target, options: ChainCommandOptions) =>
    run(nameOfTarget(target), options, () => chainCommand(target, options, interrupt.signal)),
  );

withStarttls(withCommonOptions(program.command('pin').argument('<target>', TARGET, parseTarget)))
  .description('the pins of the chain, the server’s own first: what --pin and curl --pinnedpubkey take')
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule pin example.org | head -1\n  ferrule get https://example.org/ --pin "$(ferrule pin example.org | head -1)"`,
  )
  .action((target: Target, options: CommonOptions) =>
    run(nameOfTarget(target), options, () => pinCommand(target, options, interrupt.signal)),
  );

withObserving(withStarttls(withCommonOptions(program.command('connect').argument('<target>', TARGET, parseTarget))))
  .description('connect, verify, and tell what was agreed on and with whom')
  .option('--pipe', 'then pass stdin to the server and the server to stdout; the report goes to stderr')
  .addOption(
    new Option(
      '-i, --interactive',
      'then a conversation: each line typed is sent, ended by CR LF; ~? for commands',
    ).conflicts('pipe'),
  )
  .option('--lf', 'with --interactive, end lines with LF alone')
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule connect example.org\n  ferrule connect mail.example:587 -i\n  ferrule connect 192.0.2.1:8443 --servername internal.example --ca root.pem\n  ferrule connect mail.example:993 --pipe\n  ferrule connect example.org --alpn h2,http/1.1 --json\n  ferrule connect example.org --trace\n  ferrule connect example.org --backend pure --record hello.jsonl --with-secrets\n  ferrule connect example.org --pcap hello.pcapng --with-secrets`,
  )
  .action((target: Target, options: ConnectCommandOptions) =>
    run(nameOfTarget(target), options, () => connectCommand(target, options, interrupt.signal)),
  );

withStarttls(withCommonOptions(program.command('tunnel').argument('<target>', TARGET, parseTarget)))
  .description('a plain-text door on this machine into TLS, for programs that have none; ends with Ctrl-C')
  .addOption(
    new Option('--listen <where>', 'a port of 127.0.0.1, or the path of a unix socket; default: a free port').argParser(
      doorOf,
    ),
  )
  .addHelpText(
    'after',
    `\n\nExamples:\n  ferrule tunnel redis.example:6380 --listen 6379\n  ferrule tunnel db.example:5432 --listen ./db.sock\n  ferrule tunnel db.example:5432 --via socks5://proxy.example:1080`,
  )
  .action((target: Target, options: TunnelCommandOptions) =>
    run(nameOfTarget(target), options, () => tunnelCommand(target, options, interrupt.signal)),
  );

withStarttls(withScanning(program.command('scan').argument('<target>', TARGET, parseTarget)))
  .description(
    'versions, cipher suites, groups and signature algorithms that a server takes, by asking it; nobody is verified',
  )
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule scan example.org\n  ferrule scan mail.example:587 --concurrency 1 --delay 0.5\n  ferrule scan example.org --json | jq .scan.cipherSuites`,
  )
  .action((target: Target, options: ScanCommandOptions) =>
    run(nameOfTarget(target), options, async () =>
      (await import('./scan-report.ts')).scanCommand(target, options, interrupt.signal),
    ),
  );

withStarttls(
  withCommonOptions(
    program
      .command('diff')
      .argument('<a>', TARGET, parseTarget)
      .argument('[b]', 'another; without it --engines', parseTarget),
  ),
)
  .description('what is different between two servers, or between two engines at one')
  .addOption(new Option('--engines <a,b>', 'the same server with both engines: native,pure').argParser(enginesOf))
  .option('--scan', 'compare what the servers take, too, as scan finds it')
  .option('--all', 'show what is the same, too')
  .addHelpText(
    'after',
    `${EXIT_CODES}\n\nExamples:\n  ferrule diff example.org example.net\n  ferrule diff 192.0.2.1 192.0.2.2 --servername example.org --scan\n  ferrule diff example.org --engines native,pure --all`,
  )
  .action((a: Target, b: Target | undefined, options: DiffCommandOptions) =>
    run(nameOfTarget(a), options, async () => (await import('./diff.ts')).diffCommand(a, b, options, interrupt.signal)),
  );

program
  .command('replay')
  .argument('<file>', 'what --record has written')
  .description(
    'a recorded connection, message by message; run again through the pure engine where the file has what it takes',
  )
  .addOption(new Option('--keylog <file>', 'the secrets of the connection, where they are not in the recording'))
  .option('--annotate', 'messages as bytes with the names of their fields')
  .option('--brief', 'their names and lengths alone')
  .addOption(new Option('--pcap <file>', 'write it for Wireshark too (pcapng), with the secrets that are known'))
  .addOption(new Option('--ca <file>', 'whom to trust when it is run again (repeatable)').argParser(readCertificates))
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    `\nExit code: that of the connection that is replayed, or 0 if none is.\n\nExamples:\n  ferrule connect example.org --backend pure --record hello.jsonl --with-secrets\n  ferrule replay hello.jsonl\n  ferrule replay hello.jsonl --keylog secrets.txt --annotate`,
  )
  .action((file: string, options: ReplayCommandOptions) =>
    run(file, options, async () => (await import('./replay.ts')).replayCommand(file, options)),
  );

program
  .command('completion')
  .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
  .description('what TAB offers: a script for bash, zsh or fish, on stdout')
  .addHelpText(
    'after',
    `\n\nExamples:\n  eval "$(ferrule completion bash)"     in ~/.bashrc\n  eval "$(ferrule completion zsh)"      in ~/.zshrc, after compinit\n  ferrule completion fish | source      in ~/.config/fish/config.fish`,
  )
  .action((shell: Shell) => void process.stdout.write(completionScript(program, shell)));

interface RunOptions {
  readonly json?: boolean;
  /** With either, stdout is the server's. */
  readonly pipe?: boolean;
  readonly interactive?: boolean;
}

async function run(
  target: string,
  { json, pipe, interactive }: RunOptions,
  command: () => Promise<void>,
): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (TlsError.is(error)) {
      if (json === true)
        (pipe === true || interactive === true ? process.stderr : process.stdout).write(failureJson(target, error));
      // whoever pressed Ctrl-C knows
      else if (error.code !== 'ABORTED') process.stderr.write(failureReport(error, target, colorsFor(process.stderr)));
      process.exitCode = exitOf(error);
    } else if (error instanceof TypeError) {
      // an option that the engine does not take
      process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = Exit.usage;
    } else throw error;
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? Exit.ok : Exit.usage;
}
