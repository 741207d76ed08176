/** @module `ferrule inspect`: everything about one server on one screen. */
import { nameOfRoute } from '@ferrule/node/transports';
import type { RevocationFilter, RevocationStatus } from '@ferrule/x509/crlite';
import { peerCertificatesOf, type ConnectionInfo, type TlsConnection, TlsError } from 'ferrule';
import type { Cause } from './causes.ts';
import { Exit, exitOf } from './exit.ts';
import { listen } from './listen.ts';
import type { CommonOptions } from './options.ts';
import { observerOf, type ObserveOptions } from './observing.ts';
import { circumstancesOf, open } from './open.ts';
import { type Resumption, resume, Sessions } from './resumption.ts';
import { screenOf } from './screen.ts';
import { nameOfTarget, type Target } from './target.ts';
import { type Phase, Timeline } from './timeline.ts';

export interface InspectCommandOptions extends CommonOptions, ObserveOptions {
  /** Seconds to listen after the handshake. */
  readonly wait: number;
  /** Everything that the certificates say, too. */
  readonly text?: boolean;
  /** Connect a second time, to see whether the session is resumed. */
  readonly resume?: boolean;
}

/** What came of it. */
export interface Inspection {
  readonly target: string;
  readonly exit: Exit;
  /** Why not, and what to do. */
  readonly error: TlsError | undefined;
  readonly cause: Cause | undefined;
  /**
   * What was agreed on; of a server that is not trusted, on a second connection that was not verified, and told
   * nothing.
   */
  readonly info: ConnectionInfo | undefined;
  /** DER, leaf first: as it was verified, else as it was sent. */
  readonly chain: readonly Uint8Array[];
  readonly handshake: readonly Phase[];
  readonly roundTrips: number;
  /** The route, if it was not direct. */
  readonly via: string | undefined;
  readonly clientCertificateRequested: boolean;
  /** The names of the CAs that its certificate may be of; empty where it is not asked for, or any will do. */
  readonly clientCertificateAuthorities: readonly string[];
  /** Which store of this machine trusts the root; `undefined` where nobody does. */
  readonly anchorFrom: string | undefined;
  /** Whether the server stapled an OCSP response, which was good; `undefined` where none was asked for. */
  readonly stapled: boolean | undefined;
  /** What the filters of `--crlite` say of the server's certificate; `undefined` where they were not asked. */
  readonly crlite: RevocationStatus | undefined;
  /** `--resume` */
  readonly resumption: Resumption | undefined;
  /** What else was asked for: `--trace`. */
  readonly document: object | undefined;
}

export async function inspectCommand(
  target: Target,
  options: InspectCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const inspection = await inspect(target, options, signal);
  if (options.json === true)
    process.stdout.write((await import('./json.ts')).inspectionJson(inspection, false, options.text));
  // Whoever pressed Ctrl-C knows
  else if (inspection.exit !== Exit.interrupted) {
    const { colorsFor, inspectionReport } = await import('./report.ts');
    if (options.text === true) process.stdout.write((await import('./certificates.ts')).detailsText(inspection.chain));
    process.stdout.write(inspectionReport(inspection, colorsFor(process.stdout), screenOf(process.stdout)));
  }
  process.exitCode = inspection.exit;
}

/** Never throws for what the server does. @throws TypeError for options that the engine does not take. */
export async function inspect(
  target: Target,
  options: InspectCommandOptions,
  signal: AbortSignal,
): Promise<Inspection> {
  const observer = await observerOf(options);
  const timeline = new Timeline(observer);
  const sessions = options.resume === true ? new Sessions() : undefined;
  const asked = options.crlite && askedFilter(options.crlite);
  // A session is bound to the filter that it was made with
  const using = asked ? { ...options, crlite: asked.filter } : options;
  const about = async (
    error: TlsError | undefined,
    info: ConnectionInfo | undefined,
    chain: readonly Uint8Array[],
    established: boolean,
  ): Promise<Inspection> => {
    return {
      target: nameOfTarget(target),
      exit: error === undefined ? Exit.ok : exitOf(error),
      error,
      cause:
        error && (await import('./causes.ts')).causeOf(error, circumstancesOf(target, options, timeline, established)),
      info,
      chain,
      handshake: [...timeline.phases],
      roundTrips: timeline.roundTrips,
      via: timeline.via && nameOfRoute(timeline.via),
      clientCertificateRequested: timeline.received('CertificateRequest'),
      clientCertificateAuthorities: await authoritiesOf(timeline, info),
      anchorFrom: await anchorOf(info, options.ca),
      stapled: established && options.ocsp !== 'off' ? info?.ocspStapled : undefined,
      crlite: asked?.said(),
      resumption: undefined,
      document: observer?.document,
    };
  };
  let connection: TlsConnection;
  try {
    connection = await open(target, using, signal, timeline, {
      ocsp: options.ocsp ?? 'request',
      ...(sessions && { sessions }),
    });
  } catch (error) {
    if (!TlsError.is(error)) throw error;
    const info = error.code.startsWith('CERT_') ? await lookAgain(target, options, signal) : undefined;
    return about(error, info, info?.peerCertificates ?? peerCertificatesOf(error), false);
  }
  const { info } = connection;
  const error = await listen(connection, options.wait * 1000, timeline);
  // Before we say goodbye, which is not a part of the handshake
  const inspection = await about(error, info, info.verifiedChain ?? info.peerCertificates, true);
  await connection.close();
  if (sessions === undefined || error !== undefined) return inspection;
  return { ...inspection, resumption: await resume(target, using, signal, sessions) };
}

/** The filter, and what it said last: of a handshake that is one answer. */
function askedFilter(crlite: RevocationFilter): {
  readonly filter: RevocationFilter;
  readonly said: () => RevocationStatus | undefined;
} {
  let status: RevocationStatus | undefined;
  return { filter: { check: (question) => (status = crlite.check(question)) }, said: () => status };
}

async function anchorOf(
  info: ConnectionInfo | undefined,
  ca: readonly Uint8Array[] | undefined,
): Promise<string | undefined> {
  const root = info?.verifiedChain?.at(-1);
  return root && (await import('./store.ts')).storeOf(root, ca);
}

async function authoritiesOf(
  { certificateRequest }: Timeline,
  info: ConnectionInfo | undefined,
): Promise<readonly string[]> {
  if (certificateRequest === undefined || info === undefined) return [];
  const { requestedAuthorities } = await import('./requested.ts');
  return requestedAuthorities(certificateRequest, info.version === 'TLSv1.3');
}

/** Who is it, then? Nothing is sent to a server that was not verified, and nothing is read from it. */
async function lookAgain(
  target: Target,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<ConnectionInfo | undefined> {
  const { ca: _ca, pin: _pin, cert: _cert, key: _key, keylog: _keylog, ...rest } = options;
  try {
    const connection = await open(target, rest, signal, new Timeline(), { verify: 'none', securityLevel: 1 });
    void connection.close();
    return connection.info;
  } catch (error) {
    if (TlsError.is(error)) return undefined;
    throw error;
  }
}
