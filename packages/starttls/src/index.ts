/**
 * @module @ferrule/starttls: the plain-text dialogue before TLS, for sixteen protocols, without I/O.
 *
 * Each preamble checks every reply, fails closed if TLS is not offered, and rejects any plain text after the go-ahead
 * (RFC 3207 section 6).
 */
import { TlsError } from '@ferrule/result';
import { knownOptions, refuseOption } from '@ferrule/result/arguments';
import { concat } from '@ferrule/result/bytes';
import { ldap, mysql, postgres, rdp, telnet } from './binary.ts';
import { CODES } from './codes.ts';
import { ascii, Inbox, type Preamble, STARTTLS_LIMIT } from './inbox.ts';
import { ftp, imap, irc, lmtp, nats, nntp, pop3, sieve, smtp, type Names } from './text.ts';
import { xmpp, xmppServer } from './xmpp.ts';

export { CODES as STARTTLS_CODES, STARTTLS_LIMIT };

const PROTOCOLS: Readonly<Record<StarttlsProtocol, (inbox: Inbox, names: Names) => Preamble>> = {
  smtp,
  lmtp,
  pop3,
  imap,
  ftp,
  nntp,
  sieve,
  xmpp,
  'xmpp-server': xmppServer,
  irc,
  telnet,
  postgres,
  mysql,
  ldap,
  nats,
  rdp,
};

export type StarttlsProtocol =
  | 'smtp'
  | 'lmtp'
  | 'pop3'
  | 'imap'
  | 'ftp'
  | 'nntp'
  | 'sieve'
  | 'xmpp'
  | 'xmpp-server'
  | 'irc'
  | 'telnet'
  | 'postgres'
  | 'mysql'
  | 'ldap'
  | 'nats'
  | 'rdp';

/** The protocols, in no particular order. */
export const starttlsProtocols: readonly StarttlsProtocol[] = Object.freeze(
  Object.keys(PROTOCOLS) as StarttlsProtocol[],
);

const PORTS: Readonly<Record<number, StarttlsProtocol>> = {
  21: 'ftp',
  23: 'telnet',
  24: 'lmtp',
  25: 'smtp',
  110: 'pop3',
  119: 'nntp',
  143: 'imap',
  389: 'ldap',
  587: 'smtp',
  2525: 'smtp',
  3306: 'mysql',
  3389: 'rdp',
  4190: 'sieve',
  4222: 'nats',
  5222: 'xmpp',
  5269: 'xmpp-server',
  5432: 'postgres',
  6667: 'irc',
};

/** The protocol that uses STARTTLS on a well-known port; `undefined` for implicit TLS and unknown ports. */
export const starttlsForPort = (port: number): StarttlsProtocol | undefined => PORTS[port];

export interface StarttlsOptions {
  /** The server's name, 1 to 255 characters; XMPP addresses it. */
  readonly host?: string;
  /** Our name in EHLO and LHLO. Default `[127.0.0.1]`, the address literal for a client without a name. */
  readonly clientName?: string;
}

/** What to do after a {@link Starttls.feed}. */
export interface Progress {
  /** Bytes to send now; may be empty. */
  readonly send: Uint8Array;
  /** True when the next byte in both directions is TLS. Send `send` first. */
  readonly done: boolean;
}

/** A dialogue in progress. */
export interface Starttls {
  readonly protocol: StarttlsProtocol;
  /**
   * The server's greeting, verbatim; empty if there is none. It was plain text: display it, but do not act on it (RFC
   * 3207 section 4.2).
   */
  readonly greeting: Uint8Array;
  /**
   * A greeting for client libraries that expect one inside TLS, without any of the server's plain text; empty if there
   * is none.
   */
  readonly standInGreeting: Uint8Array;
  /**
   * Passes received bytes; call it once without bytes to begin.
   * @throws TlsError STARTTLS_NOT_OFFERED, STARTTLS_REFUSED, STARTTLS_INJECTION or STARTTLS_MALFORMED; the same one
   * again on each later call.
   */
  feed(received?: Uint8Array): Progress;
  /** The transport ended. @throws TlsError UNEXPECTED_EOF unless the dialogue was done. */
  end(): void;
  /** A new dialogue of the same protocol with the same options: each connection needs its own. */
  fresh(): Starttls;
}

