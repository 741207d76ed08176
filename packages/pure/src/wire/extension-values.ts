/**
 * @module What each extension says in each message that may carry it: the types behind the table in `extensions.ts`.
 */

/** One extension as it stands on the wire. */
export interface Extension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** RFC 9846 section 4.3.8. */
export interface KeyShareEntry {
  readonly group: number;
  readonly keyExchange: Uint8Array;
}

/** RFC 9846 section 4.3.11. */
export interface PskIdentity {
  readonly identity: Uint8Array;
  readonly obfuscatedTicketAge: number;
}

/** `OfferedPsks`; as many binders as identities. */
export interface OfferedPsks {
  readonly identities: readonly PskIdentity[];
  /** 32 to 255 bytes each. */
  readonly binders: readonly Uint8Array[];
}

/** `ECHClientHello`, RFC 9849 section 5. */
export type EchClientHello =
  | { readonly kind: 'inner' }
  | {
      readonly kind: 'outer';
      /** HPKE KDF and AEAD identifiers. */
      readonly kdf: number;
      readonly aead: number;
      readonly configId: number;
      readonly enc: Uint8Array;
      readonly payload: Uint8Array;
    };

export interface ClientHelloExtensions {
  /** `host_name`: ASCII, without a trailing dot. */
  readonly serverName?: string;
  readonly statusRequest?: true;
  readonly supportedGroups?: readonly number[];
  readonly ecPointFormats?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  readonly signatureAlgorithmsCert?: readonly number[];
  readonly alpn?: readonly Uint8Array[];
  readonly signedCertificateTimestamp?: true;
  readonly clientCertificateType?: readonly number[];
  readonly serverCertificateType?: readonly number[];
  /** The count of zero bytes, RFC 7685. */
  readonly padding?: number;
  readonly extendedMasterSecret?: true;
  readonly compressCertificate?: readonly number[];
  /** 64 to 16385. */
  readonly recordSizeLimit?: number;
  /** A ticket, or nothing to ask for one. */
  readonly sessionTicket?: Uint8Array;
  readonly earlyData?: true;
  readonly supportedVersions?: readonly number[];
  readonly cookie?: Uint8Array;
  readonly pskKeyExchangeModes?: readonly number[];
  /** DER `Name`s. */
  readonly certificateAuthorities?: readonly Uint8Array[];
  readonly postHandshakeAuth?: true;
  readonly keyShare?: readonly KeyShareEntry[];
  readonly quicTransportParameters?: Uint8Array;
  /** Only inside an EncodedClientHelloInner: the extensions to be taken from the outer hello. */
  readonly echOuterExtensions?: readonly number[];
  readonly encryptedClientHello?: EchClientHello;
  /** Empty in an initial handshake. */
  readonly renegotiationInfo?: Uint8Array;
  /** Always the last. */
  readonly preSharedKey?: OfferedPsks;
}

/** TLS 1.3 ServerHello. */
export interface ServerHelloExtensions {
  /** The selected identity, counted from 0. */
  readonly preSharedKey?: number;
  readonly supportedVersions?: number;
  readonly keyShare?: KeyShareEntry;
}

/** TLS 1.2 ServerHello. */
export interface ServerHello12Extensions {
  readonly serverName?: true;
  readonly statusRequest?: true;
  /** Not for a server to send, but some do (BigIP); of no consequence. */
  readonly supportedGroups?: readonly number[];
  readonly ecPointFormats?: readonly number[];
  readonly alpn?: Uint8Array;
  /** The whole SignedCertificateTimestampList, with its length. */
  readonly signedCertificateTimestamp?: Uint8Array;
  readonly clientCertificateType?: number;
  readonly serverCertificateType?: number;
  readonly extendedMasterSecret?: true;
  readonly recordSizeLimit?: number;
  /** A NewSessionTicket will come. */
  readonly sessionTicket?: true;
  readonly renegotiationInfo?: Uint8Array;
}

export interface HelloRetryRequestExtensions {
  readonly supportedVersions?: number;
  readonly cookie?: Uint8Array;
  /** The group that the server wants a share of. */
  readonly keyShare?: number;
  /** The 8 bytes of confirmation, RFC 9849 section 7.2.1. */
  readonly encryptedClientHello?: Uint8Array;
}

export interface EncryptedExtensionsValues {
  readonly serverName?: true;
  readonly supportedGroups?: readonly number[];
  readonly alpn?: Uint8Array;
  readonly clientCertificateType?: number;
  readonly serverCertificateType?: number;
  readonly recordSizeLimit?: number;
  readonly earlyData?: true;
  readonly quicTransportParameters?: Uint8Array;
  /** `retry_configs`: a whole ECHConfigList, with its length. */
  readonly encryptedClientHello?: Uint8Array;
}

/** One CertificateEntry of TLS 1.3. */
export interface CertificateExtensions {
  /** A DER OCSPResponse. */
  readonly statusRequest?: Uint8Array;
  /** The whole SignedCertificateTimestampList, with its length. */
  readonly signedCertificateTimestamp?: Uint8Array;
}

/** TLS 1.3 CertificateRequest. */
export interface CertificateRequestExtensions {
  readonly statusRequest?: true;
  readonly signatureAlgorithms?: readonly number[];
  readonly signedCertificateTimestamp?: true;
  readonly compressCertificate?: readonly number[];
  readonly certificateAuthorities?: readonly Uint8Array[];
  readonly signatureAlgorithmsCert?: readonly number[];
}

export interface NewSessionTicketExtensions {
  /** `max_early_data_size`, bytes. */
  readonly earlyData?: number;
  /** The flags that are set, by number. */
  readonly tlsFlags?: readonly number[];
}

/** Every message that carries extensions. */
export interface ExtensionValues {
  readonly clientHello: ClientHelloExtensions;
  readonly serverHello: ServerHelloExtensions;
  readonly serverHello12: ServerHello12Extensions;
  readonly helloRetryRequest: HelloRetryRequestExtensions;
  readonly encryptedExtensions: EncryptedExtensionsValues;
  readonly certificate: CertificateExtensions;
  readonly certificateRequest: CertificateRequestExtensions;
  readonly newSessionTicket: NewSessionTicketExtensions;
}

export type Place = keyof ExtensionValues;
