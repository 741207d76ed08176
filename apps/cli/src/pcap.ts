/**
 * @module A connection as a capture file: pcapng (draft-ietf-opsawg-pcapng) with TCP and IP made up around the bytes
 * that really passed, and where wanted the secrets inside (Decryption Secrets Block), so that Wireshark shows what was
 * said.
 */
import { isIPv6 } from 'node:net';
import type { RecordedEvent } from '@ferrule/bio';
import { concat, EMPTY } from '@ferrule/result/bytes';

export interface PcapOptions {
  /** Milliseconds since the epoch at which the events' clock was 0. */
  readonly began: number;
  /** `192.0.2.1:443`, `[2001:db8::1]:443`; an address of the documentation where there was none. */
  readonly server?: string | undefined;
}

/**
 * The blocks of one capture file, to be written one after the other: {@link head}, secrets before what they decrypt,
 * packets.
 */
export class Pcap {
  readonly #began: number;
  readonly #client: Side;
  readonly #server: Side;
  readonly #v6: boolean;
  #begun = false;

  constructor({ began, server = '' }: PcapOptions) {
    const { address, port } = addressOf(server);
    this.#v6 = isIPv6(address);
    this.#began = began;
    this.#client = { address: bytesOf(clientFor(address)), port: 49_152, sequence: 1000, ended: false };
    this.#server = { address: bytesOf(address), port, sequence: 5000, ended: false };
  }

  /** Section header and interface. */
  head(): Uint8Array {
    const section = new Uint8Array(16);
    const view = new DataView(section.buffer);
    view.setUint32(0, 0x1a2b3c4d, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true);
    const face = new Uint8Array(8);
    // LINKTYPE_RAW: a packet begins with its IP header, of either version
    new DataView(face.buffer).setUint16(0, 101, true);
    const userApplication = 4;
    return concat([block(0x0a0d0d0a, section, option(userApplication, 'ferrule'), END_OF_OPTIONS), block(1, face)]);
  }

  /** Lines of an NSS key log (RFC 9850), without newlines. */
  secrets(lines: readonly string[]): Uint8Array {
    const data = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const content = new Uint8Array(8);
    // "TLSK"
    new DataView(content.buffer).setUint32(0, 0x544c534b, true);
    new DataView(content.buffer).setUint32(4, data.length, true);
    return block(0x0000000a, content, data);
  }

