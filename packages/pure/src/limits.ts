/**
 * @module Every bound that a hostile peer can push on and that is fixed; `DEFAULT_LIMITS` of `@ferrule/ssl` has those of
 * `ContextOptions.limits`. `test/after13.test.ts` hits those of messages, `record/*.test.ts` those of records.
 */

/** RFC 9846 section 5.1: bytes of plaintext in a record. */
export const MAX_PLAINTEXT = 16_384;
/** RFC 9846 section 5.2: expansion by AEAD, content type and padding. */
export const MAX_EXPANSION_13 = 256;
/** RFC 5246 section 6.2.3. */
export const MAX_EXPANSION_12 = 2_048;
/** Warning alerts without data in between (RFC 9846 section 6 leaves user_canceled; TLS 1.2 a few more). */
export const MAX_WARNING_ALERTS = 4;
/** Handshake records without data in between. A record of one byte is legal and costs as much as one of a thousand. */
export const MAX_HANDSHAKE_RECORDS_IN_A_ROW = 16_384;
/**
 * NewSessionTickets, or HelloRequests that are ignored, without data in between; those beyond `limits.tickets` are only
 * counted.
 */
export const MAX_MESSAGES_IN_A_ROW = 64;
/** CertificateRequests after the handshake without data in between: each costs a signature. */
export const MAX_CERTIFICATE_REQUESTS_IN_A_ROW = 8;
/** Ciphertext of application data that is held while an asynchronous provider works on it: records and bytes. */
export const MAX_RECORDS_IN_FLIGHT = 16;
export const MAX_BYTES_IN_FLIGHT = 262_144;
/**
 * Bytes of a message after the handshake: the longest NewSessionTicket (RFC 9846 section 4.7.1; OpenSSL takes the
 * same).
 */
export const MAX_POST_HANDSHAKE_BYTES = 131_338;
/** Bytes of our transport parameters in QUIC, which are beside everything else in one ClientHello. */
export const MAX_TRANSPORT_PARAMETERS = 32_768;
/**
 * In QUIC, bytes of CRYPTO data that may wait beside one message, while a callback or the provider is waited for: no
 * flow control bounds it (RFC 9000 section 7.5). Each piece counts for {@link CRYPTO_PIECE} more.
 */
export const MAX_CRYPTO_WAITING = 131_072;
export const CRYPTO_PIECE = 256;
/** Seconds that a TLS 1.2 session is kept to which the server gave no lifetime. */
export const SESSION_LIFETIME_12 = 7_200;
