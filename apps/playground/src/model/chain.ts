/**
 * @module A chain of certificates question by question. `@ferrule/x509` tells of the first defect of a path, as OpenSSL
 * does; here each question is asked by itself, with the others answered as well as can be, so that each has its tick.
 */
import type { TrustAnchor } from '@ferrule/contract';
import type { CryptoProvider } from '@ferrule/pure';
import type { Section } from '@ferrule/pure/trace';
import {
  type Certificate,
  describeCertificate,
  generalNameText,
  nameText,
  parseCertificate,
  type PathFailure,
  rememberVerified,
  type SignatureVerifier,
  subjectText,
  trustStore,
  validatePathAsync,
  type ValidationInput,
} from '@ferrule/x509';
import { isBytes } from '@ferrule/result/arguments';
import { bytesEqual } from '@ferrule/result/bytes';
import { type CertificateFault, certificateText, CODES, type CommonCode, withOptionNames } from '@ferrule/result';
import { checkBehind } from './caught.ts';

/** `unknown`: the certificate was not looked at, since another one failed first. */
export type Verdict = 'passed' | 'failed' | 'unknown';

export interface ShownCheck {
  /** The question, as a statement: `is valid today`. */
  readonly check: string;
  readonly verdict: Verdict;
  /** Why it failed, and what to do. */
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly code: CommonCode | undefined;
  readonly section: Section | undefined;
}

export interface CertificateFacts {
  /** Of the server's certificate. */
  readonly names: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** `P-256`; `RSA, 2048 bits` */
  readonly key: string;
  /** What `openssl x509 -text` shows. */
  readonly text: string;
}

export interface ShownCertificate {
  readonly role: 'server' | 'intermediate' | 'root';
  readonly subject: string;
  /** Absent of a root that is trusted by its name and key, without a certificate. */
  readonly facts: CertificateFacts | undefined;
  readonly checks: readonly ShownCheck[];
}

