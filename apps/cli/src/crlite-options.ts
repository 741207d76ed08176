/** @module `ferrule crlite` as it is parsed, completed and listed by --help. */
import type { Command } from 'commander';
import type { CrliteCommandOptions } from './crlite.ts';
import { type Given, withCommonOptions } from './options.ts';
import type { Run } from './program.ts';
import { parseUrl } from './target.ts';
import { option, UsageError } from './usage.ts';

/** The command about the filters of --crlite. */
export function revoking(
  program: Command,
  run: Run,
  signal: AbortSignal,
  examples: (lines: readonly string[], before: string) => string,
): void {
  withCommonOptions(program.command('crlite').argument('<folder>', 'where the filters are, for --crlite'))
    .description('show how old the CRLite filters in a folder are; with --from, update them first')
    .addOption(
      option('--from <url>', 'a mirror of upki: the https URL of the folder that has manifest.json', {
        parse: parseUrl,
      }),
    )
    .addHelpText(
      'after',
      examples(
        [
          'crlite ~/.cache/crlite --from https://mirror.example/crlite/',
          'crlite ~/.cache/crlite --json | jq .crlite.newest',
          'inspect example.org --crlite ~/.cache/crlite',
        ],
        '\nExit code: 0, 7 if the filters are too old, 22 if the mirror has none; 2 if there are none in the folder.',
      ),
    )
    .action((folder: string, given: Given<CrliteCommandOptions>, command: Command) => {
      const [other] = command.options.filter(
        (each) => command.getOptionValueSource(each.attributeName()) === 'cli' && each.attributeName() !== 'json',
      );
      if (given.from === undefined && other !== undefined)
        throw new UsageError(`${other.long ?? other.flags}: is of the connection to the mirror; --from names it`);
      return run<CrliteCommandOptions>(given.from?.host ?? folder, given, async (options) =>
        (await import('./crlite.ts')).crliteCommand(folder, options, signal),
      );
    });
}
