/**
 * @module What is wrong with a server, and what to try, in the same words whichever engine ran: the command knows more
 * than the engine of what was said before TLS, asked for, and offered. docs/errors.md has them all.
 */
import { nameOfRoute } from '@ferrule/node/transports';
import { Alert, alertMeaning } from '@ferrule/result';
import type { StarttlsProtocol } from '@ferrule/starttls';
import type { TlsError } from 'ferrule';
import { printable } from './printable.ts';
import { inSwitches } from './switches.ts';
import { withoutTarget } from './target.ts';
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
  /** A client certificate was given. */
  readonly credential: boolean;
  readonly established: boolean;
  /** Whether STARTTLS would have been spoken, had it been asked for. */
  readonly starttls: boolean;
  /** Seconds. */
  readonly timeout: number;
}

export function causeOf(error: TlsError, circumstances: Circumstances): Cause {
  const { timeline, target, credential, established, starttls, timeout } = circumstances;
  const { code, message } = error;
  const hint = inSwitches(error.hint);
  switch (code) {
    case 'HTTP_REQUEST':
      return { what: `the server answers in plain HTTP: ${quoted(timeline.firstBytes)}`, hint };
    case 'PLAINTEXT_PEER': {
      const spoken = guess(timeline.firstBytes);
      const what = `the server speaks first, and in plain text: ${quoted(timeline.firstBytes)}`;
      if (!starttls) return { what, hint };
      return {
        what,
        hint: `${spoken === undefined ? 'Name the protocol with --starttls' : `Try --starttls ${spoken}`}, or its TLS port (465, 993, 995, 636).`,
      };
    }
    case 'WRONG_VERSION_NUMBER':
      return { what: "the server's reply is not TLS", hint };
    case 'TIMEOUT':
      if (established) return { what: withoutTarget(message, target), hint };
      if (!timeline.sent) return lateCause(circumstances);
      if (timeline.lastReceived !== undefined)
        return {
          what: `the handshake did not finish within ${timeout} s: the server said nothing after ${timeline.lastReceived}`,
          hint: 'Something on the path may drop large packets (MTU), or the server is overloaded.',
        };
      return {
        what: `no answer to the ClientHello within ${timeout} s`,
        hint: starttls
          ? 'The port accepts connections: it may speak another protocol, or wait for STARTTLS (--starttls).'
          : 'The port accepts connections, but may speak another protocol.',
      };
    case 'UNEXPECTED_EOF':
      if (established) {
        return {
          what: 'the server hung up right after the handshake, without close_notify',
          hint: `It may ${
            credential ? 'not accept the client certificate' : 'want a client certificate or another name'
          }, or what is behind it is down: its log says more.`,
        };
      }
      return {
        what: 'the server hung up during the handshake',
        hint: 'The port may not speak TLS, or something on the path blocks this name or this client.',
      };
    case 'PEER_ALERT':
      return alertCause(error, circumstances);
    default:
      return { what: withoutTarget(message, target), hint };
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

/** What handshake_failure means where the server has asked for no certificate. */
const NOTHING_IN_COMMON: Cause = {
  what: 'the server accepts none of the offered cipher suites, groups and signature algorithms',
  hint: 'It may only have ones that are considered broken, or --cipher-suites and --groups ask for too much.',
};

/** Alerts by which servers tell a client that has no certificate that it needs one. */
const ABOUT_OUR_CERTIFICATE: ReadonlySet<number> = new Set([
  Alert.certificate_required,
  Alert.bad_certificate,
  Alert.unsupported_certificate,
  Alert.certificate_revoked,
  Alert.certificate_expired,
  Alert.certificate_unknown,
  Alert.unknown_ca,
  Alert.access_denied,
  Alert.decrypt_error,
]);

function alertCause(error: TlsError, { timeline, credential }: Circumstances): Cause {
  const { description = -1, name = 'an alert' } = error.alert ?? {};
  // TLS 1.2 has no alert of its own for a missing certificate
  const asked = timeline.received('CertificateRequest');
  if (description === Alert.handshake_failure && !asked) return NOTHING_IN_COMMON;
  if (description === Alert.handshake_failure || ABOUT_OUR_CERTIFICATE.has(description)) {
    if (!credential) return meant(Alert.certificate_required) ?? unknown(error, name);
    if (description === Alert.handshake_failure) return meant(Alert.bad_certificate) ?? unknown(error, name);
  }
  return meant(description) ?? unknown(error, name);
}

function meant(description: number): Cause | undefined {
  const meaning = alertMeaning(description);
  return meaning && { what: meaning.what.replace(/^it /, 'the server '), hint: inSwitches(meaning.hint) };
}

const unknown = ({ hint }: TlsError, name: string): Cause => ({
  what: `the server refused with the alert ${name}`,
  hint: inSwitches(hint),
});

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
