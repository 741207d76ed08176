/** @module Path validation with a TLS client's checks beyond RFC 5280 section 6.1: revocation, transparency, pins. */
import { isBytes, knownOptions, refuseOption } from '@ferrule/result/arguments';
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import type { Certificate } from './certificate.ts';
import { crlBreach, parseCrl, type Crl, type CrlSearch } from './crl.ts';
import { sameName } from './name.ts';
import { ocspBreach } from './ocsp.ts';
import {
  checkOptions,
  isPositiveInteger,
  oneOf,
  optionTable,
  type OptionTable,
  ownBytes,
  ownPath,
  PATH_CHECKS,
} from './options.ts';
import { buildCheckedPath, type PathChecks, type PathInput, type PathResult, type PlacedBreach } from './path.ts';
import { pinBreach } from './pin.ts';
import { fits, parsePublicKey } from './public-key.ts';
import { revocationBreach, type RevocationPolicy } from './revocation.ts';
import type { Beyond, RuleBreach, RuleSet } from './rules.ts';
import type { SignatureVerifier } from './signature.ts';
import { runAsync, runSync, verified, type Steps } from './steps.ts';
import { transparencyBreach, type CtLog, type TransparencyPolicy } from './transparency.ts';
import { issuerOf, type Issuer } from './trust.ts';

export interface ValidationInput extends PathInput {
  /**
   * DER CertificateLists, or parsed ones. If given, one must cover the leaf, and no certificate of the path may be on
   * one.
   */
  readonly crls?: readonly (Uint8Array | Crl)[] | undefined;
  /** With `crls`: how to treat a leaf without a list of its issuer. Default `refuse`. */
  readonly missingCrl?: 'refuse' | 'accept' | undefined;
  /**
   * `request`: a stapled response, if any, must be good, and must-staple certificates need one. `require`: always
   * needed. Default `off`.
   */
  readonly ocsp?: 'off' | 'request' | 'require' | undefined;
  /** With `ocsp`: the DER OCSPResponse that the server stapled. */
  readonly ocspResponse?: Uint8Array | undefined;
  /** Checks the leaf against a filter of revoked certificates: `crlite()` of `@ferrule/x509/crlite`. */
  readonly revocation?: RevocationPolicy | undefined;
  /** Certificate Transparency; not checked by default. */
  readonly transparency?: TransparencyPolicy | undefined;
  /** SHA-256 (32 bytes) of SubjectPublicKeyInfos, one of which must be in the path, including the anchor. */
  readonly pins?: readonly Uint8Array[] | undefined;
}

/**
 * Builds and validates a path, with a synchronous verifier.
 * @throws TypeError for invalid options, and when the verifier is asynchronous; never because of the certificates'
 * content.
 */
export const validatePath = (input: ValidationInput): PathResult => runSync(validatePathSteps(input));

/**
 * {@link validatePath} with any verifier, from copies of the bytes. Rejects with a TypeError for invalid options, and
 * with the verifier's rejections.
 */
export const validatePathAsync = async (input: ValidationInput): Promise<PathResult> =>
  runAsync(stepsOf(ownInput(checkOptions(input, OPTIONS))));

function ownInput(input: ValidationInput): ValidationInput {
  const { crls, ocspResponse, revocation, transparency, pins } = input;
  return {
    ...ownPath(input),
    crls: ownBytes(crls),
    ocspResponse: ownBytes(ocspResponse),
    revocation: revocation && { ...revocation },
    transparency: transparency && {
      ...transparency,
      logs: transparency.logs.map((log) => ({ ...log, key: ownBytes(log.key) })),
      tlsList: ownBytes(transparency.tlsList),
    },
    pins: ownBytes(pins),
  };
}

/**
 * {@link validatePath} for engines, as steps: `yield*` it, resume it with what each yielded promise settles to.
 * @throws TypeError at once for invalid options.
 */
export const validatePathSteps = (input: ValidationInput): Steps<PathResult> => stepsOf(checkOptions(input, OPTIONS));

function stepsOf(input: ValidationInput): Steps<PathResult> {
  const { verifier, crls, missingCrl, ocsp, ocspResponse, revocation, transparency, pins } = input;
  if (missingCrl !== undefined && crls === undefined) throw new TypeError('missingCrl: counts only beside `crls`');
  if (ocspResponse !== undefined && ocsp === undefined) throw new TypeError('ocspResponse: counts only beside `ocsp`');
  if (!verifier.digest && (pins || transparency || ocspResponse || revocation)) {
    throw new TypeError(
      `pins, transparency, revocation and ocspResponse need a digest, which the verifier ${verifier.name} does not have`,
    );
  }
  const asked = crls ?? revocation ?? transparency ?? pins ?? (ocsp !== undefined && ocsp !== 'off');
  return buildCheckedPath(input, asked ? statusChecks(input) : undefined);
}

