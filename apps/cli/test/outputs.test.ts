import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND, ferrule } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-outputs-'));
const at = (name: string): string => join(folder, name);
const ca = at('root.pem');
let server: TestServer;
let target = '';

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  server = await TestServer.make();
  target = `localhost:${await server.listen()}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('files that the command writes', () => {
  it('are new files of their owner alone, also where there was one, or a link', async () => {
    const [old, elsewhere, link] = [at('old.jsonl'), at('elsewhere'), at('link.pcapng')];
    writeFileSync(old, 'old');
    chmodSync(old, 0o644);
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, link);
    const { code, stderr } = await ferrule(['connect', target, '--ca', ca, '--record', old, '--pcap', link]);
    expect([code, stderr]).toEqual([0, '']);
    expect([modeOf(old), lstatSync(link).isSymbolicLink(), modeOf(link)]).toEqual(['600', false, '600']);
    expect(readFileSync(old, 'utf8')).toMatch(/^{"recording":"ferrule-connection"/);
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('stay as they were where nothing passed', async () => {
    const kept = at('kept.jsonl');
    writeFileSync(kept, 'kept');
    const { code } = await ferrule(['connect', 'localhost:1', '--ca', ca, '--record', kept]);
    expect([code, readFileSync(kept, 'utf8')]).toEqual([13, 'kept']);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('are one line on stderr and exit code 1 where the disk is full', async () => {
    if (!existsSync('/dev/full')) return console.info('skipped: this machine has no /dev/full');
    const file = await ferrule(['connect', target, '--ca', ca, '--record', '/dev/full']);
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [...COMMAND, 'inspect', target, '--ca', ca], {
      stdio: ['ignore', full, 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect([file.code, file.stderr]).toEqual([1, 'error: --record /dev/full: no space left on the device (ENOSPC)\n']);
    expect([code, said]).toEqual([1, 'error: stdout: no space left on the device (ENOSPC)\n']);
  });

  it('are not written where a reader of stdout has gone, which is not success', async () => {
    const child = spawn(process.execPath, [...COMMAND, 'inspect', target, '--ca', ca]);
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([141, null]);
  });

  it('are a warning, once, where they are for secrets and cannot be written: the connection goes on', async () => {
    const [precious, link] = [at('precious'), at('keys-link')];
    writeFileSync(precious, '');
    symlinkSync(precious, link);
    const [nowhere, linked] = await Promise.all([
      ferrule(['connect', target, '--ca', ca, '--json'], { env: { SSLKEYLOGFILE: at('no/such/keys') } }),
      ferrule(['connect', target, '--ca', ca, '--keylog', link]),
    ]);
    expect([nowhere.code, nowhere.stderr.match(/warning/g)?.length]).toEqual([0, 1]);
    expect(nowhere.stderr).toMatch(/the secrets are not logged: .*\(ENOENT\)\n$/);
    expect(linked.stderr).toMatch(/is a symbolic link/);
    expect(readFileSync(precious, 'utf8')).toBe('');
  });
});

describe('files that the command reads', () => {
  it.each([
    [
      '--record over --ca',
      ['connect', 'TARGET', '--ca', 'CA', '--record', 'CA'],
      /--record .*root.pem would overwrite what --ca/,
    ],
    [
      '--record and --pcap in one',
      ['connect', 'TARGET', '--record', 'NEW', '--pcap', 'NEW'],
      /--pcap .* would overwrite what --record/,
    ],
    [
      'two outputs in one folder, once by a link to it',
      ['connect', 'TARGET', '--record', 'NEW', '--pcap', 'NEW-BY-LINK'],
      /--pcap .* would overwrite what --record/,
    ],
    [
      '--keylog over --key',
      ['connect', 'TARGET', '--cert', 'CA', '--key', 'KEY', '--keylog', 'KEY'],
      /--keylog .* would overwrite what --key/,
    ],
    ['replay --pcap over the recording', ['replay', 'KEY', '--pcap', 'LINK'], /--pcap .* would overwrite what <file>/],
  ])('are not overwritten: %s', async (_title, args, said) => {
    const files = {
      TARGET: target,
      CA: ca,
      KEY: at('key.pem'),
      NEW: at('new'),
      LINK: at('key-link'),
      'NEW-BY-LINK': at('folder-link/new'),
    };
    writeFileSync(files.KEY, 'key');
    for (const link of [files.LINK, at('folder-link')]) rmSync(link, { force: true });
    symlinkSync(folder, at('folder-link'));
    symlinkSync(files.KEY, files.LINK);
    const before = readFileSync(ca, 'utf8');
    const { code, stdout, stderr } = await ferrule(args.map((word) => files[word as keyof typeof files] ?? word));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
    expect([readFileSync(ca, 'utf8'), readFileSync(files.KEY, 'utf8'), existsSync(files.NEW)]).toEqual([
      before,
      'key',
      false,
    ]);
  });

  it('may not be larger than certificates ever are', async () => {
    const huge = at('huge.pem');
    writeFileSync(huge, '');
    truncateSync(huge, 600 * 1024 * 1024);
    const { code, stderr } = await ferrule(['connect', target, '--ca', huge]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/huge\.pem: has 600 MiB; at most 16 MiB are read\n/);
  });
});

describe('ferrule tunnel --listen', () => {
  it('calls a port that is in use, and a folder that there is not, usage errors', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const [used, nowhere] = await Promise.all([
      ferrule(['tunnel', target, '--ca', ca, '--listen', String(port)]),
      ferrule(['tunnel', target, '--ca', ca, '--listen', at('no/such.sock')]),
    ]);
    busy.close();
    expect([used.code, nowhere.code, used.stdout, nowhere.stdout]).toEqual([2, 2, '', '']);
    expect(used.stderr).toMatch(/^error: --listen \d+: is in use \(EADDRINUSE\)\nusage: .*\n$/);
    expect(nowhere.stderr).toMatch(/^error: --listen .*\nusage: .*\n$/);
  });
});

describe('ferrule replay', () => {
  it('trusts whom the recording was made with, and exits with 12 where it goes another way', async () => {
    const file = at('again.jsonl');
    const made = await ferrule([
      'connect',
      target,
      '--ca',
      ca,
      '--backend',
      'pure',
      '--record',
      file,
      '--with-secrets',
    ]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const again = await ferrule(['replay', file, '--brief']);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/✓ run again through the pure engine: the same \d+ bytes sent; established/);
    const other = at('other.jsonl');
    // The first that was drawn: of the ClientHello
    writeFileSync(other, readFileSync(file, 'utf8').replace(/("kind":"random","bytes":")../, '$1ff'));
    const differs = await ferrule(['replay', other, '--brief']);
    expect([differs.code, differs.stdout]).toEqual([expect.any(Number), expect.stringMatching(/✗ run again/)]);
    expect(differs.code).not.toBe(0);
  });
});
