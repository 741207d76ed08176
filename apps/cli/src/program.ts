/** @module The command line as a whole: which command it names, and how what comes of it is told. */
import { type Command, CommanderError } from 'commander';
import { TlsError } from 'ferrule';
import { commands } from './commands.ts';
import { Exit, exitOf, worst } from './exit.ts';
import { reasonOf } from './files.ts';
import { causeOfFailure } from './observing.ts';
import { type Given, prepared, type CommonOptions } from './options.ts';
import { screenOf } from './screen.ts';
import { messageInSwitches } from './switches.ts';
import { blamedFor } from './target.ts';
import { shown, UsageError, usageReport } from './usage.ts';

/**
 * Runs what the arguments say, to its end: never throws. What it came to is `process.exitCode`.
 * @param argv without Node and the script
 */
export async function ferrule(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const program = commands(run, signal);
  try {
    const [first, second] = argv;
    if (first === undefined) throw new UsageError('which command?', hintOfCommands(program));
    if (first === 'help' && second !== undefined && commandOf(program, [second]) === program)
      throw new UsageError(`there is no command ${shown(second)}`, hintOfCommands(program));
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      process.exitCode = Exit.ok;
      return;
    }
    if (error instanceof UsageError || error instanceof CommanderError) {
      process.stderr.write(usageReport(error, commandOf(program, argv)));
      process.exitCode = worst(Exit.usage, (process.exitCode ?? Exit.ok) as Exit);
    } else {
      process.stderr.write(`ferrule: a fault of this command: ${(error as Error).stack ?? String(error)}\n`);
      process.exitCode = Exit.failed;
    }
  }
}

const hintOfCommands = ({ commands: known }: Command): string =>
  `One of ${known.map((each) => each.name()).join(', ')}.`;

const commandOf = (program: Command, argv: readonly string[]): Command =>
  program.commands.find((each) => each.name() === argv[0]) ?? program;

export interface RunOptions {
  readonly json?: boolean;
  /** With either, stdout is the server's. */
  readonly pipe?: boolean;
  readonly interactive?: boolean;
}

/** Runs one command, and tells its failure in the way that the options ask for. */
export type Run = <T extends RunOptions>(
  target: string,
  given: T extends CommonOptions ? Given<T> : T,
  command: (options: T) => Promise<void>,
) => Promise<void>;

const run: Run = async <T extends RunOptions>(
  target: string,
  given: T extends CommonOptions ? Given<T> : T,
  command: (options: T) => Promise<void>,
): Promise<void> => {
  try {
    await command(await prepared<T & CommonOptions>(given as Given<T & CommonOptions>));
  } catch (error) {
    if (TlsError.is(error)) await failed(blamedFor(error) ?? target, error, given as RunOptions);
    else if (isOfOptions(error)) throw new UsageError(inWords(error.message, given as CommonOptions));
    else if (isOfSystem(error)) {
      process.stderr.write(`error: ${reasonOf(error)}\n`);
      process.exitCode = Exit.failed;
    } else throw error;
  }
};

async function failed(target: string, error: TlsError, { json, pipe, interactive }: RunOptions): Promise<void> {
  const cause = await causeOfFailure(error);
  if (json === true)
    (pipe === true || interactive === true ? process.stderr : process.stdout).write(
      (await import('./json.ts')).failureJson(target, error, cause),
    );
  // Whoever pressed Ctrl-C knows
  else if (error.code !== 'ABORTED') {
    const { colorsFor, failureReport } = await import('./report.ts');
    process.stderr.write(failureReport(error, target, colorsFor(process.stderr), screenOf(process.stderr), cause));
  }
  process.exitCode = exitOf(error);
}

/** Where no name was given the host is the one to verify. */
function inWords(message: string, { servername }: CommonOptions): string {
  const text = messageInSwitches(message);
  return servername === undefined ? text.replace(/^--servername(?=:)/, 'host') : text;
}

/** What the engine does not take is a TypeError of ferrule's; one of the language is a fault of ours. */
const isOfOptions = (error: unknown): error is TypeError =>
  error instanceof TypeError && !/^Cannot |is not a function|is not iterable|undefined/.test(error.message);

const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
