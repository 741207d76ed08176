/** @module What programs read. The schema is versioned by `schema`; fields are only ever added to a version. */
import type { ConnectionInfo, TlsError } from 'ferrule';
import { certificateFacts } from './certificates.ts';

export const SCHEMA = 'ferrule/1';

export function connectionJson(target: string, { peerCertificates, verifiedChain, ...info }: ConnectionInfo, more: object = {}): string {
  const chain = (verifiedChain ?? peerCertificates).map((der) => certificateFacts(der));
  return line({ schema: SCHEMA, target, ok: true, ...info, chain, ...more });
}

export const failureJson = (target: string, error: TlsError): string => line({ schema: SCHEMA, target, ok: false, error: error.toJSON() });

const line = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
