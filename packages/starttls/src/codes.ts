/** @module Error codes of the dialogue before TLS. */
import { errorCodes, type CodeEntries } from '@ferrule/result';

const ROWS = {
  STARTTLS_NOT_OFFERED: {
    meaning: 'The server does not offer STARTTLS.',
    remedy:
      'Use the implicit-TLS port of the protocol, or enable TLS on the server; ferrule never goes on in plain text by itself.',
  },
  STARTTLS_REFUSED: {
    meaning: 'The server refused STARTTLS.',
    remedy: "See the message for the server's reply; the server may lack a certificate.",
  },
  STARTTLS_INJECTION: {
    meaning: 'Bytes followed the go-ahead for TLS in plain text.',
    remedy: 'Someone may be injecting commands (RFC 3207 section 6); do not trust this network.',
  },
  STARTTLS_MALFORMED: {
    meaning: 'The plain-text dialogue before TLS breaks the protocol.',
    remedy: 'Check that the port speaks the protocol that was named.',
  },
  TLS_REQUIRED: {
    meaning: 'Data was about to be sent without TLS, which is refused.',
    remedy: 'Enable TLS or STARTTLS on the server, or use its TLS port; nothing was sent in plain text.',
  },
} as const;

declare global {
  interface FerruleErrorCodes extends Record<keyof typeof ROWS, true> {}
}

/** The codes of this package. */
export const CODES: CodeEntries<typeof ROWS> = /* @__PURE__ */ errorCodes(ROWS);
