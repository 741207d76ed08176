import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { here } from './here.ts';
import { ferrule } from './run.ts';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const [bash, zsh, fish] = ['bash', 'zsh', 'fish'].map((shell) => {
  if (!has(shell)) console.info(`skipped: ${shell} is not installed`);
  return has(shell);
});

const folder = mkdtempSync(join(tmpdir(), 'ferrule-completion-'));
const file = (shell: string): string => join(folder, `ferrule.${shell}`);
let commands: readonly string[] = [];

beforeAll(async () => {
  writeFileSync(join(folder, 'a root.pem'), '');
  const [help, ...scripts] = await Promise.all([
    ferrule(['--help']),
    ...['bash', 'zsh', 'fish'].map((shell) => ferrule(['completion', shell])),
  ]);
  commands = [...(help.stdout.split('Commands:')[1]?.split('Examples:')[0] ?? '').matchAll(/^ {2}([a-z]+) /gm)].flatMap(
    ([, name = '']) => (name === 'help' ? [] : [name]),
  );
  for (const [i, shell] of ['bash', 'zsh', 'fish'].entries()) writeFileSync(file(shell), scripts[i]?.stdout ?? '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash would offer for the last of these words. */
function offers(...words: readonly string[]): readonly string[] {
  const line = `source '${file('bash')}'; COMP_WORDS=(ferrule ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; __ferrule; printf '%s\\n' "\${COMPREPLY[@]}"`;
  // compopt knows that nobody pressed TAB
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-u', '-c', line], { encoding: 'utf8', cwd: folder });
  expect(stderr.replaceAll(/.*compopt: .*\n/g, '')).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe.skipIf(!bash)('ferrule completion bash', () => {
  it('offers every command, and what begins as the word does', () => {
    expect(commands.length).toBeGreaterThan(7);
    expect(offers('')).toEqual(expect.arrayContaining([...commands]));
    expect(offers('insp')).toEqual(['inspect']);
  });

  it('offers the options of each command as its help has them, and that has examples', async () => {
    for (const command of commands) {
      const { stdout } = await here([command, '--help']);
      expect(stdout).toMatch(/\nExamples:\n(.*\n)? .*ferrule /);
      const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, long = '']) => long);
      expect(offers(command, '--')).toEqual(expect.arrayContaining(options));
    }
    expect(offers('get', 'https://example.org/', '--js')).toEqual(['--json']);
  });

  it('offers the values of an option, after a blank and after =', () => {
    expect(offers('connect', '--backend', '')).toEqual(['native', 'pure']);
    expect(offers('connect', '--backend', '=', 'p')).toEqual(['pure']);
    expect(offers('connect', '--backend', '=')).toEqual(['native', 'pure']);
    expect(offers('inspect', '--starttls', 'x')).toEqual(['xmpp', 'xmpp-server']);
    expect(offers('completion', 'f')).toEqual(['fish']);
    expect(offers('connect', '--servername', '')).toEqual([]);
  });

  it('offers files where a file is meant', () => {
    expect(offers('get', '--ca', 'a')).toEqual(['a root.pem']);
  });
});

describe.skipIf(!zsh)('ferrule completion zsh', () => {
  it('is a script that zsh takes, and offers commands and values', () => {
    /** What a terminal shows after these keys, once it shows what is expected, or in ten seconds. */
    const press = (keys: string, expected: string): string => {
      const script = `autoload -U compinit; compinit -u -d '${join(folder, 'dump')}'; source '${file('zsh')}'; bindkey '^I' complete-word; PS1='> '`;
      writeFileSync(join(folder, '.zshrc'), `${script}\n`);
      const terminal = `zmodload zsh/zpty
        run() {
          local shown chunk i
          zpty shell "ZDOTDIR='${folder}' TERM=dumb zsh -i"
          zpty -w -n shell $'${keys}'
          for ((i = 0; i < 100; i++)); do
            while zpty -rt shell chunk; do shown+=$chunk; done
            [[ $shown == *'${expected}'* ]] && break
            sleep 0.1
          done
          print -rn -- "$shown"
          zpty -d shell
        }
        run`;
      return spawnSync('zsh', ['-f', '-c', terminal], { encoding: 'utf8' }).stdout;
    };
    expect(spawnSync('zsh', ['-n', file('zsh')], { encoding: 'utf8' }).stderr).toBe('');
    for (const [keys, expected] of [
      ['ferrule insp\\t', 'ferrule inspect'],
      ['ferrule connect --backend pu\\t', '--backend pure'],
    ] as const)
      expect(press(keys, expected)).toContain(expected);
  });
});

describe.skipIf(!fish)('ferrule completion fish', () => {
  it('is a script that fish takes, and offers commands, options and values', () => {
    const offer = (line: string): string =>
      spawnSync('fish', ['--no-config', '-c', `source '${file('fish')}'; complete -C '${line}'`], {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, HOME: folder },
      }).stdout;
    expect(offer('ferrule insp')).toMatch(/^inspect\t/);
    expect(offer('ferrule get --backen')).toMatch(/^--backend\t/);
    expect(offer('ferrule get --backend ')).toMatch(/^native\t.*\npure\t.*\n$/);
    expect(offer('ferrule get ')).not.toContain('a root.pem');
    expect(offer('ferrule get --ca a')).toContain('root.pem');
  });
});
