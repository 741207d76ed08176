/** The command: what it prints, writes and ends with, and that nothing of it is left. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratch } from './support.ts';

const fileAt = scratch();

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const client = fileURLToPath(new URL('client.mjs', import.meta.url));
const fromSource = ['--conditions=@ferrule/source', '--import', 'tsx', main];
const CLIENT = ['--', process.execPath, client, '{host}', '{port}', '{ca}'];

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const judge = (...args: readonly string[]): Promise<Said> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [...fromSource, ...args], { timeout: 90_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

describe('ferrule-judge', { timeout: 120_000 }, () => {
  it('ends with 0 for a client that is right, and counts', async () => {
    const { code, stdout } = await judge('--only', 'certificate: expired', ...CLIENT);
    expect(stdout).toMatch(/^2 servers: \d right, 0 faults, \d advice, 0 not applicable\n$/);
    expect(code).toBe(0);
  });

  it('ends with 1 for one that verifies nothing, and writes it down in three ways', async () => {
    const [junit, markdown] = [fileAt('judge.xml'), fileAt('judge.md')];
    const given = ['--only', 'certificate: expired', '--json', '--junit', junit, '--markdown', markdown];
    const { code, stdout, stderr } = await judge(...given, ...CLIENT, 'careless');
    expect(code).toBe(1);
    expect(stderr).toContain('✗ TLSv1.3, certificate: expired: accepted: the command printed what the server sent');
    expect(stderr).toContain('(high, RFC 5280 §6.1.3)');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'ferrule.judge/1',
      counts: { fault: 2, right: 0 },
      rows: [{ title: 'TLSv1.3, certificate: expired', verdict: 'accepted', fault: true, severity: 'high' }, {}],
    });
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toContain('tests="2" failures="2"');
    expect(xml.match(/<failure message="accepted: /g)).toHaveLength(2);
    expect(xml).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
    expect(readFileSync(markdown, 'utf8')).toContain('| TLSv1.2, certificate: expired | high | accepted |');
  });

  it('tells the command by its environment, too', async () => {
    const words = ['sh', '-c', `exec "${process.execPath}" "${client}" "$JUDGE_HOST" "$JUDGE_PORT" "$JUDGE_CA"`];
    const { code, stdout } = await judge('--only', 'TLSv1.3, certificate: expired', '--', ...words);
    expect(stdout).toMatch(/^1 server: .* 0 faults/);
    expect(code).toBe(0);
  });

  it.each([
    ['a command that does not connect', ['--', process.execPath, '-e', ''], 'does not connect'],
    ['a command that ends with 0 whatever happens', [...CLIENT, 'ending'], 'ends with 0 although'],
    [
      'a command that refuses a good server',
      ['--', process.execPath, client, '{host}', '{port}', '/dev/null'],
      'ends with 1 although',
    ],
    ['no such command', ['--', 'no-such-command-here'], 'there is no such command'],
    ['no command', [], 'which command?'],
    ['a text that no row has', ['--only', 'nothing has this', ...CLIENT], 'no row has this text'],
    ['an unknown option', ['--fast', ...CLIENT], "Unknown option '--fast'"],
    ['a timeout that is not a number', ['--timeout', 'soon', ...CLIENT], '--timeout: soon'],
    ['something else to expect', ['--expect', 'wonders', ...CLIENT], '--expect: wonders'],
    ['both forms', ['--short', '--all', ...CLIENT], 'choose one'],
  ])('ends with 2 and says why for %s', async (_, args, said) => {
    const { code, stdout, stderr } = await judge(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    // What to try
    expect(stderr.trim().split('\n').length).toBeGreaterThan(1);
  });

  it('lists its rows without a command, and has help', async () => {
    const { stdout, code } = await judge('--list', '--all');
    expect(code).toBe(0);
    expect(stdout).toContain('TLSv1.3: no CertificateVerify (high, must, RFC 9846 §4)\n');
    expect((await judge('--help')).stdout).toContain('Examples:');
  });

  it('waits for nobody whom the command leaves behind, though the pipes are theirs, too', async () => {
    const left = ['sh', '-c', `setsid sleep 8 & exec "${process.execPath}" "${client}" {host} {port} {ca}`];
    const { code, stdout } = await judge('--timeout', '3', '--only', 'TLSv1.3, certificate: expired', '--', ...left);
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 faults')]);
  });

  it('says before it runs anything that a result cannot be written', async () => {
    const nowhere = fileAt('nowhere/judge.xml');
    const { code, stdout, stderr } = await judge('--junit', nowhere, '--only', 'expired', ...CLIENT);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('judge.xml')]);
  });

  it('ends in silence when nobody reads on', async () => {
    const { stdout, stderr } = await new Promise<Said>((resolve) => {
      const words = [process.execPath, ...fromSource, '--list', '--all'].map((word) => `"${word}"`).join(' ');
      const child = execFile('sh', ['-c', `${words} | head -n 1`], (_, out, err) =>
        resolve({ code: child.exitCode, stdout: out, stderr: err }),
      );
    });
    expect([stdout.split('\n').length, stderr]).toEqual([2, '']);
  });

  it('ends the command and takes its files away at SIGINT', async () => {
    const pidFile = fileAt('pid');
    const child = spawn(process.execPath, [...fromSource, ...CLIENT, 'lasting', pidFile], { stdio: 'ignore' });
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await delay(50);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(130);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`ferrule-judge-${child.pid ?? 0}-`))).toEqual([]);
  });
});
