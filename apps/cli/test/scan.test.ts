/** `ferrule scan` and `ferrule diff` against servers of which it is known what they take. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { clientHelloOf, keyShareGroups } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { OpensslServer, PeerMissing } from '@ferrule/conformance/server';
import { chooseBackend, type TlsError } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingsOf } from '../src/findings.ts';
import { scan } from '../src/scan.ts';
import type { Scan, Taken } from '../src/scanned.ts';
import { mailServer } from './mail-server.ts';
import { ferrule } from './run.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-scan-'));
const ca = join(folder, 'root.pem');
const closing: { close(): unknown }[] = [];
const hasNative = await chooseBackend('native').then(
  () => true,
  () => false,
);

async function listen(server: Server): Promise<number> {
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

interface Counted {
  readonly port: number;
  /** Connections since it began. */
  readonly counts: { total: number };
  /** Bytes of application data that anybody sent. */
  readonly data: { length: number };
}

async function serve(options: TlsOptions = {}): Promise<Counted> {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const [counts, data] = [{ total: 0 }, { length: 0 }];
  const server = createServer(
    { key, cert, ...options },
    (socket) => void socket.on('error', () => {}).on('data', (chunk: Buffer) => void (data.length += chunk.length)),
  );
  server.on('tlsClientError', () => {});
  server.on('connection', () => void counts.total++);
  return { port: await listen(server), counts, data };
}

const POLITE = { timeout: 5, concurrency: 4, delay: 0, servername: 'server.test' } as const;
const ask = (port: number, more: object = {}): Promise<Scan> =>
  scan({ host: '127.0.0.1', port }, { ...POLITE, ...more }, new AbortController().signal);
const names = (lists: readonly Taken[], version: string): string[] | undefined =>
  lists.find((each) => each.version === version)?.taken.map(({ name }) => name);
const taken = ({ versions }: Scan): string[] => versions.filter((each) => each.taken).map(({ name }) => name);

beforeAll(async () => writeFileSync(ca, (await pki('root')).certificatePem));
afterAll(() => {
  for (const server of closing) server.close();
  rmSync(folder, { recursive: true });
});

