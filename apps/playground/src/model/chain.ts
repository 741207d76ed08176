/**
 * @module A chain of certificates question by question. `@ferrule/x509` tells of the first defect of a path, as OpenSSL
 * does; here each question is asked by itself, with the others answered as well as can be, so that each has its tick.
 */
import type { CryptoProvider } from '@ferrule/pure';
import type { Section } from '@ferrule/pure/trace';
import { certificateText } from '@ferrule/result';
import {
  type Certificate,
  describeCertificate,
  generalNameText,
  parseCertificate,
  type PathFailure,
  rememberVerified,
  subjectText,
  trustStore,
  validatePathAsync,
  type ValidationInput,
} from '@ferrule/x509';
import { bytesEqual } from '@ferrule/result/bytes';
import type { CommonCode } from '@ferrule/result';
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

export interface ShownCertificate {
  readonly role: 'server' | 'intermediate' | 'root';
  readonly subject: string;
  readonly issuer: string;
  /** Of the server's certificate. */
  readonly names: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** `EC P-256` */
  readonly key: string;
  /** What `openssl x509 -text` shows. */
  readonly text: string;
  readonly checks: readonly ShownCheck[];
}

export interface ChainQuestion {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  readonly host: string;
  readonly crypto: CryptoProvider;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Root first; empty where there is no certificate that can be read. */
export async function shownChain(question: ChainQuestion): Promise<ShownCertificate[]> {
  const sent = question.chain.flatMap((der) => readable(der));
  if (sent.length === 0) return [];
  const anchors = question.anchors.flatMap((der) => readable(der));
  // Each signature is verified once, though it is asked about many times
  const asking = { ...question, crypto: { ...question.crypto, verifier: rememberVerified(question.crypto.verifier) } };
  const path = withAnchor(sent, anchors);
  const failures = await Promise.all(QUESTIONS.map((each) => failureOf(each, asking, path, anchors)));
  const shown = path.map(async (certificate, depth): Promise<ShownCertificate> => {
    const concerned = QUESTIONS.flatMap((each, i) =>
      each.concerns(depth, path.length) ? [{ each, failure: failures[i] }] : [],
    );
    return {
      role: depth === 0 ? 'server' : isIn(anchors, certificate) || certificate.selfIssued ? 'root' : 'intermediate',
      subject: subjectText(certificate) || '(no name)',
      ...factsOf(certificate, depth),
      checks: await Promise.all(
        concerned.map(({ each, failure }) => checkOf(each, failure, asking, path, depth, anchors)),
      ),
    };
  });
  return (await Promise.all(shown)).reverse();
}

interface Question {
  readonly check: string;
  readonly section: Section;
  readonly concerns: (depth: number, length: number) => boolean;
  /** The true roots are asked for; for other questions the top of the chain is a root, too. */
  readonly trust?: true;
  /** What is asked; the rest is as lenient as can be. */
  readonly ask: (question: ChainQuestion) => Partial<ValidationInput>;
}

const QUESTIONS: readonly Question[] = [
  {
    check: 'Trusted by you',
    section: sectionOf('CERT_UNTRUSTED_ROOT'),
    concerns: (depth, length) => depth === length - 1,
    trust: true,
    ask: () => ({}),
  },
  {
    check: 'Signed by its issuer, which is a CA',
    section: sectionOf('CERT_SIGNATURE'),
    concerns: (depth, length) => depth < length - 1,
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

async function failureOf(
  { ask, trust }: Question,
  question: ChainQuestion,
  path: readonly Certificate[],
  anchors: readonly Certificate[],
): Promise<PathFailure | undefined> {
  const top = path[path.length - 1] as Certificate;
  const roots = trust ? anchors : [...anchors, top];
  const result = await validatePathAsync({
    chain: path,
    trustAnchors: trustStore(roots),
    verifier: question.crypto.verifier,
    now: within(path, question.now),
    purpose: 'any',
    securityLevel: 1,
    ...ask(question),
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
  asking: ChainQuestion,
  path: readonly Certificate[],
  depth: number,
  anchors: readonly Certificate[],
): Promise<ShownCheck> {
  const { check, section } = question;
  const none = { why: undefined, hint: undefined, code: undefined };
  const own = failure === undefined || Math.min(failure.depth, path.length - 1) === depth;
  const found = own ? failure : await failureOf(question, asking, path.slice(depth), anchors);
  if (found === undefined) return { check, verdict: 'passed', ...none, section };
  if (!own && found.depth > 0) return { check, verdict: 'unknown', ...none, section };
  const { message, code, subject } = found;
  const { hint } = certificateText(found);
  // Of a part of the path, the lowest certificate is called the server's
  const place = `the server's certificate (${subject ?? ''}) `;
  const why = depth > 0 && message.startsWith(place) ? `it ${message.slice(place.length)}` : message;
  return { check, verdict: 'failed', why, hint, code, section: checkBehind(code)?.section ?? section };
}

/** The root that is trusted need not be sent: it is put on top where it is known. */
function withAnchor(sent: readonly Certificate[], anchors: readonly Certificate[]): readonly Certificate[] {
  const top = sent[sent.length - 1] as Certificate;
  if (top.selfIssued || isIn(anchors, top)) return sent;
  const anchor = anchors.find(({ subject }) => bytesEqual(subject, top.issuer));
  return anchor === undefined ? sent : [...sent, anchor];
}

const isIn = (list: readonly Certificate[], { raw }: Certificate): boolean =>
  list.some((each) => bytesEqual(each.raw, raw));

function factsOf(
  certificate: Certificate,
  depth: number,
): Pick<ShownCertificate, 'issuer' | 'names' | 'notBefore' | 'notAfter' | 'key' | 'text'> {
  const described = describeCertificate(certificate);
  const { algorithm, bits, curve } = described.publicKey;
  return {
    issuer: described.issuer.text || '(no name)',
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
