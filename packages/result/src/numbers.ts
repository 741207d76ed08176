/**
 * @module @ferrule/result/numbers: the TLS code points that an engine here supports, by their IANA names. They are
 * defined only here; all others are in `names.ts`. Unknown wire values remain numbers: no set here is closed.
 */

/** ContentType, RFC 9846 section 5.1. */
export const ContentType = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
} as const;

/** ProtocolVersion on the wire. */
export const Version = {
  tls10: 0x0301,
  tls11: 0x0302,
  tls12: 0x0303,
  tls13: 0x0304,
} as const;

/** HandshakeType, RFC 9846 section 4, RFC 5246 section 7.4, RFC 6066 section 8, RFC 8879 section 4. */
export const HandshakeType = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_status: 22,
  key_update: 24,
  compressed_certificate: 25,
  /** Never on the wire: stands for ClientHello1 in a transcript after HelloRetryRequest (RFC 9846 section 4.1). */
  message_hash: 254,
} as const;

/** ExtensionType. */
export const ExtensionType = {
  server_name: 0,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  quic_transport_parameters: 57,
  tls_flags: 62,
  ech_outer_extensions: 0xfd00,
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const;

/** Cipher suites of TLS 1.3 (RFC 9846 appendix B.4) and of TLS 1.2 with ECDHE and an AEAD (RFC 5289, RFC 7905). */
export const CipherSuiteId = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
  /** Signals, never suites: RFC 5746 section 3.3, RFC 7507. */
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV: 0x00ff,
  TLS_FALLBACK_SCSV: 0x5600,
} as const;

/** RFC 9846 appendix B.4: 0x13 is the first byte of the suites of TLS 1.3 alone. */
export const isTls13Suite = (id: number): boolean => id >> 8 === 0x13;

/** NamedGroup. */
export const NamedGroup = {
  secp256r1: 23,
  secp384r1: 24,
  secp521r1: 25,
  x25519: 29,
  x448: 30,
  MLKEM1024: 0x0202,
  SecP256r1MLKEM768: 0x11eb,
  X25519MLKEM768: 0x11ec,
  SecP384r1MLKEM1024: 0x11ed,
} as const;

/** SignatureScheme. */
export const SignatureScheme = {
  rsa_pkcs1_sha1: 0x0201,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha256: 0x0401,
  ecdsa_secp256r1_sha256: 0x0403,
  rsa_pkcs1_sha384: 0x0501,
  ecdsa_secp384r1_sha384: 0x0503,
  rsa_pkcs1_sha512: 0x0601,
  ecdsa_secp521r1_sha512: 0x0603,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
  ecdsa_brainpoolP256r1tls13_sha256: 0x081a,
  ecdsa_brainpoolP384r1tls13_sha384: 0x081b,
  ecdsa_brainpoolP512r1tls13_sha512: 0x081c,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
} as const;

/** PskKeyExchangeMode, RFC 9846 section 4.3.9. */
export const PskMode = { psk_ke: 0, psk_dhe_ke: 1 } as const;

/** KeyUpdateRequest, RFC 9846 section 4.7.3. */
export const KeyUpdateRequest = { update_not_requested: 0, update_requested: 1 } as const;

/** ClientCertificateType of TLS 1.2, RFC 5246 section 7.4.4; `ecdsa_sign` is for EdDSA too (RFC 8422 section 5.5). */
export const ClientCertificateType = { rsa_sign: 1, ecdsa_sign: 64 } as const;

/** CertificateType, RFC 7250. */
export const CertificateType = { x509: 0, raw_public_key: 2 } as const;

/** CertificateCompressionAlgorithm, RFC 8879. */
export const CertificateCompressionId = { zlib: 1, brotli: 2, zstd: 3 } as const;

/** ECPointFormat, RFC 8422 section 5.1.2. */
export const PointFormat = { uncompressed: 0 } as const;

/**
 * The sixteen GREASE values of RFC 8701 for cipher suites, groups, extensions, versions and signature algorithms:
 * 0x0a0a, 0x1a1a, … 0xfafa. `index` is taken modulo 16.
 */
export const greaseValue = (index: number): number => (((index & 15) << 4) | 10) * 0x101;

/** True for a 16-bit GREASE value. */
export const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
