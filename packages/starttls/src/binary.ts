/** @module The binary protocols: telnet, PostgreSQL, MySQL, LDAP, RDP. */
import { malformed, notOffered, printable, refused, type Inbox, type Preamble } from './inbox.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const IAC = 0xff;
const SE = 0xf0;
const SB = 0xfa;
const DO = 0xfd;
const DONT = 0xfe;
const START_TLS = 0x2e;

/** The telnet START_TLS option: DO / WILL, then FOLLOWS both ways. Other options are left unanswered. */
export function* telnet(inbox: Inbox): Preamble {
  for (;;) {
    const command = yield* telnetCommand(inbox);
    if (command[1] === START_TLS && command[0] === DONT) throw notOffered('the server declined START_TLS');
    if (command[0] === DO && command[1] === START_TLS) break;
  }
  yield bytes('ff fb 2e  ff fa 2e 01 ff f0');
  for (;;) {
    const command = yield* telnetCommand(inbox);
    if (command[1] === START_TLS && command[0] === DONT) throw refused('DONT START_TLS');
    if (command[0] === SB && command[1] === START_TLS) {
      if (command[2] !== 1) throw malformed('START_TLS subnegotiation without FOLLOWS');
      return;
    }
  }
}

/** One IAC command without its IAC; text between commands is skipped. */
function* telnetCommand(inbox: Inbox): Preamble<Uint8Array> {
  for (;;) {
    if ((yield* inbox.take(1))[0] !== IAC) continue;
    const verb = (yield* inbox.take(1))[0] ?? 0;
    if (verb === SB) {
      const inside: number[] = [];
      for (;;) {
        const byte = (yield* inbox.take(1))[0] ?? 0;
        if (byte !== IAC) inside.push(byte);
        else if ((yield* inbox.take(1))[0] === SE) return Uint8Array.from([SB, ...inside]);
        else inside.push(IAC);
      }
    }
    if (verb >= 0xfb && verb <= DONT) return Uint8Array.from([verb, (yield* inbox.take(1))[0] ?? 0]);
  }
}

/** SSLRequest of the PostgreSQL protocol, section 55.2.11: one byte answers. */
export function* postgres(inbox: Inbox): Preamble {
  yield bytes('00 00 00 08  04 d2 16 2f');
  const answer = String.fromCharCode((yield* inbox.take(1))[0] ?? 0);
  if (answer === 'S') return;
  if (answer === 'N') throw notOffered('the server answered N: it is not set up for TLS');
  throw malformed(`the answer to SSLRequest is ${printable(answer)}`);
}

const CLIENT_SSL = 0x0800;

/**
 * MySQL: the server's greeting, our SSLRequest packet, TLS at once. Sequence ids continue inside TLS, so the stream can
 * be handed over but not replayed.
 */
export function* mysql(inbox: Inbox): Preamble {
  const header = yield* inbox.take(4);
  const length = (header[0] ?? 0) | ((header[1] ?? 0) << 8) | ((header[2] ?? 0) << 16);
  if (length > 4096) throw malformed(`a greeting of ${length} bytes`);
  const greeting = yield* inbox.take(length);
  if (greeting[0] === 0xff) throw refused(String.fromCharCode(...greeting.subarray(3, 203)));
  const version = greeting.indexOf(0, 1);
  // Version, NUL, thread id (4), auth data (8), filler (1), capabilities (2)
  const at = version + 14;
  if (greeting[0] !== 10 || version < 0 || at + 2 > greeting.length) throw malformed('not a version 10 greeting');
  if ((((greeting[at + 1] ?? 0) << 8) & CLIENT_SSL) === 0)
    throw notOffered("the server's capabilities lack CLIENT_SSL");
  yield bytes(`20 00 00 01  85 ae 7f 00  00 00 00 01  21  ${'00'.repeat(23)}`);
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const ENUMERATED = 0x0a;
/** ExtendedResponse, [APPLICATION 24]. */
const EXTENDED_RESPONSE = 0x78;

/**
 * RFC 4511 section 4.14: ExtendedRequest 1.3.6.1.4.1.1466.20037, and resultCode 0. Lengths may have more octets than
 * needed (section 5.1 requires the definite form, X.690 section 8.1.3.5 allows it to be long): Active Directory always
 * uses four.
 */
export function* ldap(inbox: Inbox): Preamble {
  const oid = '312e332e362e312e342e312e313436362e3230303337';
  yield bytes(`30 1d 02 01 01 77 18 80 16 ${oid}`);
  const messageId = firstElement(yield* ldapMessage(inbox));
  const operation = firstElement(messageId.rest);
  if (messageId.tag !== INTEGER || !isNumber(messageId.value, 1) || operation.tag !== EXTENDED_RESPONSE)
    throw malformed('not an ExtendedResponse to our request');
  const resultCode = firstElement(operation.value);
  if (resultCode.tag !== ENUMERATED || resultCode.value.length !== 1)
    throw malformed('an ExtendedResponse without resultCode');
  if (!isNumber(resultCode.value, 0)) throw refused(`LDAP resultCode ${resultCode.value[0]}`);
}

const isNumber = (value: Uint8Array, number: number): boolean => value.length === 1 && value[0] === number;

/** The content of an LDAPMessage. */
function* ldapMessage(inbox: Inbox): Preamble<Uint8Array> {
  const [tag, first = 0] = yield* inbox.take(2);
  if (tag !== SEQUENCE) throw malformed('not an LDAPMessage');
  const octets = first < 0x80 ? 0 : lengthOctets(first);
  const length = octets === 0 ? first : number(yield* inbox.take(octets));
  if (length > 32_768) throw malformed(`an LDAPMessage of ${length} bytes`);
  return yield* inbox.take(length);
}

/** The first element of `all`, and what follows it. */
function firstElement(all: Uint8Array): {
  readonly tag: number | undefined;
  readonly value: Uint8Array;
  readonly rest: Uint8Array;
} {
  const [tag, first = 0] = all;
  const octets = first < 0x80 ? 0 : lengthOctets(first);
  const start = 2 + octets;
  const end = start + (octets === 0 ? first : number(all.subarray(2, start)));
  if (end > all.length) throw malformed('an LDAPMessage that is shorter than its parts');
  return { tag, value: all.subarray(start, end), rest: all.subarray(end) };
}

/** How many octets follow `first` in a length of the long form. */
function lengthOctets(first: number): number {
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) throw malformed(`an LDAPMessage whose length begins with 0x${first.toString(16)}`);
  return octets;
}

const number = (octets: Uint8Array): number => octets.reduce((sum, octet) => sum * 256 + octet, 0);

/** [MS-RDPBCGR] section 2.2.1.1: an X.224 Connection Request that asks for PROTOCOL_SSL. */
export function* rdp(inbox: Inbox): Preamble {
  yield bytes('03 00 00 13  0e e0 00 00 00 00 00  01 00 08 00 01 00 00 00');
  const header = yield* inbox.take(4);
  const length = ((header[2] ?? 0) << 8) | (header[3] ?? 0);
  if (header[0] !== 3 || length < 11 || length > 512) throw malformed('not a TPKT');
  const confirm = yield* inbox.take(length - 4);
  if ((confirm[1] ?? 0) >> 4 !== 0xd) throw malformed('not a Connection Confirm');
  const negotiation = confirm.subarray(7);
  if (negotiation.length === 0) throw notOffered('the server knows only standard RDP security');
  if (negotiation[0] === 3) throw refused(`RDP_NEG_FAILURE ${negotiation[4] ?? 0}`);
  if (negotiation[0] !== 2 || negotiation[4] !== 1) throw malformed('the server chose another protocol than TLS');
}
