/**
 * @module Everything that flow code can do to the world. `connection.ts` implements it; a flow sees nothing else of the
 * connection, and no Bio. Data comes in through {@link Effects.poll}, one whole handshake message at a time.
 */
import type { TlsVersion } from '@ferrule/contract';
import type { CipherSuite } from './crypto/provider.ts';
import type { Config } from './context.ts';
import type { Aligned, Established } from './flow/proof.ts';
import type { HandshakeMessage } from './record/coalesce.ts';
import type { Session } from './session/session.ts';
import type { Wait } from './wait.ts';

/** What is known of the connection. Each fact is written once; see `Ssl` in the contract for their meaning. */
export interface Facts {
  readonly version: TlsVersion;
  readonly cipherSuite: number;
  readonly group: number;
  readonly peerSignatureAlgorithm: number;
  readonly alpn: string | undefined;
  readonly helloRetryRequested: boolean;
  readonly extendedMasterSecret: boolean;
  readonly peerCertificates: readonly Uint8Array[];
  readonly verifiedChain: readonly Uint8Array[] | undefined;
  readonly verifyResult: number;
  readonly ocspResponse: Uint8Array | undefined;
  readonly signedCertificateTimestamps: Uint8Array | undefined;
  readonly sessionReused: boolean;
  readonly earlyData: 'not-sent' | 'rejected' | 'accepted';
  readonly ech: 'not-offered' | 'grease' | 'accepted' | 'rejected';
  readonly echRetryConfigs: Uint8Array;
}

/** Keys of one direction. TLS 1.3: a traffic secret; TLS 1.2: the write key and implicit IV (RFC 5288, RFC 7905). */
export type RecordKeys =
  | { readonly version: 'TLSv1.3'; readonly suite: CipherSuite; readonly key: Uint8Array; readonly iv: Uint8Array }
  | { readonly version: 'TLSv1.2'; readonly suite: CipherSuite; readonly key: Uint8Array; readonly iv: Uint8Array };

export interface Effects {
  readonly config: Config;
  readonly facts: Readonly<Partial<Facts>>;
  /** Names the step for people: `ssl.state` is the version and this. */
  enter(step: string): void;
  /** Writes a fact. @throws TlsError INTERNAL_ERROR when it is already there with another value. */
  fact<K extends keyof Facts>(name: K, value: Facts[K]): void;
  /** Tells asyncReady what is being waited for. */
  awaiting(operation: Promise<void> | undefined): void;

  /** The next handshake message, or what must happen before there is one. @throws TlsError for an alert, EOF or a bad record. */
  poll(): HandshakeMessage | Wait;
  /** Proof that no handshake bytes follow the last message: keys may change here (RFC 9846 section 5.1). @throws TlsError EXCESS_HANDSHAKE_DATA. */
  aligned(): Aligned;
  /** The next record must be a change_cipher_spec (TLS 1.2): resolves to true when it has come. */
  pollChangeCipherSpec(): true | Wait;

  /** Adds a handshake message, header included, to the flight. */
  put(message: Uint8Array): void;
  putChangeCipherSpec(): void;
  /** Pushes the flight towards the write BIO; 0 when all of it is there. */
  flush(): Wait | 0;

  installReadKeys(keys: RecordKeys, aligned: Aligned): void;
  installWriteKeys(keys: RecordKeys): void;
  /** RFC 8449: the most plaintext (TLS 1.3: with content type and padding) that the peer takes in one record. */
  limitRecords(peer: number): void;

  /** One NSS key-log line, given to the callback after the operation. */
  keylog(line: string): void;
  /** A session for onSession, given to it after the operation. */
  session(session: Session): void;
  /** The handshake is done; only proofs get here. */
  done(established: Established): void;
}
