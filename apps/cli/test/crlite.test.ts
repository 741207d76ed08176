/** ferrule crlite, and --crlite: a mirror on loopback, and servers whose certificates its filters know. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issue, LEAF_NAMES, LOGGED, makeCrliteFilter, pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseManifest } from '../src/filters.ts';
import { ferrule, type Outcome } from './run.ts';
import { conforms } from './schema.ts';

const DAY_MS = 86_400_000;
const temporary = mkdtempSync(join(tmpdir(), 'ferrule-crlite-'));
const ca = join(temporary, 'root.pem');
/** What the mirror has, by path. */
let mirrored = new Map<string, Uint8Array>();
let asked: string[] = [];
/** What happens before a filter is sent. */
let hold: (() => Promise<void>) | undefined;
const servers: ReturnType<typeof createServer>[] = [];
let [mirror, site] = ['', ''];
let folder = '';
let folders = 0;

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const listen = async ({
    keyPem,
    chainPem,
  }: {
    readonly keyPem: string;
    readonly chainPem: string;
  }): Promise<number> => {
    const server = createServer({ key: keyPem, cert: chainPem }, ({ url = '' }, response) => {
      asked.push(url);
      const answer = (): void => {
        const body = mirrored.get(url);
        if (body === undefined) response.writeHead(404).end();
        else response.end(body);
      };
      if (hold === undefined || url.endsWith('.json')) answer();
      else void hold().then(answer);
    });
    server.on('secureConnection', (socket) => socket.on('error', () => {}));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  mirror = `https://localhost:${await listen(await pki('p256'))}/crlite`;
  site = `localhost:${await listen(await issue(await pki('intermediate'), { names: LEAF_NAMES, extensions: [LOGGED] }))}`;
});
beforeEach(() => {
  folder = join(temporary, `filters-${folders++}`);
  asked = [];
  mirrored = new Map();
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(temporary, { recursive: true });
});

