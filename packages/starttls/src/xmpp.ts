/** @module XMPP (RFC 6120 section 5), for clients and between servers. */
import { ascii, malformed, notOffered, printable, refused, type Inbox, type Preamble } from './inbox.ts';
import type { Names } from './text.ts';

const TLS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-tls';
const names = (tag: string): boolean => tag.includes(`'${TLS_NAMESPACE}'`) || tag.includes(`"${TLS_NAMESPACE}"`);

function* stream(inbox: Inbox, namespace: 'jabber:client' | 'jabber:server', { host }: Names): Preamble {
  yield ascii(
    `<?xml version='1.0'?><stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='${attribute(host)}' version='1.0'>`,
  );
  const features = yield* upTo(inbox, /<stream:features\s*\/>|<\/stream:features\s*>/, '<stream:error');
  const offer = /<starttls\b[^>]*>/.exec(features)?.[0];
  if (offer === undefined || !names(offer)) throw notOffered("the server's stream features have no starttls");
  yield ascii(`<starttls xmlns='${TLS_NAMESPACE}'/>`);
  const answer = yield* upTo(inbox, /<proceed\b[^>]*\/>|<proceed\b[^>]*>\s*<\/proceed\s*>|<failure\b[^>]*>/, '<stream:error');
  if (!/<proceed\b/.test(answer)) throw refused(answer);
  if (!names(answer)) throw malformed(`proceed without its namespace: ${printable(answer)}`);
}
export const xmpp = (inbox: Inbox, names: Names): Preamble => stream(inbox, 'jabber:client', names);
export const xmppServer = (inbox: Inbox, names: Names): Preamble => stream(inbox, 'jabber:server', names);

/** The text up to the end of what `mark` matches. Latin-1 keeps one character per byte, so lengths agree. */
function* upTo(inbox: Inbox, mark: RegExp, failure: string): Preamble<string> {
  for (;;) {
    const { text } = inbox;
    const found = mark.exec(text);
    if (found !== null) {
      const end = found.index + found[0].length;
      yield* inbox.take(end);
      return text.slice(0, end);
    }
    if (text.includes(failure)) throw malformed(`the server ended the stream: ${printable(text)}`);
    yield undefined;
  }
}

const attribute = (text: string): string => text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
