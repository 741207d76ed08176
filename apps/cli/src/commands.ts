/**
 * @module The commands and their options, as they are parsed, completed and listed by --help. What a command does is
 * loaded when it runs.
 */
import { Argument, Command, type Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { ChainCommandOptions } from './chain.ts';
import { SHELLS, type Shell } from './completion.ts';
import type { ConnectCommandOptions } from './connect.ts';
import { revoking } from './crlite-options.ts';
import type { DiffCommandOptions } from './diff.ts';
import type { DoctorCommandOptions } from './doctor.ts';
import type { GetCommandOptions } from './get.ts';
import { EXIT_MEANINGS } from './exit.ts';
import { withObserving } from './observing.ts';
import { caOption, type CommonOptions, type Given, seconds, withCommonOptions, withStarttls } from './options.ts';
import type { Run, RunOptions } from './program.ts';
import type { InspectCommandOptions } from './inspect.ts';
import type { ReplayCommandOptions } from './replay.ts';
import { enginesOf, withScanning } from './scan-options.ts';
import type { ScanCommandOptions } from './scan-report.ts';
import { wrapped } from './screen.ts';
import { nameOfTarget, parseTarget, parseUrl, type Target } from './target.ts';
import type { TunnelCommandOptions } from './tunnel.ts';
import { argument, choice, count, option, UsageError } from './usage.ts';
import type { ListOptions } from './watch.ts';

const EXIT_CODES = `\nExit codes:\n${wrapped(
  {
    text: `  ${EXIT_MEANINGS.map(([code, meaning]) => `${code}\u00a0${meaning.replaceAll(' ', '\u00a0')}`).join('   ')}`,
    hang: 2,
  },
  100,
)
  .join('\n')
  .replaceAll('\u00a0', ' ')}`;

const TARGET = 'host, host:port or [address]:port; the port is 443 when left out';

const waitOption = (): Option =>
  option('--wait <seconds>', 'how long to wait after the handshake for what the server sends by itself', {
    parse: seconds,
  }).default(0.25);

const concurrencyOption = (): Option =>
  option('--concurrency <number>', 'how many servers of a list to check at once', { parse: count }).default(8);

const eachAddressOption = (): Option =>
  option('--each-address', 'check each address of a name by itself; inspect then prints NDJSON');

const examples = (lines: readonly string[], before: string = EXIT_CODES): string =>
  `${before}\n\nExamples:\n${lines.map((line) => `  ferrule ${line}`).join('\n')}`;

/** @param run what each command is run by */
export function commands(run: Run, signal: AbortSignal): Command {
  const program = new Command('ferrule')
    .description('Open TLS connections and inspect them.')
    .version(manifest.version)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      examples(
        [
          'inspect example.org',
          'watch - --min-days 21 < hosts.txt',
          'get https://example.org/ -v',
          'inspect internal.example --via "exec:ssh -W {host}:{port} jump.example"',
          'help tunnel',
        ],
        '',
      ),
    )
    .exitOverride();
  inspecting(program, run, signal);
  connecting(program, run, signal);
  comparing(program, run, signal);
  revoking(program, run, signal, examples);
  program
    .command('doctor')
    .description(
      'show what ferrule uses on this machine: engine, cryptography, trust anchors; and why, where that is not its first choice',
    )
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      examples(
        ['doctor', 'doctor --json | jq .doctor.fellBackBecause'],
        '\nExit code: 0, or 5 if there are no trust anchors.',
      ),
    )
    .action(async (options: DoctorCommandOptions) => (await import('./doctor.ts')).doctorCommand(options));
  program
    .command('completion')
    .addArgument(
      new Argument('<shell>', 'which shell').choices(SHELLS).argParser(
        argument('<shell>', (text): Shell => {
          const shell = SHELLS.find((each) => each === text);
          if (shell === undefined) throw new UsageError(`expected one of ${SHELLS.join(', ')}`);
          return shell;
        }),
      ),
    )
    .description('print the completion script of bash, zsh or fish')
    .addHelpText(
      'after',
      examples(
        [
          'completion bash > ~/.local/share/bash-completion/completions/ferrule',
          'completion zsh > "${fpath[1]}/_ferrule"',
          'completion fish > ~/.config/fish/completions/ferrule.fish',
        ],
        '',
      ),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts');
      process.stdout.write(completionScript(program, shell));
    });
  return program;
}

