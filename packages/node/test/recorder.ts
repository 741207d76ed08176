/**
 * @module A server that remembers every byte it is sent, in plain text and inside TLS, and speaks just enough of a
 * protocol to be sent a secret.
 */
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

/** One connection's side of a protocol. */
export interface Talk {
  /** What the server says first. */
  readonly greeting?: Uint8Array | string | undefined;
  /** TLS begins after the greeting, unasked. */
  readonly thenTls?: boolean;
  /** What it answers, and after how many of these bytes TLS begins. */
  answer(
    received: Buffer,
    inTls: boolean,
  ): { readonly send?: Uint8Array | string; readonly startTlsAt?: number | undefined } | undefined;
}

export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Recorder {
  readonly port: number;
  /** Everything that came in plain text, ClientHellos of TLS included. */
  readonly plain: () => string;
  /** Everything that came inside TLS. */
  readonly secret: () => string;
  /** Connections so far. */
  readonly connections: () => number;
  /**
   * From the next connection on another server is at this address; one that offers no TLS, where it has no identity.
   */
  become(identity: Identity | undefined): void;
  /** Until a ClientHello has come. */
  asked(): Promise<void>;
  /** Until there is no connection. */
  deserted(): Promise<void>;
  /** Resets every connection. */
  hangUp(): void;
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly tls: 'at once' | 'when asked';
  /** `offers`: whether it admits to TLS. */
  readonly talk: (offers: boolean) => Talk;
  /** Whom it is, `undefined`: who offers no TLS; `mute`: who takes ClientHellos and says nothing. */
  readonly identity: Identity | 'mute' | undefined;
  /** Hang up when this has come. */
  readonly until: string;
  readonly alpn?: readonly string[];
  /** Whom it is after that. */
  readonly afterwards?: { readonly identity: Identity | undefined };
}

export async function record({
  identity,
  tls: when,
  talk,
  until,
  alpn,
  afterwards,
}: RecorderOptions): Promise<Recorder> {
  const seen = { plain: '', secret: '' };
  const sockets = new Set<net.Socket>();
  const events = new EventEmitter();
  let who = identity;
  let connections = 0;
  const serve = (socket: net.Socket, raw: net.Socket, conversation: Talk, inTls: boolean): void => {
    socket.on('data', (bytes: Buffer) => {
      seen[inTls ? 'secret' : 'plain'] += bytes.toString('latin1');
      // Who offers no TLS hangs up on a ClientHello, too
      const said = seen.plain.includes(until) || seen.secret.includes(until);
      if (said && afterwards !== undefined) who = afterwards.identity;
      if (said || (!inTls && isClientHello(bytes))) return void raw.destroy();
      const { send, startTlsAt } = conversation.answer(bytes, inTls) ?? {};
      if (send !== undefined) socket.write(send);
      if (startTlsAt === undefined) return;
      raw.removeAllListeners('data').pause();
      if (startTlsAt < bytes.length) raw.unshift(bytes.subarray(startTlsAt));
      secure(raw, conversation);
    });
  };
  const secure = (raw: net.Socket, conversation: Talk): void => {
    if (who === 'mute') return void raw.on('data', () => events.emit('asked')).resume();
    if (who === undefined) return serve(raw, raw, conversation, false);
    const socket = new tls.TLSSocket(raw, { isServer: true, ...who, ...(alpn && { ALPNProtocols: [...alpn] }) });
    socket.on('error', () => raw.destroy());
    if (when === 'at once' && conversation.greeting !== undefined) socket.write(conversation.greeting);
    serve(socket, raw, conversation, true);
  };
  const server = net.createServer((raw) => {
    connections++;
    sockets.add(raw);
    raw
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(raw);
        if (sockets.size === 0) events.emit('deserted');
      });
    const conversation = talk(who !== undefined);
    if (when === 'at once' && who !== undefined) return secure(raw, conversation);
    if (conversation.greeting !== undefined) raw.write(conversation.greeting);
    if (conversation.thenTls === true) secure(raw, conversation);
    else serve(raw, raw, conversation, false);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  let isAsked = false;
  events.once('asked', () => (isAsked = true));
  return {
    port: (server.address() as net.AddressInfo).port,
    plain: () => seen.plain,
    secret: () => seen.secret,
    connections: () => connections,
    become: (identity) => (who = identity),
    asked: async () => void (isAsked || (await once(events, 'asked'))),
    deserted: async () => void (sockets.size === 0 || (await once(events, 'deserted'))),
    hangUp,
    close: async () => {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A record of the handshake, RFC 9846 section 5.1. */
const isClientHello = (bytes: Buffer): boolean => bytes[0] === 22 && bytes[1] === 3;
