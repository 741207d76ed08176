import { TlsError } from '@ferrule/result';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { starttls, starttlsForPort, starttlsProtocols, type Starttls, type StarttlsProtocol } from './index.ts';

/** A turn: the server's message, then our expected answer. Hexadecimal if it begins with `x:`. */
type Turn = readonly [server: string, client: string];

const XMPP_TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const xmppOpen = (namespace: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='mail.example' version='1.0'>`;
const xmppTurns = (namespace: string): readonly Turn[] => [
  ['', xmppOpen(namespace)],
  [
    `<stream:stream from='mail.example'><stream:features><starttls xmlns='${XMPP_TLS}'><required/></starttls></stream:features>`,
    `<starttls xmlns='${XMPP_TLS}'/>`,
  ],
  [`<proceed xmlns="${XMPP_TLS}"/>`, ''],
];
function mysqlGreeting(capabilities: string): string {
  const body = Buffer.from(
    `0a 382e302e3000 01000000 4142434445464748 00 ${capabilities} ff 0200 ffdf 15 ${'00'.repeat(10)} ${'42'.repeat(13)}`.replace(
      / /g,
      '',
    ),
    'hex',
  );
  return `x:${body.length.toString(16)}000000${body.toString('hex')}`;
}
const GOOD: Readonly<Record<StarttlsProtocol, readonly Turn[]>> = {
  smtp: [
    ['220-mail.example ESMTP\r\n220 ready\r\n', 'EHLO [127.0.0.1]\r\n'],
    ['250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE\r\n', 'STARTTLS\r\n'],
    ['220 go ahead\r\n', ''],
  ],
  lmtp: [
    ['220 lmtp\r\n', 'LHLO [127.0.0.1]\r\n'],
    ['250-x\r\n250 STARTTLS\r\n', 'STARTTLS\r\n'],
    ['220 2.0.0 go\r\n', ''],
  ],
  pop3: [
    ['+OK ready\r\n', 'STLS\r\n'],
    ['+OK begin\r\n', ''],
  ],
  imap: [
    ['* OK [CAPABILITY IMAP4rev1] hi\r\n', 'a1 CAPABILITY\r\n'],
    ['* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n', 'a2 STARTTLS\r\n'],
    ['a2 OK begin\r\n', ''],
  ],
  ftp: [
    ['220 ftp\r\n', 'AUTH TLS\r\n'],
    ['234 proceed\r\n', ''],
  ],
  nntp: [
    ['200 news\r\n', 'CAPABILITIES\r\n'],
    ['101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n', 'STARTTLS\r\n'],
    ['382 continue\r\n', ''],
  ],
  sieve: [
    ['"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "ready"\r\n', 'STARTTLS\r\n'],
    ['ok "begin"\r\n', ''],
  ],
  xmpp: xmppTurns('jabber:client'),
  'xmpp-server': xmppTurns('jabber:server'),
  irc: [
    ['', 'STARTTLS\r\n'],
    [':irc.example NOTICE * :looking you up\r\n:irc.example 670 * :STARTTLS successful\r\n', ''],
  ],
  telnet: [
    ['x:fffd18 fffd2e fffd20', 'x:fffb2e fffa2e01fff0'],
    ['x:fffa2e01fff0', ''],
  ],
  postgres: [
    ['', 'x:00000008 04d2162f'],
    ['S', ''],
  ],
  mysql: [[mysqlGreeting('ffff'), `x:20000001 85ae7f00 00000001 21 ${'00'.repeat(23)}`]],
  ldap: [
    ['', 'x:301d02010177188016312e332e362e312e342e312e313436362e3230303337'],
    ['x:300c02010178070a010004000400', ''],
  ],
  nats: [['INFO {"server_id":"x","tls_required":true}\r\n', '']],
  rdp: [
    ['', 'x:030000130ee000000000000100080001000000'],
    ['x:030000130ed00000123400020008000100 0000', ''],
  ],
};

const bytes = (text: string): Uint8Array =>
  text.startsWith('x:') ? Buffer.from(text.slice(2).replace(/ /g, ''), 'hex') : Buffer.from(text, 'latin1');
const begin = (protocol: StarttlsProtocol): Starttls => starttls(protocol, { host: 'mail.example' });

/** Plays the server, cut into pieces by `cut`; returns what the client sent and whether it is done. */
function play(
  dialogue: Starttls,
  turns: readonly Turn[],
  cut: (whole: Uint8Array) => readonly Uint8Array[] = (whole) => [whole],
): { sent: string; done: boolean } {
  let sent = '';
  let done = false;
  const feed = (part?: Uint8Array): void => {
    if (done) return;
    const progress = dialogue.feed(part);
    sent += Buffer.from(progress.send).toString('hex');
    done = progress.done;
  };
  feed();
  for (const [server] of turns) for (const part of server === '' ? [] : cut(bytes(server))) feed(part);
  return { sent, done };
}
const sentIn = (turns: readonly Turn[]): string =>
  turns.map(([, client]) => Buffer.from(bytes(client)).toString('hex')).join('');

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (TlsError.is(error)) return error.code;
    throw error;
  }
  return 'no error';
}

describe.each(starttlsProtocols)('%s', (protocol) => {
  const turns = GOOD[protocol];

  it('sends exactly what the protocol requires, and is done after the go-ahead', () => {
    expect(play(begin(protocol), turns)).toEqual({ sent: sentIn(turns), done: true });
  });

  it('does the same however the server data is split', () => {
    expect(play(begin(protocol), turns, (whole) => Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual({
      sent: sentIn(turns),
      done: true,
    });
    for (let at = 1; at < 64; at++) {
      const cut = (whole: Uint8Array): readonly Uint8Array[] =>
        at < whole.length ? [whole.subarray(0, at), whole.subarray(at)] : [whole];
      expect(play(begin(protocol), turns, cut)).toEqual({ sent: sentIn(turns), done: true });
    }
  });

  it('keeps the greeting verbatim if the server sends first', () => {
    const dialogue = begin(protocol);
    play(dialogue, turns);
    const first = bytes(turns[0]?.[0] ?? '');
    expect(Buffer.from(dialogue.greeting).toString('hex')).toBe(
      Buffer.from(protocol === 'telnet' ? first.subarray(0, 6) : first).toString('hex'),
    );
  });

  it('refuses one byte of plain text after the go-ahead', () => {
    const last = turns.findLastIndex(([server]) => server !== '');
    const tainted = turns.map(([server, client], index): Turn => [
      index === last ? `x:${Buffer.from(bytes(server)).toString('hex')}16` : server,
      client,
    ]);
    expect(codeOf(() => play(begin(protocol), tainted))).toBe('STARTTLS_INJECTION');
  });

  it('refuses an answer that came before its question', () => {
    if (protocol === 'telnet' || turns.filter(([server]) => server !== '').length < 2) return;
    const all = Buffer.concat(turns.map(([server]) => bytes(server)));
    expect(codeOf(() => play(begin(protocol), [[`x:${all.toString('hex')}`, '']]))).toBe('STARTTLS_INJECTION');
  });

  it('answers random bytes with a typed error, a message, or by waiting', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (parts) => {
        const code = codeOf(() => {
          const dialogue = begin(protocol);
          for (const part of [new Uint8Array(0), ...parts]) if (dialogue.feed(part).done) break;
        });
        expect(code).toMatch(/^(no error|STARTTLS_)/);
      }),
      { numRuns: 100 },
    );
  });

  it('fails on a server that never stops sending', () => {
    expect(
      codeOf(() => {
        const dialogue = begin(protocol);
        dialogue.feed();
        for (let i = 0; i < 80; i++) dialogue.feed(new Uint8Array(1024).fill(protocol === 'nntp' ? 0x32 : 0x2d));
      }),
    ).toMatch(/^STARTTLS_/);
  });

  it('reads endless input in linear time, in one piece or byte by byte, in every turn', () => {
    // Regular expressions, and searches restarted with each piece, took up to 20 seconds for 60 KB.
    const floods = [
      '<',
      '<proceed',
      '<starttls ',
      '</stream:features ',
      '\r',
      '220-',
      '* CAPABILITY STARTTLS ',
      '\xff\xfa',
      '"',
    ].map((text) => Buffer.from(text.repeat(Math.floor(50_000 / text.length)), 'latin1'));
    for (let turn = 0; turn < turns.length; turn++) {
      for (const [i, flood] of floods.entries()) {
        const dialogue = begin(protocol);
        play(dialogue, turns.slice(0, turn));
        const size = i === 0 ? 1 : flood.length;
        expect(
          codeOf(() => {
            for (let at = 0; at < flood.length; at += size)
              if (dialogue.feed(flood.subarray(at, at + size)).done) return;
          }),
        ).toMatch(/^(no error|STARTTLS_)/);
      }
    }
  });

  it('distinguishes the end of the transport from the end of the dialogue', () => {
    const dialogue = begin(protocol);
    dialogue.feed();
    expect(codeOf(() => dialogue.end())).toBe('UNEXPECTED_EOF');
  });
});

describe('a server that does not offer TLS', () => {
  it.each<[StarttlsProtocol, string, readonly string[]]>([
    ['smtp', 'STARTTLS_NOT_OFFERED', ['220 x\r\n', '250-x\r\n250 STARTTLSX\r\n']],
    ['smtp', 'STARTTLS_REFUSED', ['220 x\r\n', '250 STARTTLS\r\n', '454 no\r\n']],
    ['smtp', 'STARTTLS_MALFORMED', ['554 go away\r\n']],
    ['lmtp', 'STARTTLS_NOT_OFFERED', ['220 x\r\n', '250 x\r\n']],
    ['pop3', 'STARTTLS_REFUSED', ['+OK\r\n', '-ERR no\r\n']],
    ['imap', 'STARTTLS_NOT_OFFERED', ['* PREAUTH hi\r\n']],
    ['imap', 'STARTTLS_NOT_OFFERED', ['* OK hi\r\n', '* CAPABILITY IMAP4rev1\r\na1 OK x\r\n']],
    ['imap', 'STARTTLS_REFUSED', ['* OK hi\r\n', '* CAPABILITY STARTTLS\r\na1 OK x\r\n', 'a2 NO x\r\n']],
    ['ftp', 'STARTTLS_REFUSED', ['220 x\r\n', '500 what\r\n']],
    ['nntp', 'STARTTLS_NOT_OFFERED', ['200 x\r\n', '101 x\r\n.\r\n']],
    ['nntp', 'STARTTLS_REFUSED', ['201 x\r\n', '101 x\r\nSTARTTLS\r\n.\r\n', '580 no\r\n']],
    ['sieve', 'STARTTLS_NOT_OFFERED', ['"SASL" ""\r\nOK\r\n']],
    ['sieve', 'STARTTLS_REFUSED', ['"STARTTLS"\r\nOK\r\n', 'NO\r\n']],
    ['xmpp', 'STARTTLS_NOT_OFFERED', ['<stream:features/>']],
    ['xmpp', 'STARTTLS_NOT_OFFERED', ["<stream:features><starttls xmlns='other'/></stream:features>"]],
    [
      'xmpp',
      'STARTTLS_REFUSED',
      [`<stream:features><starttls xmlns='${XMPP_TLS}'/></stream:features>`, `<failure xmlns='${XMPP_TLS}'/>`],
    ],
    ['xmpp', 'STARTTLS_MALFORMED', ['<stream:error>']],
    [
      'xmpp',
      'STARTTLS_MALFORMED',
      [`<stream:features><starttls xmlns='${XMPP_TLS}'/></stream:features>`, '<proceed/>'],
    ],
    [
      'xmpp',
      'STARTTLS_MALFORMED',
      [
        `<stream:features><starttls xmlns='${XMPP_TLS}'/></stream:features>`,
        `<proceed xmlns='${XMPP_TLS}'><x/></proceed>`,
      ],
    ],
    ['xmpp', 'STARTTLS_NOT_OFFERED', [`<stream:features></starttls></stream:features>`]],
    ['irc', 'STARTTLS_NOT_OFFERED', [':s 421 * STARTTLS :Unknown command\r\n']],
    ['irc', 'STARTTLS_REFUSED', [':s 691 * :failed\r\n']],
    ['telnet', 'STARTTLS_NOT_OFFERED', ['x:fffe2e']],
    ['postgres', 'STARTTLS_NOT_OFFERED', ['N']],
    ['postgres', 'STARTTLS_MALFORMED', ['E']],
    ['mysql', 'STARTTLS_NOT_OFFERED', [mysqlGreeting('fff7')]],
    ['mysql', 'STARTTLS_REFUSED', ['x:09000000 ff1504 23303830303048']],
    ['ldap', 'STARTTLS_REFUSED', ['x:300c02010178070a013404000400']],
    ['ldap', 'STARTTLS_REFUSED', ['x:308400000010 020101 788400000007 0a0134 0400 0400']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:308500000000100201017807']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:30800201017807']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:3084ffffffff0201017807']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:300c 020101 7884ffffffff 0a0100']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:3005 020101 7805']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:3008 020101 7803 040100']],
    ['ldap', 'STARTTLS_MALFORMED', ['x:3008 020102 7803 0a0100']],
    ['nats', 'STARTTLS_NOT_OFFERED', ['INFO {"tls_required":false}\r\n']],
    ['nats', 'STARTTLS_MALFORMED', ['INFO {\r\n']],
    ['rdp', 'STARTTLS_REFUSED', ['x:030000130ed000001234000300080005000000']],
    ['rdp', 'STARTTLS_NOT_OFFERED', ['x:0300000b06d00000123400']],
  ])('%s: %s', (protocol, code, server) => {
    const dialogue = begin(protocol);
    const run = (): unknown =>
      play(
        dialogue,
        server.map((text): Turn => [text, '']),
      );
    expect(codeOf(run)).toBe(code);
    expect(codeOf(() => dialogue.feed())).toBe(code);
  });
});

it.each([
  ['of four octets, as Active Directory has them', 'x:308400000010 020101 788400000007 0a0100 0400 0400'],
  ['of one octet more than is needed', 'x:30810d 020101 788107 0a0100 0400 0400'],
  ['that are long inside too', 'x:308400000019 028400000001 01 78840000000c 0a8400000001 00 0400 0401 78'],
])('ldap: takes lengths %s', (_what, answer) => {
  expect(play(begin('ldap'), [[answer, '']]).done).toBe(true);
});

describe('a dialogue that is used again', () => {
  it.each(starttlsProtocols)('%s: restarts with the same names', (protocol) => {
    const first = begin(protocol);
    play(first, GOOD[protocol]);
    const second = first.fresh();
    expect(second.greeting).toHaveLength(0);
    expect(play(second, GOOD[protocol])).toEqual({ sent: sentIn(GOOD[protocol]), done: true });
  });

  it('has a stand-in greeting without any data of the server', () => {
    const dialogue = begin('smtp');
    play(dialogue, GOOD.smtp);
    expect(Buffer.from(dialogue.standInGreeting).toString()).toBe('220 ready\r\n');
    expect(starttlsProtocols.filter((protocol) => begin(protocol).standInGreeting.length > 0).toSorted()).toEqual([
      'ftp',
      'imap',
      'lmtp',
      'nntp',
      'pop3',
      'smtp',
    ]);
  });
});

it.each<[StarttlsProtocol, string]>([
  ['nats', 'INFO \x1b]0;owned\x07\x1b[2J\r\n'],
  ['pop3', '\x9b2Jhello\x7f\xad\r\n'],
])('%s: shows the server’s words without control or format characters', (protocol, said) => {
  const dialogue = begin(protocol);
  dialogue.feed();
  expect(() => dialogue.feed(Buffer.from(said, 'latin1'))).toThrow(
    /^[^\p{Cc}\p{Cf}]*(?:owned|hello)[^\p{Cc}\p{Cf}]*$/u,
  );
});

describe('options', () => {
  it('are refused by name when they are wrong', () => {
    expect(() => starttls('gopher' as StarttlsProtocol)).toThrow(/gopher/);
    expect(() => starttls('smtp', { hots: 'x' } as object)).toThrow(/hots/);
    expect(() => starttls('smtp', { clientName: 'a\r\nRCPT' })).toThrow(/clientName/);
    expect(() => starttls('smtp', Object.create({ clientName: 'a\r\nRCPT' }) as object)).toThrow(/clientName/);
    expect(() => starttls('smtp', new Map() as object)).toThrow(/options/);
    expect(() => starttls('toString' as StarttlsProtocol)).toThrow(/toString/);
  });
  it('guess the protocol from a well-known port, and only from one that starts in plain text', () => {
    expect([25, 143, 5432, 443, 993].map(starttlsForPort)).toEqual(['smtp', 'imap', 'postgres', undefined, undefined]);
  });
});
