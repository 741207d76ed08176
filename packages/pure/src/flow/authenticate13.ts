/**
 * @module Certificate messages of TLS 1.3 (RFC 9846 sections 4.4.2, 4.5.1, 4.5.2): reading the server's, and answering
 * a CertificateRequest, in the handshake and after it.
 */
import type { CertificateRequest, CertificateType } from '@ferrule/contract';
import { clientCertificates } from '@ferrule/pure/parts/client-certificates';
import { messageName } from '@ferrule/result/names';
import { ExtensionType, HandshakeType } from '@ferrule/result/numbers';
import type { OwnCredential } from '@ferrule/ssl';
import type { ChosenCredential } from '../auth/sign.ts';
import type { Peer } from '../auth/verify.ts';
import type { Effects } from '../effects.ts';
import type { Transcript } from '../keys/transcript.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { settle, type Steps } from '../wait.ts';
import { decodeCertificate, encodeCertificate, type CertificateEntry } from '../wire/certificate.ts';
import { decodeCertificateRequest } from '../wire/certificate-request.ts';
import { encodeCertificateVerify } from '../wire/certificate-verify.ts';
import { decodeCompressedCertificate } from '../wire/compressed-certificate.ts';
import { decodeExtensions } from '../wire/extensions.ts';

/** What the server wants to know of us. */
export interface ClientAuthentication {
  /** Echoed in our Certificate; empty during the handshake. */
  readonly context: Uint8Array;
  readonly request: CertificateRequest;
}

/** Section 4.4.2. @throws TlsError MISSING_EXTENSION without signature_algorithms. */
export function readCertificateRequest({ body }: HandshakeMessage): ClientAuthentication {
  const { context, extensions } = decodeCertificateRequest(body);
  const { signatureAlgorithms, certificateAuthorities = [] } = decodeExtensions('certificateRequest', extensions);
  if (signatureAlgorithms === undefined) throw fail('MISSING_EXTENSION', 'CertificateRequest: no signature_algorithms');
  return { context, request: { authorities: certificateAuthorities, signatureAlgorithms, certificateTypes: [] } };
}

/** Section 4.5.1, also compressed (RFC 8879); `kind` as EncryptedExtensions said. */
export function* readCertificate(
  effects: Effects,
  message: HandshakeMessage,
  kind: CertificateType,
  offered: ReadonlySet<number>,
): Steps<Omit<Peer, 'host' | 'suite'>> {
  const { context, entries } = decodeCertificate(yield* certificateBody(effects, message));
  if (context.length > 0) throw fail('DECODE_ERROR', 'Certificate: a context from the server');
  if (entries.length === 0) throw fail('NO_CERTIFICATE', 'the server sent an empty list of certificates');
  // What is said of a certificate is not said of a raw key.
  const allowed =
    kind === 'x509'
      ? offered
      : new Set(
          [...offered].filter(
            (type) => type !== ExtensionType.status_request && type !== ExtensionType.signed_certificate_timestamp,
          ),
        );
  // All entries are checked; only what is said of the leaf is kept.
  const [leaf] = entries.map(({ extensions }) => decodeExtensions('certificate', extensions, allowed));
  return {
    kind,
    certificates: entries.map(({ data }) => data.slice()),
    ocspResponse: leaf?.statusRequest?.slice(),
    signedCertificateTimestamps: leaf?.signedCertificateTimestamp?.slice(),
  };
}

function* certificateBody(effects: Effects, message: HandshakeMessage): Steps<Uint8Array> {
  const { decompressors, limits } = effects.config;
  if (message.type === HandshakeType.certificate) return message.body;
  if (message.type !== HandshakeType.compressed_certificate || decompressors.length === 0) {
    throw fail('UNEXPECTED_MESSAGE', `${messageName(message.type)} in place of Certificate`);
  }
  const { algorithm, uncompressedLength, compressed } = decodeCompressedCertificate(message.body);
  const decompressor = decompressors.find(({ id }) => id === algorithm);
  if (decompressor === undefined)
    throw fail('UNKNOWN_CERT_COMPRESSION', `the server compressed its certificate with algorithm ${algorithm}`);
  if (uncompressedLength > limits.handshakeBytes)
    throw fail('EXCESSIVE_MESSAGE_SIZE', `a certificate of ${uncompressedLength} bytes, compressed`);
  const body = yield* settle(
    effects,
    'decompress the certificate',
    decompressor.decompress(compressed, uncompressedLength),
  );
  if (body?.length !== uncompressedLength) throw fail('CERT_DECOMPRESSION_FAILED');
  return body;
}

/** Our Certificate, and CertificateVerify if it is not empty, into the flight. Returns whose they are. */
export function* authenticateClient(
  effects: Effects,
  { context, request }: ClientAuthentication,
  type: CertificateType,
  transcript: Transcript,
): Steps<OwnCredential | undefined> {
  const chosen = clientCertificates && (yield* clientCertificates.chooseCredential(effects, request, 'TLSv1.3', type));
  const certificate = encodeCertificate({ context, entries: entriesOf(chosen) });
  transcript.add(certificate);
  if (clientCertificates === undefined || chosen === undefined) {
    effects.hs.put(certificate);
    return undefined;
  }
  const signature = yield* clientCertificates.signCertificateVerify(effects, chosen, 'TLSv1.3', transcript.digest());
  const verify = encodeCertificateVerify({ algorithm: chosen.scheme, signature });
  transcript.add(verify);
  // Together, once the signer has answered: after the handshake nothing may come between them (section 4.7.2).
  effects.hs.put(certificate);
  effects.hs.put(verify);
  return chosen.credential;
}

function entriesOf(chosen: ChosenCredential | undefined): CertificateEntry[] {
  const { chain = [], rawPublicKey } = chosen?.credential ?? {};
  return (rawPublicKey === undefined ? chain : [rawPublicKey]).map((data) => ({ data, extensions: [] }));
}
