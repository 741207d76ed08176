/** @module One GET of HTTP/3 (RFC 9114), with no more of QPACK than its static table (RFC 9204 appendix A). */
import { concat } from '@ferrule/result/bytes';
import type { QuicClient } from './client.ts';
import { Reader, varint } from './packets.ts';

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

const CONTROL_STREAM = 0x00;
const DATA = 0x00;
const HEADERS = 0x01;
const SETTINGS = 0x04;
/** H3_NO_ERROR, RFC 9114 section 8.1. */
export const NO_ERROR = 0x0100;

const frame = (type: number, payload: Uint8Array): Uint8Array =>
  concat([varint(type), varint(payload.length), payload]);

/** What each side begins with (RFC 9114 section 6.2.1); no dynamic table, which is the default. */
export function sendSettings(client: QuicClient): void {
  client.send(client.openStream(false), concat([varint(CONTROL_STREAM), frame(SETTINGS, new Uint8Array(0))]), false);
}

/** @throws as the connection, and Error for an answer that is none. */
export async function get(client: QuicClient, authority: string, path: string): Promise<Answer> {
  const stream = client.openStream(true);
  const answer = client.receive(stream);
  client.send(stream, frame(HEADERS, requestFields(authority, path)), true);
  return answerOf(await answer);
}

/** RFC 9204 section 4.5: no dynamic table; `:method GET` and `:scheme https` by number, two names with values. */
function requestFields(authority: string, path: string): Uint8Array {
  return concat([
    Uint8Array.of(0, 0, INDEXED | METHOD_GET, INDEXED | SCHEME_HTTPS),
    named(AUTHORITY, authority),
    named(PATH, path),
  ]);
}
/** Indexed field line, and literal with a name reference, both of the static table. */
const INDEXED = 0xc0;
const NAMED = 0x50;
const AUTHORITY = 0;
const PATH = 1;
const METHOD_GET = 17;
const SCHEME_HTTPS = 23;

function named(name: number, value: string): Uint8Array {
  const bytes = Buffer.from(value);
  if (bytes.length > 126) throw new RangeError('a value of more than 126 bytes');
  return concat([Uint8Array.of(NAMED | name, bytes.length), bytes]);
}

/** `:status` in the static table, by index. */
const STATUS: Readonly<Record<number, number>> = {
  24: 103,
  25: 200,
  26: 304,
  27: 404,
  28: 503,
  63: 100,
  64: 204,
  65: 206,
  66: 302,
  67: 400,
  68: 403,
  69: 421,
  70: 425,
  71: 500,
};

function answerOf(bytes: Uint8Array): Answer {
  const reader = new Reader(bytes);
  let status: number | undefined;
  const body: Uint8Array[] = [];
  while (reader.left > 0) {
    const type = reader.varint();
    const payload = reader.take(reader.varint());
    if (type === HEADERS) status ??= statusOf(payload);
    else if (type === DATA && status !== undefined) body.push(payload);
    else if (type === DATA) throw new Error('DATA before HEADERS (RFC 9114 section 4.1)');
  }
  if (status === undefined) throw new Error('an answer without HEADERS');
  return { status, body: concat(body) };
}

/** The first field line, which `:status` is: no other pseudo-header is in a response (RFC 9114 section 4.3.2). */
function statusOf(fields: Uint8Array): number {
  const [required, , first = 0, second = 0] = fields;
  if (required !== 0) throw new Error('a dynamic table, which we do not have');
  const index = first & 0x3f;
  const status = STATUS[index < 0x3f ? index : 0x3f + second];
  if ((first & INDEXED) !== INDEXED || status === undefined)
    throw new Error(`the field line ${first} is no :status of the static table`);
  return status;
}
