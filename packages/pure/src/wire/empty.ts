/** @module The messages without a body: HelloRequest and ServerHelloDone of TLS 1.2, EndOfEarlyData of TLS 1.3. */
import { messageName } from '@ferrule/result/names';
import type { HandshakeType } from '@ferrule/result/numbers';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export type EmptyType =
  typeof HandshakeType.hello_request | typeof HandshakeType.server_hello_done | typeof HandshakeType.end_of_early_data;

/** The whole message. */
export const encodeEmpty = (type: EmptyType): Uint8Array => encodeMessage(type, () => undefined, 4);

/** Checks that the body is empty. */
export function decodeEmpty(type: EmptyType, body: Uint8Array): void {
  new Reader(body, messageName(type)).end();
}
