/**
 * @module What a wrong command line is told: what is wrong, what was probably meant, and where the options are listed.
 * Three lines, however long the help is.
 */
import { type Command, type CommanderError, InvalidArgumentError, Option } from 'commander';
import { printable } from './printable.ts';
import { CALL, FOREIGN_COMMANDS, FOREIGN_OPTIONS } from './foreign.ts';

/** A command line that cannot be done, in a sentence that names the option and the value. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  /** What to type in its place. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The server that was named cannot be asked: in a list that is a result of this line, and does not stop the others. */
export class TargetError extends UsageError {}

/** The longest value that is repeated, characters. */
const SHOWN = 60;

/** What was typed, safe to print: no control characters, and not longer than a line. */
export function shown(value: string): string {
  const text = printable(value).replace(/[\r\n\t]/g, ' ');
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

export interface OptionKind<T> {
  /** @throws Error that says what is wrong with the value, without naming the option. */
  readonly parse?: (value: string, before: T | undefined) => T;
  /** The value may hold a password: it is not repeated. */
  readonly secret?: boolean;
}

/** An option whose value is checked as it is read; messages name the option and the value. */
export function option<T>(flags: string, description: string, { parse, secret = false }: OptionKind<T> = {}): Option {
  const made = new Option(flags, description);
  if (parse === undefined) return made;
  return made.argParser((value: string, before: T | undefined) => {
    try {
      return parse(value, before);
    } catch (error) {
      const name = made.long ?? flags;
      throw new UsageError(`${secret ? name : `${name} ${shown(value)}`}: ${(error as Error).message}`);
    }
  });
}

/** An option with a few values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  const made = option(flags, description, {
    parse: (value: string): string => {
      if (values.includes(value)) return value;
      const nearest = nearestOf(value, values);
      throw new UsageError(
        nearest === undefined
          ? `is not one of ${values.join(', ')}`
          : `did you mean ${nearest}? (${values.slice(0, 8).join(', ')}${values.length > 8 ? ', …' : ''})`,
      );
    },
  });
  // For completion
  (made as { argChoices?: readonly string[] }).argChoices = values;
  return made;
}

/** An argument's parser, whose messages name the value. */
export const argument =
  <T>(name: string, parse: (value: string) => T) =>
  (value: string): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new UsageError(`${name} ${shown(withoutCredentials(value))}: ${error.message}`);
    }
  };

/** What stands between `//` and `@` may be a password. */
const withoutCredentials = (value: string): string => value.replace(/^([\w+.-]*:?\/\/)?[^@\s]*@/, '$1…@');

/** 1 to 10000. */
export function count(value: string): number {
  const number = Number(value);
  if (!(/^\d+$/.test(value) && number >= 1 && number <= 10_000)) throw new Error('expected an integer from 1 to 10000');
  return number;
}

/** The whole text, for stderr. */
export function usageReport(error: UsageError | CommanderError, command: Command): string {
  const { message, hint } = error instanceof UsageError ? error : explained(error, command);
  const path = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  const help =
    command.parent === null ? `${path} --help lists the commands.` : `${usageLine(command)}; --help lists the options`;
  return [`error: ${message}`, ...(hint === undefined ? [] : [hint]), help, ''].join('\n');
}

/** `ferrule get <url>` */
const callOf = (command: Command): string =>
  [
    command.parent?.name() ?? '',
    command.name(),
    ...command.registeredArguments.map((each) => {
      const name = `${each.name()}${each.variadic ? '…' : ''}`;
      return each.required ? `<${name}>` : `[${name}]`;
    }),
  ].join(' ');

const usageLine = (command: Command): string => `usage: ${callOf(command)} [options]`;

interface Explained {
  readonly message: string;
  readonly hint?: string;
}

function explained({ code, message }: CommanderError, command: Command): Explained {
  const plain = message.replace(/^error: /, '');
  // commander puts what was typed between the quotation marks
  const typed = /'([^]*)'/.exec(plain)?.[1] ?? '';
  switch (code) {
    case 'commander.unknownOption':
      return unknownOption(typed.replace(/=.*/s, ''), command);
    case 'commander.unknownCommand':
      return unknownCommand(typed, command);
    case 'commander.missingArgument':
      return { message: `${command.name()}: no <${typed}> is named` };
    case 'commander.excessArguments': {
      const extra = command.args.slice(command.registeredArguments.length).map(shown);
      const message = `${command.name()}: one argument too many: ${extra.slice(0, 3).join(', ')}`;
      const [host = ''] = command.args;
      // As telnet(1) and nc(1) have it
      return /^\d+$/.test(extra[0] ?? '') && !/[:/]/.test(host)
        ? { message, hint: `Did you mean ${shown(`${host}:${extra[0]}`)}?` }
        : { message };
    }
    case 'commander.optionMissingArgument':
      return { message: `${typed}: the value is missing` };
    default:
      return { message: shownLines(plain) };
  }
}

