/** @module What both versions do with messages, and with what their extensions have in common. */
import { messageName } from '@ferrule/result/names';
import type { Effects } from '../effects.ts';
import type { Transcript } from '../keys/transcript.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { recv, type Steps } from '../wait.ts';
import { utf8Text } from '../wire/utf8.ts';

/** The next message, which must be of one type. @throws TlsError UNEXPECTED_MESSAGE */
export function* expect(effects: Effects, label: string, type: number): Steps<HandshakeMessage> {
  const message = yield* recv(effects, label);
  mustBe(message, label, type);
  return message;
}

/** @throws TlsError UNEXPECTED_MESSAGE */
export function mustBe(message: HandshakeMessage, label: string, type: number): void {
  if (message.type !== type) throw fail('UNEXPECTED_MESSAGE', `${messageName(message.type)} in place of ${label}`);
}

/** Into the transcript and the flight. */
export function send(effects: Effects, transcript: Transcript, message: Uint8Array): void {
  transcript.add(message);
  effects.hs.put(message);
}

/**
 * RFC 7301 section 3.2: the protocol that the server chose, one of those that were offered. Writes the fact `alpn`.
 * @throws TlsError INVALID_ALPN_PROTOCOL
 */
export function settleProtocol({ config, negotiated }: Effects, chosen: Uint8Array | undefined): string | undefined {
  const alpn = chosen && utf8Text(chosen);
  if (alpn !== undefined && !config.alpn.includes(alpn))
    throw fail('INVALID_ALPN_PROTOCOL', `the server chose application protocol "${alpn}"`);
  negotiated.settle('alpn', alpn);
  return alpn;
}