const isListOf = <T>(list: readonly T[], test: (item: T) => boolean): boolean =>
  // Not the list's own every(), which skips holes
  Array.isArray(list) && list.length > 0 && Array.from(list).every(test);

const OPTIONS: OptionTable<ValidationInput> = /* @__PURE__ */ optionTable<ValidationInput>({
  ...PATH_CHECKS,
  crls: [
    'a list of CRLs, as DER or as parseCrl() returns them, that is not empty',
    (crls) =>
      isListOf<Uint8Array | Crl | null>(crls, (crl) => isBytes(crl) || (isBytes(crl?.tbs) && isBytes(crl.issuer))),
  ],
  missingCrl: oneOf('refuse', 'accept'),
  ocsp: oneOf('off', 'request', 'require'),
  ocspResponse: ['a Uint8Array', (response) => isBytes(response)],
  revocation: [
    "{ crlite, unknown? } with what crlite() returns, and unknown 'accept' or 'refuse'",
    (policy) => {
      const { crlite, unknown = 'accept' } = knownOptions(policy, ['crlite', 'unknown'], 'revocation');
      return (
        typeof (crlite as Partial<typeof crlite> | undefined)?.check === 'function' &&
        (unknown === 'accept' || unknown === 'refuse')
      );
    },
  ],
  transparency: [
    '{ logs, minimum?, tlsList? } with a list of { key, operator?, retiredAt? }, a positive integer and a Uint8Array',
    (policy) => {
      const { logs, minimum = 2, tlsList } = knownOptions(policy, ['logs', 'minimum', 'tlsList'], 'transparency');
      return (
        Array.isArray(logs) &&
        Array.from(logs).every(isLog) &&
        isPositiveInteger(minimum) &&
        (tlsList === undefined || isBytes(tlsList))
      );
    },
  ],
  pins: [
    'a list of SHA-256 digests of 32 bytes that is not empty',
    (pins) => isListOf(pins, (pin) => isBytes(pin) && pin.length === 32),
  ],
});

function isLog(given: CtLog, i: number): boolean {
  const log = knownOptions(given, ['key', 'operator', 'retiredAt'], `transparency.logs[${i}]`);
  const { key, operator, retiredAt } = log as Readonly<Record<keyof CtLog, unknown>>;
  if (isBytes(key) && !isPublicKey(key)) refuseOption(key, `transparency.logs[${i}].key`, 'a DER SubjectPublicKeyInfo');
  return (
    isBytes(key) &&
    (operator === undefined || typeof operator === 'string') &&
    (retiredAt === undefined || Number.isFinite(retiredAt))
  );
}

/** Rejects a log's id, which is listed beside its key. */
function isPublicKey(spki: Uint8Array): boolean {
  try {
    return parsePublicKey(spki).kind !== 'unknown';
  } catch {
    return false;
  }
}

/** TLS extension number of status_request (RFC 7633). */
const STATUS_REQUEST = 5;

/**
 * CRLs for every certificate, OCSP, a filter and transparency for the leaf, pins for the path. @throws TypeError for an
 * unusable CRL, since it is the caller's, not the server's
 */
function statusChecks(input: ValidationInput): PathChecks {
  const { missingCrl, revocation, transparency, pins } = input;
  const crls = (input.crls ?? []).map((crl, i) => readList(crl, i));
  const checked: CrlSearch['checked'] = new Map();
  const said: CrlSearch['said'] = new Map();
  const leading = new Map<Issuer, Map<Issuer, boolean>>();
  const filtered = new Map<string, RuleBreach | undefined>();
  return function* (path, anchor, rules, verifier, issuers, state): Steps<PlacedBreach[]> {
    const found: PlacedBreach[] = [];
    // Paths with a wrong signature are unauthenticated, and an attacker can send hundreds.
    if (state === 'unsigned') return found;
    const note = (breach: RuleBreach | undefined, depth = 0): void => void (breach && found.push({ ...breach, depth }));
    const noteLate = (late: Beyond, breach: RuleBreach | undefined): void => note(breach && { ...breach, late });
    const search: CrlSearch = {
      crls,
      now: rules.now,
      securityLevel: rules.securityLevel,
      verifier,
      checked,
      said,
      *otherKeys({ subject, spki }) {
        for (const other of issuers(subject)) if (!bytesEqual(other.spki, spki)) yield other;
      },
      *leadsToAnchor(other) {
        let known = leading.get(anchor);
        if (!known) leading.set(anchor, (known = new Map<Issuer, boolean>()));
        let leads = known.get(other);
        if (leads === undefined) known.set(other, (leads = yield* leadsTo(anchor, other, input, search)));
        return leads;
      },
    };
    const leaf = path[0] as Certificate;
    const last = path.length === 1 ? yield* issuerOfAnchor(leaf, anchor, issuers, verifier) : anchor;
    const issuerAt = (depth: number): Issuer => (path[depth + 1] ? issuerOf(path[depth + 1] as Certificate) : last);
    for (const [depth, certificate] of path.entries()) {
      if (crls.length > 0)
        note(yield* crlBreach(search, certificate, issuerAt(depth), depth === 0 && missingCrl !== 'accept'), depth);
    }
    // Once per issuer key, and only for a valid path: an exception of the filter must not hide another failure.
    const key = latin1(issuerAt(0).spki);
    if (revocation && !filtered.has(key) && state === 'sound' && found.length === 0)
      filtered.set(key, revocationBreach(revocation, leaf, issuerAt(0), rules.now, verifier));
    noteLate('status', filtered.get(key));
    if (transparency)
      noteLate('status', yield* transparencyBreach(transparency, leaf, issuerAt(0), rules.now, verifier));
    if (pins) noteLate('pins', pinBreach(pins, [...path, anchor], verifier));
    noteLate('staple', yield* stapleBreach(input, leaf, issuerAt(0), rules, verifier));
    return found;
  };
}

