/** @module `ferrule inspect <file>`: certificates that lie on the disk, judged as if a server had sent them. */
import { isPkcs12 } from '@ferrule/node/pkcs12';
import { certificateText } from '@ferrule/result';
import { decodePem, parsePkcs7, trustStore, validatePath } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { certificatesOf, platformAnchors, TlsError } from 'ferrule';
import { type Cause, causeOf } from './causes.ts';
import { detailedFacts, detailsText, readableFacts } from './certificates.ts';
import { certificatesOfPkcs12 } from './credential.ts';
import { Exit, exitOf } from './exit.ts';
import { readInput } from './files.ts';
import type { InspectCommandOptions } from './inspect.ts';
import { documentJson } from './json.ts';
import { colorsFor, fileReport } from './report.ts';
import { screenOf } from './screen.ts';
import { Timeline } from './timeline.ts';
import { shown, UsageError } from './usage.ts';

export interface InspectFileOptions extends InspectCommandOptions {
  readonly passphraseFile?: string | undefined;
}

/** The options that say something about certificates on the disk; all others are about a connection. */
export const OF_FILES: ReadonlySet<string> = new Set([
  'ca',
  'crl',
  'crlite',
  'pin',
  'servername',
  'profile',
  'json',
  'text',
  'passphraseFile',
]);

/** @throws UsageError for a file that cannot be read, or holds no certificate. */
export async function inspectFile(path: string, options: InspectFileOptions): Promise<void> {
  const { ca, crl, crlite, pin, servername, profile, json, text, passphraseFile } = options;
  const chain = await certificatesIn(path, passphraseFile);
  const result = validatePath({
    chain,
    trustAnchors: trustStore(ca ?? platformAnchors()),
    verifier: nodeVerifier,
    ...(servername !== undefined && { host: servername }),
    ...(profile && { profile }),
    ...(crl && { crls: crl }),
    ...(crlite && { revocation: { crlite } }),
    ...(pin && { pins: pin }),
  });
  const error = result.ok ? undefined : failureOf(result.error, servername);
  const cause = error && causeIn(error, chain, path);
  const exit = error === undefined ? Exit.ok : exitOf(error);
  if (json === true)
    process.stdout.write(
      documentJson({
        target: path,
        ok: error === undefined,
        exitCode: exit,
        ...(error && { error: { ...error.toJSON(), ...cause } }),
        chain: chain.flatMap((der) => (text === true ? detailedFacts(der) : readableFacts(der))),
      }),
    );
  else {
    if (text === true) process.stdout.write(detailsText(chain));
    const report = fileReport(
      { path, chain, host: servername, error, cause },
      colorsFor(process.stdout),
      screenOf(process.stdout),
    );
    process.stdout.write(report);
  }
  process.exitCode = exit;
}

/** As of a server, but nobody has failed to send anything. */
function causeIn(error: TlsError, chain: readonly Uint8Array[], target: string): Cause {
  if (error.code === 'CERT_MISSING_INTERMEDIATE') {
    const last = chain.flatMap(readableFacts).at(-1);
    return {
      what: `${last?.issuer ?? 'the issuer'} is missing in the file, which issued ${last?.subject ?? 'the last'}`,
      hint: 'Append its certificate, or trust it with --ca if the CA is yours.',
    };
  }
  const timeline = new Timeline();
  return causeOf(error, { timeline, target, credential: false, established: false, starttls: false, timeout: 0 });
}

type Failure = Extract<ReturnType<typeof validatePath>, { readonly ok: false }>['error'];

function failureOf(failure: Failure, host: string | undefined): TlsError {
  const { code, verify, depth, subject, message: detail } = failure;
  const { message, hint } = certificateText({ ...failure, host });
  return new TlsError(code, message, { verify: { code: verify, depth, subject }, hint, cause: new Error(detail) });
}

async function certificatesIn(path: string, passphraseFile: string | undefined): Promise<readonly Uint8Array[]> {
  const bytes = readInput('<file>', path);
  if (isPkcs12(bytes)) return certificatesOfPkcs12('<file>', path, bytes, passphraseFile);
  try {
    const chain = derIn(bytes);
    if (chain.length > 0 && chain.every((der) => readableFacts(der).length > 0)) return chain;
  } catch {
    // What it is instead is said below
  }
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(bytes.toString('latin1'))?.[1];
  throw new UsageError(
    `${shown(path)}: holds no certificate in PEM, DER, PKCS#7 or PKCS#12${label === undefined ? '' : `, but a ${label}`}`,
  );
}

function derIn(bytes: Buffer): readonly Uint8Array[] {
  const text = bytes.toString('latin1');
  const [pkcs7] = text.includes('-----BEGIN PKCS7-----') ? decodePem(text, 'PKCS7') : [];
  if (pkcs7 !== undefined) return parsePkcs7(pkcs7.der);
  const chain = certificatesOf(new Uint8Array(bytes));
  return bytes[0] === 0x30 && readableFacts(bytes).length === 0 ? parsePkcs7(new Uint8Array(bytes)) : chain;
}
