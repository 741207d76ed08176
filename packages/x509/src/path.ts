/**
 * @module Path building and validation: RFC 5280 section 6, RFC 4158.
 *
 * One depth-first search from the leaf up. Candidate issuers are tried likeliest first, and everything except the
 * signature is checked before it; a candidate that violates a rule is skipped, so that cross-signs, loops and
 * same-named CAs cost steps but never the result. If nothing is found, the same search runs again, noting violations
 * instead of pruning: it finds the path with the fewest, which the failure reports (and only it compares names the slow
 * way of RFC 5280 section 7.1, so that a path which needs that is still found).
 *
 * Written as steps: a generator that yields only the promises of a `SignatureVerifier`.
 */
import { isBytes } from '@ferrule/result/arguments';
import type { CommonCode } from '@ferrule/result';
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import { parseHost, type Host } from '@ferrule/result/host';
import * as V from '@ferrule/result/x509-v';
import { parseCertificate, subjectText, type Certificate } from './certificate.ts';
import { checkConstraints, MAX_COMPARISONS, tooMany } from './constraints.ts';
import type { NameConstraints } from './general-name.ts';
import { DerError } from './der.ts';
import { faultFacts } from './fault-facts.ts';
import { type Attempt, type Defect, explain, type PathFailure, signatureDefect } from './explain.ts';
import { namesHost } from './host.ts';
import { sameName } from './name.ts';
import { policyBreach } from './policy.ts';
import { costOf, fits, isOfKind } from './public-key.ts';
import {
  breachesOf,
  breachOfStrength,
  type Profile,
  type Purpose,
  type Role,
  type RuleBreach,
  type RuleSet,
} from './rules.ts';
import type { SignatureVerifier } from './signature.ts';
import { issuerOf, type Issuer, type TrustStore } from './trust.ts';
import { type Steps, verified } from './steps.ts';

/** The input of path validation. Only `chain`, `trustAnchors` and `verifier` are required. */
export interface PathInput {
  /**
   * The server's certificate first, then others it sent, in any order; DER or parsed. Unreadable ones after the first
   * are ignored.
   */
  readonly chain: readonly (Uint8Array | Certificate)[];
  readonly trustAnchors: TrustStore;
  readonly verifier: SignatureVerifier;
  /** Milliseconds since the epoch, used in whole seconds. Default: `Date.now()`. */
  readonly now?: number;
  /** The name or IP address that the certificate must match; if absent, names are not checked. */
  readonly host?: string | Host | undefined;
  /** Default `serverAuth`. */
  readonly purpose?: Purpose;
  /** Default `compatible`. */
  readonly profile?: Profile;
  /** 1 to 5, as SSL_CTX_set_security_level(3). Default 2: 112 bits. */
  readonly securityLevel?: number;
  /** Maximum number of certificates below the anchor, including the leaf, not counting self-issued ones. Default 16. */
  readonly maxChainLength?: number;
  /**
   * Work limit, in candidates tried; signatures slower than P-256 count for more: P-384 and Ed448 for 4, P-521 for 8,
   * RSA for the square of its bits over 4096. Default 256; explaining a failure may take the same again.
   */
  readonly maxSteps?: number;
  /** Knows the public suffix list, for wildcards under `webpki`; without it only one-label suffixes are known. */
  readonly isPublicSuffix?: (name: string) => boolean;
}

/** A violated rule, and the position in the path of the violating certificate; 0 is the leaf. */
export interface PlacedBreach extends RuleBreach {
  readonly depth: number;
}

/**
 * Further checks of a path beyond RFC 5280 section 6.1; leaf first, without the anchor. Called for each path that
 * passes it, and, for diagnosis, for those that do not. `issuers` returns all known ones of a DER `Name`. `state`: the
 * path is valid so far; or invalid, but with valid signatures; or not even that, so that it is unauthenticated.
 */
export type PathChecks = (
  path: readonly Certificate[],
  anchor: Issuer,
  rules: RuleSet,
  verifier: SignatureVerifier,
  issuers: (name: Uint8Array) => readonly Issuer[],
  state: 'sound' | 'signed' | 'unsigned',
) => Steps<readonly PlacedBreach[]>;

export type PathResult = PathSuccess | { readonly ok: false; readonly error: PathFailure };