function readList(given: Uint8Array | Crl, i: number): Crl {
  let crl: Crl;
  try {
    crl = isBytes(given) ? parseCrl(given) : given;
  } catch (cause) {
    throw new TypeError(`CRL ${i} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (crl.delta)
    throw new TypeError(
      `CRL ${i} is a delta CRL (RFC 5280 section 5.2.4), which is not supported: give the complete list`,
    );
  return crl;
}

/** A certificate that is its own anchor still has an issuer, which, if sent, is responsible for its status. */
function* issuerOfAnchor(
  leaf: Certificate,
  anchor: Issuer,
  issuers: (name: Uint8Array) => readonly Issuer[],
  verifier: SignatureVerifier,
): Steps<Issuer> {
  const { signatureAlgorithm: algorithm, tbs, signature } = leaf;
  if (!algorithm || !anchor.certificate || !bytesEqual(anchor.certificate.raw, leaf.raw)) return anchor;
  for (const issuer of issuers(leaf.issuer))
    if (fits(algorithm, issuer.publicKey) && (yield* verified(verifier, algorithm, issuer.spki, tbs, signature)))
      return issuer;
  return anchor;
}

/**
 * RFC 5280 section 6.3.3 (f): the path of a list's signer must end in the same anchor; the Baseline Requirements, which
 * concern servers, do not apply to it.
 */
function* leadsTo(
  anchor: Issuer,
  { subject, spki, certificate }: Issuer,
  input: ValidationInput,
  search: CrlSearch,
): Steps<boolean> {
  if (bytesEqual(anchor.subject, subject) && bytesEqual(anchor.spki, spki)) return true;
  if (!certificate) return false;
  const find = (name: Uint8Array): readonly Issuer[] => (sameName(name, anchor.subject) ? [anchor] : []);
  const { ok } = yield* buildCheckedPath(
    {
      ...input,
      ...(input.profile === 'webpki' && { profile: 'rfc5280' as const }),
      chain: [certificate, ...input.chain],
      trustAnchors: { anchors: [anchor], find, holding: () => undefined },
      purpose: 'any',
      host: undefined,
    },
    unlisted(search),
  );
  return ok;
}

/** No certificate in the path of a list's signer may be on a list signed by its own issuer's key. */
function unlisted(search: CrlSearch): PathChecks {
  const alone: CrlSearch = { ...search, otherKeys: () => [] };
  return function* (path, anchor): Steps<PlacedBreach[]> {
    const found: PlacedBreach[] = [];
    for (const [depth, certificate] of path.entries()) {
      const above = path[depth + 1];
      const breach = yield* crlBreach(alone, certificate, above ? issuerOf(above) : anchor, false);
      if (breach?.code === 'CERT_REVOKED') found.push({ ...breach, depth });
    }
    return found;
  };
}

function* stapleBreach(
  { ocsp = 'off', ocspResponse }: ValidationInput,
  leaf: Certificate,
  issuer: Issuer,
  rules: RuleSet,
  verifier: SignatureVerifier,
): Steps<RuleBreach | undefined> {
  if (ocsp === 'off') return undefined;
  if (ocspResponse) return yield* ocspBreach(ocspResponse, leaf, issuer, rules, verifier);
  const mustStaple = leaf.tlsFeatures?.includes(STATUS_REQUEST) === true;
  if (ocsp === 'request' && !mustStaple) return undefined;
  const message = `came without a stapled OCSP response${mustStaple ? ', which it says must come with it' : ''}`;
  return { code: 'CERT_OCSP_MISSING', verify: V.OCSP_VERIFY_NEEDED, message };
}
