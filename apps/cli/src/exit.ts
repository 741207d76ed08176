/** @module Exit codes: what scripts and monitors switch on (ADR 0125). */
import type { TlsError, TlsErrorCode } from 'ferrule';

export const Exit = {
  ok: 0,
  /** The command itself failed, whatever the server is like: its output cannot be written, or a fault of ours. */
  failed: 1,
  /** Options, arguments, and lines of a list that name no server. */
  usage: 2,
  starttls: 3,
  /** Handshake or alert. */
  handshake: 4,
  untrusted: 5,
  name: 6,
  /** Expired, or not valid yet. */
  validity: 7,
  expiring: 8,
  pin: 9,
  /** ALPN, version or policy. */
  policy: 10,
  /** Of a proxy, relay or command on the way. */
  proxy: 11,
  /** `diff` found a difference. */
  differs: 12,
  /** DNS or TCP. */
  transport: 13,
  /** `get --fail`: the page is an error, as with curl(1). */
  http: 22,
  timeout: 124,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
  /** Whoever read stdout has gone: 128 + SIGPIPE. */
  brokenPipe: 141,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/** For --help and the manual page. */
export const EXIT_MEANINGS: readonly (readonly [code: Exit, meaning: string])[] = [
  [Exit.ok, 'ok'],
  [Exit.failed, 'cannot write, or a fault of this command'],
  [Exit.usage, 'usage'],
  [Exit.starttls, 'STARTTLS'],
  [Exit.handshake, 'handshake or alert'],
  [Exit.untrusted, 'untrusted chain'],
  [Exit.name, 'wrong name'],
  [Exit.validity, 'expired or not valid yet'],
  [Exit.expiring, 'expires soon'],
  [Exit.pin, 'pin mismatch'],
  [Exit.policy, 'ALPN, version or policy'],
  [Exit.proxy, 'proxy'],
  [Exit.differs, 'differs (diff, replay)'],
  [Exit.transport, 'DNS or TCP'],
  [Exit.http, 'HTTP status (get)'],
  [Exit.timeout, 'timeout'],
  [Exit.interrupted, 'interrupted'],
  [Exit.brokenPipe, 'broken pipe'],
];

/**
 * Worst first. What is known to be wrong with a server comes before what could not be asked: a name that somebody else
 * may be using is worse than a server that is down. A certificate that expires soon is the least.
 */
const WORST_FIRST: readonly Exit[] = [
  Exit.interrupted,
  Exit.brokenPipe,
  Exit.failed,
  Exit.pin,
  Exit.untrusted,
  Exit.name,
  Exit.validity,
  Exit.handshake,
  Exit.starttls,
  Exit.policy,
  Exit.transport,
  Exit.timeout,
  Exit.proxy,
  Exit.usage,
  Exit.http,
  Exit.differs,
  Exit.expiring,
  Exit.ok,
];

/** Of several findings the one that decides. */
export const worst = (a: Exit, b: Exit): Exit => (WORST_FIRST.indexOf(a) <= WORST_FIRST.indexOf(b) ? a : b);

const CODES: Partial<Record<TlsErrorCode, Exit>> = {
  TRANSPORT_ERROR: Exit.transport,
  TIMEOUT: Exit.timeout,
  ABORTED: Exit.interrupted,
  CERT_NAME_MISMATCH: Exit.name,
  CERT_EXPIRED: Exit.validity,
  CERT_NOT_YET_VALID: Exit.validity,
  CERT_PIN_MISMATCH: Exit.pin,
  UNSUPPORTED_PROTOCOL: Exit.policy,
  INVALID_ALPN_PROTOCOL: Exit.policy,
  NO_EXTENDED_MASTER_SECRET: Exit.policy,
};

/** protocol_version, insufficient_security, no_application_protocol */
const POLICY_ALERTS: ReadonlySet<number | undefined> = new Set([70, 71, 120]);

export function exitOf({ code, alert }: TlsError): Exit {
  if (code === 'PEER_ALERT' && POLICY_ALERTS.has(alert?.description)) return Exit.policy;
  if (code.startsWith('PROXY_')) return Exit.proxy;
  if (code.startsWith('STARTTLS_')) return Exit.starttls;
  return CODES[code] ?? (code.startsWith('CERT_') ? Exit.untrusted : Exit.handshake);
}
