/**
 * @module What is wrong with a server, and what to try, in the same words whichever engine ran: the command knows more
 * than the engine of what was said before TLS, asked for, and offered. docs/errors.md has them all.
 */
import { nameOfRoute } from '@ferrule/node/transports';
import { alertMeaning } from '@ferrule/result';
import type { StarttlsProtocol } from '@ferrule/starttls';
import type { TlsError } from 'ferrule';
import { printable } from './certificates.ts';
import { adviceOf, GIVE_CERTIFICATE } from './checks.ts';
import type { Timeline } from './timeline.ts';

export interface Cause {
  /** Goes on from the name of the target. */
  readonly what: string;
  readonly hint: string;
}

export interface Circumstances {
  readonly timeline: Timeline;
  /** Its name stands before messages of the transport, and before what is said here. */
  readonly target: string;
  /** What the server showed, DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** A client certificate was given. */
  readonly credential: boolean;
  readonly established: boolean;
  /** Seconds. */
  readonly timeout: number;
}

export function causeOf(error: TlsError, circumstances: Circumstances): Cause {
  const { timeline, target, established, timeout, chain } = circumstances;
  const { code, message } = error;
  const hint = adviceOf(error, chain);
  switch (code) {
    case 'HTTP_REQUEST':
      return { what: `the server answers in plain HTTP: ${quoted(timeline.firstBytes)}`, hint };
    case 'PLAINTEXT_PEER': {
      const spoken = guess(timeline.firstBytes);
      return {
        what: `the server speaks first, and in plain text: ${quoted(timeline.firstBytes)}`,
        hint: `${spoken === undefined ? 'Name the protocol with --starttls' : `Try --starttls ${spoken}`}, or its TLS port (465, 993, 995, 636).`,
      };
    }
    case 'WRONG_VERSION_NUMBER':
      return { what: "the server's reply is not TLS", hint };
    case 'TIMEOUT':
      if (!timeline.sent) return lateCause(circumstances);
      return {
        what: `no answer to the ClientHello within ${timeout} s`,
        hint: 'The port accepts connections: it may speak another protocol, or wait for STARTTLS (--starttls).',
      };
    case 'UNEXPECTED_EOF':
      if (established) {
        return {
          what: 'the server hung up right after the handshake, without close_notify',
          hint: 'It may want a client certificate or another name, or what is behind it is down: its log says more.',
        };
      }
      return {
        what: 'the server hung up during the handshake',
        hint: 'The port may not speak TLS, or something on the path blocks this name or this client.',
      };
    case 'PEER_ALERT':
      return alertCause(error, circumstances);
    default: {
      const name = `${target}: `;
      return { what: message.startsWith(name) ? message.slice(name.length) : message, hint };
    }
  }
}

/** Before the ClientHello. */
function lateCause({ timeline: { via, dialogue }, timeout }: Circumstances): Cause {
  if (dialogue !== undefined) {
    return {
      what: `the ${dialogue} dialogue did not finish within ${timeout} s`,
      hint: 'The port may speak another protocol, or TLS at once (--starttls none).',
    };
  }
  if (via !== undefined && via.scheme !== 'tcp' && via.scheme !== 'unix') {
    return {
      what: `no connection through ${nameOfRoute(via)} within ${timeout} s`,
      hint: 'The proxy does not answer, or cannot reach the server: check both.',
    };
  }
  return { what: `no connection within ${timeout} s`, hint: 'Check host, port and firewalls.' };
}

const NOTHING_IN_COMMON: Cause = {
  what: 'the server accepts none of the offered cipher suites, groups and signature algorithms',
  hint: 'It may only have ones that are considered broken, or --cipher-suites and --groups ask for too much.',
};

/** By the description of the alert that the server sent. */
const ALERTS: Readonly<Record<number, Cause>> = {
  40: NOTHING_IN_COMMON,
  70: {
    what: 'the server supports none of the offered TLS versions',
    hint: 'It may only have TLS 1.1 or older, and should be upgraded; or --min-version asks for too much.',
  },
  71: NOTHING_IN_COMMON,
  80: { what: 'the server failed by itself', hint: 'Its log says why.' },
  112: {
    what: 'the server has no certificate for this name',
    hint: 'Check the host, or give the name with --servername.',
  },
  120: {
    what: 'the server supports none of the offered application protocols',
    hint: 'Offer others with --alpn, or none.',
  },
};

/**
 * certificate_required, and bad_certificate, unsupported_certificate, certificate_revoked, _expired, _unknown,
 * unknown_ca, access_denied, decrypt_error
 */
const ABOUT_OUR_CERTIFICATE: ReadonlySet<number> = new Set([116, 42, 43, 44, 45, 46, 48, 49, 51]);

function alertCause(error: TlsError, { timeline, credential }: Circumstances): Cause {
  const { description = 0, name = 'an alert' } = error.alert ?? {};
  // TLS 1.2 has no alert of its own for a missing certificate
  const asked = timeline.received('CertificateRequest') && description === 40;
  if (asked || ABOUT_OUR_CERTIFICATE.has(description)) {
    return credential
      ? {
          what: 'the server does not take this client certificate',
          hint: 'Check who issued it, its purpose and its dates.',
        }
      : { what: 'the server requires a client certificate', hint: GIVE_CERTIFICATE };
  }
  const { what } = alertMeaning(description) ?? {};
  return (
    ALERTS[description] ?? {
      what: `the server refused with the alert ${name}${what === undefined ? '' : `: ${what}`}`,
      hint: error.hint,
    }
  );
}

const quoted = (bytes: Uint8Array): string => JSON.stringify(printable(textOf(bytes)));

/** The first line. */
const textOf = (bytes: Uint8Array): string => /^[^\r\n]*/.exec(Buffer.from(bytes).toString('latin1'))?.[0] ?? '';

/** Who greets like that. */
const GREETINGS: readonly (readonly [RegExp, StarttlsProtocol])[] = [
  [/^220.*\b(E?SMTP|mail)/i, 'smtp'],
  [/^220.*\bLMTP/i, 'lmtp'],
  [/^220.*FTP/i, 'ftp'],
  [/^\* OK/, 'imap'],
  [/^\+OK/, 'pop3'],
  [/^20[01] /, 'nntp'],
  [/^"IMPLEMENTATION"/i, 'sieve'],
  [/^INFO \{/, 'nats'],
];

const guess = (bytes: Uint8Array): StarttlsProtocol | undefined =>
  GREETINGS.find(([greeting]) => greeting.test(textOf(bytes)))?.[1];
