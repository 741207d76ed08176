/** @module Targets that are one function from bytes or text. */
import { formatRecording, parseRecording, replayBio } from '@ferrule/bio';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { TlsError } from '@ferrule/result';
import { concat } from '@ferrule/result/bytes';
import { starttls, starttlsProtocols } from '@ferrule/starttls';
import { sessionsOf } from './connections.ts';
import { Dice } from './dice.ts';
import { echConfigList } from './ech-config.ts';
import { Finding, tried } from './finding.ts';
import { freeCrypto } from './free-crypto.ts';
import { play } from './play.ts';
import type { MakeTarget } from './target.ts';

const typed = (error: unknown): boolean => TlsError.is(error) && error.code !== 'INTERNAL_ERROR';
const isTypeError = (error: unknown): boolean => error instanceof TypeError && error.constructor === TypeError;

/** ECHConfigLists, and whatever else a caller gets from others and hands to createContext() or sessionFromBytes(). */
export const given: MakeTarget = (world) => {
  const backend = createPure({ crypto: nodeCrypto });
  const options = { trustAnchors: [world.root], now: () => world.now };
  // Its hash is always the same, so that the bytes of a session are always intact.
  const context = createPure({ crypto: freeCrypto(new Dice().fill) }).createContext(options);
  const doors: readonly ((bytes: Uint8Array) => void)[] = [
    (bytes) => {
      const session = context.sessionFromBytes(bytes);
      if (session === undefined) return;
      if (context.sessionFromBytes(session.toBytes()) === undefined)
        throw new Finding('a session does not survive its own bytes');
      const ssl = context.newConnection();
      ssl.setHost('server.test');
      const taken = tried('setSession', () => (ssl.setSession(session), true), isTypeError);
      if (taken === true) play(ssl, () => undefined, { capacity: 4096, readSize: 64 });
    },
    (bytes) => {
      const made = tried(
        'createContext({ ech })',
        () => backend.createContext({ ...options, ech: bytes, echUnusable: 'grease' }),
        isTypeError,
      );
      if (made !== undefined) play(made.newConnection(), () => undefined, { capacity: 4096, readSize: 64 });
    },
    (bytes) =>
      void tried('createContext({ crls })', () => backend.createContext({ ...options, crls: [bytes] }), isTypeError),
    (bytes) =>
      void tried(
        'createContext({ trustAnchors })',
        () => backend.createContext({ ...options, trustAnchors: [bytes] }),
        isTypeError,
      ),
    (bytes) =>
      void tried(
        'createContext({ credentials })',
        () => backend.createContext({ ...options, credentials: [{ chain: [bytes], key: bytes }] }),
        isTypeError,
      ),
    (bytes) =>
      void tried(
        'createContext({ credentials })',
        () => backend.createContext({ ...options, credentials: [{ chain: world.identity.chain, key: bytes }] }),
        isTypeError,
      ),
    (bytes) =>
      void tried(
        'createContext({ rawPublicKeys })',
        () => backend.createContext({ ...options, rawPublicKeys: [bytes] }),
        isTypeError,
      ),
  ];
  return {
    share: 2,
    about: 'session bytes, ECHConfigLists, CRLs, trust anchors, keys and raw public keys that a caller was given',
    seeds: () => {
      const bodies: Uint8Array[] = [
        world.identity.certificate,
        world.identity.key,
        world.identity.spki,
        world.crl,
        echConfigList('public.test'),
      ];
      bodies.push(...sessionsOf(world).map((session) => session.toBytes()));
      return bodies.flatMap((body) => doors.map((_, index) => concat([Uint8Array.of(index), body])));
    },
    fuzz: (input) => doors[(input[0] ?? 0) % doors.length]?.(input.slice(1)),
  };
};

