/**
 * @module What is wrong with a server, and what to try, in the same words whichever engine ran: the command knows more
 * than the engine of what was said before TLS, asked for, and offered. docs/errors.md has them all.
 */
import { nameOfRoute } from '@ferrule/node/transports';
import { alertMeaning, x509VSentence } from '@ferrule/result';
import type { StarttlsProtocol } from '@ferrule/starttls';
import type { TlsError } from 'ferrule';
import { certificateFacts, type CertificateFacts, printable, readableFacts } from './certificates.ts';
import { adviceOf } from './checks.ts';
import type { Timeline } from './timeline.ts';

export interface Cause {
  /** Goes on from the name of the target. */
  readonly what: string;
  readonly hint: string;
}

export interface Circumstances {
  readonly timeline: Timeline;
  readonly host: string;
  /** What the server showed, DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** A client certificate was given. */
  readonly credential: boolean;
  readonly established: boolean;
  /** Seconds. */
  readonly timeout: number;
}

export function causeOf(error: TlsError, circumstances: Circumstances): Cause {
  const { timeline, established, timeout } = circumstances;
  const { code, message } = error;
  const hint = adviceOf(error);
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
      if (!timeline.sent) return lateCause(message, circumstances);
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
    default:
      // The name of the target stands before it already
      return code.startsWith('CERT_')
        ? certificateCause(error, circumstances)
        : { what: message.replace(/^\S+:\d+: /, ''), hint };
  }
}

/** Before the ClientHello. */
function lateCause(message: string, { timeline: { via }, timeout }: Circumstances): Cause {
  const dialogue = /waiting for (the \S+ dialogue)$/.exec(message)?.[1];
  if (dialogue !== undefined) {
    return {
      what: `${dialogue} did not finish within ${timeout} s`,
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
      : { what: 'the server requires a client certificate', hint: 'Give one with --cert and --key.' };
  }
  const { what } = alertMeaning(description) ?? {};
  return (
    ALERTS[description] ?? {
      what: `the server refused with the alert ${name}${what === undefined ? '' : `: ${what}`}`,
      hint: error.hint,
    }
  );
}

function certificateCause(error: TlsError, { chain, host }: Circumstances): Cause {
  const { code, verify } = error;
  const hint = adviceOf(error);
  const facts = chain.flatMap(readableFacts);
  const concerned = concernedOf(verify?.depth, chain);
  const subject = concerned?.subject ?? (printable(verify?.subject ?? '') || 'a certificate');
  const last = facts.at(-1);
  switch (code) {
    case 'CERT_NAME_MISMATCH':
      return {
        what: `the certificate is for ${namesOf(facts[0])}, not for ${host}`,
        hint: 'Connect with one of its names, or have this name added to the certificate.',
      };
    case 'CERT_MISSING_INTERMEDIATE':
      return {
        what: `the server did not send ${last?.issuer ?? 'the issuer'}, which issued its certificate`,
        hint: 'Have the server send its whole chain (fullchain.pem), or give that certificate with --ca if the CA is yours.',
      };
    case 'CERT_EXPIRED':
      return {
        what: `${subject} expired on ${dayOf(concerned?.notAfter)}`,
        hint:
          verify?.depth === 0
            ? 'Have it renewed; check the clock of this machine too.'
            : 'This is the certificate of an issuer, not the server’s own: have the server send the current one.',
      };
    case 'CERT_NOT_YET_VALID':
      return {
        what: `${subject} is not valid before ${dayOf(concerned?.notBefore)}`,
        hint: 'Check the clock of this machine.',
      };
    case 'CERT_SELF_SIGNED':
      return {
        what: `${subject} is self-signed, and not trusted here`,
        hint: 'If it is yours, trust it with --ca; otherwise the server needs a certificate from a CA.',
      };
    case 'CERT_UNTRUSTED_ROOT':
      return {
        what: `the chain ends in ${last?.issuer ?? subject}, which is not trusted here`,
        hint: 'If you trust this CA, give its certificate with --ca.',
      };
    case 'CERT_PIN_MISMATCH':
      return { what: 'no key in the chain is the pinned one', hint };
    default:
      return { what: `${subject}: ${x509VSentence(verify?.code ?? 1)}`, hint };
  }
}

/** Where the engine says which one it is, and the server sent it. */
function concernedOf(depth: number | undefined, chain: readonly Uint8Array[]): CertificateFacts | undefined {
  const der = depth === undefined ? undefined : chain[depth];
  if (der === undefined) return undefined;
  try {
    return certificateFacts(der);
  } catch {
    return undefined;
  }
}

function namesOf(leaf: CertificateFacts | undefined): string {
  const names = leaf?.names ?? [];
  if (names.length === 0) return 'no name at all';
  return printable(names.slice(0, 8).join(', ')) + (names.length > 8 ? ` and ${names.length - 8} more` : '');
}

const dayOf = (time: string | undefined): string => time?.slice(0, 10) ?? 'an unknown day';

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