  /** The packets that carried it; before the first the three of TCP's own handshake. */
  packets(event: RecordedEvent): Uint8Array {
    const blocks: Uint8Array[] = [];
    const put = (from: Side, to: Side, flags: number, payload: Uint8Array = EMPTY): void => {
      blocks.push(this.#packet(event.at, from, to, flags, payload));
      from.sequence += payload.length + (flags & (SYN | FIN) ? 1 : 0);
    };
    const [client, server] = [this.#client, this.#server];
    if (!this.#begun) {
      this.#begun = true;
      put(client, server, SYN);
      put(server, client, SYN | ACK);
      put(client, server, ACK);
    }
    const ours = event.kind === 'sent' || event.kind === 'shutdown';
    const [from, to] = ours ? [client, server] : [server, client];
    if (event.kind === 'failure') {
      put(from, to, RST | ACK);
    } else if ('bytes' in event) {
      for (let at = 0; at < event.bytes.length; at += SEGMENT)
        put(from, to, PSH | ACK, event.bytes.subarray(at, at + SEGMENT));
      put(to, from, ACK);
    } else if (!from.ended) {
      from.ended = true;
      put(from, to, FIN | ACK);
      put(to, from, ACK);
    }
    return concat(blocks);
  }

  #packet(at: number, from: Side, to: Side, flags: number, payload: Uint8Array): Uint8Array {
    const packet = this.#v6
      ? ipv6(from, to, tcp(from, to, flags, payload))
      : ipv4(from, to, tcp(from, to, flags, payload));
    const head = new Uint8Array(20);
    const view = new DataView(head.buffer);
    // A recording may say anything
    const time = BigInt(Math.min(Math.max(0, Math.round((this.#began + at) * 1000)), Number.MAX_SAFE_INTEGER));
    view.setUint32(4, Number(time >> 32n), true);
    view.setUint32(8, Number(time & 0xffffffffn), true);
    view.setUint32(12, packet.length, true);
    view.setUint32(16, packet.length, true);
    return block(6, head, packet);
  }
}

interface Side {
  readonly address: Uint8Array;
  readonly port: number;
  sequence: number;
  ended: boolean;
}

const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16] as const;
/** Payload of a TCP segment on Ethernet with IPv6. */
const SEGMENT = 1440;
const END_OF_OPTIONS = new Uint8Array(4);

/** Type, length, content padded to 32 bits, length again. */
function block(type: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(content);
  const length = 12 + ((body.length + 3) & ~3);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  out.set(body, 8);
  view.setUint32(length - 4, length, true);
  return out;
}

function option(code: number, text: string): Uint8Array {
  const value = Buffer.from(text);
  const out = new Uint8Array(4 + ((value.length + 3) & ~3));
  new DataView(out.buffer).setUint16(0, code, true);
  new DataView(out.buffer).setUint16(2, value.length, true);
  out.set(value, 4);
  return out;
}

/** RFC 9293 section 3.1, without options. */
function tcp(from: Side, to: Side, flags: number, payload: Uint8Array): Uint8Array {
  const segment = new Uint8Array(20 + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, from.port);
  view.setUint16(2, to.port);
  view.setUint32(4, from.sequence >>> 0);
  view.setUint32(8, flags & ACK ? to.sequence >>> 0 : 0);
  segment[12] = 5 << 4;
  segment[13] = flags;
  view.setUint16(14, 0xffff);
  segment.set(payload, 20);
  const pseudo = new Uint8Array(8);
  new DataView(pseudo.buffer).setUint32(0, segment.length);
  pseudo[7] = 6;
  view.setUint16(16, checksum(concat([from.address, to.address, pseudo, segment])));
  return segment;
}

/** RFC 791 section 3.1. */
function ipv4(from: Side, to: Side, segment: Uint8Array): Uint8Array {
  const head = new Uint8Array(20);
  const view = new DataView(head.buffer);
  head[0] = 0x45;
  view.setUint16(2, 20 + segment.length);
  // Do not fragment
  view.setUint16(6, 0x4000);
  head[8] = 64;
  head[9] = 6;
  head.set(from.address, 12);
  head.set(to.address, 16);
  view.setUint16(10, checksum(head));
  return concat([head, segment]);
}

/** RFC 8200 section 3. */
function ipv6(from: Side, to: Side, segment: Uint8Array): Uint8Array {
  const head = new Uint8Array(40);
  head[0] = 0x60;
  new DataView(head.buffer).setUint16(4, segment.length);
  head[6] = 6;
  head[7] = 64;
  head.set(from.address, 8);
  head.set(to.address, 24);
  return concat([head, segment]);
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function addressOf(server: string): { readonly address: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]%]+)(?:%[^\]]*)?\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/.exec(server) ?? [];
  return { address: bracketed ?? plain ?? '192.0.2.2', port: Number(port ?? 443) };
}

/** Ours is not known to who carries the bytes, and does not matter. */
function clientFor(server: string): string {
  if (server.startsWith('127.') || server === '::1') return server;
  return isIPv6(server) ? '2001:db8::1' : '192.0.2.1';
}

function bytesOf(address: string): Uint8Array {
  if (!isIPv6(address)) return Uint8Array.from(address.split('.'), Number);
  const tail = /:(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = tail ? address.replace(tail[0], `:${pair(tail[1], tail[2])}:${pair(tail[3], tail[4])}`) : address;
  const [head = '', rest] = text.split('::');
  const [before, after] = [head, rest ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const groups = [
    ...(before ?? []),
    ...Array<string>(rest === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0)).fill('0'),
    ...(after ?? []),
  ];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

const pair = (high: string = '0', low: string = '0'): string => (Number(high) * 256 + Number(low)).toString(16);