export interface ChainQuestion {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly anchors: readonly TrustAnchor[];
  readonly host: string;
  readonly crypto: CryptoProvider;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Root first; empty where there is no certificate that can be read. */
export async function shownChain(question: ChainQuestion): Promise<ShownCertificate[]> {
  const sent = question.chain.flatMap((der) => readable(der));
  if (sent.length === 0) return [];
  // Each signature is verified once, though it is asked about many times
  const verifier = rememberVerified(question.crypto.verifier);
  const { path, bare } = withAnchor(sent, question.anchors);
  const asking: Asking = { ...question, verifier, path };
  const failures = await Promise.all(QUESTIONS.map((each) => failureOf(each, asking, 0)));
  const shown = path.map(async (certificate, depth): Promise<ShownCertificate> => {
    const isTop = depth === path.length - 1;
    // Above it is the root, which has no certificate to be shown: what is said of its trust is said there
    const concerned = QUESTIONS.map((each, i) => ({ each, failure: failures[i] })).filter(({ each }) =>
      isTop && bare !== undefined && each.trust !== undefined
        ? false
        : each.concerns(depth, isTop && bare === undefined),
    );
    return {
      role: depth === 0 ? 'server' : certificate.selfIssued ? 'root' : 'intermediate',
      subject: subjectText(certificate) || '(no name)',
      facts: factsOf(certificate, depth),
      checks: await Promise.all(concerned.map(({ each, failure }) => checkOf(each, failure, asking, depth))),
    };
  });
  const above = bare === undefined ? [] : [rootAbove(bare, failures[0])];
  return [...(await Promise.all(shown)), ...above].reverse();
}

/** A question, and what it is asked about. */
interface Asking extends ChainQuestion {
  readonly verifier: SignatureVerifier;
  readonly path: readonly Certificate[];
}

/** The root by which the chain is trusted, known by name and key alone. */
const rootAbove = (subject: Uint8Array, failure: PathFailure | undefined): ShownCertificate => ({
  role: 'root',
  subject: nameText(subject) || '(no name)',
  facts: undefined,
  checks: [verdictOn(TRUST, failure)],
});

interface Question {
  readonly check: string;
  readonly section: Section;
  /** Whether it is asked about the certificate at this depth; `isTop`: nothing is above it. */
  readonly concerns: (depth: number, isTop: boolean) => boolean;
  /** The true roots are asked for; for other questions the top of the chain is a root, too. */
  readonly trust?: true;
  /** What is asked; the rest is as lenient as can be. */
  readonly ask: (question: ChainQuestion) => Partial<ValidationInput>;
}

const TRUST: Question = {
  check: 'Trusted by you',
  section: sectionOf('CERT_UNTRUSTED_ROOT'),
  concerns: (_, isTop) => isTop,
  trust: true,
  ask: () => ({}),
};

const QUESTIONS: readonly Question[] = [
  TRUST,
  {
    check: 'Signed by its issuer, which is a CA',
    section: sectionOf('CERT_SIGNATURE'),
    concerns: (_, isTop) => !isTop,
    ask: () => ({}),
  },
  { check: 'Valid today', section: sectionOf('CERT_EXPIRED'), concerns: () => true, ask: ({ now }) => ({ now }) },
  {
    check: 'Strong key and hash',
    section: sectionOf('CERT_WEAK_KEY'),
    concerns: () => true,
    ask: () => ({ securityLevel: 2 }),
  },
  {
    check: 'For this host',
    section: sectionOf('CERT_NAME_MISMATCH'),
    concerns: (depth) => depth === 0,
    ask: ({ host }) => ({ host }),
  },
  {
    check: 'For TLS servers',
    section: sectionOf('CERT_PURPOSE'),
    concerns: (depth) => depth === 0,
    ask: () => ({ purpose: 'serverAuth' }),
  },
];

function sectionOf(code: CommonCode): Section {
  const found = checkBehind(code);
  if (found === undefined) throw new Error(`${code} has no section`);
  return found.section;
}

/** Of the path from this depth on. */
async function failureOf({ ask, trust }: Question, asking: Asking, depth: number): Promise<PathFailure | undefined> {
  const path = asking.path.slice(depth);
  const top = path[path.length - 1] as Certificate;
  const result = await validatePathAsync({
    chain: path,
    trustAnchors: trustStore(trust ? asking.anchors : [...asking.anchors, top]),
    verifier: asking.verifier,
    now: within(path, asking.now),
    purpose: 'any',
    securityLevel: 1,
    ...ask(asking),
  });
  return result.ok ? undefined : result.error;
}

/** A time at which all of them are valid, where there is one. */
function within(path: readonly Certificate[], now: number): number {
  const from = Math.max(...path.map(({ notBefore }) => notBefore));
  const until = Math.min(...path.map(({ notAfter }) => notAfter));
  return from <= until ? Math.min(Math.max(now, from), until) : now;
}

/** Where another certificate failed first, this one is asked about with those above it alone. */
async function checkOf(
  question: Question,
  failure: PathFailure | undefined,
  asking: Asking,
  depth: number,
): Promise<ShownCheck> {
  const isOwn = failure === undefined || Math.min(failure.depth, asking.path.length - 1) === depth;
  const found = isOwn ? failure : await failureOf(question, asking, depth);
  if (found === undefined || isOwn) return verdictOn(question, found);
  const { check, section } = question;
  return found.depth > 0
    ? { check, verdict: 'unknown', ...NOTHING, section }
    : verdictOn(question, { ...found, depth });
}

const NOTHING = { why: undefined, hint: undefined, code: undefined } as const;

const ON_THE_PAGE = { ca: '“Roots to trust” above', trustAnchors: '' };

/** In the words of the engines, with the remedy in those of the page. */
function verdictOn({ check, section }: Question, fault: CertificateFault | undefined): ShownCheck {
  if (fault === undefined) return { check, verdict: 'passed', ...NOTHING, section };
  const { code } = fault;
  const { message: why, hint = CODES[code].remedy } = certificateText(fault);
  return {
    check,
    verdict: 'failed',
    why,
    hint: withOptionNames(hint, ON_THE_PAGE),
    code,
    section: checkBehind(code)?.section ?? section,
  };
}

/**
 * The root that is trusted need not be sent: it is put on top where it is known. `bare`: its DER name, where that and its
 * key are all that is known of it.
 */
function withAnchor(
  sent: readonly Certificate[],
  anchors: readonly TrustAnchor[],
): { readonly path: readonly Certificate[]; readonly bare: Uint8Array | undefined } {
  const { issuer, selfIssued, raw } = sent[sent.length - 1] as Certificate;
  if (selfIssued) return { path: sent, bare: undefined };
  for (const anchor of anchors) {
    const [certificate] = isBytes(anchor) ? readable(anchor) : [];
    if (certificate !== undefined && bytesEqual(certificate.raw, raw)) return { path: sent, bare: undefined };
    if (certificate !== undefined && bytesEqual(certificate.subject, issuer))
      return { path: [...sent, certificate], bare: undefined };
    if (!isBytes(anchor) && bytesEqual(anchor.subject, issuer)) return { path: sent, bare: anchor.subject };
  }
  return { path: sent, bare: undefined };
}

function factsOf(certificate: Certificate, depth: number): CertificateFacts {
  const described = describeCertificate(certificate);
  const { algorithm, bits, curve } = described.publicKey;
  return {
    names:
      depth > 0 ? [] : (certificate.subjectAltName ?? []).map((name) => generalNameText(name).replace(/^[^:]*:/, '')),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    key: curve ?? `${KEY_NAMES[algorithm] ?? algorithm}, ${bits} bits`,
    text: String(described),
  };
}

const KEY_NAMES: Readonly<Record<string, string>> = { rsaEncryption: 'RSA', rsassaPss: 'RSA-PSS' };

function readable(der: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch {
    return [];
  }
}
