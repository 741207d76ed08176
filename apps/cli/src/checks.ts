/**
 * @module What is checked of a server beside its chain, and what an old server may lack: `--crl`, `--ocsp`, `--allow`.
 */
import type { ContextOptions } from '@ferrule/contract';
import { Alert, certificateText, isCertificateCode, type OptionNames } from '@ferrule/result';
import { type Certificate, decodePem, DerError, faultFacts, parseCertificate, parseCrl } from '@ferrule/x509';
import { peerCertificatesOf, type TlsError } from 'ferrule';
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

/** What the library advises names its options; the command has switches. By the code of the failure. */
const ADVICE: Readonly<Record<string, string>> = {
  NO_EXTENDED_MASTER_SECRET: 'Have the server upgraded, or add --allow no-ems knowing the risk (RFC 7627).',
  RENEGOTIATION_MISMATCH:
    'An old or hostile server. If it is old and yours, add --allow no-secure-renegotiation knowing the risk (RFC 5746).',
  NO_RENEGOTIATION: 'Have the server stop renegotiating, or add --allow hello-request, which ignores the request.',
  UNSUPPORTED_PROTOCOL:
    'The server may only know TLS 1.1 or older; it should be upgraded. Check --min-version and --max-version.',
  WRONG_CIPHER_SUITE: 'Check --cipher-suites, --min-version and --max-version; else the server is broken.',
  WRONG_GROUP: 'Check --groups; else the server is broken.',
  INVALID_ALPN_PROTOCOL: 'Check --alpn; else the server is broken.',
  CERT_OCSP_MISSING: 'Have the server staple a response, or ask for it with --ocsp request only.',
};

const SWITCHES: OptionNames = { trustAnchors: '--ca' };

/** What to do where a client certificate is asked for and none was given. */
export const GIVE_CERTIFICATE = 'Give one with --cert and --key.';

/**
 * What to do about a failure, in the words of the command.
 * @param chain - what the server showed, DER, leaf first.
 */
export function adviceOf(error: TlsError, chain: readonly Uint8Array[] = peerCertificatesOf(error)): string {
  const { code, hint, alert } = error;
  if (code === 'PEER_ALERT' && alert?.description === Alert.certificate_required) return GIVE_CERTIFICATE;
  return ADVICE[code] ?? (isCertificateCode(code) ? certificateAdvice(error, chain) : hint);
}

/** The hint of the engine with switches in it, where the facts that the server showed give that very hint. */
function certificateAdvice({ code, hint, verify }: TlsError, chain: readonly Uint8Array[]): string {
  if (verify === undefined || !isCertificateCode(code)) return hint;
  const { depth } = verify;
  const fault = { ...faultFacts(readable(chain[depth]), readable(chain[0])), code, verify: verify.code, depth };
  return (certificateText(fault).hint === hint ? certificateText(fault, SWITCHES).hint : undefined) ?? hint;
}

function readable(der: Uint8Array | undefined): Certificate | undefined {
  try {
    return der && parseCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
