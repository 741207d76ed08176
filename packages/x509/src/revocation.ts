/** @module What a path asks about the state of its certificates: CRLs for all, OCSP and transparency for the leaf. */
import { parseCrl, crlBreach, type CheckedCrls, type Crl } from './crl.ts';
import type { Certificate } from './certificate.ts';
import { ocspBreach } from './ocsp.ts';
import type { RuleBreach, RuleSet } from './rules.ts';
import type { SignatureVerifier } from './signature.ts';
import type { Steps } from './steps.ts';
import { transparencyBreach, type TransparencyPolicy } from './transparency.ts';
import type { Issuer } from './trust.ts';

export interface StatusInput {
  /** DER CertificateLists, or parsed ones. When given, the leaf must be covered by one; no certificate of the path may be on one. */
  readonly crls?: readonly (Uint8Array | Crl)[] | undefined;
  /** `request`: a stapled response that is there must be good, and must-staple certificates need one. `require`: one must be there. Default `off`. */
  readonly ocsp?: 'off' | 'request' | 'require' | undefined;
  /** DER OCSPResponse that the server stapled. */
  readonly ocspResponse?: Uint8Array | undefined;
  /** Certificate Transparency; not asked for by default. */
  readonly transparency?: TransparencyPolicy | undefined;
}

/** Everything about state that one validation asks, its inputs read once. */
export class StatusChecks {
  readonly crls: readonly Crl[];
  private readonly input: StatusInput;
  private readonly checked: CheckedCrls = new Map();

  /** @throws TypeError for a CRL that cannot be read: it is the caller's, not the server's. */
  constructor(input: StatusInput) {
    this.input = input;
    this.crls = (input.crls ?? []).map((crl, i) => {
      try {
        return crl instanceof Uint8Array ? parseCrl(crl) : crl;
      } catch (cause) {
        throw new TypeError(`CRL ${i} cannot be read: ${(cause as Error).message}`, { cause });
      }
    });
  }

  *breaches(child: Certificate, issuer: Issuer, isLeaf: boolean, rules: RuleSet, verifier: SignatureVerifier): Steps<RuleBreach[]> {
    const found: RuleBreach[] = [];
    if (this.crls.length > 0) {
      const breach = yield* crlBreach(this.crls, child, issuer, rules.now, isLeaf, verifier, this.checked);
      if (breach) found.push(breach);
    }
    if (!isLeaf) return found;
    const { ocsp = 'off', ocspResponse, transparency } = this.input;
    const mustStaple = child.tlsFeatures?.includes(STATUS_REQUEST) === true;
    if (ocsp !== 'off' && ocspResponse) {
      const breach = yield* ocspBreach(ocspResponse, child, issuer, rules, verifier);
      if (breach) found.push(breach);
    } else if (ocsp === 'require' || (ocsp === 'request' && mustStaple)) {
      const message = `came without a stapled OCSP response${mustStaple ? ', which it says must come with it' : ''}`;
      found.push({ code: 'CERT_OCSP_MISSING', verify: 'OCSP_VERIFY_NEEDED', message });
    }
    if (transparency) {
      const breach = yield* transparencyBreach(transparency, child, issuer, rules.now, verifier);
      if (breach) found.push(breach);
    }
    return found;
  }
}

/** TLS extension number of status_request (RFC 7633). */
const STATUS_REQUEST = 5;
