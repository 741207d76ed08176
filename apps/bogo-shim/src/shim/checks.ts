/**
 * @module What BoGo's `-expect-*` flags ask of an established connection: the first thing that is not so, as a
 * sentence.
 */
import type { Backend, Ssl, TlsSession } from '@ferrule/contract';
import { RAW_PUBLIC_KEY, type Config } from './flags.ts';
import { same, type Observed } from './observed.ts';
import { certificates } from './pem.ts';
import { peerTransportParameters } from './quic.ts';

export interface Expected {
  readonly backend: Backend;
  readonly ssl: Ssl;
  /** The flags in force. */
  readonly config: Config;
  readonly observed: Observed;
  /** The session that was offered. */
  readonly offered: TlsSession | undefined;
}

export function brokenExpectation(expected: Expected): string | undefined {
  for (const check of CHECKS) {
    const complaint = check(expected);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

type Check = (expected: Expected) => string | undefined;

/** A fact that must have the flag's value, when the flag is there. */
const equals =
  <K extends keyof Config>(flag: K, fact: (ssl: Ssl, observed: Observed) => unknown): Check =>
  ({ ssl, config, observed }) => {
    const want = config[flag];
    if (want === undefined) return undefined;
    const got = fact(ssl, observed);
    return got === want ? undefined : `-${String(flag)} ${String(want)}, got ${String(got)}`;
  };

const equalBytes =
  (flag: 'expect-ocsp-response' | 'expect-signed-cert-timestamps', fact: (ssl: Ssl) => Uint8Array | undefined): Check =>
  ({ ssl, config }) => {
    const want = config[flag];
    return want === undefined || same(want, fact(ssl) ?? []) ? undefined : `-${flag}: got other bytes`;
  };

const holds =
  (flag: keyof Config, fact: (ssl: Ssl) => boolean): Check =>
  ({ ssl, config }) =>
    config[flag] !== true || fact(ssl) ? undefined : `-${flag} does not hold`;

const versionNumber = (ssl: Ssl): number => (ssl.version === 'TLSv1.3' ? 0x0304 : 0x0303);

/** TLS_CHACHA20_POLY1305_SHA256 */
const CHACHA20 = 0x1303;

const CHECKS: readonly Check[] = [
  ({ ssl, config }) => {
    const want = config['expect-quic-transport-params'];
    if (want === undefined) return undefined;
    return same(want, peerTransportParameters(ssl) ?? []) ? undefined : 'other transport parameters than expected';
  },
  equalBytes('expect-ocsp-response', (ssl) => ssl.ocspResponse),
  equalBytes('expect-signed-cert-timestamps', (ssl) => ssl.signedCertificateTimestamps),
  ({ ssl, config }) => {
    if (!config['expect-verify-result'] || (ssl.verifyResult !== 0) === config['verify-fail']) return undefined;
    return `the result of verification is ${ssl.verifyResult}`;
  },
  ({ ssl, config }) => {
    const file = config['expect-peer-cert-file'];
    if (file === undefined) return undefined;
    const want = certificates(file);
    const got = ssl.peerCertificates;
    return want.length === got.length && want.every((certificate, i) => same(certificate, got[i]!))
      ? undefined
      : 'another chain than expected';
  },
  equals('expect-version', versionNumber),
  equals('expect-peer-certificate-type', (ssl) => (ssl.peerRawPublicKey === undefined ? 0 : RAW_PUBLIC_KEY)),
  ({ ssl, config, offered }) => {
    const want = offered !== undefined && !config['expect-session-miss'];
    return ssl.sessionReused === want ? undefined : `the session was ${want ? 'not ' : ''}resumed`;
  },
  ({ ssl, config, observed }) => {
    if (ssl.version === 'TLSv1.3') return undefined;
    const want =
      !observed.asked && !config['expect-no-session'] && (!ssl.sessionReused || config['expect-ticket-renewal']);
    return (observed.session !== undefined) === want ? undefined : `a session was ${want ? 'not ' : ''}made`;
  },
  ({ ssl, config }) => ((ssl.alpn ?? '') === (config['expect-alpn'] ?? '') ? undefined : `ALPN is ${ssl.alpn}`),
  // RFC 9846 section 7.1: TLS 1.3 always has the property that the extension brings to TLS 1.2
  holds('expect-extended-master-secret', (ssl) => ssl.version === 'TLSv1.3' || ssl.extendedMasterSecret === true),
  equals('expect-peer-signature-algorithm', (ssl) => ssl.peerSignatureAlgorithm),
  equals('expect-curve-id', (ssl) => ssl.group),
  ({ ssl, config, backend }) => {
    // BoringSSL prefers AES where the processor has it; an engine says by its first suite what it prefers
    const want =
      backend.supported.cipherSuites[0] === CHACHA20 ? config['expect-cipher-no-aes'] : config['expect-cipher-aes'];
    return want === undefined || ssl.cipherSuite === want ? undefined : `cipher suite ${ssl.cipherSuite}, not ${want}`;
  },
  equals('expect-cipher', (ssl) => ssl.cipherSuite),
  holds('expect-accept-early-data', (ssl) => ssl.earlyData === 'accepted'),
  holds('expect-reject-early-data', (ssl) => ssl.earlyData !== 'accepted'),
  holds('expect-no-offer-early-data', (ssl) => ssl.earlyData === 'not-sent'),
  ({ ssl, config, offered }) => {
    const want = config['expect-early-data-reason'];
    if (want === undefined) return undefined;
    const got = earlyDataReason(ssl, config, offered);
    return got === want ? undefined : `early data: ${got}, not ${want}`;
  },
  equals('expect-selected-credential', (ssl, observed) =>
    ssl.clientCredential === undefined ? selectedKey(observed) : observed.credentials.get(ssl.clientCredential),
  ),
  holds('expect-hrr', (ssl) => ssl.helloRetryRequested === true),
  holds('expect-no-hrr', (ssl) => ssl.helloRetryRequested !== true),
  ({ ssl, config }) => ((ssl.ech === 'accepted') === config['expect-ech-accept'] ? undefined : `ECH was ${ssl.ech}`),
  ({ ssl, config, observed }) => {
    const presents = ssl.peerCertificates.length > 0 || ssl.peerRawPublicKey !== undefined;
    // A key agreed out of band stands for it, also in sessions that grow from it.
    const want = !config['expect-no-peer-cert'] && selectedKey(observed) < 0;
    return presents === want ? undefined : `the peer presented ${presents ? 'a certificate' : 'nothing'}`;
  },
];

/** The number of the credential whose key the server selected; -1 when it selected none. */
const selectedKey = ({ selectedPsk, psks }: Observed): number => psks[selectedPsk ?? -1] ?? -1;

/** BoringSSL's name for why early data was accepted or not. */
function earlyDataReason(ssl: Ssl, config: Config, offered: TlsSession | undefined): string {
  if (!config['enable-early-data']) return 'disabled';
  if (
    (config['max-version'] ?? 0x0304) < 0x0304 ||
    config['no-tls13'] ||
    (offered === undefined && ssl.version !== 'TLSv1.3')
  )
    return 'protocol_version';
  if (offered === undefined) return 'no_session_offered';
  if (offered.maxEarlyData === 0) return 'unsupported_for_session';
  if (ssl.earlyData === 'accepted') return 'accept'; // BoGo's own spelling
  if (ssl.earlyData === 'not-sent') return 'alpn_mismatch';
  if (ssl.helloRetryRequested === true) return 'hello_retry_request';
  return ssl.sessionReused ? 'peer_declined' : 'session_not_resumed';
}
