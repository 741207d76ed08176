/**
 * @module The packets of Wisp, versions 1 and 2 (draft 6): one binary message of a WebSocket each, `type, stream,
 * payload`, little-endian.
 */
import { TlsError } from '@ferrule/result';

export type WispPacket =
  | {
      readonly type: 'connect';
      readonly stream: number;
      readonly udp: boolean;
      readonly port: number;
      readonly host: string;
    }
  | { readonly type: 'data'; readonly stream: number; readonly bytes: Uint8Array }
  /** The packets that the server has room for; on stream 0, for each new stream. */
  | { readonly type: 'continue'; readonly stream: number; readonly credit: number }
  | { readonly type: 'close'; readonly stream: number; readonly reason: number }
  | {
      readonly type: 'info';
      readonly stream: number;
      readonly major: number;
      readonly minor: number;
      readonly extensions: ReadonlyMap<number, Uint8Array>;
    };

const Type = { connect: 1, data: 2, continue: 3, close: 4, info: 5 } as const;
const HEADER = 5;

export const WispExtension = { udp: 1, password: 2, certificate: 3, motd: 4, confirmation: 5 } as const;

export const WispClose = {
  unknown: 0x01,
  voluntary: 0x02,
  network: 0x03,
  incompatible: 0x04,
  invalid: 0x41,
  unreachable: 0x42,
  timeout: 0x43,
  refused: 0x44,
  idle: 0x47,
  blocked: 0x48,
  throttled: 0x49,
  clientError: 0x81,
  badPassword: 0xc0,
  badSignature: 0xc1,
  authenticationRequired: 0xc2,
} as const;

const REASONS: Readonly<Record<number, string>> = {
  [WispClose.unknown]: 'for no reason that it gave',
  [WispClose.voluntary]: 'as asked',
  [WispClose.network]: 'a network error',
  [WispClose.incompatible]: 'incompatible extensions',
  [WispClose.invalid]: 'an invalid destination',
  [WispClose.unreachable]: 'the relay cannot reach the host, or does not find its name',
  [WispClose.timeout]: 'the server did not answer the relay',
  [WispClose.refused]: 'the server refused the connection of the relay',
  [WispClose.idle]: 'nothing was sent for too long',
  [WispClose.blocked]: 'the relay does not allow the destination',
  [WispClose.throttled]: 'the relay limits what it is asked for',
  [WispClose.clientError]: 'an error of the client',
  [WispClose.badPassword]: 'a wrong user name or password',
  [WispClose.badSignature]: 'a wrong signature',
  [WispClose.authenticationRequired]: 'the relay asks for a password',
};

/** For messages: `the server refused the connection of the relay (0x44)`. */
export const wispReason = (reason: number): string =>
  `${REASONS[reason] ?? 'an unknown reason'} (0x${reason.toString(16).padStart(2, '0')})`;

const HINTS: Readonly<Record<number, string>> = {
  [WispClose.blocked]:
    'Allow the destination at the relay; ferrule-relay has --allow, and --allow-private for names in private networks.',
  ...Object.fromEntries(
    [WispClose.network, WispClose.unreachable, WispClose.timeout, WispClose.refused].map((reason) => [
      reason,
      'The server may not be reachable from the relay: check host and port, and that it runs.',
    ]),
  ),
};

/** What to do about a refusal; `undefined` where nobody knows more than the reason. */
export const wispHint = (reason: number): string | undefined => HINTS[reason];

/** The message of a packet. */
export function encodeWisp(packet: WispPacket): Uint8Array<ArrayBuffer> {
  switch (packet.type) {
    case 'connect': {
      const host = new TextEncoder().encode(packet.host);
      const { message, view } = begin(Type.connect, packet.stream, 3 + host.length);
      view.setUint8(HEADER, packet.udp ? 2 : 1);
      view.setUint16(HEADER + 1, packet.port, true);
      message.set(host, HEADER + 3);
      return message;
    }
    case 'data': {
      const { message } = begin(Type.data, packet.stream, packet.bytes.length);
      message.set(packet.bytes, HEADER);
      return message;
    }
    case 'continue': {
      const { message, view } = begin(Type.continue, packet.stream, 4);
      view.setUint32(HEADER, packet.credit, true);
      return message;
    }
    case 'close': {
      const { message } = begin(Type.close, packet.stream, 1);
      message[HEADER] = packet.reason;
      return message;
    }
    case 'info': {
      const length = [...packet.extensions.values()].reduce((sum, { length: own }) => sum + HEADER + own, 2);
      const { message, view } = begin(Type.info, packet.stream, length);
      message[HEADER] = packet.major;
      message[HEADER + 1] = packet.minor;
      let at = HEADER + 2;
      for (const [id, data] of packet.extensions) {
        message[at] = id;
        view.setUint32(at + 1, data.length, true);
        message.set(data, at + HEADER);
        at += HEADER + data.length;
      }
      return message;
    }
  }
}

/** @throws TlsError PROXY_MALFORMED for what is not a packet. */
export function decodeWisp(message: Uint8Array): WispPacket {
  const { length } = message;
  if (length < HEADER) throw malformed(`a packet of ${length} bytes`);
  const view = new DataView(message.buffer, message.byteOffset, length);
  const stream = view.getUint32(1, true);
  switch (message[0]) {
    case Type.connect: {
      const kind = message[HEADER];
      if (length < HEADER + 4 || (kind !== 1 && kind !== 2)) throw malformed('a CONNECT without a destination');
      const host = new TextDecoder().decode(message.slice(HEADER + 3));
      return { type: 'connect', stream, udp: kind === 2, port: view.getUint16(HEADER + 1, true), host };
    }
    case Type.data:
      return { type: 'data', stream, bytes: message.subarray(HEADER) };
    case Type.continue:
      if (length !== HEADER + 4) throw malformed(`a CONTINUE of ${length} bytes`);
      return { type: 'continue', stream, credit: view.getUint32(HEADER, true) };
    case Type.close:
      if (length !== HEADER + 1) throw malformed(`a CLOSE of ${length} bytes`);
      return { type: 'close', stream, reason: view.getUint8(HEADER) };
    case Type.info:
      if (length < HEADER + 2) throw malformed(`an INFO of ${length} bytes`);
      return {
        type: 'info',
        stream,
        major: view.getUint8(HEADER),
        minor: view.getUint8(HEADER + 1),
        extensions: extensionsOf(message, view, HEADER + 2),
      };
    default:
      throw malformed(`a packet of type ${message[0]}`);
  }
}

function begin(type: number, stream: number, payload: number): { message: Uint8Array<ArrayBuffer>; view: DataView } {
  const message = new Uint8Array(HEADER + payload);
  const view = new DataView(message.buffer);
  message[0] = type;
  view.setUint32(1, stream, true);
  return { message, view };
}

function extensionsOf(message: Uint8Array, view: DataView, from: number): ReadonlyMap<number, Uint8Array> {
  const extensions = new Map<number, Uint8Array>();
  for (let at = from; at < message.length;) {
    if (at + HEADER > message.length) throw malformed('an INFO that ends within an extension');
    const length = view.getUint32(at + 1, true);
    if (length > message.length - at - HEADER) throw malformed('an INFO that ends within an extension');
    extensions.set(view.getUint8(at), message.slice(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  return extensions;
}

const malformed = (what: string): TlsError => new TlsError('PROXY_MALFORMED', `Wisp: ${what}`);
