/**
 * @module What is checked of a server beside its chain, and what an old server may lack: `--crl`, `--crlite`,
 * `--ocsp`, `--allow`.
 */
import type { ContextOptions } from '@ferrule/contract';
import type { RevocationFilter } from '@ferrule/x509/crlite';
import type { Command } from 'commander';
import { choice, option } from './usage.ts';

export interface CheckOptions {
  /** DER. */
  readonly crl?: readonly Uint8Array[];
  readonly crlite?: RevocationFilter;
  readonly ocsp?: ContextOptions['ocsp'];
  readonly allow?: readonly Weakness[];
}

export type Weakness = 'no-ems' | 'no-secure-renegotiation' | 'hello-request';

const WEAKNESSES: Readonly<Record<Weakness, ContextOptions>> = {
  'no-ems': { extendedMasterSecret: 'allow' },
  'no-secure-renegotiation': { secureRenegotiation: 'allow' },
  'hello-request': { renegotiation: 'ignore' },
};
const weaknesses = Object.keys(WEAKNESSES) as readonly Weakness[];

export function withChecks(command: Command): Command {
  return command
    .addOption(
      option<readonly string[]>(
        '--crl <file>',
        'certificate revocation lists, PEM or DER: one of them must cover the server’s certificate, and not list it (repeatable)',
        { parse: (path, before = []) => [...before, path] },
      ),
    )
    .addOption(
      option(
        '--crlite <path>',
        'a folder of CRLite filters (ferrule crlite), or one filter: a certificate that they say is revoked is refused; what they know nothing of is accepted',
      ),
    )
    .addOption(
      choice(
        '--ocsp <policy>',
        'ask for a stapled OCSP response: off, request (it is checked if it is sent; the default of inspect) or require',
        ['off', 'request', 'require'],
      ),
    )
    .addOption(
      option<readonly Weakness[]>(
        '--allow <weaknesses>',
        `weaknesses of old TLS 1.2 servers to accept, separated by commas: no-ems (RFC 7627), no-secure-renegotiation (RFC 5746), hello-request (ignored)`,
        { parse: readWeaknesses },
      ),
    );
}

/** As the engines take them. */
export const checksOf = ({ crl, crlite, ocsp, allow = [] }: CheckOptions): ContextOptions =>
  Object.assign(
    { ...(crl && { crls: crl }), ...(crlite && { revocation: { crlite } }), ...(ocsp && { ocsp }) },
    ...allow.map((weakness) => WEAKNESSES[weakness]),
  ) as ContextOptions;

function readWeaknesses(text: string, before: readonly Weakness[] = []): readonly Weakness[] {
  const given = text.split(',').map((each) => {
    const weakness = weaknesses.find((known) => known === each.trim());
    if (weakness === undefined) throw new Error(`expected some of ${weaknesses.join(', ')}`);
    return weakness;
  });
  return [...before, ...given];
}
