/** `--pcap`: the file is what its specification says, and Wireshark's tshark, where it is installed, decrypts it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pcap } from '../src/pcap.ts';
import { mailServer } from './mail-server.ts';
import { ferrule } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-pcap-'));
const ca = join(folder, 'root.pem');
const hasNative = await chooseBackend('native').then(
  () => true,
  () => false,
);
const CASES = (['native', 'pure'] as const)
  .filter((backend) => backend === 'pure' || hasNative)
  .flatMap((backend) => [[backend, 'TLSv1.3'] as const, [backend, 'TLSv1.2'] as const]);
const tshark = spawnSync('tshark', ['--version'], { encoding: 'utf8' }).error === undefined;
if (!tshark) console.info('skipped where tshark is needed: it is not installed (Debian: apt-get install tshark)');

let server: Server;
let port = 0;
beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { keyPem: key, chainPem: cert } = await pki('p256');
  server = createServer({ key, cert }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('the answer'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function capture(name: string, ...args: string[]): Promise<string> {
  const file = join(folder, `${name}.pcapng`);
  const { code, stderr } = await ferrule(
    ['connect', `localhost:${port}`, '--ca', ca, '--pipe', '--pcap', file, ...args],
    {
      input: 'the question',
    },
  );
  expect([code, stderr]).toEqual([0, expect.stringContaining('is verified')]);
  return file;
}

interface Block {
  readonly type: number;
  readonly body: Buffer;
}

/** As the specification has it: both lengths agree, and are multiples of 4. */
function blocksOf(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at + 4);
    expect([length % 4, bytes.readUInt32LE(at + length - 4)]).toEqual([0, length]);
    blocks.push({ type: bytes.readUInt32LE(at), body: bytes.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

const [SECTION, INTERFACE, SECRETS, PACKET] = [0x0a0d0d0a, 1, 10, 6];

/** RFC 1071: with the checksum in its place the sum is all ones. */
function sum(bytes: Buffer): number {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

interface Packet {
  readonly from: string;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly payload: Buffer;
}

function packetOf({ body }: Block): Packet {
  const [captured, length] = [body.readUInt32LE(12), body.readUInt32LE(16)];
  expect(captured).toBe(length);
  const ip = body.subarray(20, 20 + captured);
  const v6 = ip[0]! >> 4 === 6;
  const head = v6 ? 40 : 20;
  const [source, destination] = v6
    ? [ip.subarray(8, 24), ip.subarray(24, 40)]
    : [ip.subarray(12, 16), ip.subarray(16, 20)];
  expect(v6 ? head + ip.readUInt16BE(4) : ip.readUInt16BE(2)).toBe(ip.length);
  if (!v6) expect(sum(ip.subarray(0, 20))).toBe(0xffff);
  const tcp = ip.subarray(head);
  expect(
    sum(Buffer.concat([source, destination, Buffer.from([0, 0, tcp.length >> 8, tcp.length & 0xff, 0, 0, 0, 6]), tcp])),
  ).toBe(0xffff);
  return {
    from: `${source.toString('hex')}:${tcp.readUInt16BE(0)}`,
    flags: tcp[13]!,
    sequence: tcp.readUInt32BE(4),
    acknowledged: tcp.readUInt32BE(8),
    payload: tcp.subarray(20),
  };
}

describe('a capture', () => {
  const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
  const whole = (server: string): Packet[] => {
    const pcap = new Pcap({ began: 1_700_000_000_000, server });
    return blocksOf(
      Buffer.concat([
        pcap.packets({ at: 0, kind: 'sent', bytes: bytes(300, 1) }),
        pcap.packets({ at: 1.5, kind: 'received', bytes: bytes(4000, 2) }),
        pcap.packets({ at: 2, kind: 'shutdown' }),
        pcap.packets({ at: 3, kind: 'eof' }),
      ]),
    ).map(packetOf);
  };

  it.each([
    ['192.0.2.7:8443', 'c0000207:8443'],
    ['[2001:db8::7]:443', '20010db8000000000000000000000007:443'],
    ['[::ffff:192.0.2.7]:443', '00000000000000000000ffffc0000207:443'],
    ['[fe80::1%eth0]:993', 'fe800000000000000000000000000001:993'],
    ['a unix socket', 'c0000202:443'],
  ])('has packets whose addresses, lengths and checksums are right: %s', (server, address) => {
    const packets = whole(server);
    expect(packets[1]!.from).toBe(address);
    const payload = (mine: boolean): Buffer =>
      Buffer.concat(packets.filter(({ from }) => (from === address) !== mine).map((each) => each.payload));
    expect(payload(true)).toEqual(Buffer.alloc(300, 1));
    expect(payload(false)).toEqual(Buffer.alloc(4000, 2));
  });

  it('has a TCP connection without holes: three packets to begin with, segments, acknowledgements, an end on both sides', () => {
    const packets = whole('192.0.2.7:443');
    expect(packets.slice(0, 3).map(({ flags }) => flags)).toEqual([2, 18, 16]);
    expect(packets.filter(({ flags }) => (flags & 1) !== 0)).toHaveLength(2);
    const next = new Map<string, number>();
    for (const { from, flags, sequence, acknowledged, payload } of packets) {
      expect(payload.length).toBeLessThanOrEqual(1460);
      expect(sequence).toBe(next.get(from) ?? sequence);
      next.set(from, sequence + payload.length + (flags & 3 ? 1 : 0));
      const other = [...next].find(([side]) => side !== from)?.[1];
      if ((flags & 16) !== 0) expect(acknowledged).toBe(other);
    }
  });

  it('says when, in microseconds', () => {
    const pcap = new Pcap({ began: 1_700_000_000_000 });
    const [packet] = blocksOf(Buffer.from(pcap.packets({ at: 1.25, kind: 'sent', bytes: bytes(1, 0) })));
    expect((BigInt(packet!.body.readUInt32LE(4)) << 32n) | BigInt(packet!.body.readUInt32LE(8))).toBe(
      1_700_000_000_001_250n,
    );
  });
});

describe('--pcap', () => {
  it.each(CASES)(
    'writes a file of the right structure, with the secrets before the packets: %s, %s',
    async (backend, version) => {
      const file = await capture(
        `structure-${backend}-${version}`,
        '--backend',
        backend,
        '--max-version',
        version,
        '--with-secrets',
      );
      expect(statSync(file).mode & 0o077).toBe(0);
      const blocks = blocksOf(readFileSync(file));
      expect(blocks.slice(0, 3).map(({ type }) => type)).toEqual([SECTION, INTERFACE, SECRETS]);
      expect(blocks[0]!.body.readUInt32LE(0)).toBe(0x1a2b3c4d);
      const secrets = blocks[2]!.body;
      expect(secrets.subarray(0, 4).toString('latin1')).toBe('KSLT');
      expect(secrets.subarray(8, 8 + secrets.readUInt32LE(4)).toString()).toMatch(
        version === 'TLSv1.3'
          ? /^(?:[A-Z_0]+_(?:SECRET|SECRET_0) [0-9a-f]{64} [0-9a-f]+\n){5}$/
          : /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n$/,
      );
      const packets = blocks.slice(3);
      expect(packets.every(({ type }) => type === PACKET)).toBe(true);
      expect(packetOf(packets[3]!).payload.subarray(0, 3).toString('hex')).toBe('160301');
    },
  );

  it('holds no secret where none was asked for, and what came of a connection that failed', async () => {
    const file = join(folder, 'failed.pcapng');
    const { code } = await ferrule(['connect', `localhost:${port}`, '--pcap', file]);
    expect(code).toBe(5);
    const types = blocksOf(readFileSync(file)).map(({ type }) => type);
    expect(types).not.toContain(SECRETS);
    expect(types.filter((type) => type === PACKET).length).toBeGreaterThan(5);
  });

  /** What is in the records: a line for each packet with the messages in it, then application data. */
  const dissect = (file: string, ...options: string[]): { handshake: string[]; data: string } => {
    const run = (...args: string[]): string =>
      spawnSync('tshark', ['-r', file, ...options, ...args], { encoding: 'utf8' }).stdout;
    const handshake = run('-Y', 'tls.handshake', '-T', 'fields', '-e', 'tls.handshake.type').trim().split('\n');
    return { handshake, data: run('-q', '-z', `follow,tls,ascii,0`) };
  };
  const MESSAGES = {
    'TLSv1.3': ['1', '2,8,11,15,20', '20'],
    'TLSv1.2': ['1', '2,11,12,14', '16,20'],
  };

  it.skipIf(!tshark).each(CASES)('makes a file that tshark decrypts by itself: %s, %s', async (backend, version) => {
    const { handshake, data } = dissect(
      await capture(`tshark-${backend}-${version}`, '--backend', backend, '--max-version', version, '--with-secrets'),
    );
    expect(handshake.slice(0, 3)).toEqual(MESSAGES[version]);
    expect(data).toMatch(/the question[^]*the answer/);
  });

  it.skipIf(!tshark).each(CASES)(
    'makes one that tshark decrypts with the key log: %s, %s',
    async (backend, version) => {
      const keys = join(folder, `${backend}-${version}.keys`);
      const file = await capture(
        `keys-${backend}-${version}`,
        '--backend',
        backend,
        '--max-version',
        version,
        '--keylog',
        keys,
      );
      expect(dissect(file).data).not.toMatch(/the question/);
      expect(dissect(file, '-o', `tls.keylog_file:${keys}`)).toMatchObject({
        handshake: expect.arrayContaining(MESSAGES[version]),
        data: expect.stringMatching(/the question[^]*the answer/),
      });
    },
  );

  it.skipIf(!tshark)(
    'holds TLS alone where another protocol came first, and tshark is not misled by its port',
    async () => {
      const mail = await mailServer((socket) => void socket.end('220 in TLS\r\n'));
      await new Promise<void>((resolve) => mail.listen(0, '127.0.0.1', resolve));
      const file = join(folder, 'starttls.pcapng');
      const { code } = await ferrule([
        'connect',
        `localhost:${(mail.address() as AddressInfo).port}`,
        '--ca',
        ca,
        '--starttls',
        'smtp',
        '--pipe',
        '--pcap',
        file,
        '--with-secrets',
      ]);
      mail.close();
      expect(code).toBe(0);
      expect(readFileSync(file).includes('EHLO')).toBe(false);
      expect(dissect(file).data).toMatch(/220 in TLS/);
    },
  );

  it.skipIf(!tshark)(
    'has nothing in it that tshark calls malformed or out of order, also when replay writes it',
    async () => {
      const recording = join(folder, 'connection.jsonl');
      const first = await capture('whole', '--record', recording, '--with-secrets');
      const second = join(folder, 'replayed.pcapng');
      expect((await ferrule(['replay', recording, '--ca', ca, '--pcap', second])).code).toBe(0);
      for (const file of [first, second]) {
        const { stdout } = spawnSync(
          'tshark',
          [
            '-r',
            file,
            '-o',
            'tcp.check_checksum:TRUE',
            '-o',
            'ip.check_checksum:TRUE',
            '-Y',
            '_ws.malformed || tcp.analysis.flags || tcp.checksum.status == "Bad" || ip.checksum.status == "Bad"',
          ],
          { encoding: 'utf8' },
        );
        expect(stdout).toBe('');
        expect(dissect(file).data).toMatch(/the question[^]*the answer/);
      }
    },
  );
});
