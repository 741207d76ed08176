/**
 * @module What `ferrule scan` learns by whole handshakes, which it makes only where they are asked for: `--tickets`,
 * session tickets and whether sessions are resumed; `--http`, the HSTS header. Nobody is authenticated, and only
 * `--http` sends application data: one HEAD request.
 */
import type { TlsVersion, TraceMessage } from '@ferrule/contract';
import { decodeExtensions, decodeNewSessionTicket, decodeNewSessionTicket12, HandshakeType } from '@ferrule/pure/wire';
import { isIpAddress } from '@ferrule/x509';
import { type ConnectOverOptions, type TlsConnection, TlsError } from 'ferrule';
import { listen } from './listen.ts';
import { open, preambleOf } from './open.ts';
import { askOver, HttpError } from './page.ts';
import { printable } from './printable.ts';
import { Sessions } from './resumption.ts';
import type { ScanOptions } from './scan.ts';
import type { Scan } from './scanned.ts';
import type { Target } from './target.ts';
import { Timeline } from './timeline.ts';
import { UsageError } from './usage.ts';

/** What one version does about sessions, seen in two connections one after the other. */
export interface TicketFacts {
  readonly version: string;
  /** Tickets that the first connection was sent. */
  readonly tickets: number;
  /** Bytes of each of them. */
  readonly lengths: readonly number[];
  /** The longest lifetime, seconds; 0 where there is no ticket, or TLS 1.2 does not say. */
  readonly lifetime: number;
  /** Bytes of early data that may be sent with them; 0 is none (RFC 9846 section 4.3.10). */
  readonly maxEarlyData: number;
  /** One ticket was sent twice. */
  readonly repeated: boolean;
  /** The second connection resumed the session of the first; `undefined` where that had none. */
  readonly resumed: boolean | undefined;
  /** Why there is no answer, or no second connection. */
  readonly why?: string;
}

/** What HTTP says about TLS. */
export interface HttpFacts {
  readonly status?: number;
  /** The Strict-Transport-Security header that counts, the first (RFC 6797 section 8.1). */
  readonly hsts?: string;
  /** What a browser makes of it; absent where there is none, or none that it understands. */
  readonly policy?: { readonly maxAge: number; readonly includeSubDomains: boolean };
  /** Why there is no answer. */
  readonly why?: string;
}

export interface WholeOptions extends ScanOptions {
  readonly tickets?: boolean;
  readonly http?: boolean;
}

/** Those versions that an engine speaks. */
const ENGINES: Readonly<Record<string, TlsVersion>> = { 'TLS 1.3': 'TLSv1.3', 'TLS 1.2': 'TLSv1.2' };

/** How long a server may take to send its tickets of TLS 1.3, milliseconds. */
const PATIENCE = 500;

/** @throws UsageError where HTTP is not what is spoken */
export function checkWhole(target: Target, options: WholeOptions): void {
  const protocol = options.http === true ? preambleOf(target, options) : undefined;
  if (protocol !== undefined)
    throw new UsageError(
      `--http: the server speaks ${protocol} here`,
      'HSTS is for web servers; --starttls none asks.',
    );
}

/** The scan with what was asked for beside; what fails is told, and ends nothing but a scan that was aborted. */
export async function whole(result: Scan, target: Target, options: WholeOptions, signal: AbortSignal): Promise<Scan> {
  const versions = result.versions.flatMap(({ name, taken }) => (taken === true ? (ENGINES[name] ?? []) : []));
  const began = performance.now();
  const tickets: TicketFacts[] = [];
  // One after the other: the server may let nobody have many connections
  if (options.tickets === true)
    for (const version of versions) tickets.push(await ticketsOf(version, target, options, signal));
  const http = options.http === true ? await httpOf(target, options, signal) : undefined;
  if (signal.aborted) throw new TlsError('ABORTED', undefined, { cause: signal.reason });
  return {
    ...result,
    ...(options.tickets === true && { tickets }),
    ...(http && { http }),
    connections: result.connections + 2 * tickets.length + (http === undefined ? 0 : 1),
    milliseconds: result.milliseconds + Math.round(performance.now() - began),
    notAsked: result.notAsked.flatMap((each) => {
      if (options.http === true && each.includes('HSTS')) return [];
      return options.tickets === true ? each.replace(', resumption, early data', '') : each;
    }),
  };
}

/** Whoever it is: what is asked is what the server does, and not who it is. */
const ANYBODY: ConnectOverOptions = {
  backend: 'pure',
  verify: 'none',
  extendedMasterSecret: 'allow',
  secureRenegotiation: 'allow',
  securityLevel: 1,
};

function connectTo(
  target: Target,
  { failOn: _failOn, json: _json, ...options }: WholeOptions & { readonly failOn?: unknown; readonly json?: unknown },
  signal: AbortSignal,
  more: ConnectOverOptions,
): Promise<TlsConnection> {
  return open(target, options, signal, new Timeline(), { ...ANYBODY, ...more });
}