describe('ferrule scan', () => {
  it('finds exactly the suites, groups and signatures that the server was given, and whose order counts', async () => {
    const mine = 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA';
    const { port, counts, data } = await serve({
      minVersion: 'TLSv1.2',
      ciphers: `TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:${mine}`,
      ecdhCurve: 'P-384:X25519:P-256',
      sigalgs: 'ecdsa_secp256r1_sha256',
      honorCipherOrder: true,
    });
    const found = await ask(port);
    expect(taken(found)).toEqual(['TLS 1.3', 'TLS 1.2']);
    expect(found.cipherSuites).toMatchObject([
      {
        version: 'TLS 1.3',
        order: 'server',
        taken: [{ name: 'TLS_CHACHA20_POLY1305_SHA256' }, { name: 'TLS_AES_128_GCM_SHA256' }],
      },
      {
        version: 'TLS 1.2',
        order: 'server',
        taken: [
          { code: 0xcca9, strength: 'good' },
          { code: 0xc02c, strength: 'good' },
          { name: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', strength: 'dated' },
        ],
      },
    ]);
    expect(names(found.groups, 'TLS 1.3')).toEqual(expect.arrayContaining(['secp384r1', 'x25519', 'secp256r1']));
    expect(names(found.groups, 'TLS 1.3')).toHaveLength(3);
    expect(names(found.signatureAlgorithms, 'TLS 1.3')).toEqual(['ecdsa_secp256r1_sha256']);
    expect(names(found.signatureAlgorithms, 'TLS 1.2')).toEqual(['ecdsa_secp256r1_sha256']);
    expect(found.certificates).toHaveLength(1);
    expect(found.certificates[0]).toMatchObject({ versions: ['TLS 1.3', 'TLS 1.2'] });
    expect([found.connections, data.length]).toEqual([counts.total, 0]);
  });

  it('finds old versions and broken suites, and calls them so', async () => {
    const { port } = await serve({
      minVersion: 'TLSv1',
      ciphers: 'ECDHE-ECDSA-AES128-SHA:AECDH-NULL-SHA:@SECLEVEL=0',
      maxVersion: 'TLSv1.2',
    });
    const found = await ask(port);
    expect(taken(found)).toEqual(['TLS 1.2', 'TLS 1.1', 'TLS 1.0']);
    expect(found.versions.find(({ name }) => name === 'TLS 1.3')).toMatchObject({
      taken: false,
      why: expect.any(String),
    });
    expect(found.versions.find(({ name }) => name === 'TLS 1.0')).toMatchObject({ strength: 'broken' });
    expect(names(found.cipherSuites, 'TLS 1.0')?.toSorted()).toEqual([
      'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
      'TLS_ECDH_anon_WITH_NULL_SHA',
    ]);
    expect(found.cipherSuites.at(-1)?.taken.find(({ name }) => name.includes('anon'))).toMatchObject({
      strength: 'broken',
    });
    expect(found.groups.map(({ version }) => version)).toEqual(['TLS 1.2']);
    // TLS 1.1 where there is TLS 1.2 has a sentinel, too
    expect(found.downgrade).toEqual({ version: 'TLS 1.1', fallbackRefused: true, sentinel: true });
  });

  it('tells what keeps others from taking the newest version away, and what does not', async () => {
    const { port } = await serve();
    expect((await ask(port)).downgrade).toEqual({ version: 'TLS 1.2', fallbackRefused: true, sentinel: true });
    // In front of it something that knows no TLS_FALLBACK_SCSV: it stands last, before the compression methods
    const front = createTcp((socket) => {
      const behind = connect(port, '127.0.0.1');
      for (const each of [socket, behind]) each.on('error', () => {});
      socket.once('data', (hello: Buffer) => {
        const at = hello.indexOf(Buffer.from([0x56, 0x00, 0x01, 0x00]));
        if (at >= 0) hello.fill(0x0a, at, at + 2);
        behind.write(hello);
        socket.pipe(behind).pipe(socket);
      });
    });
    const found = await ask(await listen(front));
    expect(found.downgrade).toEqual({ version: 'TLS 1.2', fallbackRefused: false, sentinel: true });
    expect(findingsOf(found).map(({ what }) => what)).toContain('no TLS_FALLBACK_SCSV');
    const { port: single } = await serve({ minVersion: 'TLSv1.3' });
    expect((await ask(single)).downgrade).toBeUndefined();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('sees whether an OCSP response is stapled, in %s', async (version) => {
    const only = { minVersion: version, maxVersion: version };
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const stapling = createServer({ key, cert, ...only }).on('tlsClientError', () => {});
    stapling.on('OCSPRequest', (_certificate, _issuer, answer: (error: null, response: Buffer) => void) =>
      answer(null, Buffer.from('3003', 'hex')),
    );
    expect((await ask(await listen(stapling))).stapled).toBe(true);
    expect((await ask((await serve(only)).port)).stapled).toBe(false);
  });

  it('finds every kind of certificate, and the size of a Diffie-Hellman prime', async () => {
    const [rsa, ec] = [await pki('rsa'), await pki('p384')];
    const { port } = await serve({
      key: [rsa.keyPem, ec.keyPem],
      cert: [rsa.chainPem, ec.chainPem],
      dhparam: 'auto',
      ciphers: 'DEFAULT:DHE-RSA-AES128-GCM-SHA256',
    } as TlsOptions);
    const found = await ask(port);
    expect(found.certificates).toHaveLength(2);
    expect(names(found.signatureAlgorithms, 'TLS 1.3')).toEqual(
      expect.arrayContaining([
        'ecdsa_secp384r1_sha384',
        'rsa_pss_rsae_sha256',
        'rsa_pss_rsae_sha384',
        'rsa_pss_rsae_sha512',
      ]),
    );
    expect(found.primeBits).toBeGreaterThanOrEqual(2048);
  });

  it('shows the certificate of a server that takes static RSA alone, and each one of versions before TLS 1.2', async () => {
    const [rsa, ec] = [await pki('rsa'), await pki('p384')];
    const { port } = await serve({ key: rsa.keyPem, cert: rsa.chainPem, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' });
    const found = await ask(port);
    expect(found.certificates).toMatchObject([{ versions: ['TLS 1.2'] }]);
    expect(found.stapled).toBe(false);
    const both = await serve({
      key: [rsa.keyPem, ec.keyPem],
      cert: [rsa.chainPem, ec.chainPem],
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0',
    } as TlsOptions);
    expect((await ask(both.port)).certificates).toMatchObject([
      { versions: ['TLS 1.1', 'TLS 1.0'] },
      { versions: ['TLS 1.1', 'TLS 1.0'] },
    ]);
  });

  it('tells whether TLS itself compresses', async () => {
    const { port } = await serve({ maxVersion: 'TLSv1.2' });
    const found = await ask(port);
    expect(found.compression).toBe(false);
    expect(findingsOf(found).map(({ what }) => what)).not.toContain('TLS compression');
    // One that chooses DEFLATE where it is offered, and else what the real one does
    const front = createTcp((socket) => {
      const behind = connect(port, '127.0.0.1');
      for (const each of [socket, behind]) each.on('error', () => {});
      socket.once('data', (hello: Buffer) => {
        const offered = hello.includes(Buffer.from([0x02, 0x01, 0x00]));
        behind.write(hello);
        behind.once('data', (answer: Buffer) => {
          // After the session ID and the suite
          if (offered && answer[0] === 22) answer.fill(1, 46 + (answer[43] ?? 0), 47 + (answer[43] ?? 0));
          socket.write(answer);
          socket.pipe(behind).pipe(socket);
        });
      });
    });
    const compressing = await ask(await listen(front));
    expect(compressing.compression).toBe(true);
    expect(findingsOf(compressing)).toContainEqual(
      expect.objectContaining({ what: 'TLS compression', severity: 'medium' }),
    );
    expect((await ask((await serve({ minVersion: 'TLSv1.3' })).port)).compression).toBeUndefined();
  });

  it('sends key shares where a server takes no hello without', async () => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const tls = createServer({
      key,
      cert,
      minVersion: 'TLSv1.3',
      ecdhCurve: 'X25519:P-384',
      ciphers: 'TLS_AES_128_GCM_SHA256',
    }).on('tlsClientError', () => {});
    tls.on('secureConnection', (socket) => socket.on('error', () => {}));
    const port = await listen(
      createTcp((socket) => {
        socket
          .on('error', () => {})
          .once('data', (hello: Buffer) => {
            // SSL 3.0 has no extensions at all
            const extensions = hello[2] === 0 ? new Map<number, Uint8Array>() : clientHelloOf(hello).extensions;
            // missing_extension
            if (keyShareGroups(extensions.get(51)).length === 0)
              return void socket.end(Buffer.from('1503030002026d', 'hex'));
            socket.pause().unshift(hello);
            tls.emit('connection', socket);
          });
      }),
    );
    const found = await ask(port);
    expect(taken(found)).toEqual(['TLS 1.3']);
    expect(names(found.cipherSuites, 'TLS 1.3')).toEqual(['TLS_AES_128_GCM_SHA256']);
    expect(names(found.groups, 'TLS 1.3')?.toSorted()).toEqual(['secp384r1', 'x25519']);
    expect(names(found.signatureAlgorithms, 'TLS 1.3')).toEqual(['ecdsa_secp256r1_sha256']);
  });

  it('says when a client’s order decides', async () => {
    const { port } = await serve({ maxVersion: 'TLSv1.2', honorCipherOrder: false });
    const [suites] = (await ask(port)).cipherSuites;
    expect(suites?.order).toBe('client');
  });

  it('asks openssl s_server too, whose order is that of the client', async () => {
    let server: OpensslServer;
    try {
      server = await OpensslServer.start([
        '-tls1_3',
        '-ciphersuites',
        'TLS_AES_256_GCM_SHA384:TLS_AES_128_CCM_SHA256',
        '-groups',
        'X448:P-521',
      ]);
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      return console.info(`skipped: ${error.message}`);
    }
    closing.push(server);
    const found = await ask(server.port);
    expect(taken(found)).toEqual(['TLS 1.3']);
    expect(names(found.cipherSuites, 'TLS 1.3')?.toSorted()).toEqual([
      'TLS_AES_128_CCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
    ]);
    expect(names(found.groups, 'TLS 1.3')?.toSorted()).toEqual(['secp521r1', 'x448']);
    expect(names(found.signatureAlgorithms, 'TLS 1.3')).toEqual(['ecdsa_secp256r1_sha256']);
  });

  it('is honest about what it cannot decrypt', async () => {
    const { port } = await serve({ minVersion: 'TLSv1.3', ecdhCurve: 'X448' });
    const [signatures] = (await ask(port)).signatureAlgorithms;
    expect(signatures).toMatchObject({ taken: [], open: expect.stringMatching(/with which this command can decrypt/) });
  });

  it('speaks STARTTLS before each question', async () => {
    const options = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' } as object;
    const port = await listen(await mailServer(undefined, options));
    const found = await ask(port, { starttls: 'smtp' });
    expect(names(found.cipherSuites, 'TLS 1.2')).toEqual(['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384']);
  });

  it.each([1, 3])('has no more than %i connections at a time when it is told so', async (concurrency) => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const tls = createServer({ key, cert, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }).on(
      'tlsClientError',
      () => {},
    );
    let [waiting, most] = [0, 0];
    const held: (() => void)[] = [];
    const port = await listen(
      createTcp((socket) => {
        socket.on('error', () => {});
        most = Math.max(most, ++waiting);
        const go = once(() => {
          waiting--;
          tls.emit('connection', socket);
        });
        // Held until as many are there as may be, or the rest has nothing to ask
        held.push(go);
        if (most >= concurrency) setTimeout(() => held.splice(0).forEach((each) => each()), 10);
        else setTimeout(go, 500);
      }),
    );
    await ask(port, { delay: 0.001, concurrency });
    expect(most).toBe(concurrency);
  });

  it('asks once more where there was no answer, and says what stayed open', async () => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    let connections = 0;
    const tls = createServer({ key, cert, maxVersion: 'TLSv1.2' }).on('tlsClientError', () => {});
    tls.on('secureConnection', (socket) => socket.on('error', () => {}));
    // Every seventh connection says nothing at all
    const port = await listen(
      createTcp((socket) =>
        ++connections % 7 === 0 ? void socket.on('error', () => {}).resume() : void tls.emit('connection', socket),
      ),
    );
    const found = await ask(port, { timeout: 0.3, concurrency: 1 });
    expect(names(found.cipherSuites, 'TLS 1.2')?.length).toBeGreaterThan(5);
  });

  it.each<[string, () => Server, TlsError['code']]>([
    [
      'a port that speaks HTTP',
      () =>
        createTcp(
          (socket) =>
            void socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        ),
      'HTTP_REQUEST',
    ],
    [
      'a port that greets',
      () => createTcp((socket) => void socket.on('error', () => {}).write('220 mail.test ESMTP\r\n')),
      'PLAINTEXT_PEER',
    ],
    [
      'a port that hangs up',
      () =>
        createTcp(
          (socket) =>
            void socket
              .on('error', () => {})
              .resume()
              .end(),
        ),
      'UNSUPPORTED_PROTOCOL',
    ],
    ['a silent port', () => createTcp((socket) => void socket.on('error', () => {}).resume()), 'TIMEOUT'],
  ])('knows %s', async (_title, make, code) => {
    const port = await listen(make());
    await expect(ask(port, { timeout: 0.3 })).rejects.toMatchObject({ code });
  });

  it('is a command with a report, a document of the schema, and the exit codes of the others', async () => {
    const { port } = await serve();
    const [text, json, refused, help] = await Promise.all([
      ferrule(['scan', `localhost:${port}`]),
      ferrule(['scan', `localhost:${port}`, '--json']),
      ferrule(['scan', '127.0.0.1:1', '--json']),
      ferrule(['scan', '--help']),
    ]);
    expect([text.code, json.code, refused.code, text.stderr]).toEqual([0, 0, 13, '']);
    expect(text.stdout).toMatch(/versions\n {4}✓ TLS 1\.3\n {4}✓ TLS 1\.2\n {4}✗ TLS 1\.1 {2}\S/);
    expect(text.stdout).toMatch(/cipher suites of TLS 1\.3, in the order of the server\n {4}TLS_AES_256_GCM_SHA384\n/);
    expect(text.stdout).toMatch(/certificates\n {4}CN=leaf, ec prime256v1, 29 days left\n/);
    expect(text.stdout).toMatch(/not asked\n {4}SSL 2\.0/);
    for (const { stdout } of [json, refused]) conforms(stdout);
    expect(help.stdout).toMatch(/Examples:\n {2}ferrule scan/);
  });

  it('ends at Ctrl-C', async () => {
    const silent = createTcp((socket) => void socket.on('error', () => {}).resume());
    const port = await listen(silent);
    const { code } = await ferrule(['scan', `127.0.0.1:${port}`], { interruptOn: silent });
    expect(code).toBe(130);
  });
});

describe('ferrule diff', () => {
  it('says what is different between two servers, and exits with 12', async () => {
    const [a, b] = [await serve(), await serve({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })];
    const args = ['diff', `localhost:${a.port}`, `localhost:${b.port}`, '--ca', ca];
    const [plain, scanned, json] = await Promise.all([
      ferrule(args),
      ferrule([...args, '--scan']),
      ferrule([...args, '--json', '--scan']),
    ]);
    expect([plain.code, scanned.code, json.code]).toEqual([12, 12, 12]);
    expect(plain.stdout).toMatch(/^≠ \d+ facts differ\n {2}- localhost:\d+\n {2}\+ localhost:\d+\n/);
    expect(plain.stdout).toMatch(/ {2}protocol\n {4}- TLSv1\.3\n {4}\+ TLSv1\.2\n/);
    expect(plain.stdout).not.toMatch(/certificate/);
    expect(scanned.stdout).toMatch(/ {2}versions taken\n {4}- TLS 1\.3\n/);
    expect(scanned.stdout).toMatch(/ {2}cipher suites of TLS 1\.2\n[^]*- TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n/);
    conforms(json.stdout);
    const { diff } = JSON.parse(json.stdout) as {
      diff: { differences: { fact: string; a: unknown; b: unknown }[]; same: string[] };
    };
    expect(diff.differences).toContainEqual({ fact: 'protocol', a: 'TLSv1.3', b: 'TLSv1.2' });
    expect(diff.same).toContain('certificate subject');
  });

  it('exits with 0 where nothing is, and shows what is the same when asked', async () => {
    const a = await serve();
    const b = await serve();
    const { code, stdout } = await ferrule(['diff', `localhost:${a.port}`, `localhost:${b.port}`, '--ca', ca, '--all']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^= localhost:\d+ and localhost:\d+: no difference\n {2}= trusted: yes\n/);
  });

  it('compares certificates', async () => {
    const other = await pki('wrongName');
    const [a, b] = [await serve(), await serve({ key: other.keyPem, cert: other.chainPem })];
    const { code, stdout } = await ferrule(['diff', `localhost:${a.port}`, `localhost:${b.port}`, '--ca', ca]);
    expect(code).toBe(12);
    expect(stdout).toMatch(/ {2}trusted\n {4}- yes\n {4}\+ CERT_NAME_MISMATCH: the certificate is for other\.test/);
    expect(stdout).toMatch(/ {2}names\n[^]* {4}- localhost\n[^]* {4}\+ other\.test\n/);
  });

  it.skipIf(!hasNative)('compares both engines at one server', async () => {
    const { port } = await serve({ ALPNProtocols: ['h2'] });
    const same = await ferrule([
      'diff',
      `localhost:${port}`,
      '--ca',
      ca,
      '--alpn',
      'h2',
      '--groups',
      'x25519',
      '--engines',
      'native,pure',
      '--json',
    ]);
    expect(same.code).toBe(0);
    conforms(same.stdout);
    expect(JSON.parse(same.stdout)).toMatchObject({
      ok: true,
      diff: { a: `localhost:${port} native`, b: `localhost:${port} pure`, differences: [] },
    });
  });

  it('exits as the one that cannot be asked, and says which', async () => {
    const { port } = await serve();
    const args = ['diff', `localhost:${port}`, '127.0.0.1:1', '--ca', ca];
    const [text, json] = await Promise.all([ferrule(args), ferrule([...args, '--json'])]);
    expect([text.code, json.code, text.stdout]).toEqual([13, 13, '']);
    expect(text.stderr).toMatch(/^✗ 127\.0\.0\.1:1: connect ECONNREFUSED/);
    conforms(json.stdout);
  });

  it('wants two of something', async () => {
    const [one, both, engines] = await Promise.all([
      ferrule(['diff', 'localhost:1']),
      ferrule(['diff', 'localhost:1', 'localhost:2', '--engines', 'native,pure']),
      ferrule(['diff', 'localhost:1', '--engines', 'native']),
    ]);
    expect([one.code, both.code, engines.code]).toEqual([2, 2, 2]);
    expect(one.stderr).toMatch(/compares two servers, or with --engines two engines at one/);
  });
});

/** The second call does nothing. */
function once(go: () => void): () => void {
  let gone = false;
  return () => {
    if (!gone) go();
    gone = true;
  };
}