export interface PathSuccess {
  readonly ok: true;
  /** Leaf first; ends with the anchor if that is a certificate, else with the last certificate below it. */
  readonly chain: readonly Certificate[];
  readonly anchor: Issuer;
}

/** `buildPathSteps()` for checked options. @throws TypeError if `host` is invalid. */
export function buildCheckedPath(input: PathInput, checks: PathChecks | undefined): Steps<PathResult> {
  const { host } = input;
  return run(input, typeof host === 'string' ? parseHost(host) : host, checks);
}

function* run(input: PathInput, host: Host | undefined, checks: PathChecks | undefined): Steps<PathResult> {
  const leaf = readLeaf(input.chain);
  if (!('tbs' in leaf)) return { ok: false, error: leaf };
  if (leaf.malformed !== undefined) {
    const message = `the server's certificate (${subjectText(leaf)}) is malformed: ${leaf.malformed}`;
    return {
      ok: false,
      error: {
        ...noPath('CERT_INVALID', message),
        verify: V.INVALID_EXTENSION,
        ...faultFacts(leaf, leaf),
        chain: [leaf],
      },
    };
  }
  const search = new Search(input, leaf, checks);
  const ownDefects = leafDefects(search, host);
  if (ownDefects.length === 0) {
    const found = yield* searchFrom(search, []);
    if (found) return found;
  }
  search.startDiagnosis();
  const found = yield* searchFrom(search, ownDefects);
  return found ?? { ok: false, error: explain(search) };
}

function readLeaf([leaf]: PathInput['chain']): Certificate | PathFailure {
  if (!leaf) return noPath('NO_CERTIFICATE', 'there is no certificate');
  if (!isBytes(leaf)) return leaf;
  try {
    return parseCertificate(leaf);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return noPath('CERT_INVALID', `the certificate is malformed: ${error.message}`);
  }
}

const noPath = (code: CommonCode, message: string): PathFailure => ({
  code,
  verify: V.UNSPECIFIED,
  depth: 0,
  subject: undefined,
  beyond: undefined,
  message,
  chain: [],
});

interface Constrained {
  readonly breach: RuleBreach | undefined;
  /** Comparisons. */
  readonly cost: number;
}

/** For all paths of a search, most of which are unauthenticated. */
const MAX_COMPARISONS_OF_ALL = 4 * MAX_COMPARISONS;

interface Candidate {
  readonly issuer: Issuer;
  readonly anchor: boolean;
}

/** The state of one validation; {@link explain} reads it. */
export class Search {
  readonly leaf: Certificate;
  readonly rules: RuleSet;
  readonly trust: TrustStore;
  readonly verifier: SignatureVerifier;
  readonly checks: PathChecks | undefined;
  readonly maxChainLength: number;
  readonly untrusted: Issuer[] = [];
  /** Messages about unreadable certificates of the chain. */
  readonly unreadable: string[] = [];
  /** Messages about certificates of the chain that cannot be issuers because of an unreadable decisive extension. */
  readonly unusable: string[] = [];
  /** Comparisons of names with constraints on the current path. */
  compared = 0;
  diagnosing = false;
  /** No steps were left. */
  exhausted = false;
  /** The first search ended before it was complete. */
  gaveUp = false;
  /** The most promising invalid path. */
  best: Attempt | undefined;
  /** Certificates below a candidate with the right name but, by key identifier, another key. */
  readonly wrongKeyIssuers: Certificate[] = [];
  readonly maxSteps: number;
  private steps = 0;
  private distances: Map<Issuer, number> | undefined;
  private readonly checked = new Map<Certificate, { readonly spki: Uint8Array; readonly ok: boolean }[]>();
  private readonly judged = new Map<Certificate, RuleBreach[]>();
  private readonly constrained = new Map<NameConstraints, Map<Certificate, Constrained>>();
  private comparisons = MAX_COMPARISONS_OF_ALL;

  constructor(input: PathInput, leaf: Certificate, checks: PathChecks | undefined) {
    const {
      now = Date.now(),
      purpose = 'serverAuth',
      profile = 'compatible',
      securityLevel = 2,
      isPublicSuffix,
    } = input;
    this.leaf = leaf;
    this.trust = input.trustAnchors;
    this.verifier = input.verifier;
    this.checks = checks;
    this.rules = { now: Math.floor(now / 1000) * 1000, purpose, profile, securityLevel, isPublicSuffix };
    this.maxChainLength = input.maxChainLength ?? 16;
    this.maxSteps = input.maxSteps ?? 256;
    for (let i = 1; i < input.chain.length; i++) this.addUntrusted(input.chain[i] as Uint8Array | Certificate, i);
  }

