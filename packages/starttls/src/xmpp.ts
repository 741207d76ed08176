/** @module XMPP (RFC 6120 section 5), for clients and between servers. */
import { ascii, malformed, notOffered, printable, refused, type Inbox, type Preamble } from './inbox.ts';
import type { Names } from './text.ts';

const TLS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-tls';

/** One tag; parsed as text, never as an XML document. */
interface Tag {
  readonly text: string;
  /** With its prefix. */
  readonly name: string;
  readonly kind: 'start' | 'end' | 'empty';
}

function* stream(inbox: Inbox, namespace: 'jabber:client' | 'jabber:server', { host }: Names): Preamble {
  yield ascii(
    `<?xml version='1.0'?><stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='${attribute(host)}' version='1.0'>`,
  );
  let offered = false;
  for (let tag = yield* nextTag(inbox); !ends(tag, 'stream:features'); tag = yield* nextTag(inbox)) {
    if (tag.name === 'starttls' && tag.kind !== 'end' && isOfTls(tag)) offered = true;
  }
  if (!offered) throw notOffered("the server's stream features have no starttls");
  yield ascii(`<starttls xmlns='${TLS_NAMESPACE}'/>`);
  let answer = yield* nextTag(inbox);
  while (answer.name !== 'proceed' && answer.name !== 'failure') answer = yield* nextTag(inbox);
  if (answer.name === 'failure') throw refused(answer.text);
  if (!isOfTls(answer)) throw malformed(`proceed without its namespace: ${printable(answer.text)}`);
  // Accept a start and an end tag for an empty element.
  if (answer.kind === 'start' && !ends(yield* nextTag(inbox), 'proceed')) throw malformed('proceed is not empty');
}
export const xmpp = (inbox: Inbox, names: Names): Preamble => stream(inbox, 'jabber:client', names);
export const xmppServer = (inbox: Inbox, names: Names): Preamble => stream(inbox, 'jabber:server', names);

/** Skips text, and rejects the end of the stream. Latin-1 keeps one character per byte. */
function* nextTag(inbox: Inbox): Preamble<Tag> {
  const before = yield* inbox.through(LESS_THAN);
  const text = `<${yield* inbox.through(GREATER_THAN)}`;
  const name = /^<\/?([^\s/>]*)/.exec(text)?.[1] ?? '';
  if (name === 'stream:error') throw malformed(`the server ended the stream: ${printable(before + text.slice(1))}`);
  return { text, name, kind: text.startsWith('</') ? 'end' : text.endsWith('/>') ? 'empty' : 'start' };
}
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;

const ends = ({ name, kind }: Tag, element: string): boolean => name === element && kind !== 'start';

const isOfTls = ({ text }: Tag): boolean => text.includes(`'${TLS_NAMESPACE}'`) || text.includes(`"${TLS_NAMESPACE}"`);

const attribute = (text: string): string => text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
