/** @module The addon's interface: the functions of addon/addon.cpp, and the control block of its hot call. */

import type { Capability } from './names.ts';

/**
 * Words of the control block; addon/addon.h has the same list. The first nine are written by every `step`, the others
 * by `facts`.
 */
export const Control = {
  inUsed: 0,
  outUsed: 1,
  error: 2,
  events: 3,
  pending: 4,
  shutdown: 5,
  /** A response to the peer waits for space: call `flush` once there is some. */
  answerUnsent: 6,
  /** Length with which the pending write must be retried. */
  committed: 7,
  /** The connection has failed; while `error` is WANT_WRITE, its alert waits for space. */
  failed: 8,
  version: 9,
  cipherSuite: 10,
  group: 11,
  peerSignatureAlgorithm: 12,
  helloRetryRequested: 13,
  extendedMasterSecret: 14,
  sessionReused: 15,
  earlyData: 16,
  verifyResult: 17,
  words: 18,
} as const;

/** What `step` does; core/connection.h has the same list. */
export const Operation = {
  handshake: 0,
  read: 1,
  write: 2,
  writeEarlyData: 3,
  shutdown: 4,
  keyUpdate: 5,
  flush: 6,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

/** Events inside a call, fetched after it; core/connection.h has the same list. */
export const EventKind = { keylog: 0, session: 1, sent: 2, received: 3 } as const;
export type NativeEvent = readonly [kind: number, contentType: number, bytes: Uint8Array];

/** Connections, contexts and credentials are numbers; 0 is none, a stale one is harmless. */
export type Handle = number;

/** Checked options in OpenSSL's notation; core/context.h says what each means. */
export interface NativeConfig {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly cipherList: string;
  readonly cipherSuites: string;
  readonly suiteIds: readonly number[];
  readonly groups: string;
  readonly signatureAlgorithms: string;
  readonly clientSignatureAlgorithms: string;
  readonly alpn: Uint8Array;
  /** 0 peer, 1 none, 2 ask. */
  readonly verify: 0 | 1 | 2;
  readonly strict: boolean;
  /** 0 off, 1 request, 2 require. */
  readonly ocsp: 0 | 1 | 2;
  readonly anchors: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  /** Whether to check revocation of the server's certificate once its path is valid. */
  readonly revocation: boolean;
  readonly pins: readonly Uint8Array[];
  /** Empty: no external PSK. */
  readonly pskIdentity: Uint8Array;
  readonly pskKey: Uint8Array;
  readonly pskHash: 'sha256' | 'sha384';
  readonly certificateCompression: readonly number[];
  readonly securityLevel: number;
  readonly recordPadding: number;
  readonly verifyHost: boolean;
  readonly requireExtendedMasterSecret: boolean;
  readonly refuseRenegotiation: boolean;
  readonly requireSecureRenegotiation: boolean;
  readonly sessionTickets: boolean;
  readonly signedCertificateTimestamps: boolean;
  readonly postHandshakeAuth: boolean;
  readonly clientAuthentication: boolean;
  readonly keylog: boolean;
  readonly sessions: boolean;
  readonly trace: boolean;
  readonly handshakeBytes: number;
  readonly chainLength: number;
  readonly keyUpdatesInARow: number;
  readonly tickets: number;
}

/** Why a connection is dead, in OpenSSL's numbers. */
export interface NativeFailure {
  readonly duringHandshake: boolean;
  /** ERR_GET_LIB and ERR_GET_REASON of the relevant entry. */
  readonly library: number;
  readonly reason: number;
  /** One of {@link OwnReason}. */
  readonly own: number;
  /** OpenSSL's whole error queue, for messages. */
  readonly text: string;
  /** AlertDescriptions; -1 = none. */
  readonly alertSent: number;
  readonly alertReceived: number;
  readonly verifyResult: number;
  readonly verifyDepth: number;
  /** The certificate that the verdict concerns, if any. */
  readonly certificate: ConcernedCertificate | undefined;
  readonly state: string;
  /** The first bytes that the peer sent. */
  readonly head: Uint8Array;
}

/** Facts for messages about a certificate. */
export interface ConcernedCertificate {
  /** RFC 4514, in UTF-8; empty if absent. */
  readonly subject: string;
  readonly issuer: string;
  /** IA5 of the first id-ad-caIssuers URI; empty if absent. */
  readonly issuerUrl: Uint8Array;
  /** The text of the UTCTime or GeneralizedTime. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly trusted: boolean;
}

/** A dNSName or an iPAddress. */
export type PeerName = readonly [isAddress: boolean, value: Uint8Array];

/** Our own reasons, which OpenSSL lacks; core/rules.h has the same list. */
export const OwnReason = {
  none: 0,
  keyUpdateFlood: 1,
  noExtendedMasterSecret: 2,
  renegotiation: 3,
  messageTooLong: 4,
  pinMismatch: 5,
  stapleRefused: 6,
  unofferedAlpn: 7,
  notTls: 8,
  helloRequestInHandshake: 9,
  messageInterrupted: 10,
  unofferedExtension: 11,
  misplacedExtension: 12,
  extensionTwice: 13,
  malformedExtension: 14,
  malformedMessage: 15,
  illegalValue: 16,
  unofferedSuite: 17,
  unofferedGroup: 18,
  badPoint: 19,
  sessionIdOfNoSession: 20,
  unofferedVersion: 21,
  versionAfterRetry: 22,
  renegotiationInfo: 23,
  unofferedScheme: 24,
  noCertificate: 25,
  unexpectedEarlyData: 26,
  recordTooLarge: 27,
  unknownAlertLevel: 28,
  warningIn13: 29,
  noKeyShare: 30,
  changeCipherSpecLate: 31,
  shortRecord: 32,
  messageFlood: 33,
} as const;

/** The addon's exports. */
export interface Binding {
  version(): string;
  /** AEAD suites with ECDHE that OpenSSL offers by default, in its order. */
  cipherSuites(): readonly (readonly [id: number, name: string])[];
  /** Groups of all providers; one may have several names. */
  groups(): readonly Capability[];
  /** `builtin`: names separated by colons; empty before OpenSSL 3.2. */
  schemes(): { readonly ofProviders: readonly Capability[]; readonly builtin: string };
  /**
   * The code points of a ClientHello with these lists (OpenSSL's default for an empty one); none if it rejects a list.
   */
  offer(groups: string, schemes: string): { readonly groups: readonly number[]; readonly schemes: readonly number[] };
  accepts(what: 'groups' | 'signatureAlgorithms', list: string): boolean;
  accepts(what: 'certificateCompression', id: number): boolean;
  useControl(control: Int32Array): void;
  /** Sets the normalisation for comparing directory names; `tag` is that of the string type. Called during `step`. */
  useTexts(comparableText: (tag: number, octets: Uint8Array) => string | undefined): void;
  /** @throws TypeError that says what is wrong with the file. */
  pkcs12(der: Uint8Array, passphrase: string): { readonly chain: readonly Uint8Array[]; readonly key: Uint8Array };

  /** @throws TypeError beginning with the name of the option. */
  createContext(config: NativeConfig): Handle;
  freeContext(context: Handle): void;
  /** @throws TypeError beginning with `chain` or `key`. */
  credential(
    chain: readonly Uint8Array[],
    key: Uint8Array,
  ): { readonly pair: Handle; readonly kind: string; readonly bits: number; readonly issuers: readonly Uint8Array[] };

  freeCredential(pair: Handle): void;

  open(context: Handle): Handle;
  close(connection: Handle): void;
  /** The hot call. Returns results in the control block; see addon/step.cpp. */
  step(
    connection: Handle,
    operation: Operation,
    eof: boolean,
    input: Uint8Array,
    space: Uint8Array,
    data?: Uint8Array | boolean,
  ): number;
  setHost(connection: Handle, name: string, isAddress: boolean): boolean;
  setSession(connection: Handle, der: Uint8Array): boolean;
  /** Verifies a session's certificates and staple (empty: none) again; `undefined` if they are no longer valid. */
  reverify(
    connection: Handle,
    chain: readonly Uint8Array[],
    staple: Uint8Array,
  ):
    | {
        readonly chain: readonly Uint8Array[];
        readonly verifyResult: number;
        readonly stapleResult: number;
        /** Whether the leaf matches the pins, if the path does not count. */
        readonly leafPinned: boolean;
      }
    | undefined;
  setTime(connection: Handle, seconds: number): void;
  /**
   * The answer to WANT_RETRY_VERIFY. Accepts only for `true` with X509_V_OK, or with the code to report when
   * verification is off (`verify: 1`); an invalid argument rejects the server, and then throws. A rejection with
   * X509_V_OK becomes X509_V_ERR_APPLICATION_VERIFICATION.
   * @throws TypeError; Error when no question is pending
   */
  decide(connection: Handle, accept: boolean, verifyCode: number, alert: number): void;
  useCredential(connection: Handle, pair: Handle | null): boolean;
  refuseCredential(connection: Handle, alert: number): void;
  certificateRequest(connection: Handle): {
    readonly authorities: readonly Uint8Array[];
    readonly signatureAlgorithms: readonly number[];
    /** The server's algorithms that the context has for client certificates, in OpenSSL's order of preference. */
    readonly sharedSignatureAlgorithms: readonly number[];
    readonly certificateTypes: Uint8Array;
  };
  facts(connection: Handle): void;
  failure(connection: Handle): NativeFailure;
  events(connection: Handle): readonly NativeEvent[];
  /** DER Certificate of the server and DER SubjectPublicKeyInfo of its issuer, of the latest path. */
  revocationQuestion(connection: Handle): readonly [certificate: Uint8Array, issuerSpki: Uint8Array];
  peerChain(connection: Handle): readonly Uint8Array[];
  verifiedChain(connection: Handle): readonly Uint8Array[];
  peerNames(connection: Handle): readonly PeerName[];
  alpn(connection: Handle): string;
  state(connection: Handle): string;
  ocspResponse(connection: Handle): Uint8Array;
  signedCertificateTimestamps(connection: Handle): Uint8Array;
  serverEndPoint(connection: Handle): Uint8Array;
  exporter(connection: Handle, label: string, context: Uint8Array | undefined, length: number): Uint8Array | undefined;
}

/** A loaded addon with its control block. */
export interface Library {
  readonly binding: Binding;
  readonly control: Int32Array;
}