async function ticketsOf(
  version: TlsVersion,
  target: Target,
  options: WholeOptions,
  signal: AbortSignal,
): Promise<TicketFacts> {
  const sessions = new Sessions();
  const seen: Ticket[][] = [];
  const name = version.replace('v', ' ');
  const connect = async (): Promise<boolean> => {
    const here: Ticket[] = [];
    seen.push(here);
    const connection = await connectTo(target, options, signal, {
      minVersion: version,
      maxVersion: version,
      sessions,
      onMessage: (message) => void here.push(...ticketIn(message, version)),
    });
    const { sessionReused } = connection.info;
    // Tickets of TLS 1.3 come after the handshake, out of a read; what else the server says is its affair
    if (version === 'TLSv1.3') await listen(connection, PATIENCE, new Timeline());
    await connection.close().catch(() => undefined);
    return sessionReused;
  };
  const facts = (resumed: boolean | undefined, why?: string): TicketFacts => {
    const [first = []] = seen;
    // A server of TLS 1.2 may send the ticket of a session that it has resumed once more (RFC 5077 section 3.3)
    const all = (resumed === true && version === 'TLSv1.2' ? first : seen.flat()).map(({ bytes }) => bytes);
    return {
      version: name,
      tickets: first.length,
      lengths: first.map(({ bytes }) => bytes.length / 2),
      lifetime: Math.max(0, ...first.map(({ lifetime }) => lifetime)),
      maxEarlyData: Math.max(0, ...first.map(({ maxEarlyData }) => maxEarlyData)),
      repeated: new Set(all).size < all.length,
      resumed,
      ...(why !== undefined && { why }),
    };
  };
  try {
    await connect();
    return facts(sessions.size === 0 ? undefined : await connect());
  } catch (error) {
    if (!TlsError.is(error)) throw error;
    return facts(undefined, error.message);
  }
}

interface Ticket {
  /** Hexadecimal. */
  readonly bytes: string;
  readonly lifetime: number;
  readonly maxEarlyData: number;
}

/** RFC 9846 section 4.7.1, RFC 5077 section 3.3. An empty one of TLS 1.2 is none. */
function ticketIn({ direction, contentType, bytes }: TraceMessage, version: TlsVersion): Ticket[] {
  if (direction !== 'received' || contentType !== 22 || bytes[0] !== HandshakeType.new_session_ticket) return [];
  try {
    return [decoded(bytes.subarray(4), version)].filter((ticket) => ticket.bytes !== '');
  } catch (error) {
    // The engine tells of it
    if (TlsError.is(error)) return [];
    throw error;
  }
}

function decoded(body: Uint8Array, version: TlsVersion): Ticket {
  if (version === 'TLSv1.2') {
    const { lifetimeHint: lifetime, ticket } = decodeNewSessionTicket12(body);
    return { bytes: hex(ticket), lifetime, maxEarlyData: 0 };
  }
  const { lifetime, ticket, extensions } = decodeNewSessionTicket(body);
  const { earlyData = 0 } = decodeExtensions('newSessionTicket', extensions);
  return { bytes: hex(ticket), lifetime, maxEarlyData: earlyData };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function httpOf(target: Target, options: WholeOptions, signal: AbortSignal): Promise<HttpFacts> {
  const name = options.servername ?? target.host;
  if (isIpAddress(name)) return { why: 'HSTS is for names, and not for addresses (RFC 6797 section 8.1.1)' };
  const host = target.port === 443 ? name : `${name}:${target.port}`;
  try {
    const connection = await connectTo(target, options, signal, { alpn: ['http/1.1'] });
    const url = new URL(`https://${host}/`);
    const response = await askOver(connection, { url, method: 'HEAD', body: undefined }, options, host);
    const [hsts] = response.headersDistinct['strict-transport-security'] ?? [];
    const { statusCode } = response;
    response.destroy();
    await connection.close().catch(() => undefined);
    const policy = hsts === undefined ? undefined : hstsPolicy(hsts);
    return {
      ...(statusCode !== undefined && { status: statusCode }),
      ...(hsts !== undefined && { hsts: printable(hsts) }),
      ...(policy && { policy }),
    };
  } catch (error) {
    if (error instanceof HttpError || TlsError.is(error)) return { why: error.message };
    throw error;
  }
}

/** RFC 6797 section 6.1: `undefined` for what a browser ignores as a whole. */
export function hstsPolicy(header: string): HttpFacts['policy'] {
  const directives = new Map<string, string>();
  for (const each of header.split(';')) {
    const [name = '', value = ''] = each.split(/=(.*)/s).map((part) => part.trim());
    if (name === '') continue;
    if (directives.has(name.toLowerCase())) return undefined;
    directives.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  const maxAge = directives.get('max-age');
  return maxAge === undefined || !/^\d+$/.test(maxAge)
    ? undefined
    : { maxAge: Number(maxAge), includeSubDomains: directives.has('includesubdomains') };
}