/** What looks at servers. */
function inspecting(program: Command, run: Run, signal: AbortSignal): void {
  withObserving(
    withStarttls(
      withCommonOptions(
        program
          .command('inspect')
          .argument(
            '<target>',
            `${TARGET}; a file of certificates (PEM, DER, PKCS#7, PKCS#12); - for a list on stdin, which makes NDJSON`,
          ),
      ),
    ),
  )
    .description('show verdict, facts, chain and timing on one screen; why a server is not trusted, and what to do')
    .addOption(waitOption())
    .addOption(concurrencyOption())
    .option(
      '--text',
      'print everything that the certificates contain, as openssl x509 -text does; with --json in the document',
    )
    .option('--resume', 'connect a second time, and report whether the session is resumed, and with early data')
    .addOption(eachAddressOption())
    .addHelpText(
      'after',
      examples([
        'inspect example.org',
        'inspect fullchain.pem --servername example.org',
        'inspect mail.example:587',
        'inspect - < hosts.txt > report.ndjson',
        'inspect example.org --annotate',
        'inspect example.org --resume',
        'inspect old.example --allow no-ems,hello-request',
        'inspect internal.example --ca root.pem --crl issued.crl',
        'inspect internal.example --via "exec:ssh -W {host}:{port} jump.example"',
      ]),
    )
    .action((name: string, given: Given<ListOptions>, command: Command) => {
      const many = name === '-' || given.eachAddress === true;
      if (many && (given.record ?? given.pcap) !== undefined)
        throw new UsageError('--record and --pcap: one connection has room in them, a list has not');
      if (!many && command.getOptionValueSource('concurrency') === 'cli')
        throw new UsageError('--concurrency: is for a list (-), or --each-address');
      if (isFile(name)) {
        // Here it is the passphrase of the file
        const { passphraseFile, ...rest } = given;
        return run<InspectCommandOptions>(name, rest, async (options) => {
          const { inspectFile, OF_FILES } = await import('./local.ts');
          const [other] = command.options.filter(
            (each) =>
              command.getOptionValueSource(each.attributeName()) === 'cli' && !OF_FILES.has(each.attributeName()),
          );
          if (other !== undefined) throw new UsageError(`${other.long}: ${name} is a file, and there is no connection`);
          return inspectFile(name, { ...options, passphraseFile });
        });
      }
      const target = name === '-' ? undefined : argument('<target>', parseTarget)(name);
      return run<ListOptions>(name, given, async (options) => {
        if (target !== undefined && !many)
          return (await import('./inspect.ts')).inspectCommand(target, options, signal);
        const { listCommand, targetsOf } = await import('./watch.ts');
        return listCommand(targetsOf([name], signal), { ...options, json: true }, signal);
      });
    });

  withStarttls(
    withCommonOptions(program.command('watch').argument('<targets...>', 'hosts as in inspect; - for a list on stdin')),
  )
    .description('print one line for each server: whether it is trusted, and for how many days; for cron')
    .addOption(
      option('--min-days <days>', 'exit with 8 when a certificate has fewer days left', { parse: count }).default(14),
    )
    .addOption(waitOption())
    .addOption(concurrencyOption())
    .addOption(eachAddressOption())
    .addHelpText(
      'after',
      examples([
        'watch example.org example.net:8443 --min-days 21',
        'watch - --json < hosts.txt',
        'watch example.org --each-address -4',
      ]),
    )
    .action((names: readonly string[], given: Given<ListOptions>) =>
      run<ListOptions>(names.join(' '), given, async (options) => {
        const { listCommand, targetsOf } = await import('./watch.ts');
        return listCommand(targetsOf(names, signal), options, signal);
      }),
    );

  withStarttls(
    withCommonOptions(program.command('chain').argument('<target>', TARGET, argument('<target>', parseTarget))),
  )
    .description('print the certificates that the server sends; the exit code says whether they are trusted')
    .addOption(choice('--format <format>', 'what to write', ['pem', 'der', 'json']).default('pem'))
    .addOption(option('--depth <n>', 'print only one certificate; 0 is the server’s own', { parse: depthOf }))
    .addHelpText(
      'after',
      examples(['chain example.org > chain.pem', 'chain example.org --depth 0 --format der > leaf.der']),
    )
    .action((target: Target, given: Given<ChainCommandOptions>, command: Command) => {
      if (given.json === true && command.getOptionValueSource('format') === 'cli')
        throw new UsageError('--format: --json is a format, too; name one of them');
      return run<ChainCommandOptions>(nameOfTarget(target), given, async (options) =>
        (await import('./chain.ts')).chainCommand(target, options, signal),
      );
    });

  withStarttls(
    withCommonOptions(program.command('pin').argument('<target>', TARGET, argument('<target>', parseTarget))),
  )
    .description('print the pins of the chain, the server’s own first, as --pin and curl --pinnedpubkey take them')
    .addHelpText(
      'after',
      examples(['pin example.org | head -1', 'get https://example.org/ --pin "$(ferrule pin example.org | head -1)"']),
    )
    .action((target: Target, given: Given<CommonOptions>) =>
      run<CommonOptions>(nameOfTarget(target), given, async (options) =>
        (await import('./chain.ts')).pinCommand(target, options, signal),
      ),
    );
}

