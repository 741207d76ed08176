/** @module What programs read. The schema is versioned by `schema`; fields are only ever added to a version. */
import { nameOfRoute } from '@ferrule/node/transports';
import type { Happening } from '@ferrule/pure/trace';
import type { ConnectionInfo, TlsError } from 'ferrule';
import type { Cause } from './causes.ts';
import { certificateFacts, detailedFacts, readableFacts } from './certificates.ts';
import { Exit, exitOf } from './exit.ts';
import type { Inspection } from './inspect.ts';
import { documentOfFailure } from './observing.ts';
import type { ConnectionRecording } from './recording.ts';
import type { Again } from './replay.ts';
import { traceJson } from './trace.ts';
import type { Timeline } from './timeline.ts';

export const SCHEMA = 'ferrule/1';

export function connectionJson(
  target: string,
  { peerCertificates, peerRawPublicKey: _key, verifiedChain, timings: _timings, ...info }: ConnectionInfo,
  timeline: Timeline,
  more: object = {},
): string {
  const chain = (verifiedChain ?? peerCertificates).map((der) => certificateFacts(der));
  const { via, phases: handshake, roundTrips } = timeline;
  return line({
    target,
    ok: true,
    exitCode: Exit.ok,
    ...info,
    via: via && nameOfRoute(via),
    chain,
    handshake,
    roundTrips,
    ...more,
  });
}

/** One document, or with `compact` one line. */
export function inspectionJson(
  {
    target,
    exit,
    error,
    cause,
    info,
    chain,
    handshake,
    roundTrips,
    via,
    clientCertificateRequested,
    clientCertificateAuthorities,
    anchorFrom,
    crlite,
    resumption,
    document,
  }: Inspection,
  compact: boolean = false,
  details: boolean = false,
): string {
  const {
    peerCertificates: _sent,
    peerRawPublicKey: _key,
    verifiedChain: _verified,
    timings: _timings,
    ...facts
  } = info ?? {};
  return line(
    {
      target,
      ok: error === undefined,
      exitCode: exit,
      ...(error && { error: { ...error.toJSON(), ...cause } }),
      ...facts,
      via,
      clientCertificateRequested,
      ...(clientCertificateAuthorities.length > 0 && { clientCertificateAuthorities }),
      anchorFrom,
      crlite: crlite && { status: crlite },
      resumption: resumption && { ...resumption, error: resumption.error?.toJSON() },
      chain: chain.flatMap((der) => (details ? detailedFacts(der) : readableFacts(der))),
      handshake,
      roundTrips,
      ...document,
    },
    compact,
  );
}

/** Certificates as they were sent, with their bytes. */
export function chainJson(
  { target, exit, error, cause }: Inspection,
  chain: readonly Uint8Array[],
  more: object = {},
): string {
  return line({
    target,
    ok: error === undefined,
    exitCode: exit,
    ...(error && { error: { ...error.toJSON(), ...cause } }),
    chain: chain.map((der) => ({ ...readableFacts(der)[0], der: Buffer.from(der).toString('base64') })),
    ...more,
  });
}

export const failureJson = (target: string, error: TlsError, cause: Cause | undefined): string =>
  line({
    target,
    ok: false,
    exitCode: exitOf(error),
    error: { ...error.toJSON(), ...cause },
    ...documentOfFailure(error),
  });

/** A recorded connection: every record, the messages in it, and what the engine made of it. */
export function replayJson(
  target: string,
  { header }: ConnectionRecording,
  happenings: readonly Happening[],
  again: Again | undefined,
): string {
  const { error, ...end } = again ?? {};
  return line({
    target: header?.target ?? target,
    ok: error === undefined && again?.divergedAt === undefined,
    exitCode: error === undefined ? Exit.ok : exitOf(error),
    ...(error && { error: error.toJSON() }),
    ...(header && { engine: header.engine, host: header.host, remote: header.remote }),
    replay: {
      began: header?.began,
      records: happenings.map((each) => {
        if ('event' in each) return each;
        const { direction, state, contentType, bytes, content } = each.record;
        const data = contentType === 23 && state === 'opened' ? { data: Buffer.from(content).toString('base64') } : {};
        return {
          at: each.at,
          direction,
          state,
          contentType,
          length: bytes.length,
          ...data,
          messages: each.messages.map(traceJson),
        };
      }),
      ...(again && { again: end }),
    },
  });
}

/** Any other document of the schema. */
export const documentJson = (
  value: {
    readonly target: string;
    readonly ok: boolean;
    readonly exitCode: Exit;
    readonly [more: string]: unknown;
  },
  compact: boolean = false,
): string => line(value, compact);

function line(value: object, compact: boolean = false): string {
  // When it was seen, which a log of many documents needs
  const stamped = { schema: SCHEMA, time: new Date().toISOString(), ...value };
  return `${JSON.stringify(stamped, undefined, compact ? 0 : 2)}\n`;
}
