/**
 * @module What a server can send without end, in each phase: the cheapest message of each kind, whole or in pieces of
 * one byte, alone and by turns with another. None carries data, so none may go on for ever.
 */
import type { ContextOptions, Feature } from '@ferrule/contract';
import { Alert } from '@ferrule/result';
import {
  ContentType,
  encodeCertificateRequest,
  encodeExtensions,
  encodeMessage,
  encodeNewSessionTicket,
  HandshakeType,
} from '@ferrule/pure/wire';
import { EMPTY } from '@ferrule/result/bytes';
import type { Peer, Script } from './peer.ts';
import type { Server12 } from './server12.ts';
import type { Server13 } from './server13.ts';

interface Common {
  readonly name: string;
  readonly options?: ContextOptions;
  /** What the options need. */
  readonly needs?: Feature;
  /** The most messages that may be taken before the connection fails. */
  readonly most: number;
  /** The server takes nothing of what it is answered: an engine may also stop to read until it can write. */
  readonly deaf?: true;
}
/** `begin` plays the handshake up to where the flood starts; `send` sends the message of this number. */
export type Flood =
  | (Common & {
      readonly version: 'TLSv1.3';
      begin(server: Server13): Script;
      send(server: Server13, number: number): void;
    })
  | (Common & {
      readonly version: 'TLSv1.2';
      begin(server: Server12): Script;
      send(server: Server12, number: number): void;
    });

export const titleOf = ({ version, name }: Flood): string => `${version}, ${name}`;

/** Rows of what is not data: limits are 4 to 64, and a sum of them where kinds take turns. */
const FEW = 140;
/** RFC 9846 section 5.1 lets a message come in records of one byte each. */
const PIECES = 16_400;

type Send<S> = (server: S, number: number) => void;
const emptyRecord =
  (type: number): Send<Peer> =>
  (s) =>
    s.sendRecord(type, EMPTY);
const warning =
  (description: number): Send<Peer> =>
  (s) =>
    s.sendAlert(1, description);
const changeCipherSpec: Send<Peer> = (s) => s.sendChangeCipherSpec();
/** One byte after the other of a message that says it is as long as messages may be. */
const pieces =
  (type: number, length = 131_000): Send<Peer> =>
  (s, number) => {
    const message = Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff);
    s.sendRecord(ContentType.handshake, Uint8Array.of(message[number] ?? 0));
  };
const turns =
  <S>(...sends: readonly Send<S>[]): Send<S> =>
  (s, number) =>
    sends[number % sends.length]?.(s, number);

const hello13 = (name: string, most: number, send: Send<Server13>): Flood => ({
  version: 'TLSv1.3',
  name: `in place of ServerHello: ${name}`,
  most,
  send,
  *begin(s): Script {
    yield* s.clientHello();
  },
});
const flight13 = (name: string, most: number, send: Send<Server13>): Flood => ({
  version: 'TLSv1.3',
  name: `after ServerHello: ${name}`,
  most,
  send,
  *begin(s): Script {
    yield* s.clientHello();
    s.serverHello();
  },
});
const after13 = (
  name: string,
  most: number,
  send: Send<Server13>,
  rest: Partial<Pick<Common, 'options' | 'needs' | 'deaf'>> = {},
): Flood => ({
  version: 'TLSv1.3',
  name: `after the handshake: ${name}`,
  most,
  send,
  ...rest,
  *begin(s): Script {
    yield* s.handshake();
  },
});
const hello12 = (name: string, most: number, send: Send<Server12>): Flood => ({
  version: 'TLSv1.2',
  name: `in place of ServerHello: ${name}`,
  most,
  send,
  *begin(s): Script {
    yield* s.clientHello();
  },
});
const flight12 = (name: string, most: number, send: Send<Server12>): Flood => ({
  version: 'TLSv1.2',
  name: `after ServerHello: ${name}`,
  most,
  send,
  *begin(s): Script {
    yield* s.clientHello();
    s.serverHello();
  },
});
const last12 = (name: string, most: number, send: Send<Server12>): Flood => ({
  version: 'TLSv1.2',
  name: `in place of the server's Finished: ${name}`,
  most,
  send,
  *begin(s): Script {
    yield* s.clientHello();
    s.flight();
    yield* s.clientKeyExchange();
    yield* s.clientFinished();
  },
});
const after12 = (
  name: string,
  most: number,
  send: Send<Server12>,
  rest: Partial<Pick<Common, 'options' | 'needs'>> = {},
): Flood => ({
  version: 'TLSv1.2',
  name: `after the handshake: ${name}`,
  most,
  send,
  ...rest,
  *begin(s): Script {
    yield* s.handshake();
  },
});

const ticket: Send<Server13> = (s) =>
  s.sendHandshake(
    encodeNewSessionTicket({
      lifetime: 7200,
      ageAdd: 1,
      nonce: Uint8Array.of(1),
      ticket: Uint8Array.of(1),
      extensions: [],
    }),
  );