interface Published {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function manifestOf(files: readonly Published[], generatedAt: number): Buffer {
  const listed = files.map(({ name, bytes }) => ({
    filename: name,
    size: bytes.length,
    hash: createHash('sha256').update(bytes).digest('hex'),
  }));
  return Buffer.from(JSON.stringify({ generated_at: generatedAt, comment: 'a test', filters: listed }));
}

function publish(files: readonly Published[], generatedAt: number = Math.floor(Date.now() / 1000)): void {
  mirrored.set('/crlite/manifest.json', manifestOf(files, generatedAt));
  for (const { name, bytes } of files) mirrored.set(`/crlite/${name}`, bytes);
}

const filter = async (name: string, revoked: boolean, made: number = Date.now()): Promise<Published> => ({
  name,
  bytes: makeCrliteFilter(await pki('intermediate'), revoked, made),
});

/** As if they had been written an hour ago. */
function age(...names: readonly string[]): void {
  for (const name of names) utimesSync(join(folder, name), Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
}

const update = (...more: readonly string[]): Promise<Outcome> =>
  ferrule(['crlite', folder, '--from', mirror, '--ca', ca, ...more]);

describe('ferrule crlite', () => {
  it('fetches what the manifest names, once, and tells how old it is', async () => {
    publish([await filter('a.filter', false), await filter('b.filter.delta', false)]);
    const first = await update();
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toMatch(/is fresh\n.*0 days ago\n +filters +2, \d+ bytes\n +downloaded +[1-9]\d* bytes\n$/s);
    expect(asked).toEqual(['/crlite/manifest.json', '/crlite/a.filter', '/crlite/b.filter.delta']);
    const second = await update('--json');
    expect(second.code).toBe(0);
    conforms(second.stdout);
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: true, crlite: { stale: false, downloaded: 0 } });
    expect(asked.length).toBe(4);
    const status = await ferrule(['crlite', folder]);
    expect([status.code, status.stdout.includes('downloaded')]).toEqual([0, false]);
    expect(readdirSync(folder).sort()).toEqual(['a.filter', 'b.filter.delta', 'manifest.json']);
  });

  it('removes files that two manifests have not named, and no others', async () => {
    for (const name of ['a.filter', 'b.filter', 'c.filter']) {
      publish([await filter(name, false)]);
      expect((await update()).code).toBe(0);
      writeFileSync(join(folder, 'notes.txt'), 'mine');
      writeFileSync(join(folder, `${name}.0123456789ab.tmp`), 'of one that was killed');
      mkdirSync(join(folder, 'mine.filter'), { recursive: true });
      age(`${name}.0123456789ab.tmp`, name);
    }
    expect(readdirSync(folder).sort()).toEqual([
      'b.filter',
      'c.filter',
      'c.filter.0123456789ab.tmp',
      'manifest.json',
      'mine.filter',
      'notes.txt',
    ]);
  });

  it('leaves alone what another update may be writing', async () => {
    publish([await filter('a.filter', false)]);
    await update();
    writeFileSync(join(folder, 'z.filter'), 'under way');
    expect((await update()).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['a.filter', 'manifest.json', 'z.filter']);
  });

  it('refuses what another update has overtaken', async () => {
    const a = await filter('a.filter', false);
    publish([a], Math.floor(Date.now() / 1000) - 60);
    const late = await filter('late.filter', false);
    hold = async () => {
      hold = undefined;
      publish([late]);
      expect((await update()).code).toBe(0);
    };
    const { code, stderr } = await update();
    expect([code, stderr]).toEqual([22, expect.stringContaining('is older than the filters')]);
    expect(readdirSync(folder).sort()).toEqual(['late.filter', 'manifest.json']);
    expect((await ferrule(['crlite', folder])).code).toBe(0);
  });

  it('is not held to a manifest, or filters, dated in the future', async () => {
    const [now, ahead] = [Math.floor(Date.now() / 1000), await filter('ahead.filter', false, Date.now() + 9e12)];
    publish([ahead]);
    expect((await update()).code).toBe(7);
    writeFileSync(join(folder, 'manifest.json'), manifestOf([ahead], 2 ** 53 - 1));
    publish([await filter('a.filter', false)], now);
    expect((await update()).code).toBe(0);
  });

  it('tells a moment beyond all dates', async () => {
    publish([await filter('a.filter', false, 2 ** 60)]);
    const { code, stdout } = await update();
    expect([code, stdout]).toEqual([7, expect.stringContaining('+275760-09-13')]);
  });

  it('says by exit code 7 that filters are too old', async () => {
    publish([await filter('a.filter', false, Date.now() - 11 * DAY_MS)]);
    const { code, stdout } = await update();
    expect([code, stdout]).toEqual([7, expect.stringMatching(/is stale: .*\n.* 11 days ago\n/)]);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ['is not there', async () => mirrored.clear(), /manifest\.json: HTTP status 404/],
    ['is no JSON', async () => void mirrored.set('/crlite/manifest.json', Buffer.from('<html>')), /is no JSON/],
    [
      'names a file that is another one',
      async () => void mirrored.set('/crlite/b.filter', (await filter('', true, 1)).bytes),
      /b\.filter: is not what the manifest names/,
    ],
    [
      'names a file with more bytes than it says',
      async () => void mirrored.set('/crlite/b.filter', new Uint8Array(10_000)),
      /b\.filter: has more than the \d+ bytes/,
    ],
    [
      'names a file that is not there',
      async () => void mirrored.delete('/crlite/b.filter'),
      /b\.filter: HTTP status 404/,
    ],
    [
      'names a file that is not a filter',
      async () => publish([{ name: 'b.filter', bytes: Uint8Array.of(1, 2, 3) }]),
      /CRLite filter/,
    ],
    [
      'is older than what is here',
      async () => publish([await filter('b.filter', true)], 1),
      /is older than the filters/,
    ],
    [
      'has older filters under a newer manifest',
      async () => publish([await filter('b.filter', true, Date.now() - DAY_MS)]),
      /its filters are older than those that are here/,
    ],
    [
      'is dated in the future',
      async () => publish([await filter('b.filter', true)], 4e9),
      /is dated in the future: 2096/,
    ],
    [
      'is dated beyond all dates',
      async () => publish([await filter('b.filter', true)], 2 ** 53 - 1),
      /dated in the future/,
    ],
  ])('writes nothing where the mirror %s', async (_what, spoil, says) => {
    publish([await filter('a.filter', false)]);
    expect((await update()).code).toBe(0);
    publish([await filter('a.filter', false, Date.now() - DAY_MS), await filter('b.filter', true)]);
    await spoil();
    const { code, stdout, stderr } = await update();
    expect([code, stdout]).toEqual([22, '']);
    expect(stderr).toMatch(says);
    expect(stderr).toContain('left as they are');
    expect(readdirSync(folder).sort()).toEqual(['a.filter', 'manifest.json']);
    expect((await ferrule(['crlite', folder])).code).toBe(0);
  });

  it('tells a failure as a document, too, and one of TLS by its own code', async () => {
    const { code, stdout } = await update('--json');
    expect(code).toBe(22);
    conforms(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'HTTP_STATUS' } });
    const untrusted = await ferrule(['crlite', folder, '--from', mirror]);
    expect([untrusted.code, existsSync(folder)]).toEqual([5, false]);
  });

  it('refuses options of a connection that there is none of, and a mirror without TLS', async () => {
    const [alone, plain] = [
      await ferrule(['crlite', folder, '--ca', ca]),
      await ferrule(['crlite', folder, '--from', 'http://localhost/']),
    ];
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--ca: is of the connection')]);
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining('expected an https:// URL')]);
  });
});

