/**
 * @module Alerts: RFC 9846 section 6 and the TLS Alerts registry of IANA.
 */
const TABLE = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  decryption_failed: 21,
  record_overflow: 22,
  decompression_failure: 30,
  handshake_failure: 40,
  no_certificate: 41,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  export_restriction: 60,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  certificate_unobtainable: 111,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  bad_certificate_hash_value: 114,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
  ech_required: 121,
} as const;

export type AlertName = keyof typeof TABLE;

/** `AlertDescription` numbers by their RFC name. */
export const Alert: typeof TABLE = Object.freeze(TABLE);

/** `AlertLevel`: 1 warning, 2 fatal. */
export type AlertLevel = 1 | 2;

const NAMES: ReadonlyMap<number, AlertName> = new Map(
  Object.entries(TABLE).map(([name, number]) => [number, name as AlertName]),
);

/** The RFC's name of an alert; `alert_<n>` for an unassigned number. */
export const alertName = (description: number): string => NAMES.get(description) ?? `alert_${description}`;

/**
 * The level that RFC 9846 section 6 gives a description: `close_notify`, `user_canceled` and TLS 1.2's
 * `no_renegotiation` are warnings; everything else is fatal, whatever level byte it carried.
 */
export const alertLevel = (description: number): AlertLevel =>
  description === Alert.close_notify || description === Alert.user_canceled || description === Alert.no_renegotiation
    ? 1
    : 2;
