import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND, ferrule } from './run.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-lists-'));
const ca = join(folder, 'root.pem');
const servers: TestServer[] = [];
let [good, expired] = [0, 0];

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  servers.push(await TestServer.make(), await TestServer.make({ identity: await pki('expired') }));
  [good = 0, expired = 0] = await Promise.all(servers.map((server) => server.listen()));
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

describe('ferrule chain', () => {
  it('writes what the server sends as PEM, and one certificate as DER', async () => {
    const [pem, der] = await Promise.all([
      ferrule(['chain', `localhost:${good}`, '--ca', ca]),
      ferrule(['chain', `localhost:${good}`, '--ca', ca, '--depth', '0', '--format', 'der', '--backend', 'pure']),
    ]);
    const { chainPem, certificate } = await pki('p256');
    expect([pem.code, pem.stderr, pem.stdout]).toEqual([0, '', chainPem]);
    expect(der.code).toBe(0);
    expect(der.stdout).toBe(Buffer.from(certificate).toString());
  });

  it('shows the chain of a server that is not trusted too, and says so on stderr and in the exit code', async () => {
    const { code, stdout, stderr } = await ferrule(['chain', `localhost:${expired}`, '--ca', ca, '--format', 'json']);
    expect(code).toBe(7);
    expect(stderr).toMatch(/^✗ .*CN=leaf expired on/);
    const report = JSON.parse(stdout) as { ok: boolean; chain: { der: string }[] };
    expect([report.ok, report.chain.map(({ der }) => der)]).toEqual([
      false,
      (await pki('expired')).chain.map((der) => Buffer.from(der).toString('base64')),
    ]);
  });
});

describe('ferrule chain --depth', () => {
  it('says how many there are where there is none at that place', async () => {
    const { code, stdout, stderr } = await ferrule(['chain', `localhost:${good}`, '--ca', ca, '--depth', '9']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: --depth 9: .*\nThe server sent 2, at depth 0 to 1\.\n/);
  });
});

describe('ferrule pin', () => {
  it('writes pins that --pin takes, the server’s own first', async () => {
    const { code, stdout } = await ferrule(['pin', `localhost:${good}`, '--ca', ca]);
    const hash = createHash('sha256')
      .update((await pki('p256')).spki)
      .digest('base64');
    const pins = stdout.trimEnd().split('\n');
    expect([code, pins.length, pins[0]]).toEqual([0, 3, `sha256//${hash}`]);
    const pinned = await Promise.all(
      pins.map((pin) => ferrule(['connect', `localhost:${good}`, '--ca', ca, '--pin', pin])),
    );
    expect(pinned.map((outcome) => outcome.code)).toEqual([0, 0, 0]);
  });
});

describe('ferrule watch', () => {
  it('says how many days are left, and exits with 8 when those are too few', async () => {
    const [well, soon] = await Promise.all([
      ferrule(['watch', `localhost:${good}`, '--ca', ca]),
      ferrule(['watch', `localhost:${good}`, '--ca', ca, '--min-days', '60']),
    ]);
    expect([well.code, well.stdout]).toEqual([0, `✓ localhost:${good}: 29 days left\n`]);
    expect([soon.code, soon.stdout]).toEqual([8, `! localhost:${good}: 29 days left\n`]);
  });

  it('takes a list, keeps its order, and exits as the worst of it', async () => {
    const input = `# ours\nlocalhost:${good}\n\nlocalhost:1 # nobody\nlocalhost:${expired}\n`;
    const { code, stdout, stderr } = await ferrule(['watch', '-', '--ca', ca, '--concurrency', '2'], { input });
    expect([code, stderr]).toEqual([7, '']);
    expect(stdout).toMatch(
      /^✓ localhost:\d+: 29 days left\n✗ localhost:1: .*ECONNREFUSED.*\n✗ localhost:\d+: CN=leaf expired on .*\n$/,
    );
  });
});

describe('a line that names a server that cannot be asked', () => {
  it.each([
    ['127.1', [], /"127\.1" is neither/],
    ['a..b', [], /"a\.\.b" is neither/],
    ['[fe80::1%eth0]', [], /is neither/],
    ['unix:./x.sock', [], /--servername: required/],
    ['[2001:db8::1]', ['-4'], /-4: .* has an IPv6 address/],
  ])('%s does not stop the others', async (line, options, wrong) => {
    const input = `localhost:${good}\n${line}\nlocalhost:${good}\n`;
    const { code, stdout, stderr } = await ferrule(['watch', '-', '--ca', ca, ...options], { input });
    const [first = '', second = '', third = ''] = stdout.split('\n');
    expect([code, stderr, first, third]).toEqual([2, '', third, `✓ localhost:${good}: 29 days left`]);
    expect(second).toMatch(/^✗ line 2: /);
    expect(second).toMatch(wrong);
  });
});

describe('ferrule inspect -', () => {
  it('makes NDJSON of a list of hosts on stdin, one document a line, in its order', async () => {
    const input = Array.from({ length: 5 }, (_, i) => `localhost:${i % 2 === 0 ? good : expired}\n`).join('');
    const { code, stdout, stderr } = await ferrule(['inspect', '-', '--ca', ca, '--concurrency', '3'], { input });
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { schema: string; exitCode: number });
    expect([code, stderr]).toEqual([7, '']);
    expect(reports.map(({ schema, exitCode }) => `${schema} ${exitCode}`)).toEqual(
      [0, 7, 0, 7, 0].map((exit) => `ferrule/1 ${exit}`),
    );
  });

  it('makes a result with its number of a line that names no host, and goes on', async () => {
    const input = `# names\nexample.org:https\nlocalhost:${good}\n`;
    const [json, text] = await Promise.all([
      ferrule(['inspect', '-', '--ca', ca], { input }),
      ferrule(['watch', '-', '--ca', ca], { input }),
    ]);
    const [wrong, well] = json.stdout.trimEnd().split('\n');
    for (const document of [wrong, well]) conforms(document ?? '');
    expect([json.code, json.stderr]).toEqual([2, '']);
    expect(JSON.parse(wrong ?? '')).toMatchObject({
      target: 'example.org:https',
      line: 2,
      ok: false,
      exitCode: 2,
      time: expect.stringMatching(/^\d{4}-/) as string,
      error: { code: 'NOT_A_SERVER', what: expect.stringMatching(/^line 2: expected host/) as string },
    });
    expect(JSON.parse(well ?? '')).toMatchObject({ ok: true, time: expect.stringMatching(/Z$/) as string });
    expect(text.code).toBe(2);
    expect(text.stdout).toMatch(/^✗ line 2: example\.org:https: expected host.*\n✓ localhost:\d+: 29 days left\n$/);
  });

  it('calls an empty list a usage error', async () => {
    const { code, stdout, stderr } = await ferrule(['inspect', '-'], { input: '# nothing yet\n\n' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/the list is empty/);
  });

  it('ends at the first Ctrl-C while the list is still being read', async () => {
    const child = spawn(process.execPath, [...COMMAND, 'inspect', '-', '--ca', ca]);
    child.stdin.write(`localhost:${good}\n`);
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const ended = once(child, 'close');
    child.kill('SIGINT');
    expect(JSON.parse(first.toString())).toMatchObject({ ok: true });
    expect(await ended).toEqual([130, null]);
  });
});
