/**
 * The QUIC client of `npm run quic`: its packets beside the examples of RFC 9001 appendix A, and, where aioquic is
 * installed, a little of the matrix.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { concat, fromHex, toHex } from '@ferrule/result/bytes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDERS, providerOf } from '../src/engines.ts';
import { writeFiles } from '../src/interop/peers.ts';
import {
  ABSENT,
  aioquicVersion,
  cellsOf,
  type Servers,
  startServers,
  stopServers,
  tryCell,
} from '../src/quic/cells.ts';
import { framesOf, Ordered, Received } from '../src/quic/frames.ts';
import { headerOf, initialKeys, PacketKeys, packetsOf, Reader, varint } from '../src/quic/packets.ts';

describe('packets', () => {
  it('have the protection of the short header in RFC 9001 appendix A.5', () => {
    const secret = fromHex('9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b');
    const keys = new PacketKeys(0x1303, secret);
    const packet = fromHex('4cfe4189655e5cd55c41f69080575d7999c25a5bfb');
    const { number, length } = keys.unmask(packet, 1, 654_360_563);
    expect([number, length, toHex(packet.subarray(0, 4))]).toEqual([654_360_564, 3, '4200bff4']);
    expect(keys.open(packet.subarray(0, 4), number, packet.subarray(4))).toEqual(Uint8Array.of(1));
    packet[9] = (packet[9] as number) ^ 1;
    expect(keys.open(packet.subarray(0, 4), number, packet.subarray(4))).toBeUndefined();
  });

  it('have the Initial keys of RFC 9001 appendix A.1: its header is masked as in A.2', () => {
    const { client, server } = initialKeys(fromHex('8394c8f03e515708'));
    // A.2: 1162 bytes of payload, a CRYPTO frame and PADDING
    const hello = fromHex(
      '060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff',
    );
    const payload = concat([hello, new Uint8Array(1162 - hello.length)]);
    const ids = { destination: fromHex('8394c8f03e515708'), source: new Uint8Array(0) };
    const header = headerOf('initial', ids, 2, payload.length, false);
    expect(toHex(header)).toBe('c300000001088394c8f03e5157080000449e00000002');
    const packet = client.seal(header, 2, payload);
    expect(toHex(packet.subarray(0, 22))).toBe('c000000001088394c8f03e5157080000449e7b9aec34');
    expect(toHex(packet.subarray(-16))).toBe('e221af44860018ab0856972e194cd934');
    expect(framesOf(payload)).toMatchObject({ eliciting: true, frames: [{ kind: 'crypto', offset: 0 }] });
    const [found] = packetsOf(packet, 8);
    expect(found).toMatchObject({ level: 'initial', numberAt: 18 });
    // A.3: what the server answers
    const answer = fromHex(
      'cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee',
    );
    expect(server.unmask(answer, 18, -1)).toEqual({ number: 1, length: 2 });
    const opened = server.open(answer.subarray(0, 20), 1, answer.subarray(20));
    expect(toHex(opened?.subarray(0, 15) ?? new Uint8Array(0))).toBe('02000000000600405a020000560303');
  });

  it('that make up a datagram are told apart, and one that is cut short is an error', () => {
    const { client } = initialKeys(Uint8Array.of(1));
    const ids = { destination: new Uint8Array(8), source: Uint8Array.of(7) };
    const one = client.seal(headerOf('initial', ids, 0, 30, false), 0, new Uint8Array(30));
    const two = client.seal(headerOf('handshake', ids, 0, 30, false), 0, new Uint8Array(30));
    const three = client.seal(headerOf('1-rtt', ids, 0, 30, false), 0, new Uint8Array(30));
    const found = packetsOf(concat([one, two, three]), 8);
    expect(found.map(({ level, packet }) => [level, packet.length])).toEqual([
      ['initial', one.length],
      ['handshake', two.length],
      ['1-rtt', three.length],
    ]);
    expect(() => packetsOf(one.subarray(0, 60), 8)).toThrow(RangeError);
  });

  it.each([0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 2 ** 40])('have %d as a variable-length integer', (n) => {
    const reader = new Reader(varint(n));
    expect([reader.varint(), reader.left]).toEqual([n, 0]);
  });

  it('are acknowledged in ranges (RFC 9000 section 19.3)', () => {
    const received = new Received();
    for (const number of [0, 1, 2, 5, 8, 7]) expect(received.add(number)).toBe(true);
    expect(received.add(5)).toBe(false);
    expect(Array.from(received.ack())).toEqual([2, 8, 0, 2, 1, 0, 0, 1, 2]);
  });

  it('carry data that is put in order, each byte once', () => {
    const ordered = new Ordered();
    expect(ordered.add(3, Uint8Array.of(3, 4))).toEqual(new Uint8Array(0));
    expect(ordered.add(0, Uint8Array.of(0, 1))).toEqual(Uint8Array.of(0, 1));
    expect(ordered.add(1, Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(2, 3, 4));
    expect(ordered.add(0, Uint8Array.of(0, 1))).toEqual(new Uint8Array(0));
  });
});

const version = await aioquicVersion();
if (version === undefined) console.log(ABSENT);

describe.runIf(version !== undefined)('aioquic', () => {
  let directory: string;
  let servers: Servers;
  beforeAll(async () => {
    directory = await mkdtemp(`${tmpdir()}/quic-`);
    await writeFiles(directory, ['p256']);
    servers = await startServers('p256', directory);
  });
  afterAll(async () => {
    await stopServers(servers);
    await rm(directory, { recursive: true, force: true });
  });

  describe.each(PROVIDERS)('with %s', (name) => {
    it.each(cellsOf('p256', true))('answers a GET over HTTP/3, or is refused, as it should be: $way', async (cell) => {
      await tryCell(await providerOf(name), cell, servers);
    });
  });
});
