/** @module ServerKeyExchange for ECDHE with a named curve, RFC 8422 section 5.4. */
import { HandshakeType } from '@ferrule/result/numbers';
import { fail } from '../reason.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';
import { Writer } from './write.ts';

/** ECCurveType `named_curve`. */
const NAMED_CURVE = 3;

export interface ServerKeyExchange {
  /** `ServerECDHParams` as they stand on the wire: what is signed behind both randoms. */
  readonly parameters: Uint8Array;
  /** NamedGroup */
  readonly group: number;
  readonly publicKey: Uint8Array;
  /** SignatureScheme */
  readonly algorithm: number;
  readonly signature: Uint8Array;
}

/** `ServerECDHParams` */
export const encodeServerEcdhParameters = (group: number, publicKey: Uint8Array): Uint8Array =>
  new Writer().u8(NAMED_CURVE).u16(group).vector8(publicKey).finish();

/** The whole message. */
export const encodeServerKeyExchange = (exchange: ServerKeyExchange): Uint8Array =>
  encodeMessage(HandshakeType.server_key_exchange, (writer) =>
    writer.bytes(exchange.parameters).u16(exchange.algorithm).vector16(exchange.signature),
  );

/** From the body. @throws TlsError WRONG_GROUP for a curve that is not a named one. */
export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  const reader = new Reader(body, 'ServerKeyExchange');
  const curveType = reader.u8();
  if (curveType !== NAMED_CURVE)
    throw fail('WRONG_GROUP', `ServerKeyExchange with a curve of type ${curveType}, which was not offered`);
  const group = reader.u16();
  const publicKey = reader.vector8(1);
  const parameters = body.subarray(0, body.length - reader.remaining);
  const exchange = { parameters, group, publicKey, algorithm: reader.u16(), signature: reader.vector16() };
  reader.end();
  return exchange;
}