/** What servers may say before TLS. */
const DIALOGUES: readonly (readonly [
  protocol: (typeof starttlsProtocols)[number],
  replies: readonly (string | readonly number[])[],
])[] = [
  ['smtp', ['220 mail.test ESMTP\r\n', '250-mail.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n', '220 go\r\n']],
  ['lmtp', ['220 mail.test LMTP\r\n', '250-mail.test\r\n250 STARTTLS\r\n', '220 go\r\n']],
  ['pop3', ['+OK hello\r\n', '+OK\r\nSTLS\r\n.\r\n', '+OK go\r\n']],
  [
    'imap',
    [
      '* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n',
      '* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n',
      'a2 OK go\r\n',
    ],
  ],
  ['ftp', ['220 hello\r\n', '234 go\r\n', '234 go\r\n']],
  ['nntp', ['200 hello\r\n', '101 caps\r\nSTARTTLS\r\n.\r\n', '382 go\r\n']],
  ['sieve', ['"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK\r\n', 'OK "go"\r\n']],
  [
    'xmpp',
    [
      "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client' from='a.test' version='1.0'>",
      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
      "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ],
  ],
  [
    'xmpp-server',
    [
      "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:server' version='1.0'>",
      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
      "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ],
  ],
  ['irc', [':irc.test 670 * :go\r\n', ':irc.test CAP * LS :tls\r\n', ':irc.test CAP * ACK :tls\r\n']],
  [
    'telnet',
    [
      [255, 253, 46],
      [255, 250, 46, 1, 255, 240],
    ],
  ],
  ['postgres', ['S']],
  [
    'mysql',
    [
      [
        0x4a, 0, 0, 0, 10, 0x38, 0x2e, 0x30, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, 0xff, 0x21, 2, 0, 0xff,
        0xc1, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0,
      ],
    ],
  ],
  ['ldap', [[0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]]],
  ['nats', ['INFO {"tls_required":true,"tls_available":true}\r\n']],
  ['rdp', [[3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0]]],
];

/** Protocol, then pieces: two bytes of length, and what the server says in one go. */
export const preambles: MakeTarget = () => ({
  share: 1,
  about: 'what a server says before STARTTLS, in every protocol',
  seeds: () =>
    DIALOGUES.map(([protocol, replies]) =>
      concat([
        Uint8Array.of(starttlsProtocols.indexOf(protocol)),
        ...replies.flatMap((reply) => {
          const bytes = typeof reply === 'string' ? Buffer.from(reply) : Uint8Array.from(reply);
          return [Uint8Array.of(bytes.length >>> 8, bytes.length & 0xff), bytes];
        }),
      ]),
    ),
  fuzz(input) {
    const protocol = starttlsProtocols[(input[0] ?? 0) % starttlsProtocols.length] ?? 'smtp';
    const dialogue = starttls(protocol, { host: 'server.test' });
    let first: unknown;
    const feed = (bytes?: Uint8Array): boolean => {
      try {
        return dialogue.feed(bytes).done;
      } catch (error) {
        if (!typed(error))
          throw error instanceof Error
            ? new Finding(`${protocol}: ${error.name}: ${error.message}`, { cause: error })
            : error;
        if (first !== undefined && error !== first) throw new Finding(`${protocol}: another failure than the first`);
        first = error;
        return false;
      }
    };
    if (feed()) return;
    for (let at = 1; at + 2 <= input.length;) {
      const length = (input[at] ?? 0) * 256 + (input[at + 1] ?? 0);
      if (feed(input.slice(at + 2, at + 2 + length))) {
        dialogue.greeting.slice();
        return;
      }
      at += 2 + length;
    }
    if (first === undefined) tried(`${protocol}: end()`, () => dialogue.end(), typed);
  },
});

/** Recordings as people send them to us. */
export const recordings: MakeTarget = () => ({
  share: 1,
  about: 'recordings of a BIO',
  seeds: () => [
    Buffer.from(
      formatRecording([
        { at: 0, kind: 'sent', bytes: Uint8Array.of(1, 2) },
        { at: 1.5, kind: 'received', bytes: Uint8Array.of(3) },
        { at: 2, kind: 'eof' },
        { at: 3, kind: 'shutdown' },
      ]),
    ),
    Buffer.from(formatRecording([{ at: 0, kind: 'failure', message: 'ECONNRESET' }])),
    Buffer.from(formatRecording([])),
  ],
  fuzz(input) {
    const events = tried(
      'parseRecording',
      () => parseRecording(Buffer.from(input).toString()),
      (error) => error instanceof SyntaxError,
    );
    if (events === undefined) return;
    const text = formatRecording(events);
    if (formatRecording(parseRecording(text)) !== text) throw new Finding('a recording does not survive its own text');
    const bio = replayBio(events);
    for (let turn = 0; bio.advance(); turn++) {
      bio.nread(bio.nread0().length);
      if (turn > events.length + 1) throw new Finding('a replay has no end');
    }
  },
});
