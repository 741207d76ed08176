/** `--trace`, `--annotate`, `--record` and `ferrule replay`, with both engines. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ferrule } from './run.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-trace-'));
const ca = join(folder, 'root.pem');
const closing: { close(): unknown }[] = [];
const hasNative = await chooseBackend('native').then(
  () => true,
  () => false,
);
const engines = hasNative ? ['native', 'pure'] : ['pure'];
if (!hasNative) console.info('skipped with the native engine: it does not run here');

const ports: { tls13: number; tls12: number } = { tls13: 0, tls12: 0 };

/** Says hello to who says something, and goodbye. */
async function serve(options: TlsOptions = {}): Promise<number> {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const server = createServer({ key, cert, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('hello from the server'));
  });
  server.on('tlsClientError', () => {});
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  ports.tls13 = await serve({ ALPNProtocols: ['h2'] });
  ports.tls12 = await serve({ maxVersion: 'TLSv1.2' });
});
afterAll(() => {
  for (const server of closing) server.close();
  rmSync(folder, { recursive: true });
});

interface Message {
  readonly name: string;
  readonly direction: string;
  readonly bytes: string;
  readonly length: number;
}

describe('--trace', () => {
  it.each(engines)('shows each message with its fields on stderr, as it comes: %s', async (backend) => {
    const { code, stdout, stderr } = await ferrule([
      'connect',
      `localhost:${ports.tls13}`,
      '--ca',
      ca,
      '--backend',
      backend,
      '--alpn',
      'h2',
      '--trace',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ localhost is verified/);
    expect(stderr).toMatch(/^→ ClientHello \d+ bytes, at [\d.]+ ms\n/);
    expect(stderr).toMatch(/\n {6}server_name +localhost\n/);
    expect(stderr).toMatch(/\n {6}supported_versions +TLS 1\.3, TLS 1\.2\n/);
    expect(stderr).toMatch(/← ServerHello [^]*cipher_suite +TLS_AES_[^]*key_share +\S+ \(\d+ bytes\)/);
    expect(stderr).toMatch(/← EncryptedExtensions [^]*application_layer_protocol_negotiation +h2\n/);
    expect(stderr).toMatch(/← Certificate [^]*cert_data +CN=leaf, \d+ bytes\n/);
    expect(stderr).toMatch(/← CertificateVerify [^]*algorithm +ecdsa_secp256r1_sha256\n/);
    expect(stderr).toMatch(/← Finished [^]*→ Finished /);
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThan(160);
  });

  it.each(engines)('knows the messages of TLS 1.2, and works with get and inspect: %s', async (backend) => {
    const [inspected, got] = await Promise.all([
      ferrule(['inspect', `localhost:${ports.tls12}`, '--ca', ca, '--backend', backend, '--trace']),
      ferrule(['get', `https://localhost:${ports.tls12}/`, '--ca', ca, '--backend', backend, '--trace']),
    ]);
    for (const { stderr } of [inspected, got]) {
      expect(stderr).toMatch(/← ServerKeyExchange [^]*named_curve +\S+\n[^]*algorithm +ecdsa_secp256r1_sha256/);
      expect(stderr).toMatch(/← ServerHelloDone 4 bytes[^]*→ ClientKeyExchange [^]*ecdh_Yc/);
    }
    expect(inspected.stdout).toMatch(/is trusted/);
  });

  it('is part of the document with --json, bytes included', async () => {
    const [connected, inspected] = await Promise.all([
      ferrule(['connect', `localhost:${ports.tls13}`, '--ca', ca, '--json', '--trace']),
      ferrule(['inspect', `localhost:${ports.tls13}`, '--ca', ca, '--json', '--trace']),
    ]);
    for (const { stdout, stderr } of [connected, inspected]) {
      expect(stderr).toBe('');
      const { schema, trace } = JSON.parse(stdout) as { schema: string; trace: Message[] };
      expect(schema).toBe('ferrule/1');
      expect(trace.slice(0, 2)).toMatchObject([
        { name: 'ClientHello', direction: 'sent' },
        { name: 'ServerHello', direction: 'received' },
      ]);
      for (const { bytes, length } of trace) expect(bytes).toHaveLength(2 * length);
    }
  });

  it('shows what came before a failure', async () => {
    const { code, stderr } = await ferrule(['connect', `localhost:${ports.tls13}`, '--trace']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/← Certificate [^]*→ Alert 2 bytes[^]*description +48 unknown_ca[^]*✗ localhost/);
    const { stdout } = await ferrule(['connect', `localhost:${ports.tls13}`, '--trace', '--json']);
    conforms(stdout);
    expect((JSON.parse(stdout) as { trace: Message[] }).trace.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ClientHello', 'Certificate', 'Alert']),
    );
  });

  it('shows one connection, also where inspect makes a second one to look at the chain', async () => {
    const { stderr } = await ferrule(['inspect', `localhost:${ports.tls13}`, '--trace']);
    expect(stderr.match(/→ ClientHello/g)).toHaveLength(1);
  });
});

describe('--annotate', () => {
  it('prints every byte of each message beside the name of its field', async () => {
    const { stderr } = await ferrule(['connect', `localhost:${ports.tls13}`, '--ca', ca, '--annotate']);
    expect(stderr).toMatch(
      /\n {2}0000 {2}01 +msg_type 1 ClientHello\n {2}0001 {2}(?:[0-9a-f]{2} ){3} +length \d+\n {2}0004 {2}03 03 +legacy_version 0x0303 TLS 1\.2\n {2}0006 {2}(?:[0-9a-f]{2} ){16}random\n/,
    );
    expect(stderr).toMatch(/host_name localhost\n/);
    const dumped = stderr
      .split(/^[→←] .*\n/m)
      .slice(1)
      .map((part) =>
        [...part.matchAll(/^ {2}[0-9a-f]{4} {2}(.{1,47})/gm)].map(([, hex = '']) => hex.replaceAll(' ', '')).join(''),
      );
    const lengths = [...stderr.matchAll(/^[→←] \S+ (\d+) bytes/gm)].map(([, length]) => 2 * Number(length));
    expect(lengths.length).toBeGreaterThan(6);
    expect(dumped.map((hex) => hex.length)).toEqual(lengths);
  });
});

describe('--record and ferrule replay', () => {
  const record = async (name: string, backend: string, port: number, ...more: string[]): Promise<string> => {
    const file = join(folder, `${name}-${backend}-${port}.jsonl`);
    const { code, stderr } = await ferrule(
      ['connect', `localhost:${port}`, '--ca', ca, '--backend', backend, '--record', file, '--pipe', ...more],
      { input: 'hello from the client' },
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('is verified')]);
    return file;
  };

  it.each(engines.flatMap((backend) => [[backend, 'tls13'] as const, [backend, 'tls12'] as const]))(
    'show a connection as it was, decrypted: %s, %s',
    async (backend, version) => {
      const file = await record('whole', backend, ports[version], '--with-secrets');
      expect(statSync(file).mode & 0o077).toBe(0);
      const { code, stdout } = await ferrule(['replay', file, '--ca', ca]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^localhost:${ports[version]} \\d{4}-`));
      expect(stdout).toMatch(
        version === 'tls13'
          ? /← EncryptedExtensions [^]*← CertificateVerify [^]*→ Finished [^]*← NewSessionTicket/
          : /← ServerKeyExchange [^]*→ ClientKeyExchange [^]*→ Finished [^]*← Finished/,
      );
      expect(stdout).toMatch(/→ application data 21 bytes, at [\d.]+ ms\n {4}"hello from the client"\n/);
      expect(stdout).toMatch(/← application data 21 bytes, at [\d.]+ ms\n {4}"hello from the server"\n/);
      expect(stdout).not.toMatch(/encrypted record/);
      if (backend === 'pure')
        expect(stdout).toMatch(
          /✓ run again through the pure engine: the same \d+ bytes sent; established, 21 bytes of application data read\n/,
        );
      else expect(stdout).toMatch(/not run again: it holds no randomness/);
    },
  );

  it.each(engines)('show a connection that failed, decrypted as far as it got: %s', async (backend) => {
    const file = join(folder, `failed-${backend}.jsonl`);
    expect(
      (await ferrule(['connect', `localhost:${ports.tls13}`, '--backend', backend, '--record', file, '--with-secrets']))
        .code,
    ).toBe(5);
    const { code, stdout } = await ferrule(['replay', file]);
    expect(stdout).toMatch(/← Certificate [^]*cert_data +CN=leaf[^]*→ Alert 2 bytes[^]*description +48 unknown_ca/);
    expect(stdout).not.toMatch(/encrypted record/);
    expect(code).toBe(backend === 'pure' ? 5 : 0);
  });

  it('hold no secret where none was asked for, and are decrypted with the key log', async () => {
    const keys = join(folder, 'keys.txt');
    const file = await record('sealed', 'pure', ports.tls13, '--keylog', keys);
    expect(readFileSync(file, 'utf8')).not.toMatch(/keylog|random|SECRET/);
    const [sealed, opened] = await Promise.all([
      ferrule(['replay', file]),
      ferrule(['replay', file, '--keylog', keys, '--json']),
    ]);
    expect(sealed.stdout).toMatch(/← encrypted record \d+ bytes/);
    expect(sealed.stdout).toMatch(/\d+ records stay encrypted/);
    conforms(opened.stdout);
    const { records } = (
      JSON.parse(opened.stdout) as { replay: { records: { state: string; messages?: Message[]; data?: string }[] } }
    ).replay;
    expect(records.some(({ state }) => state === 'sealed')).toBe(false);
    expect(records.flatMap(({ messages = [] }) => messages.map(({ name }) => name))).toContain('CertificateVerify');
    expect(records.map(({ data = '' }) => Buffer.from(data, 'base64').toString())).toContain('hello from the server');
  });

  it('run again, come to the recorded end: another trust anchor is another end, and a changed byte is found', async () => {
    const file = await record('again', 'pure', ports.tls13, '--with-secrets');
    const lines = readFileSync(file, 'utf8').split('\n');
    const changed = join(folder, 'changed.jsonl');
    const other = join(folder, 'other.pem');
    writeFileSync(other, (await pki('selfSigned')).certificatePem);
    const at = lines.findIndex((line) => line.includes('"received"'));
    // A byte of what the server signed
    writeFileSync(
      changed,
      lines
        .map((line, i) =>
          i === at
            ? line.replace(/(.{400})([0-9a-f])/, (_, head: string, digit: string) => head + (digit === '0' ? '1' : '0'))
            : line,
        )
        .join('\n'),
    );
    const [distrusted, tampered] = await Promise.all([
      ferrule(['replay', file, '--ca', other]),
      ferrule(['replay', changed]),
    ]);
    conforms((await ferrule(['replay', file, '--json'])).stdout);
    expect(distrusted.code).toBe(5);
    expect(distrusted.stdout).toMatch(/✗ run again through the pure engine: .*; CERT_UNTRUSTED_ROOT/);
    expect(tampered.code).toBe(4);
    expect(tampered.stdout).toMatch(
      /✗ run again through the pure engine: what is sent differs from byte \d+ on; [A-Z_]+/,
    );
  });

  it('refuse what is not a recording, and say where', async () => {
    const file = join(folder, 'none.jsonl');
    writeFileSync(file, 'hello\n');
    const broken = join(folder, 'broken.jsonl');
    const whole = readFileSync(await record('broken', 'pure', ports.tls13), 'utf8').split('\n');
    writeFileSync(broken, [...whole.slice(0, 2), 'no event', ...whole.slice(2)].join('\n'));
    const [none, at, missing] = await Promise.all([
      ferrule(['replay', file]),
      ferrule(['replay', broken]),
      ferrule(['replay', join(folder, 'missing')]),
    ]);
    expect([none.code, at.code, missing.code]).toEqual([2, 2, 2]);
    expect(none.stderr).toMatch(/line 1: not the header of a recording/);
    expect(at.stderr).toMatch(/line 3: not JSON/);
    expect(missing.stderr).toMatch(/no such file/);
  });

  it('are usage errors where nothing can be written, or secrets have nowhere to go', async () => {
    const [nowhere, secrets, list] = await Promise.all([
      ferrule(['connect', 'localhost:1', '--record', join(folder, 'no', 'such')]),
      ferrule(['connect', 'localhost:1', '--with-secrets']),
      ferrule(['inspect', '-', '--record', join(folder, 'list')], { input: 'localhost:1\n' }),
    ]);
    expect([nowhere.code, secrets.code, list.code]).toEqual([2, 2, 2]);
    expect(nowhere.stderr).toMatch(/--record .*such: there is no such file or folder/);
    expect(secrets.stderr).toMatch(/--with-secrets: needs a file: --record/);
    expect(list.stderr).toMatch(/one connection has room/);
  });
});