/**
 * Begin the preamble of a protocol. @throws TypeError for an unknown protocol, an unknown option or an unusable name.
 */
export function starttls(protocol: StarttlsProtocol, options: StarttlsOptions = {}): Starttls {
  const run = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined;
  if (run === undefined) return refuseOption(protocol, 'protocol', `one of ${starttlsProtocols.join(', ')}`);
  const given = knownOptions(options, ['host', 'clientName'] satisfies (keyof StarttlsOptions)[]);
  const names = {
    host: name('host', given.host ?? 'localhost'),
    clientName: name('clientName', given.clientName ?? '[127.0.0.1]'),
  };
  return new Dialogue(protocol, run, names);
}

/**
 * By protocol; the others greet inside TLS, or need the server's own greeting: NATS and MySQL announce in plain text
 * what is needed later.
 */
const STAND_IN_GREETINGS: Readonly<Partial<Record<StarttlsProtocol, string>>> = {
  smtp: '220 ready\r\n',
  lmtp: '220 ready\r\n',
  ftp: '220 ready\r\n',
  pop3: '+OK ready\r\n',
  imap: '* OK ready\r\n',
  nntp: '200 ready\r\n',
};

class Dialogue implements Starttls {
  readonly protocol: StarttlsProtocol;
  readonly #run: (inbox: Inbox, names: Names) => Preamble;
  readonly #names: Names;
  #greeting: Uint8Array | undefined;
  readonly #inbox = new Inbox();
  readonly #steps: Preamble;
  #done = false;
  #failure: unknown;

  get greeting(): Uint8Array {
    return this.#greeting ?? new Uint8Array(0);
  }

  constructor(protocol: StarttlsProtocol, run: (inbox: Inbox, names: Names) => Preamble, names: Names) {
    this.protocol = protocol;
    this.#run = run;
    this.#names = names;
    this.#steps = run(this.#inbox, names);
  }

  get standInGreeting(): Uint8Array {
    return ascii(STAND_IN_GREETINGS[this.protocol] ?? '');
  }

  fresh(): Starttls {
    return new Dialogue(this.protocol, this.#run, this.#names);
  }

  feed(received: Uint8Array = new Uint8Array(0)): Progress {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#done) throw new TypeError('starttls: the dialogue is done; what follows is TLS');
    try {
      return this.#advance(received);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  end(): void {
    if (!this.#done)
      throw new TlsError('UNEXPECTED_EOF', `the server closed the connection during the ${this.protocol} dialogue`);
  }

  /** Everything the server sent before our first message, or before TLS if there is none. */
  #keepGreeting(): void {
    this.#greeting ??= this.#inbox.taken;
  }

  #advance(received: Uint8Array): Progress {
    this.#inbox.push(received);
    const out: Uint8Array[] = [];
    for (;;) {
      const step = this.#steps.next();
      if (step.done === true) {
        if (this.#inbox.length > 0)
          throw new TlsError(
            CODES.STARTTLS_INJECTION,
            `${this.#inbox.length} bytes of plain text followed the go-ahead`,
          );
        this.#done = true;
        this.#keepGreeting();
        return { send: concat(out), done: true };
      }
      if (step.value === undefined) return { send: concat(out), done: false };
      this.#keepGreeting();
      // A reply received before the request cannot answer it. Only telnet negotiates without turns.
      if (this.#inbox.length > 0 && this.protocol !== 'telnet')
        throw new TlsError(CODES.STARTTLS_INJECTION, `${this.#inbox.length} bytes came before they were asked for`);
      out.push(step.value);
    }
  }
}

const name = (option: string, value: string): string =>
  typeof value === 'string' && value.length <= 255 && /^[\x21-\x7e]+$/.test(value)
    ? value
    : refuseOption(value, option, '1 to 255 printable ASCII characters');
