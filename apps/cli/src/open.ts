/** @module One connection as the options say: TCP, STARTTLS, TLS. */
import { chooseBackend, connectOver, type ConnectOverOptions, type TlsConnection, TlsError } from 'ferrule';
import type { ContextOptions } from '@ferrule/contract';
import { parseHost } from '@ferrule/result/host';
import { starttlsForPort, type StarttlsProtocol } from '@ferrule/starttls';
import type { Circumstances } from './causes.ts';
import { dial } from './dial.ts';
import { type CommonOptions, connectOptions, familyOf } from './options.ts';
import { nameOfTarget, type Target } from './target.ts';
import { noteCircumstances } from './observing.ts';
import type { Timeline } from './timeline.ts';
import { TargetError } from './usage.ts';

/** What is spoken before TLS: what was asked for, else what is usual at this port. */
export const preambleOf = ({ port }: Target, { starttls }: CommonOptions): StarttlsProtocol | undefined =>
  starttls === 'none' ? undefined : (starttls ?? starttlsForPort(port));

/** @throws TlsError; TypeError for options that the engine does not take. */
export async function open(
  target: Target,
  options: CommonOptions,
  signal: AbortSignal,
  timeline: Timeline,
  more: ConnectOverOptions = {},
): Promise<TlsConnection> {
  try {
    return await established(target, options, signal, timeline, more);
  } catch (error) {
    noteCircumstances(error, circumstancesOf(target, options, timeline, false));
    throw error;
  }
}

/** What is known of a connection, for what is said where it fails. */
export const circumstancesOf = (
  target: Target,
  { cert, starttls, timeout }: CommonOptions,
  timeline: Timeline,
  established: boolean,
): Circumstances => ({
  timeline,
  target: nameOfTarget(target),
  credential: cert !== undefined,
  starttls: starttls !== 'none',
  established,
  timeout,
});

async function established(
  target: Target,
  options: CommonOptions,
  signal: AbortSignal,
  timeline: Timeline,
  more: ConnectOverOptions,
): Promise<TlsConnection> {
  const { servername: _servername, ...given } = await connectOptions(options, signal);
  const tls = { ...given, host: options.servername ?? target.host, onMessage: timeline.message, ...more };
  // Loaded before the clock runs
  const { backend } = await chooseBackend(options.backend);
  const began = performance.now();
  const timeout = options.timeout * 1000;
  if (tls.host === '')
    throw new TargetError(`--servername: required: the name that the certificate of ${nameOfTarget(target)} must have`);
  try {
    parseHost(tls.host, nameOfTarget(target));
  } catch (error) {
    throw new TargetError((error as Error).message, 'Give the name in its certificate with --servername.');
  }
  const transport = await dial(target, {
    via: options.via,
    starttls: preambleOf(target, options),
    servername: tls.host,
    timeout,
    signal,
    timeline,
    family: familyOf(options),
  });
  const left = Math.max(1, Math.round(timeout - (performance.now() - began)));
  const { observer } = timeline;
  const { alpn, minVersion, maxVersion, groups, cipherSuites, ocsp } = tls as ContextOptions;
  const observed = observer?.begin(tls, transport, {
    target: nameOfTarget(target),
    host: tls.host,
    engine: backend.engine,
    seedable: backend.features.has('seeded-random'),
    preamble: preambleOf(target, options) !== undefined,
    trustAnchors: options.ca,
    offer: { alpn, minVersion, maxVersion, groups, cipherSuites, ocsp },
  });
  try {
    const connection = await connectOver(observed?.transport ?? transport, {
      ...(observed?.tls ?? tls),
      timeout: left,
    });
    observer?.settled();
    return connection;
  } catch (error) {
    observer?.failed(error);
    // A handshake that failed ends the transport when its alert is out; what ended before it began leaves it to us
    if (!TlsError.is(error) || error.code === 'ABORTED') transport.destroy();
    throw error;
  }
}
