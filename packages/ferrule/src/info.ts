/** @module What was negotiated, in one plain object. */
import type { Ssl, TlsVersion } from '@ferrule/contract';
import type { ChosenBackend, FellBack } from './backend.ts';
import { cipherSuiteName, groupName, type Named, signatureSchemeName } from './names.ts';

/** Where the time went, milliseconds. */
export interface Timings {
  /** DNS and TCP, or whatever else the transport needs first; 0 over a pipe that was already open. */
  readonly transport: number;
  /** From the first ClientHello to the established connection. */
  readonly handshake: number;
}

/** The facts of an established connection; serialises to JSON except the certificates' bytes. */
export interface ConnectionInfo {
  readonly backend: 'native' | 'pure';
  /** E.g. `OpenSSL 3.0.19 (host process)`. */
  readonly engine: string;
  /** Why a preferred component is not used: the native engine, a crypto provider. Empty if all are. */
  readonly fellBackBecause: readonly FellBack[];
  /** The name that was verified, and sent as SNI. */
  readonly host: string | undefined;
  /** The transport's remote address, e.g. `192.0.2.1:443`, if known. */
  readonly remote: string | undefined;
  readonly version: TlsVersion;
  readonly cipherSuite: Named;
  /** `undefined` if none was negotiated, as in a resumption without key exchange. */
  readonly group: Named | undefined;
  readonly signatureAlgorithm: Named | undefined;
  readonly alpn: string | undefined;
  readonly helloRetryRequested: boolean;
  readonly extendedMasterSecret: boolean | undefined;
  readonly sessionReused: boolean;
  readonly earlyData: Ssl['earlyData'];
  readonly ech: Ssl['ech'];
  /** DER, leaf first, as sent. */
  readonly peerCertificates: readonly Uint8Array[];
  /** DER SubjectPublicKeyInfo that the server sent in place of a certificate (RFC 7250). */
  readonly peerRawPublicKey: Uint8Array | undefined;
  /** DER, leaf to root, as verified; `undefined` when the caller verified it, or verification is off. */
  readonly verifiedChain: readonly Uint8Array[] | undefined;
  /** X509_V code; 0 is X509_V_OK. */
  readonly verifyResult: number;
  /** With option `ocsp`: the server stapled a response, `good` if the engine verified the chain. */
  readonly ocspStapled: boolean;
  readonly timings: Timings;
}

/** @throws Error when the engine reports an established connection without a version or suite. */
export function infoOf(
  ssl: Ssl,
  { backend, fellBackBecause }: ChosenBackend,
  host: string | undefined,
  remote: string | undefined,
  timings: Timings,
): ConnectionInfo {
  const { version, cipherSuite, group, peerSignatureAlgorithm } = ssl;
  if (version === undefined || cipherSuite === undefined)
    throw new Error('the engine broke the contract: established without version or suite');
  return Object.freeze({
    backend: backend.name,
    engine: backend.engine,
    fellBackBecause,
    host,
    remote,
    version,
    cipherSuite: { code: cipherSuite, name: cipherSuiteName(cipherSuite) },
    group: group === undefined ? undefined : { code: group, name: groupName(group) },
    signatureAlgorithm:
      peerSignatureAlgorithm === undefined
        ? undefined
        : { code: peerSignatureAlgorithm, name: signatureSchemeName(peerSignatureAlgorithm) },
    alpn: ssl.alpn,
    helloRetryRequested: ssl.helloRetryRequested ?? false,
    extendedMasterSecret: ssl.extendedMasterSecret,
    sessionReused: ssl.sessionReused,
    earlyData: ssl.earlyData,
    ech: ssl.ech,
    peerCertificates: ssl.peerCertificates,
    peerRawPublicKey: ssl.peerRawPublicKey,
    verifiedChain: ssl.verifiedChain,
    verifyResult: ssl.verifyResult,
    ocspStapled: ssl.ocspResponse !== undefined,
    timings,
  });
}