/** What uses a connection. */
function connecting(program: Command, run: Run, signal: AbortSignal): void {
  withObserving(
    withStarttls(
      withCommonOptions(program.command('connect').argument('<target>', TARGET, argument('<target>', parseTarget))),
    ),
  )
    .description('connect, verify, and show what was negotiated and with whom')
    .option('--pipe', 'then copy stdin to the server, and what it sends to stdout; the report goes to stderr')
    .addOption(
      option(
        '-i, --interactive',
        'then talk to the server: each line that you type is sent with CR LF; ~? lists commands',
      ).conflicts('pipe'),
    )
    .option('--lf', 'with --interactive, end lines with LF')
    .addHelpText(
      'after',
      examples([
        'connect example.org',
        'connect mail.example:587 -i',
        'connect 192.0.2.1:8443 --servername internal.example --ca root.pem',
        'connect mail.example:993 --pipe',
        'connect example.org --alpn h2,http/1.1 --json',
        'connect example.org --trace',
        'connect example.org --backend pure --record hello.jsonl --with-secrets',
        'connect example.org --pcap hello.pcapng --with-secrets',
      ]),
    )
    .action((target: Target, given: Given<ConnectCommandOptions>) => {
      if (given.lf === true && given.interactive !== true) throw new UsageError('--lf: is for --interactive');
      return run<ConnectCommandOptions>(nameOfTarget(target), given, async (options) =>
        (await import('./connect.ts')).connectCommand(target, options, signal),
      );
    });

  withObserving(
    withCommonOptions(program.command('get').argument('<url>', 'an https:// URL', argument('<url>', parseUrl))),
  )
    .description('fetch a page; its body goes to stdout')
    .option('-v, --verbose', 'show connection details and headers, on stderr')
    .option('-f, --fail', 'exit with 22 for a status of 400 and above, and write no page')
    .addOption(
      option(
        '-L, --location',
        'follow redirections, but only to https:; credentials and data for one server are not sent to another',
      ).conflicts(['record', 'pcap']),
    )
    .option('-I, --head', 'fetch and print only the headers')
    .addOption(option('-o, --output <file>', 'write the page there, once it is complete'))
    .addOption(
      option<readonly string[]>('-H, --header <line>', '"Name: value", sent with the request (repeatable)', {
        parse: (line, before = []) => [...before, headerOf(line)],
      }),
    )
    .addOption(option('-X, --request <method>', 'the method, instead of GET', { parse: methodOf }))
    .addOption(
      option<readonly string[]>(
        '-d, --data <text>',
        'data to send with POST; @file sends the contents of a file; several are joined by &',
        {
          parse: (text, before = []) => [...before, text],
        },
      ).conflicts('head'),
    )
    .addHelpText(
      'after',
      examples([
        'get https://example.org/',
        'get https://localhost:8443/ --ca root.pem -v',
        'get https://example.org/page -f -L -o page.html',
        'get https://example.org/ --backend pure --json',
      ]),
    )
    .action((url: URL, given: Given<GetCommandOptions>) =>
      run<GetCommandOptions>(url.host, given, async (options) =>
        (await import('./get.ts')).getCommand(url, options, signal),
      ),
    );

  withStarttls(
    withCommonOptions(program.command('tunnel').argument('<target>', TARGET, argument('<target>', parseTarget))),
  )
    .description('forward a local plaintext port over TLS, for programs that have no TLS; stop it with Ctrl-C')
    .addOption(
      option('--listen <where>', 'a port of 127.0.0.1, or the path of a unix socket; default: a free port', {
        parse: parseListenAddress,
      }),
    )
    .addHelpText(
      'after',
      examples(
        [
          'tunnel redis.example:6380 --listen 6379',
          'tunnel db.example:5432 --listen ./db.sock',
          'tunnel db.example:5432 --via socks5://proxy.example:1080',
        ],
        '',
      ),
    )
    .action((target: Target, given: Given<TunnelCommandOptions>) =>
      run<TunnelCommandOptions>(nameOfTarget(target), given, async (options) =>
        (await import('./tunnel.ts')).tunnelCommand(target, options, signal),
      ),
    );
}