  private addUntrusted(certificate: Uint8Array | Certificate, place: number): void {
    let read: Certificate | undefined;
    try {
      read = isBytes(certificate) ? parseCertificate(certificate) : certificate;
      this.untrusted.push(issuerOf(read));
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      (read ? this.unusable : this.unreadable).push(
        `certificate ${place} of the chain is malformed (${error.message})`,
      );
    }
  }

  startDiagnosis(): void {
    this.diagnosing = true;
    this.gaveUp = this.exhausted;
    this.exhausted = false;
    this.steps = 0;
  }

  /** Takes one step, or as many as a signature costs; `false` if too few are left. */
  step(count = 1): boolean {
    this.steps += count;
    if (this.steps <= this.maxSteps) return true;
    this.exhausted = true;
    return false;
  }

  breaches(certificate: Certificate, role: Role): RuleBreach[] {
    if (role === 'anchor') return breachesOf(certificate, role, this.rules);
    let known = this.judged.get(certificate);
    if (!known) this.judged.set(certificate, (known = breachesOf(certificate, role, this.rules)));
    return known;
  }

  /** Checks constraints against a certificate's names; cached over all paths. */
  constraintBreach(constraints: NameConstraints, certificate: Certificate): RuleBreach | undefined {
    let known = this.constrained.get(constraints);
    if (!known) this.constrained.set(constraints, (known = new Map<Certificate, Constrained>()));
    let result = known.get(certificate);
    if (!result) {
      const budget = { comparisons: Math.min(MAX_COMPARISONS, this.comparisons) };
      const before = budget.comparisons;
      const breach = checkConstraints(constraints, certificate, budget, this.rules.profile !== 'compatible');
      const cost = before - budget.comparisons;
      this.comparisons = Math.max(0, this.comparisons - cost);
      known.set(certificate, (result = { breach, cost }));
    }
    this.compared += result.cost;
    return result.breach ?? (this.compared > MAX_COMPARISONS ? tooMany() : undefined);
  }

  /** Possible issuers, likeliest first: by key identifier, then by validity, then by distance to an anchor. */
  candidates(child: Certificate): Candidate[] {
    const { diagnosing } = this;
    const found: Candidate[] = this.trust.find(child.issuer, diagnosing).map((issuer) => ({ issuer, anchor: true }));
    for (const issuer of this.untrusted) {
      if (diagnosing ? sameName(issuer.subject, child.issuer) : bytesEqual(issuer.subject, child.issuer))
        found.push({ issuer, anchor: false });
    }
    if (found.length < 2) return found;
    const scored = found.map((one) => ({ ...one, score: this.score(child, one) }));
    return (diagnosing ? scored : scored.filter(({ score }) => score > -Infinity)).sort((a, b) => b.score - a.score);
  }

  private score(child: Certificate, { issuer, anchor }: Candidate): number {
    const { certificate } = issuer;
    const { now } = this.rules;
    const current = !certificate || (certificate.notBefore <= now && now <= certificate.notAfter);
    const distance = anchor ? 0 : ((this.distances ??= this.measure()).get(issuer) ?? Infinity);
    return 4096 * (2 * identifierMatch(child, issuer) + (current ? 1 : 0)) - distance;
  }

  /** The distance to an anchor, by names only, of each untrusted certificate that can reach one. */
  private measure(): Map<Issuer, number> {
    const distances = new Map<Issuer, number>();
    const issuedBy = new Map<string, Issuer[]>();
    for (const one of this.untrusted) {
      const issuer = (one.certificate as Certificate).issuer;
      const key = latin1(issuer);
      issuedBy.set(key, [...(issuedBy.get(key) ?? []), one]);
      if (this.trust.find(issuer).length > 0) distances.set(one, 1);
    }
    // A Map is iterated in insertion order, including entries added meanwhile: nearest first
    for (const [one, distance] of distances) {
      for (const below of issuedBy.get(latin1(one.subject)) ?? [])
        if (!distances.has(below)) distances.set(below, distance + 1);
    }
    return distances;
  }

