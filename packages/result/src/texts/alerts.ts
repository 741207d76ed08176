/** @module What an alert means that the peer sent: RFC 9846 section 6, RFC 5246 section 7.2, said for a client. */
import { Alert } from '../alert.ts';
import type { AlertMeaning } from '../peer-alert.ts';

const NOTHING_IN_COMMON: AlertMeaning = {
  what: 'it accepts none of the cipher suites, groups and signature algorithms that were offered, or requires a client certificate',
  hint: 'Offer what it has (`cipherSuites`, `groups`, `signatureAlgorithms`), or give it `credentials`; the log of the server says which.',
};
const OUR_MESSAGE: AlertMeaning = {
  what: 'it refuses a message of ours',
  hint: 'One of the two breaks the protocol, or something between them does: try the other engine, and see the log of the server.',
};
const OUR_CERTIFICATE: AlertMeaning = {
  what: 'it does not accept the client certificate',
  hint: 'Look at who issued it, its purpose and its dates, and at what the server trusts.',
};

export const MEANINGS: Readonly<Record<number, AlertMeaning>> = {
  [Alert.close_notify]: {
    what: 'it closed the connection before the handshake was done',
    hint: 'The server may be shutting down, or may not serve this name or client; its log says more.',
  },
  [Alert.unexpected_message]: OUR_MESSAGE,
  [Alert.bad_record_mac]: {
    what: 'it could not decrypt a record',
    hint: 'Something between changed the bytes, or the two sides have other keys: a pre-shared key that differs, most of all.',
  },
  [Alert.record_overflow]: OUR_MESSAGE,
  [Alert.handshake_failure]: NOTHING_IN_COMMON,
  [Alert.bad_certificate]: OUR_CERTIFICATE,
  [Alert.unsupported_certificate]: OUR_CERTIFICATE,
  [Alert.certificate_revoked]: { ...OUR_CERTIFICATE, what: 'the client certificate has been revoked' },
  [Alert.certificate_expired]: { ...OUR_CERTIFICATE, what: 'the client certificate has expired, or is not yet valid' },
  [Alert.certificate_unknown]: OUR_CERTIFICATE,
  [Alert.illegal_parameter]: OUR_MESSAGE,
  [Alert.unknown_ca]: {
    what: 'it does not know who issued the client certificate',
    hint: 'Send the intermediates with it (`credentials[0].chain`), or have the server trust its issuer.',
  },
  [Alert.access_denied]: {
    what: 'it recognises the client certificate and denies its owner access',
    hint: 'Ask whoever runs the server, or use other `credentials`.',
  },
  [Alert.decode_error]: OUR_MESSAGE,
  [Alert.decrypt_error]: {
    what: 'a signature, a Finished or a PSK binder of ours did not verify there',
    hint: 'The key may not be that of the certificate, or a pre-shared key differs.',
  },
  [Alert.protocol_version]: {
    what: 'it speaks none of the TLS versions that were offered',
    hint: 'It may have only TLS 1.1 or older, and should be upgraded; or `minVersion` or `maxVersion` leave nothing to agree on.',
  },
  [Alert.insufficient_security]: {
    what: 'what was offered is too weak for it',
    hint: 'Offer stronger `cipherSuites` and `groups`.',
  },
  [Alert.internal_error]: { what: 'it failed by itself', hint: 'The log of the server says why.' },
  [Alert.missing_extension]: OUR_MESSAGE,
  [Alert.unsupported_extension]: OUR_MESSAGE,
  [Alert.unrecognized_name]: {
    what: 'it has no certificate for this host name',
    hint: 'Check the host: `setHost()`, or `servername` where another name than the address is meant.',
  },
  [Alert.unknown_psk_identity]: {
    what: 'it does not know the identity of the pre-shared key',
    hint: 'Check the `identity` of `externalPsks`.',
  },
  [Alert.certificate_required]: {
    what: 'it requires a client certificate',
    hint: 'Give one as `credentials`.',
  },
  [Alert.no_application_protocol]: {
    what: 'it speaks none of the application protocols that were offered',
    hint: 'Offer others with `alpn`, or none.',
  },
  [Alert.ech_required]: {
    what: 'it requires Encrypted ClientHello',
    hint: 'Fetch the ECHConfigList of the host anew, and give it as `ech`.',
  },
};