describe.each(['native', 'pure'])('--crlite, with the %s engine,', (backend) => {
  const inspect = (...more: readonly string[]): Promise<Outcome> =>
    ferrule(['inspect', site, '--ca', ca, '--backend', backend, '--crlite', folder, ...more]);

  it('says that a certificate is not revoked, and refuses one that is', async () => {
    publish([await filter('a.filter', false)]);
    await update();
    const good = await inspect('--resume');
    expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/CRLite +not revoked\n +resumption +resumed/)]);
    publish([await filter('a.filter', false), await filter('b.delta', true)]);
    await update();
    const revoked = await inspect('--json');
    expect(revoked.code).toBe(5);
    conforms(revoked.stdout);
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      error: { code: 'CERT_REVOKED' },
      crlite: { status: 'revoked' },
    });
    const watched = await ferrule([
      'watch',
      site,
      '--ca',
      ca,
      '--backend',
      backend,
      '--crlite',
      join(folder, 'b.delta'),
    ]);
    expect([watched.code, watched.stdout]).toEqual([5, expect.stringContaining('revoked')]);
  });

  it('says that filters are too old', async () => {
    publish([await filter('a.filter', false, Date.now() - 11 * DAY_MS)]);
    await update();
    const { code, stdout } = await inspect();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/CRLite +the filters are too old/)]);
    const watched = await ferrule(['watch', site, '--ca', ca, '--backend', backend, '--crlite', folder]);
    expect([watched.code, watched.stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: --crlite .*: the filters are too old .* ferrule crlite\n$/),
    ]);
  });
});

describe('--crlite of a folder that is not whole', () => {
  it.each<[string, (at: string) => void, RegExp]>([
    ['has no manifest', (at) => rmSync(join(at, 'manifest.json')), /manifest\.json: there is no such file/],
    ['lacks a file', (at) => rmSync(join(at, 'a.filter')), /a\.filter: there is no such file/],
    [
      'has a damaged file',
      (at) => writeFileSync(join(at, 'a.filter'), 'x'),
      /a\.filter: is not what the manifest names/,
    ],
  ])('is an error where it %s, and no connection is made', async (_what, spoil, says) => {
    publish([await filter('a.filter', false)]);
    await update();
    spoil(folder);
    asked = [];
    const { code, stderr } = await ferrule(['inspect', site, '--ca', ca, '--crlite', folder]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(asked).toEqual([]);
  });
});

it.each<[unknown, string]>([
  [{}, 'generated_at'],
  [{ generated_at: 1, files: [] }, '1 to 1000'],
  [{ generated_at: -1, files: [{}] }, 'generated_at'],
  [null, 'is no manifest'],
  ...['../a.filter', '/a.filter', 'a.filter/', '.filter', 'a', 'manifest.json', `${'a'.repeat(300)}.filter`, 7].map(
    (filename): [unknown, string] => [
      { generated_at: 1, files: [{ filename, size: 1, hash: '0'.repeat(64) }] },
      'no filename',
    ],
  ),
  [{ generated_at: 1, files: [{ filename: 'a.filter', size: 2 ** 27, hash: '0'.repeat(64) }] }, 'size'],
  [{ generated_at: 1, files: [{ filename: 'a.filter', size: 1, hash: 'zz' }] }, 'SHA-256'],
  [{ generated_at: 1, files: [1, 2].map(() => ({ filename: 'a.filter', size: 1, hash: '0'.repeat(64) })) }, 'twice'],
  [
    {
      generated_at: 1,
      files: [1, 2, 3, 4, 5].map((n) => ({ filename: `${n}.filter`, size: 2 ** 26, hash: '0'.repeat(64) })),
    },
    'more than 256 MiB',
  ],
])('%j is no manifest: %s', (value, says) => {
  expect(() => parseManifest(Buffer.from(JSON.stringify(value)))).toThrow(says);
});