  *signedBy(child: Certificate, issuer: Pick<Issuer, 'spki' | 'publicKey'>): Steps<boolean> {
    const { signatureAlgorithm: algorithm } = child;
    if (!algorithm || !child.signatureAlgorithmsAgree || !fits(algorithm, issuer.publicKey)) return false;
    let results = this.checked.get(child);
    if (!results) this.checked.set(child, (results = []));
    for (const { spki, ok } of results) if (bytesEqual(spki, issuer.spki)) return ok;
    // The candidate itself has cost one step.
    if (!this.step(costOf(issuer.publicKey) - 1)) return false;
    const ok = yield* verified(this.verifier, algorithm, issuer.spki, child.tbs, child.signature);
    results.push({ spki: issuer.spki, ok });
    return ok;
  }

  /**
   * Keeps the attempt if it is more promising: it reached an anchor with fewer violations, or none did and it got
   * farther.
   */
  propose(path: readonly Certificate[], anchor: Issuer | undefined, defects: readonly Defect[]): void {
    // A wrong signature weighs more than a violated rule: the issuer may be a different CA.
    const wrong = defects.length + defects.filter(({ code }) => code === 'CERT_SIGNATURE').length;
    const score = (anchor ? 1e6 : path.length) - wrong / 1e3;
    if (!this.best || score > this.best.score) this.best = { path: [...path], anchor, defects: [...defects], score };
  }
}

/** 2 = the key identifiers agree, 1 = nothing is known, 0 = they differ. */
export function identifierMatch(child: Certificate, issuer: Pick<Issuer, 'subjectKeyIdentifier'>): 0 | 1 | 2 {
  const wanted = child.authorityKeyIdentifier?.keyIdentifier;
  if (!wanted || !issuer.subjectKeyIdentifier) return 1;
  return bytesEqual(wanted, issuer.subjectKeyIdentifier) ? 2 : 0;
}

function leafDefects(search: Search, host: Host | undefined): Defect[] {
  const { leaf } = search;
  const defects: Defect[] = search.breaches(leaf, 'leaf').map((one) => ({ ...one, certificate: leaf, depth: 0 }));
  if (host && !namesHost(leaf, host, search.rules.profile !== 'compatible')) {
    const verify = host.kind === 'ip' ? V.IP_ADDRESS_MISMATCH : V.HOSTNAME_MISMATCH;
    defects.push({
      code: 'CERT_NAME_MISMATCH',
      verify,
      message: `is not for ${host.name}`,
      certificate: leaf,
      depth: 0,
    });
  }
  return defects;
}

function* searchFrom(search: Search, defects: Defect[]): Steps<PathSuccess | undefined> {
  const { leaf } = search;
  const self = search.trust.holding(leaf);
  if (self) {
    // The caller trusts this certificate itself: its signature does not matter, and it vouches for its own status
    const own = defects.filter(
      ({ verify }) => verify !== V.CA_MD_TOO_WEAK && verify !== V.UNSUPPORTED_SIGNATURE_ALGORITHM,
    );
    yield* noteWholePath(search, [leaf], self, own);
    if (own.length === 0) return { ok: true, chain: [leaf], anchor: self };
    if (search.diagnosing) search.propose([leaf], self, own);
  }
  return yield* extend(search, [leaf], defects);
}

function* extend(search: Search, path: Certificate[], defects: Defect[]): Steps<PathSuccess | undefined> {
  const child = path[path.length - 1] as Certificate;
  if (search.diagnosing) search.propose(path, undefined, defects);
  const mark = defects.length;
  const { compared } = search;
  for (const { issuer, anchor } of search.candidates(child)) {
    search.compared = compared;
    if (loops(path, issuer)) continue;
    if (!search.step()) return undefined;
    judge(search, path, issuer, anchor, defects);
    if (defects.length === mark || search.diagnosing) {
      const found = yield* ascend(search, path, issuer, anchor, defects);
      if (found || search.exhausted) return found;
    }
    defects.length = mark;
  }
  return undefined;
}

