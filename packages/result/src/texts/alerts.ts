/**
 * @module What a server's alert means to a client: RFC 9846 section 6, RFC 5246 section 7.2. Each `what` begins with
 * `it`, the server; options are in backticks, so that `withOptionNames` can rename them.
 */
import { Alert } from '../alert.ts';
import type { AlertMeaning } from '../peer-alert.ts';

const NOTHING_ACCEPTED: AlertMeaning = {
  what: 'it accepts none of the offered cipher suites, groups and signature algorithms, or requires a client certificate',
  hint: 'Offer what it supports (`cipherSuites`, `groups`, `signatureAlgorithms`), or give a client certificate (`credentials`); the log of the server says which.',
};
const OUR_MESSAGE: AlertMeaning = {
  what: 'it rejected one of our messages',
  hint: 'Client or server violates the protocol, or something on the path alters the bytes: try the other engine (`backend`), and see the log of the server.',
};
const OUR_CERTIFICATE: AlertMeaning = {
  what: 'it does not accept the client certificate',
  hint: 'Check its issuer, purpose and dates, and which CAs the server trusts.',
};

export const MEANINGS: Readonly<Record<number, AlertMeaning>> = {
  [Alert.close_notify]: {
    what: 'it closed the connection before the handshake was done',
    hint: 'The server may be shutting down, or may not serve this name or client; its log says more.',
  },
  [Alert.unexpected_message]: OUR_MESSAGE,
  [Alert.bad_record_mac]: {
    what: 'it could not decrypt a record',
    hint: 'Something on the path altered the bytes, or the keys differ: compare the pre-shared key, if there is one.',
  },
  [Alert.record_overflow]: OUR_MESSAGE,
  [Alert.handshake_failure]: NOTHING_ACCEPTED,
  [Alert.bad_certificate]: OUR_CERTIFICATE,
  [Alert.unsupported_certificate]: OUR_CERTIFICATE,
  [Alert.certificate_revoked]: { ...OUR_CERTIFICATE, what: 'it considers the client certificate revoked' },
  [Alert.certificate_expired]: {
    ...OUR_CERTIFICATE,
    what: 'it considers the client certificate expired or not yet valid',
  },
  [Alert.certificate_unknown]: OUR_CERTIFICATE,
  [Alert.illegal_parameter]: OUR_MESSAGE,
  [Alert.unknown_ca]: {
    what: 'it does not trust the issuer of the client certificate',
    hint: 'Send the intermediates too (`credentials[0].chain`), or have the server trust the issuer.',
  },
  [Alert.access_denied]: {
    what: 'it accepts the client certificate, but denies access to its owner',
    hint: 'Ask the operator of the server, or use another client certificate (`credentials`).',
  },
  [Alert.decode_error]: OUR_MESSAGE,
  [Alert.decrypt_error]: {
    what: 'it could not verify our signature, Finished or PSK binder',
    hint: 'The private key may not belong to the client certificate, or the pre-shared keys differ.',
  },
  [Alert.protocol_version]: {
    what: 'it supports none of the offered TLS versions',
    hint: 'It may only support TLS 1.1 or older, and should be upgraded; or the offered range is too narrow (`minVersion`, `maxVersion`).',
  },
  [Alert.insufficient_security]: {
    what: 'it requires stronger cipher suites or groups than were offered',
    hint: 'Offer stronger ones (`cipherSuites`, `groups`).',
  },
  [Alert.internal_error]: { what: 'it had an internal error', hint: 'The log of the server says why.' },
  [Alert.missing_extension]: OUR_MESSAGE,
  [Alert.unsupported_extension]: OUR_MESSAGE,
  [Alert.unrecognized_name]: {
    what: 'it has no certificate for this host name',
    hint: 'Check the host; where the certificate has another name, give that (`servername`, `setHost()`).',
  },
  [Alert.unknown_psk_identity]: {
    what: 'it does not know the identity of the pre-shared key',
    hint: 'Check the `identity` of `externalPsks`.',
  },
  [Alert.certificate_required]: {
    what: 'it requires a client certificate',
    hint: 'Give one (`credentials`).',
  },
  [Alert.no_application_protocol]: {
    what: 'it supports none of the offered application protocols',
    hint: 'Offer others (`alpn`), or none.',
  },
  [Alert.ech_required]: {
    what: 'it requires Encrypted ClientHello',
    hint: 'Fetch the current ECHConfigList of the host from DNS, and give it (`ech`).',
  },
};
