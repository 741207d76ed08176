/**
 * @module What is checked of a server beside its chain, and what an old server may lack: `--crl`, `--ocsp`, `--allow`.
 */
import type { ContextOptions } from '@ferrule/contract';
import { decodePem, DerError, parseCrl } from '@ferrule/x509';
import type { Command } from 'commander';
import { readInput } from './files.ts';
import { choice, option, shown, UsageError } from './usage.ts';

export interface CheckOptions {
  /** DER. */
  readonly crl?: readonly Uint8Array[];
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
export const checksOf = ({ crl, ocsp, allow = [] }: CheckOptions): ContextOptions =>
  Object.assign(
    { ...(crl && { crls: crl }), ...(ocsp && { ocsp }) },
    ...allow.map((weakness) => WEAKNESSES[weakness]),
  ) as ContextOptions;

/** The lists of the files. @throws UsageError for a file that cannot be read or holds none. */
export const readLists = (paths: readonly string[]): readonly Uint8Array[] => paths.flatMap(listsOf);

function listsOf(path: string): readonly Uint8Array[] {
  const bytes = readInput('--crl', path);
  try {
    // DER: a CertificateList is a SEQUENCE
    const lists =
      bytes[0] === 0x30
        ? [new Uint8Array(bytes)]
        : decodePem(bytes.toString('latin1'), 'X509 CRL').map(({ der }) => der);
    for (const list of lists) parseCrl(list);
    if (lists.length > 0) return lists;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new UsageError(`--crl ${shown(path)}: ${error.message}`);
  }
  throw new UsageError(`--crl ${shown(path)}: neither DER nor PEM with an X509 CRL block`);
}

function readWeaknesses(text: string, before: readonly Weakness[] = []): readonly Weakness[] {
  const given = text.split(',').map((each) => {
    const weakness = weaknesses.find((known) => known === each.trim());
    if (weakness === undefined) throw new Error(`expected some of ${weaknesses.join(', ')}`);
    return weakness;
  });
  return [...before, ...given];
}
