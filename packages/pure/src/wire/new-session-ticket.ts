/** @module NewSessionTicket of TLS 1.3 (RFC 9846 section 4.7.1) and of TLS 1.2 (RFC 5077 section 3.3). */
import { HandshakeType } from '@ferrule/result/numbers';
import type { Extension } from './extension-values.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface NewSessionTicket {
  /** Seconds; at most 604800 by RFC. */
  readonly lifetime: number;
  readonly ageAdd: number;
  /** 0 to 255 bytes. */
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** The whole message. */
export const encodeNewSessionTicket = (message: NewSessionTicket): Uint8Array =>
  encodeMessage(HandshakeType.new_session_ticket, (writer) => {
    writer.u32(message.lifetime).u32(message.ageAdd).vector8(message.nonce).vector16(message.ticket);
    writeExtensions(writer, message.extensions);
  });

/** From the body. */
export function decodeNewSessionTicket(body: Uint8Array): NewSessionTicket {
  const reader = new Reader(body, 'NewSessionTicket');
  const message = {
    lifetime: reader.u32(),
    ageAdd: reader.u32(),
    nonce: reader.vector8(),
    ticket: reader.vector16(1),
    extensions: readExtensions(reader),
  };
  reader.end();
  return message;
}

export interface NewSessionTicket12 {
  /** Seconds; 0 = not said. */
  readonly lifetimeHint: number;
  /** Empty: the server has no ticket to give after all. */
  readonly ticket: Uint8Array;
}

/** The whole message of TLS 1.2. */
export const encodeNewSessionTicket12 = (message: NewSessionTicket12): Uint8Array =>
  encodeMessage(HandshakeType.new_session_ticket, (writer) =>
    writer.u32(message.lifetimeHint).vector16(message.ticket),
  );

/** From the body. */
export function decodeNewSessionTicket12(body: Uint8Array): NewSessionTicket12 {
  const reader = new Reader(body, 'NewSessionTicket');
  const message = { lifetimeHint: reader.u32(), ticket: reader.vector16() };
  reader.end();
  return message;
}
