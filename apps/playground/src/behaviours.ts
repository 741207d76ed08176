/** @module What the demonstration server or somebody on the way to it may do, and as what each is caught. */
import type { TlsErrorCode } from '@ferrule/result';

/** `server`: the server itself. `way`: whoever carries the bytes, a relay for example. */
export type Culprit = 'server' | 'way';

/** What a person offers: one version, or both. */
export type Offer = 'both' | '1.3' | '1.2';

export interface Behaviour {
  readonly id: BehaviourId;
  readonly by: Culprit;
  /** A few words. */
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly what: string;
  /** The code that must come of it. */
  readonly code: TlsErrorCode;
  /** With which offers it can be done; default: with each. */
  readonly offers?: readonly Offer[];
}

export type BehaviourId =
  | 'wrong-name'
  | 'expired'
  | 'unknown-ca'
  | 'self-signed'
  | 'missing-intermediate'
  | 'client-certificate'
  | 'bad-signature'
  | 'bad-finished'
  | 'unasked-protocol'
  | 'plain-http'
  | 'downgrade'
  | 'altered-hello'
  | 'altered-record'
  | 'replayed-record'
  | 'dropped-record'
  | 'truncated-end';

/** In the order in which they are shown. */
export const BEHAVIOURS: readonly Behaviour[] = [
  {
    id: 'wrong-name',
    by: 'server',
    title: 'Certificate for another name',
    what: 'The server shows a certificate of the same CA that was issued for other.example.',
    code: 'CERT_NAME_MISMATCH',
  },
  {
    id: 'expired',
    by: 'server',
    title: 'Expired certificate',
    what: 'The server shows a certificate that expired yesterday.',
    code: 'CERT_EXPIRED',
  },
  {
    id: 'unknown-ca',
    by: 'server',
    title: 'Certificate of an unknown CA',
    what: 'The server shows a certificate for the right name, issued by a CA that you do not trust.',
    code: 'CERT_UNTRUSTED_ROOT',
  },
  {
    id: 'self-signed',
    by: 'server',
    title: 'Self-signed certificate',
    what: 'The server shows a certificate for the right name that it signed itself.',
    code: 'CERT_SELF_SIGNED',
  },
  {
    id: 'missing-intermediate',
    by: 'server',
    title: 'Intermediate certificate left out',
    what: 'The server sends its own certificate and not the one that leads from it to the root.',
    code: 'CERT_MISSING_INTERMEDIATE',
  },
  {
    id: 'client-certificate',
    by: 'server',
    title: 'Certificate made for clients',
    what: 'The server shows a certificate for the right name whose CA issued it for clients, not for servers.',
    code: 'CERT_PURPOSE',
  },
  {
    id: 'bad-signature',
    by: 'server',
    title: 'Stolen certificate, wrong key',
    what: 'The server shows the right certificate, which anybody can copy, but does not have its private key: the signature over the handshake is wrong.',
    code: 'BAD_SIGNATURE',
  },
  {
    id: 'bad-finished',
    by: 'server',
    title: 'Wrong Finished',
    what: 'The server sends a Finished message whose MAC over the handshake is wrong by one bit.',
    code: 'PEER_BAD_FINISHED',
  },
  {
    id: 'unasked-protocol',
    by: 'server',
    title: 'Protocol that was not offered',
    what: 'The server chooses the application protocol http/1.0, which was not offered.',
    code: 'INVALID_ALPN_PROTOCOL',
  },
  {
    id: 'plain-http',
    by: 'server',
    title: 'HTTP without TLS',
    what: 'The server answers the ClientHello in plain HTTP.',
    code: 'HTTP_REQUEST',
  },
  {
    id: 'downgrade',
    by: 'way',
    title: 'Downgrade to TLS 1.2',
    what: 'Somebody takes TLS 1.3 out of the ClientHello, so that the server believes that the client only has TLS 1.2.',
    code: 'DOWNGRADE_DETECTED',
    offers: ['both'],
  },
  {
    id: 'altered-hello',
    by: 'way',
    title: 'Altered ServerHello',
    what: 'Somebody changes one bit of the random value in the ServerHello. In TLS 1.3 the two sides then have different keys; in TLS 1.2 the signature is wrong.',
    code: 'BAD_RECORD_MAC',
    offers: ['both', '1.3'],
  },
  {
    id: 'altered-record',
    by: 'way',
    title: 'Altered record',
    what: 'Somebody changes one bit of the encrypted answer.',
    code: 'BAD_RECORD_MAC',
  },
  {
    id: 'replayed-record',
    by: 'way',
    title: 'Replayed record',
    what: 'Somebody sends the first record of the answer twice.',
    code: 'BAD_RECORD_MAC',
  },
  {
    id: 'dropped-record',
    by: 'way',
    title: 'Dropped record',
    what: 'Somebody leaves out the first record of the answer and lets the others pass.',
    code: 'BAD_RECORD_MAC',
  },
  {
    id: 'truncated-end',
    by: 'way',
    title: 'Truncated answer',
    what: 'Somebody ends the connection after the first record of the answer, as if that were all.',
    code: 'UNEXPECTED_EOF',
  },
];

/** What the page is told by the command that serves it, as `demonstration.json`. */
export interface DemonstrationFacts {
  /** The URL of the relay. */
  readonly relay: string;
  /** The root of the demonstration server, PEM. */
  readonly ca: string;
  readonly host: string;
  /** The port of the honest server. */
  readonly port: number;
  /** Where each behaviour is. */
  readonly ports: Readonly<Record<BehaviourId, number>>;
  /** Other destinations that the relay allows. */
  readonly allow: readonly string[];
}
