/** @module What programs read. The schema is versioned by `schema`; fields are only ever added to a version. */
import type { ConnectionInfo, TlsError } from 'ferrule';
import { certificateFacts, readableFacts } from './certificates.ts';
import type { Inspection } from './inspect.ts';

export const SCHEMA = 'ferrule/1';

export function connectionJson(target: string, { peerCertificates, verifiedChain, ...info }: ConnectionInfo, more: object = {}): string {
  const chain = (verifiedChain ?? peerCertificates).map((der) => certificateFacts(der));
  return line({ schema: SCHEMA, target, ok: true, ...info, chain, ...more });
}

/** One document, or with `compact` one line. */
export function inspectionJson({ target, exit, error, cause, info, chain, handshake, clientCertificateRequested, document }: Inspection, compact: boolean = false): string {
  const { peerCertificates: _sent, verifiedChain: _verified, timings: _timings, ...facts } = info ?? {};
  return line(
    {
      schema: SCHEMA,
      target,
      ok: error === undefined,
      exitCode: exit,
      ...(error && { error: { ...error.toJSON(), ...cause } }),
      ...facts,
      clientCertificateRequested,
      chain: chain.flatMap(readableFacts),
      handshake,
      ...document,
    },
    compact,
  );
}

/** Certificates as they were sent, with their bytes. */
export function chainJson({ target, exit, error, cause }: Inspection, chain: readonly Uint8Array[], more: object = {}): string {
  return line({
    schema: SCHEMA,
    target,
    ok: error === undefined,
    exitCode: exit,
    ...(error && { error: { ...error.toJSON(), ...cause } }),
    chain: chain.map((der) => ({ ...readableFacts(der)[0], der: Buffer.from(der).toString('base64') })),
    ...more,
  });
}

export const failureJson = (target: string, error: TlsError): string => line({ schema: SCHEMA, target, ok: false, error: error.toJSON() });

const line = (value: object, compact: boolean = false): string => `${JSON.stringify(value, undefined, compact ? 0 : 2)}\n`;
