/** @module Client certificates and keys as people have them: PEM, DER or PKCS#12, encrypted or not. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { credentialFromPkcs12, isPkcs12, type Pkcs12, readPkcs12, WrongPassphrase } from '@ferrule/node/pkcs12';
import { certificatesOf } from 'ferrule';
import { readInput } from './files.ts';
import { shown, UsageError } from './usage.ts';

export interface FileCredential {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** DER, PKCS#8. */
  readonly key: Uint8Array;
}

/**
 * @param key where it is not in the file of the certificate
 * @throws UsageError that says which file is wrong, and how: no certificate, no key, a passphrase that is missing or
 * wrong, a key of another certificate.
 */
export async function readCredential(
  cert: string,
  key: string | undefined,
  passphraseFile: string | undefined,
): Promise<FileCredential> {
  const certificates = readInput('--cert', cert);
  if (isPkcs12(certificates)) {
    if (key !== undefined) throw new UsageError(`--key: ${shown(cert)} is PKCS#12, which holds its key`);
    return fromPkcs12('--cert', cert, certificates, passphraseFile);
  }
  const chain = certificatesIn(cert, certificates);
  const [flag, path] = key === undefined ? ['--cert', cert] : ['--key', key];
  const bytes = key === undefined ? certificates : readInput('--key', key);
  if (key === undefined && !/PRIVATE KEY/.test(bytes.toString('latin1')))
    throw new UsageError(`--cert ${shown(cert)}: its key is missing; name it with --key`);
  const privateKey = await readKey(flag ?? '', path ?? '', bytes, passphraseFile);
  const [leaf] = chain;
  if (leaf !== undefined && !new X509Certificate(leaf).checkPrivateKey(privateKey))
    throw new UsageError(`${flag} ${shown(path ?? '')}: is not the key of the certificate in ${shown(cert)}`);
  return { chain, key: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })) };
}

/**
 * What a .p12 file holds: the chain of its key, leaf first.
 * @throws UsageError
 */
export async function fromPkcs12(
  flag: string,
  path: string,
  bytes: Uint8Array,
  passphraseFile: string | undefined,
): Promise<FileCredential> {
  try {
    const { passphrase } = await opened(flag, path, bytes, passphraseFile);
    return credentialFromPkcs12(bytes, passphrase);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${flag} ${shown(path)}: ${(error as Error).message}`);
  }
}

/** Many files have an empty passphrase, which nobody needs to be asked for. */
async function opened(
  flag: string,
  path: string,
  bytes: Uint8Array,
  file: string | undefined,
): Promise<{ readonly passphrase: string; readonly content: Pkcs12 }> {
  try {
    return { passphrase: '', content: readPkcs12(bytes, '') };
  } catch (error) {
    if (!(error instanceof WrongPassphrase)) throw error;
    const passphrase = await passphraseFor(flag, path, file);
    return { passphrase, content: readPkcs12(bytes, passphrase) };
  }
}

/** The certificates of a .p12 file: the chain of its key where it has one. @throws UsageError */
export async function certificatesOfPkcs12(
  flag: string,
  path: string,
  bytes: Uint8Array,
  passphraseFile: string | undefined,
): Promise<readonly Uint8Array[]> {
  try {
    const { content } = await opened(flag, path, bytes, passphraseFile);
    if (content.keys.length === 1) return (await fromPkcs12(flag, path, bytes, passphraseFile)).chain;
    if (content.certificates.length === 0) throw new Error('holds no certificate');
    return content.certificates;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${flag} ${shown(path)}: ${(error as Error).message}`);
  }
}

function certificatesIn(path: string, bytes: Buffer): readonly Uint8Array[] {
  try {
    const chain = certificatesOf(new Uint8Array(bytes));
    for (const der of chain) new X509Certificate(der);
    return chain;
  } catch {
    throw new UsageError(`--cert ${shown(path)}: holds no certificate in PEM, DER or PKCS#12`);
  }
}

async function readKey(
  flag: string,
  path: string,
  bytes: Buffer,
  passphraseFile: string | undefined,
): Promise<KeyObject> {
  const text = bytes.toString('latin1');
  const pem = text.includes('-----BEGIN ');
  if (pem && !/-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----|-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text))
    throw new UsageError(
      `${flag} ${shown(path)}: holds no private key${text.includes('CERTIFICATE') ? ', but a certificate' : ''}`,
    );
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[^]*?-----END \1-----/.exec(text)?.[0];
  if (!pem) {
    const plain = derKey(bytes);
    if (plain !== undefined) return plain;
  }
  const encrypted = pem ? /ENCRYPTED/.test(block ?? text) : bytes[0] === 0x30;
  const source = pem
    ? ({ key: block ?? text, format: 'pem' } as const)
    : ({ key: bytes, format: 'der', type: 'pkcs8' } as const);
  if (!encrypted) {
    try {
      return createPrivateKey(source);
    } catch {
      throw new UsageError(
        `${flag} ${shown(path)}: holds no private key that can be read (PEM or DER: PKCS#8, PKCS#1, SEC 1)`,
      );
    }
  }
  const passphrase = await passphraseFor(flag, path, passphraseFile);
  try {
    return createPrivateKey({ ...source, passphrase });
  } catch (error) {
    throw new UsageError(`${flag} ${shown(path)}: ${decryptFailure(error as NodeJS.ErrnoException, pem)}`);
  }
}

/** OpenSSL calls a wrong passphrase "bad decrypt", or finds what comes out to be no key. */
function decryptFailure({ code }: NodeJS.ErrnoException, pem: boolean): string {
  return code === 'ERR_OSSL_UNSUPPORTED'
    ? 'its encryption is not supported; convert it with openssl pkcs8 -topk8'
    : pem || code === 'ERR_OSSL_BAD_DECRYPT'
      ? 'the passphrase is wrong'
      : 'holds no private key, or the passphrase is wrong';
}

/** Not encrypted: PKCS#8, PKCS#1 or SEC 1. */
function derKey(bytes: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type });
    } catch {
      // The next kind
    }
  }
  return undefined;
}

/** Of --passphrase-file, else the environment, else of who sits there. @throws UsageError where nobody says it. */
export async function passphraseFor(flag: string, path: string, file: string | undefined): Promise<string> {
  if (file !== undefined)
    return readInput('--passphrase-file', file, 65_536)
      .toString('utf8')
      .replace(/\r?\n[^]*$/, '');
  const said = process.env['FERRULE_PASSPHRASE'];
  if (said !== undefined) return said;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(
      `${flag} ${shown(path)}: is encrypted`,
      'Give its passphrase with --passphrase-file <file> or FERRULE_PASSPHRASE.',
    );
  return (await import('./prompt.ts')).hidden(`Passphrase of ${shown(path)}: `);
}
