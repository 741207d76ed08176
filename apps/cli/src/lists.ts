/** @module Certificate revocation lists, from the files of `--crl`. */
import { decodePem, DerError, parseCrl } from '@ferrule/x509';
import { readInput } from './files.ts';
import { shown, UsageError } from './usage.ts';

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
