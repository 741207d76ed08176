/**
 * @module The STARTTLS dialogue of each protocol with a real server, and a word inside TLS that only the server could
 * answer.
 */
import type { StarttlsProtocol } from '@ferrule/starttls';
import { expect } from 'vitest';
import type { TlsConnector } from '../src/duplex/index.ts';
import type { Proof } from './adapter-proofs.ts';
import type { ServerName } from './servers.ts';

const hex = (text: string): string => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1');
const stream = (namespace: string): string =>
  `<stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>`;

export const STARTTLS: Readonly<Partial<Record<ServerName, Readonly<Record<string, Proof>>>>> = {
  postfix: { smtp: dialogue('smtp', 'plain', 'NOOP\r\n', /^250 2\.0\.0 Ok/) },
  dovecot: { imap: dialogue('imap', 'plain', 'a LOGIN ferrule secret\r\n', /^a OK .*Logged in/m) },
  'dovecot beside IMAP': {
    pop3: dialogue('pop3', 'pop3', 'USER ferrule\r\nPASS secret\r\nSTAT\r\n', /^\+OK 0 0/m),
    lmtp: dialogue('lmtp', 'lmtp', 'LHLO client.test\r\n', /^250 /m),
    // The server says anew, inside TLS, what it can
    sieve: dialogue('sieve', 'sieve', '', /^"SASL" "PLAIN/m),
  },
  vsftpd: { ftp: dialogue('ftp', 'plain', 'USER anonymous\r\nPASS x\r\n', /^230 /m) },
  nnrpd: { nntp: dialogue('nntp', 'plain', 'DATE\r\n', /^111 \d{14}/) },
  prosody: {
    xmpp: dialogue('xmpp', 'c2s', stream('jabber:client'), /<mechanism>/),
    'xmpp-server': dialogue('xmpp-server', 's2s', stream('jabber:server'), /urn:xmpp:features:dialback/),
  },
  inspircd: { irc: dialogue('irc', 'plain', 'JOIN #here\r\n', /^:irc\.test 451 /m) },
  // Inside TLS it asks for what it likes besides, AUTHENTICATION first
  iksd: { telnet: dialogue('telnet', 'plain', '', /^\xff\xfd\x25/) },
  // StartupMessage; the answer offers what needs TLS
  postgres: {
    postgres: dialogue(
      'postgres',
      'plain',
      hex('00000016 00030000 75736572 00 66657272756c65 00 00'),
      /SCRAM-SHA-256-PLUS/,
    ),
  },
  // HandshakeResponse41 of somebody unknown, with the sequence id that follows the SSLRequest's
  mariadb: {
    mysql: dialogue(
      'mysql',
      'plain',
      `${hex(`3f000002 85ae7f00 00000001 21 ${'00'.repeat(23)} 6e6f626f6479 00 00`)}mysql_native_password\0\0`,
      /Access denied for user 'nobody'/,
    ),
  },
  // An anonymous bind, and its success
  slapd: {
    ldap: dialogue('ldap', 'plain', hex('300c 020102 6007 020103 0400 8000'), new RegExp(hex('020102 6107 0a0100'))),
  },
  nats: { nats: dialogue('nats', 'plain', 'CONNECT {}\r\nPING\r\n', /^PONG/m) },
  // What follows is more protocol than a word: here the verified handshake is the proof
  xrdp: { rdp: dialogue('rdp', 'plain', '', undefined) },
};

function dialogue(preamble: StarttlsProtocol, port: string, say: string, expected: RegExp | undefined): Proof {
  return async (connector: TlsConnector, server) => {
    const duplex = connector.duplex({ host: 'localhost', port: server.port(port), preamble });
    await new Promise((resolve, reject) => duplex.once('ready', resolve).once('error', reject));
    expect([duplex.authorized, duplex.getProtocol()]).toEqual([true, 'TLSv1.3']);
    duplex.write(say, 'latin1');
    let heard = '';
    if (expected !== undefined) {
      for await (const chunk of duplex) {
        heard += (chunk as Buffer).toString('latin1');
        if (expected.test(heard)) break;
      }
      expect(heard).toMatch(expected);
    }
    duplex.destroy();
  };
}
