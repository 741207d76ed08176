/** @module Which store of trust anchors a verified root comes from: who is asked when it must go. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { certificatesOf } from 'ferrule';

/**
 * The store that has the certificate; the system's, or OpenSSL's folder, where it is none of those that can be told.
 * @param ca those of `--ca`, which take the place of all others
 */
export function storeOf(
  root: Uint8Array,
  ca: readonly Uint8Array[] | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (ca !== undefined) return '--ca';
  if (has(rootCertificates.join('\n'), root)) return 'the roots of Node.js';
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const path = env[name];
    if (path !== undefined && path !== '' && has(fileOf(path), root)) return name;
  }
  return 'the trust store of the system';
}

function has(store: string | Uint8Array, root: Uint8Array): boolean {
  try {
    return certificatesOf(store).some((der) => Buffer.compare(der, root) === 0);
  } catch {
    return false;
  }
}

function fileOf(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch {
    return new Uint8Array(0);
  }
}