const keyUpdate =
  (requestPeer: boolean): Send<Server13> =>
  (s) =>
    s.keyUpdate(requestPeer);
const certificateRequest: Send<Server13> = (s) =>
  s.sendHandshake(
    encodeCertificateRequest({
      context: Uint8Array.of(1),
      extensions: encodeExtensions('certificateRequest', { signatureAlgorithms: [0x0403] }),
    }),
  );
const helloRequest: Send<Server12> = (s) =>
  s.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
const emptyData = emptyRecord(ContentType.application_data);
const canceled = warning(Alert.user_canceled);
const POST_HANDSHAKE_AUTH = { options: { postHandshakeAuth: true }, needs: 'post-handshake-auth' } as const;
const IGNORING = { options: { renegotiation: 'ignore' }, needs: 'renegotiation-ignored' } as const;

export const FLOODS: readonly Flood[] = [
  hello13('empty handshake records', FEW, emptyRecord(ContentType.handshake)),
  hello13('warning alerts', FEW, canceled),
  hello13('change_cipher_spec', FEW, changeCipherSpec),
  hello13('a message in pieces of one byte', PIECES, pieces(HandshakeType.server_hello)),
  hello13(
    'a message in pieces of one byte, with empty records',
    PIECES,
    turns(emptyRecord(ContentType.handshake), (s, i) => pieces(HandshakeType.server_hello)(s, i >> 1)),
  ),
  flight13('change_cipher_spec', FEW, changeCipherSpec),
  flight13('warning alerts', FEW, canceled),
  flight13('empty data', FEW, emptyData),
  flight13('change_cipher_spec and warning alerts by turns', FEW, turns<Server13>(changeCipherSpec, canceled)),
  flight13('a message in pieces of one byte', PIECES, pieces(HandshakeType.encrypted_extensions, 131_000)),
  flight13(
    'a message in pieces of one byte, with change_cipher_spec',
    PIECES,
    turns<Server13>(changeCipherSpec, (s, i) => pieces(HandshakeType.encrypted_extensions)(s, i >> 1)),
  ),
  after13('KeyUpdates', FEW, keyUpdate(false)),
  after13('KeyUpdates that ask for ours', FEW, keyUpdate(true)),
  after13('KeyUpdates that ask for ours, and nobody who reads them', FEW, keyUpdate(true), { deaf: true }),
  after13('empty data', FEW, emptyData),
  after13('warning alerts', FEW, canceled),
  after13('tickets', FEW, ticket),
  after13('KeyUpdates and empty data by turns', FEW, turns(keyUpdate(false), emptyData)),
  after13('tickets and empty data by turns', FEW, turns(ticket, emptyData)),
  after13('tickets, warning alerts and KeyUpdates by turns', FEW, turns(ticket, canceled, keyUpdate(false))),
  after13('CertificateRequests', FEW, certificateRequest, POST_HANDSHAKE_AUTH),
  after13('CertificateRequests, and nobody who reads the answers', FEW, certificateRequest, {
    ...POST_HANDSHAKE_AUTH,
    deaf: true,
  }),
  after13('CertificateRequests and tickets by turns', FEW, turns(certificateRequest, ticket), POST_HANDSHAKE_AUTH),
  after13('a ticket in pieces of one byte', PIECES, pieces(HandshakeType.new_session_ticket, 100_000)),

  hello12('empty handshake records', FEW, emptyRecord(ContentType.handshake)),
  hello12('warning alerts', FEW, warning(Alert.unrecognized_name)),
  hello12('a message in pieces of one byte', PIECES, pieces(HandshakeType.server_hello)),
  flight12('empty handshake records', FEW, emptyRecord(ContentType.handshake)),
  flight12('warning alerts', FEW, warning(Alert.unrecognized_name)),
  flight12('a Certificate in pieces of one byte', PIECES, pieces(HandshakeType.certificate)),
  flight12('HelloRequests', FEW, helloRequest),
  last12('empty handshake records', FEW, emptyRecord(ContentType.handshake)),
  last12('warning alerts', FEW, warning(Alert.no_renegotiation)),
  after12('empty data', FEW, emptyData),
  after12('warning alerts', FEW, warning(Alert.unrecognized_name)),
  after12('HelloRequests', FEW, helloRequest),
  after12('HelloRequests that are ignored', FEW, helloRequest, IGNORING),
  after12(
    'HelloRequests that are ignored, and warning alerts, by turns',
    FEW,
    turns<Server12>(helloRequest, warning(Alert.unrecognized_name)),
    IGNORING,
  ),
  after12(
    'HelloRequests that are ignored, and empty data, by turns',
    FEW,
    turns<Server12>(helloRequest, emptyData),
    IGNORING,
  ),
];