const shownLines = (text: string): string => printable(text).replace(/\s*[\r\n]+\s*/g, ' ');

function unknownOption(flag: string, command: Command): Explained {
  const message = `${command.parent === null ? '' : `${command.name()}: `}there is no option ${shown(flag)}`;
  // Of letters in one word, as in -sSL, the first
  const letter = /^-[a-z]{2,}$/i.test(flag) ? flag.slice(0, 2) : flag;
  const foreign =
    FOREIGN_OPTIONS[`${command.name()} ${letter}`] ??
    FOREIGN_OPTIONS[flag] ??
    FOREIGN_OPTIONS[flag.replace(/^--?/, '-')] ??
    FOREIGN_OPTIONS[flag.replace(/^-(?=[^-])/, '--')] ??
    FOREIGN_OPTIONS[letter];
  if (foreign !== undefined && applies(foreign, command))
    return {
      message,
      hint: /^--[^]*[^.]$/.test(foreign) ? `Did you mean ${foreign}?` : foreign.replace(CALL, callOf(command)),
    };
  const own = longNames(command);
  const others = (command.parent?.commands ?? [])
    .filter((each) => each.options.some(({ long, short }) => long === flag || short === flag))
    .map((each) => each.name());
  if (others.length > 0) return { message, hint: `It is an option of ${others.join(', ')}.` };
  const nearest = nearestOf(flag.replace(/^-*/, '--'), own);
  return nearest === undefined ? { message } : { message, hint: `Did you mean ${nearest}?` };
}

const longNames = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);

/** Whether this command, or the one that the hint names, takes what the hint says. */
function applies(hint: string, command: Command): boolean {
  const [, named] = /\bferrule ([a-z]+)/.exec(hint) ?? [];
  const its = command.parent?.commands.find((each) => each.name() === named) ?? command;
  const long = longNames(its);
  const names = hint.match(/(?<![\w-])--[a-z][\w-]*/g) ?? [];
  return (
    names.every((name) => long.includes(name)) &&
    (!hint.includes(CALL) || ['a', 'target', 'targets', 'url'].includes(command.registeredArguments[0]?.name() ?? ''))
  );
}

function unknownCommand(typed: string, command: Command): Explained {
  const names = command.commands.map((each) => each.name());
  const message = `there is no command ${shown(withoutCredentials(typed))}`;
  const foreign = FOREIGN_COMMANDS[typed];
  if (foreign !== undefined) return { message, hint: foreign };
  if (/^https:\/\//.test(typed))
    return { message, hint: `Did you mean ferrule get ${shown(withoutCredentials(typed))}?` };
  if (/[.:]/.test(typed)) return { message, hint: `Did you mean ferrule inspect ${shown(withoutCredentials(typed))}?` };
  const nearest = nearestOf(typed, names);
  return { message, hint: nearest === undefined ? `One of ${names.join(', ')}.` : `Did you mean ${nearest}?` };
}

/** Of those the one that differs by a slip of the finger, or goes on from what was typed. */
export function nearestOf(typed: string, known: readonly string[]): string | undefined {
  const text = typed.toLowerCase();
  const scored = known
    .map((each) => ({ each, score: distance(text, each.toLowerCase()) - (beginsAlike(text, each) ? 1.5 : 0) }))
    .sort((a, b) => a.score - b.score);
  const [best] = scored;
  return best !== undefined && best.score <= Math.max(1, text.replace(/^-*/, '').length / 3) ? best.each : undefined;
}

function beginsAlike(a: string, b: string): boolean {
  const bare = (text: string): string => text.replace(/^-*/, '');
  return bare(a).length > 2 && (bare(b).startsWith(bare(a)) || bare(a).startsWith(bare(b)));
}

/** Levenshtein's, with two neighbours exchanged as one step. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 12) return 99;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 99;
}
