/** @module The line protocols: SMTP, LMTP, POP3, IMAP, FTP, NNTP, ManageSieve, IRC, NATS. */
import { ascii, malformed, notOffered, printable, refused, type Inbox, type Preamble } from './inbox.ts';

/** Names that a preamble may send. */
export interface Names {
  /** The server's name, for protocols that address a virtual host. */
  readonly host: string;
  /** Our own name for EHLO and LHLO. */
  readonly clientName: string;
}

/** `code-text` lines and a last `code text` (RFC 5321 section 4.2.1, RFC 959 section 4.2). */
function* reply(inbox: Inbox): Preamble<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = yield* inbox.line();
    lines.push(line);
    const code = lines[0]?.slice(0, 3) ?? '';
    if (!/^\d{3}([ -]|$)/.test(lines[0] ?? '')) throw malformed(`not a reply: ${printable(line)}`);
    if (line.startsWith(code) && line[3] !== '-') return lines;
  }
}

function* expect(inbox: Inbox, code: string, fail: (reply: string) => Error): Preamble<readonly string[]> {
  const lines = yield* reply(inbox);
  if (lines[0]?.startsWith(code) !== true) throw fail(lines.join(' / '));
  return lines;
}

const unwelcome = (text: string): Error => malformed(`unexpected greeting: ${printable(text)}`);

/** RFC 3207; LMTP differs in its greeting word (RFC 2033). */
function* mail(inbox: Inbox, verb: 'EHLO' | 'LHLO', names: Names): Preamble {
  yield* expect(inbox, '220', unwelcome);
  yield ascii(`${verb} ${names.clientName}\r\n`);
  const features = yield* expect(inbox, '250', (text) => malformed(`${verb} was refused: ${printable(text)}`));
  if (!features.some((line) => /^250[ -]STARTTLS\s*$/i.test(line)))
    throw notOffered(`the server's ${verb} reply has no STARTTLS`);
  yield ascii('STARTTLS\r\n');
  yield* expect(inbox, '220', refused);
}
export const smtp = (inbox: Inbox, names: Names): Preamble => mail(inbox, 'EHLO', names);
export const lmtp = (inbox: Inbox, names: Names): Preamble => mail(inbox, 'LHLO', names);

/** RFC 2595 section 4. */
export function* pop3(inbox: Inbox): Preamble {
  const greeting = yield* inbox.line();
  if (!greeting.startsWith('+OK')) throw unwelcome(greeting);
  yield ascii('STLS\r\n');
  const answer = yield* inbox.line();
  if (!answer.startsWith('+OK')) throw refused(answer);
}

/** RFC 9051 section 6.2.1. A PREAUTH greeting makes STARTTLS impossible, and is what an attacker would forge. */
export function* imap(inbox: Inbox): Preamble {
  const greeting = yield* inbox.line();
  if (/^\* PREAUTH\b/i.test(greeting))
    throw notOffered('the server greeted with PREAUTH, after which STARTTLS is not allowed');
  if (!/^\* OK\b/i.test(greeting)) throw unwelcome(greeting);
  yield ascii('a1 CAPABILITY\r\n');
  let offered = false;
  for (let line = yield* inbox.line(); ; line = yield* inbox.line()) {
    if (/^\* CAPABILITY\b.* STARTTLS( |$)/i.test(line)) offered = true;
    if (!line.startsWith('a1 ')) continue;
    if (!/^a1 OK\b/i.test(line)) throw malformed(`CAPABILITY was refused: ${printable(line)}`);
    break;
  }
  if (!offered) throw notOffered("the server's CAPABILITY list has no STARTTLS");
  yield ascii('a2 STARTTLS\r\n');
  for (let line = yield* inbox.line(); ; line = yield* inbox.line()) {
    if (!line.startsWith('a2 ')) continue;
    if (!/^a2 OK\b/i.test(line)) throw refused(line);
    return;
  }
}

/** RFC 4217 section 4. */
export function* ftp(inbox: Inbox): Preamble {
  yield* expect(inbox, '220', unwelcome);
  yield ascii('AUTH TLS\r\n');
  yield* expect(inbox, '234', refused);
}

/** RFC 4642 section 2. */
export function* nntp(inbox: Inbox): Preamble {
  const greeting = yield* inbox.line();
  if (!/^20[01]\b/.test(greeting)) throw unwelcome(greeting);
  yield ascii('CAPABILITIES\r\n');
  const status = yield* inbox.line();
  if (!status.startsWith('101')) throw notOffered(`the server has no CAPABILITIES: ${printable(status)}`);
  let offered = false;
  for (let line = yield* inbox.line(); line !== '.'; line = yield* inbox.line())
    if (/^STARTTLS\s*$/i.test(line)) offered = true;
  if (!offered) throw notOffered("the server's capability list has no STARTTLS");
  yield ascii('STARTTLS\r\n');
  const answer = yield* inbox.line();
  if (!answer.startsWith('382')) throw refused(answer);
}

/** RFC 5804 section 2.2. */
export function* sieve(inbox: Inbox): Preamble {
  const greeting: string[] = [];
  for (;;) {
    const line = yield* inbox.line();
    greeting.push(line);
    if (/^OK\b/i.test(line)) break;
    if (!line.startsWith('"')) throw unwelcome(line);
  }
  if (!greeting.some((line) => /^"STARTTLS"\s*$/i.test(line)))
    throw notOffered("the server's capability list has no STARTTLS");
  yield ascii('STARTTLS\r\n');
  const answer = yield* inbox.line();
  if (!/^OK\b/i.test(answer)) throw refused(answer);
}

/** The IRCv3 `tls` extension: 670 is RPL_STARTTLS; notices may come first. */
export function* irc(inbox: Inbox): Preamble {
  yield ascii('STARTTLS\r\n');
  for (;;) {
    const line = yield* inbox.line();
    const numeric = /^(?::\S+ )?(\d{3}) /.exec(line)?.[1];
    if (numeric === '670') return;
    if (numeric === '421' || numeric === '451')
      throw notOffered(`the server does not know STARTTLS: ${printable(line)}`);
    if (numeric === '691' || /^(?::\S+ )?ERROR\b/.test(line)) throw refused(line);
  }
}

/** The NATS client protocol: the server's INFO line, then TLS at once. */
export function* nats(inbox: Inbox): Preamble {
  const line = yield* inbox.line();
  if (!/^INFO\s/i.test(line)) throw unwelcome(line);
  let info: unknown;
  try {
    info = JSON.parse(line.slice(5));
  } catch (cause) {
    throw malformed(`INFO is not JSON: ${printable(cause instanceof Error ? cause.message : 'unreadable')}`);
  }
  const { tls_required, tls_available } = Object(info) as Record<string, unknown>;
  if (tls_required !== true && tls_available !== true)
    throw notOffered("the server's INFO neither requires nor offers TLS");
}