/** What says more than one connection tells. */
function comparing(program: Command, run: Run, signal: AbortSignal): void {
  withStarttls(withScanning(program.command('scan').argument('<target>', TARGET, argument('<target>', parseTarget))))
    .description(
      'find out which versions, cipher suites, groups and signature algorithms a server accepts; no certificate is verified',
    )
    .addOption(
      choice('--fail-on <level>', 'exit with 10 if a finding is at least as severe: critical, high, medium or low', [
        'critical',
        'high',
        'medium',
        'low',
      ]),
    )
    .option('--tickets', 'also make whole handshakes: session tickets, and whether sessions are resumed')
    .option('--http', 'also send a HEAD request, for the HSTS header')
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      examples([
        'scan example.org',
        'scan example.org --tickets --http',
        'scan example.org --fail-on medium',
        'scan mail.example:587 --concurrency 1 --delay 0.5',
        'scan example.org --json | jq .scan.cipherSuites',
      ]),
    )
    .action((target: Target, given: ScanCommandOptions & RunOptions) =>
      run<ScanCommandOptions>(nameOfTarget(target), given, async (options) =>
        (await import('./scan-report.ts')).scanCommand(target, options, signal),
      ),
    );

  withStarttls(
    withCommonOptions(
      program
        .command('diff')
        .argument('<a>', TARGET, argument('<a>', parseTarget))
        .argument('[b]', 'a second server; without it, --engines is needed', argument('<b>', parseTarget)),
    ),
  )
    .description('show how two servers differ, or two engines at one server')
    .addOption(option('--engines <a,b>', 'compare two engines at the same server: native,pure', { parse: enginesOf }))
    .option('--scan', 'also compare what the servers accept, as scan finds it')
    .option('--all', 'also show what is the same')
    .addHelpText(
      'after',
      examples([
        'diff example.org example.net',
        'diff 192.0.2.1 192.0.2.2 --servername example.org --scan',
        'diff example.org --engines native,pure --all',
      ]),
    )
    .action((a: Target, b: Target | undefined, given: Given<DiffCommandOptions>) =>
      run<DiffCommandOptions>(nameOfTarget(a), given, async (options) =>
        (await import('./diff.ts')).diffCommand(a, b, options, signal),
      ),
    );

  program
    .command('replay')
    .argument('<file>', 'a file that --record has written')
    .description(
      'show a recorded connection, message by message; replay it through the pure engine if the file has all that takes',
    )
    .addOption(option('--keylog <file>', 'the secrets of the connection, if they are not in the recording'))
    .option('--annotate', 'print messages as bytes with their field names')
    .option('--brief', 'print only their names and lengths')
    .addOption(option('--pcap <file>', 'also write it for Wireshark (pcapng), with the secrets that are known'))
    .addOption(caOption('the certificates to trust in the replay; default: as recorded (repeatable)'))
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      examples(
        [
          'connect example.org --backend pure --record hello.jsonl --with-secrets',
          'replay hello.jsonl',
          'replay hello.jsonl --keylog secrets.txt --annotate',
        ],
        '\nExit code: that of the replayed connection, 12 if it went differently, or 0 if nothing is replayed.',
      ),
    )
    .action(async (file: string, options: ReplayCommandOptions) =>
      (await import('./replay.ts')).replayCommand(file, options),
    );
}

/** What is no name of a host: a path, or the ending of a file of certificates, or of a key, which has none. */
const isFile = (name: string): boolean =>
  !/^[\w+.-]{2,}:/.test(name) && (/[/\\]/.test(name) || /\.(pem|crt|cer|der|p12|pfx|p7b|p7c|key)$/i.test(name));

/** RFC 9110 section 5.6.2: a token, and a value without what ends a line. */
function headerOf(line: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]+:[^\r\n\0]*$/.test(line)) throw new Error('expected "Name: value"');
  if (
    /^(connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|proxy-connection|expect)\s*:/i.test(
      line,
    )
  )
    throw new Error('ferrule sets this header itself');
  return line;
}

function methodOf(text: string): string {
  if (!/^[A-Z]+$/.test(text)) throw new Error('expected a method, such as POST');
  return text;
}

function depthOf(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new Error('expected a position in the chain: 0 is the server’s own certificate');
  return Number(text);
}

function parseListenAddress(text: string): number | string {
  if (/[/\\]/.test(text)) return text;
  const port = Number(text);
  if (!(/^\d+$/.test(text) && port <= 65_535)) throw new Error('expected a port, or the path of a unix socket');
  return port;
}
