/** @module Exit codes: what scripts and monitors switch on. */
import type { TlsError, TlsErrorCode } from 'ferrule';

export const Exit = {
  ok: 0,
  usage: 1,
  /** DNS or TCP. */
  transport: 2,
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
  timeout: 124,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

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