/** The candidate conforms, or the search is diagnosing: now check its signature. */
function* ascend(
  search: Search,
  path: Certificate[],
  issuer: Issuer,
  anchor: boolean,
  defects: Defect[],
): Steps<PathSuccess | undefined> {
  const child = path[path.length - 1] as Certificate;
  if (!(yield* search.signedBy(child, issuer))) {
    // Without steps left the signature was not checked
    if (!search.diagnosing || search.exhausted) return undefined;
    // OpenSSL accepts no other issuer for a self-signed certificate, and none with a key of a different kind than the
    // signature's
    const { signatureAlgorithm: algorithm } = child;
    const { publicKey } = issuer;
    const otherKind = algorithm && publicKey.kind !== 'unknown' && !isOfKind(algorithm, publicKey);
    if (identifierMatch(child, issuer) === 0 || otherKind || (yield* signedItself(search, child))) {
      search.wrongKeyIssuers.push(child);
      return undefined;
    }
    // As in OpenSSL, diagnosis still follows the names
    defects.push({
      message: signatureDefect(child, issuer),
      code: 'CERT_SIGNATURE',
      verify: V.CERT_SIGNATURE_FAILURE,
      certificate: child,
      depth: path.length - 1,
    });
  }
  if (defects.length > 0 && !search.diagnosing) return undefined;
  if (anchor) {
    yield* noteWholePath(search, path, issuer, defects);
    if (defects.length === 0)
      return { ok: true, chain: issuer.certificate ? [...path, issuer.certificate] : [...path], anchor: issuer };
    if (search.diagnosing) search.propose(path, issuer, defects);
    return undefined;
  }
  path.push(issuer.certificate as Certificate);
  const found = yield* extend(search, path, defects);
  path.pop();
  return found;
}

function* signedItself(search: Search, child: Certificate): Steps<boolean> {
  return child.selfIssued && (yield* search.signedBy(child, child));
}

/** RFC 4158 section 2.4.1: a path that returns to the same name and key is a loop. */
const loops = (path: readonly Certificate[], { subject, spki }: Issuer): boolean =>
  path.some((one) => bytesEqual(one.subject, subject) && bytesEqual(one.spki, spki));

/** Checks everything about a candidate issuer except the signature. */
function judge(search: Search, path: readonly Certificate[], issuer: Issuer, anchor: boolean, defects: Defect[]): void {
  const depth = path.length;
  const { certificate, nameConstraints } = issuer;
  let between = 0;
  for (let i = 1; i < depth; i++) if (!(path[i] as Certificate).selfIssued) between++;
  if (certificate) {
    for (const breach of search.breaches(certificate, anchor ? 'anchor' : 'intermediate'))
      defects.push({ ...breach, certificate, depth });
    const limit = certificate.basicConstraints?.pathLength;
    if (limit !== undefined && between > limit) {
      const message = `allows ${limit} CA certificates below it (pathLenConstraint), and ${between} follow`;
      defects.push({ code: 'CERT_INVALID', verify: V.PATH_LENGTH_EXCEEDED, message, certificate, depth });
    }
  } else {
    const weak = breachOfStrength(issuer.publicKey, 'anchor', search.rules.securityLevel);
    if (weak) defects.push({ ...weak, certificate, depth });
  }
  const length = 1 + between + (anchor || certificate?.selfIssued ? 0 : 1);
  if (length > search.maxChainLength) {
    defects.push({
      code: 'CERT_CHAIN_TOO_LONG',
      verify: V.CERT_CHAIN_TOO_LONG,
      message: `makes the chain longer than ${search.maxChainLength}`,
      certificate,
      depth,
    });
  }
  if (!nameConstraints) return;
  for (let i = 0; i < depth; i++) {
    const below = path[i] as Certificate;
    if (i > 0 && below.selfIssued) continue;
    const breach = search.constraintBreach(nameConstraints, below);
    if (breach) defects.push({ ...breach, certificate: below, depth: i });
  }
}

/** Checks that need the whole path. */
function* noteWholePath(search: Search, path: readonly Certificate[], anchor: Issuer, defects: Defect[]): Steps<void> {
  const { leaf, checks, rules, verifier } = search;
  const policies = policyBreach(path, anchor, rules.profile !== 'compatible');
  if (policies) defects.push({ ...policies, certificate: leaf, depth: 0 });
  if (!checks) return;
  const issuers = (name: Uint8Array): readonly Issuer[] => [
    ...search.trust.find(name, true),
    ...search.untrusted.filter(({ subject }) => sameName(subject, name)),
  ];
  const unsigned = defects.some(({ code }) => code === 'CERT_SIGNATURE');
  const state = defects.length === 0 ? 'sound' : unsigned ? 'unsigned' : 'signed';
  for (const breach of yield* checks(path, anchor, rules, verifier, issuers, state))
    defects.push({ ...breach, certificate: path[breach.depth] });
}
