/** @module Wisp's server side: many TCP connections in one WebSocket. */
import { timingSafeEqual } from 'node:crypto';
import { decodeWisp, encodeWisp, WispClose, WispExtension, type WispPacket } from '@ferrule/web';
import type { Client } from './client.ts';
import type { Service } from './relay.ts';
import { targetOf } from './targets.ts';
import type { Upstream } from './upstream.ts';

/** Packets of a stream that may wait for its server. */
const CREDIT = 64;

interface Stream {
  readonly upstream: Upstream;
  /** Packets that the server has not taken, and those taken since the last CONTINUE. */
  waiting: number;
  taken: number;
}

/** @param isV2 the client has sent a subprotocol. */
export function serveWisp(client: Client, service: Service, isV2: boolean): void {
  const streams = new Map<number, Stream>();
  const send = (packet: WispPacket): void => client.send(encodeWisp(packet));
  const refuse = (stream: number, reason: number): void => {
    service.counts.refused++;
    send({ type: 'close', stream, reason });
    if (stream === 0) client.socket.close(1000);
  };
  const grant = (stream: number): void => send({ type: 'continue', stream, credit: CREDIT });
  let isOpen = !isV2;
  let confirms = false;

  if (isV2) send({ type: 'info', stream: 0, major: 2, minor: 0, extensions: offered(service) });
  else if (service.passwords !== undefined) return refuse(0, WispClose.authenticationRequired);
  else grant(0);

  client.onMessage((data) => onPacket(decodeWisp(data)));

  function onPacket(packet: WispPacket): void {
    if (packet.type === 'info' && packet.stream === 0 && !isOpen) return onInfo(packet.extensions);
    if (!isOpen || packet.stream === 0) return refuse(0, WispClose.invalid);
    const stream = streams.get(packet.stream);
    if (packet.type === 'connect') return onConnect(packet, stream);
    if (stream === undefined) return;
    if (packet.type === 'data') return onData(packet.stream, stream, packet.bytes);
    if (packet.type !== 'close') return;
    streams.delete(packet.stream);
    stream.upstream.close();
  }

  function onInfo(theirs: ReadonlyMap<number, Uint8Array>): void {
    const problem = service.passwords && passwordProblem(theirs.get(WispExtension.password), service.passwords);
    if (problem !== undefined) return refuse(0, problem);
    confirms = theirs.has(WispExtension.confirmation);
    isOpen = true;
    grant(0);
  }

  function onConnect(packet: WispPacket & { readonly type: 'connect' }, known: Stream | undefined): void {
    const { stream: id, udp } = packet;
    const to = targetOf(packet.host, packet.port);
    if (known !== undefined || udp || to === undefined) return refuse(id, WispClose.invalid);
    if (!service.allowed.allows(to)) return refuse(id, WispClose.blocked);
    if (client.connections >= service.limits.streams) return refuse(id, WispClose.throttled);
    const upstream = client.connect(to, {
      connected: () => confirms && grant(id),
      data: (bytes) => send({ type: 'data', stream: id, bytes }),
      closed: (reason) => {
        streams.delete(id);
        send({ type: 'close', stream: id, reason });
      },
    });
    streams.set(id, { upstream, waiting: 0, taken: 0 });
  }

  function onData(id: number, stream: Stream, bytes: Uint8Array): void {
    // A client that sends more than it was granted; what was sent before the first CONTINUE came does not count against it
    if (++stream.waiting > 2 * CREDIT) {
      streams.delete(id);
      stream.upstream.close();
      return refuse(id, WispClose.throttled);
    }
    client.write(stream.upstream, bytes, () => {
      stream.waiting--;
      // Its number may be another stream's by now
      if (++stream.taken < CREDIT / 2 || streams.get(id) !== stream) return;
      stream.taken = 0;
      // What is under way has its room already
      send({ type: 'continue', stream: id, credit: CREDIT / 2 });
    });
  }
}

function offered({ passwords }: Service): ReadonlyMap<number, Uint8Array> {
  return new Map([
    [WispExtension.confirmation, new Uint8Array(0)],
    ...(passwords === undefined ? [] : [[WispExtension.password, Uint8Array.of(1)] as const]),
  ]);
}

function passwordProblem(given: Uint8Array | undefined, passwords: ReadonlyMap<string, string>): number | undefined {
  if (given === undefined) return WispClose.authenticationRequired;
  const split = 1 + (given[0] ?? 0);
  const wanted = passwords.get(Buffer.from(given.subarray(1, split)).toString());
  const secret = Buffer.from(given.subarray(split));
  const known = Buffer.from(wanted ?? '');
  const isRight = wanted !== undefined && secret.length === known.length && timingSafeEqual(secret, known);
  return isRight ? undefined : WispClose.badPassword;
}
