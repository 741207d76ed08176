/**
 * @module `ferrule scan`: what a server takes. Everything there is is offered; what the server chooses is struck from
 * the list, and the rest is offered again, until the server refuses: as many connections as it takes things, and one or
 * two more.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { Version } from '@ferrule/pure/wire';
import { Alert, alertName } from '@ferrule/result';
import {
  cipherSuiteName,
  everyCipherSuite,
  everyGroup,
  everySignatureScheme,
  extensionName,
  versionName,
} from '@ferrule/result/names';
import type { StarttlsProtocol } from '@ferrule/starttls';
import { isIpAddress } from '@ferrule/x509';
import { TlsError } from 'ferrule';
import { dial } from './dial.ts';
import { preambleOf } from './open.ts';
import { type FamilyOptions, familyOf } from './options.ts';
import { type Answer, ask, type Choice, type Question } from './probe.ts';
import type { ViaOption } from './route.ts';
import type { Downgrade, Scan, ScannedCertificate, ScannedVersion, Taken, Thing } from './scanned.ts';
import { nameOfTarget, type Target } from './target.ts';
import { groupThing, isDhe, isEcdhe, isSigned, keyOf, schemeThing, suitesFor, suiteThing } from './things.ts';
import { Timeline } from './timeline.ts';

export interface ScanOptions extends FamilyOptions {
  readonly servername?: string;
  /** Seconds, of each connection. */
  readonly timeout: number;
  readonly starttls?: StarttlsProtocol | 'none';
  readonly via?: ViaOption;
  /** How many connections at a time. */
  readonly concurrency: number;
  /** The least time between the beginnings of two connections, seconds. */
  readonly delay: number;
}

/** Newest first. */
const VERSIONS = [Version.tls13, Version.tls12, Version.tls11, Version.tls10, 0x0300] as const;

const NOT_ASKED: readonly string[] = [
  'SSL 2.0, DTLS and QUIC',
  'suites of PSK, SRP and Kerberos, which need a secret that was agreed on before',
  'what comes after the handshake: client certificates, renegotiation, resumption, early data',
  'what HTTP says, as HSTS does: --http asks',
  'ROBOT and Heartbleed, which hellos alone cannot tell',
];

/** How long to wait before a question is asked again, milliseconds. */
const BREATH = 300;

/** What is said of the progress. */
export type OnProgress = (connections: number, about: string) => void;

/**
 * Never authenticates anybody and sends nothing but ClientHellos.
 * @throws TlsError when no question at all could be asked, or none of the versions is taken.
 */
export async function scan(
  target: Target,
  options: ScanOptions,
  signal: AbortSignal,
  onProgress: OnProgress = () => {},
): Promise<Scan> {
  const began = performance.now();
  const scanner = new Scanner(target, options, signal, onProgress);
  const { versions, shares } = await scanner.versions();
  const taken = VERSIONS.filter((_, i) => versions[i]?.taken);
  const [suites, groups13] = await Promise.all([
    Promise.all(taken.map((version) => scanner.suites(version, shares))),
    taken.includes(Version.tls13) ? scanner.groups13(shares) : undefined,
  ]);
  const suitesOf = (version: number): readonly number[] =>
    (suites[taken.findIndex((each) => each === version)]?.taken ?? []).map(({ code }) => code);
  const [downgrade, compression, groups12, signatures13, signatures12, primeBits] = await Promise.all([
    scanner.downgrade(taken, suitesOf),
    scanner.compression(taken, suitesOf),
    scanner.groups12(suitesOf(Version.tls12).filter(isEcdhe)),
    groups13 &&
      scanner.signatures13(
        suitesOf(Version.tls13),
        groups13.taken.map(({ code }) => code),
      ),
    scanner.signatures12(suitesOf(Version.tls12).filter(isSigned)),
    scanner.primeBits(
      taken.filter((version) => version < Version.tls13).map((version) => [version, suitesOf(version).filter(isDhe)]),
    ),
    ...taken.map((version) => scanner.certificates(version, suitesOf(version))),
  ]);
  if (signal.aborted) throw new TlsError('ABORTED', undefined, { cause: signal.reason });
  const present = (lists: readonly (Taken | undefined)[]): Taken[] => lists.filter((list) => list !== undefined);
  return {
    target: nameOfTarget(target),
    name: scanner.name,
    versions,
    cipherSuites: suites,
    groups: present([groups13, groups12]),
    signatureAlgorithms: present([signatures13, signatures12]),
    certificates: scanner.seen,
    extensions: [...scanner.extensions].map(extensionName),
    primeBits,
    downgrade,
    compression,
    stapled: scanner.stapled,
    connections: scanner.connections,
    milliseconds: Math.round(performance.now() - began),
    notAsked: NOT_ASKED,
  };
}

class Scanner {
  readonly name: string | undefined;
  connections = 0;
  readonly extensions: Set<number> = new Set();
  stapled: boolean | undefined;
  readonly #sentinels: Map<number, boolean> = new Map();
  readonly #target: Target;
  readonly #options: ScanOptions;
  readonly #signal: AbortSignal;
  readonly #onProgress: OnProgress;
  readonly #certificates: Map<string, { readonly chain: readonly Uint8Array[]; readonly versions: Set<number> }> =
    new Map();
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  constructor(target: Target, options: ScanOptions, signal: AbortSignal, onProgress: OnProgress) {
    const name = options.servername ?? target.host;
    this.name = name === '' || isIpAddress(name) ? undefined : name;
    this.#target = target;
    this.#options = options;
    this.#signal = signal;
    this.#onProgress = onProgress;
    this.#free = options.concurrency;
  }

  get seen(): ScannedCertificate[] {
    return [...this.#certificates.values()].map(({ chain, versions }) => ({
      chain,
      versions: VERSIONS.filter((version) => versions.has(version)).map(versionName),
    }));
  }

  /** @throws TlsError when none is taken. */
  async versions(): Promise<{ readonly versions: readonly ScannedVersion[]; readonly shares: readonly number[] }> {
    let shares: readonly number[] = [];
    const answers = await Promise.all(
      VERSIONS.map(async (version) => {
        const question = { version, cipherSuites: suitesFor(version), until: 'hello' } as const;
        const answer = await this.#ask(question, versionName(version));
        if (version !== Version.tls13 || answer.kind === 'taken') return answer;
        // There are servers that know no hello without a key share
        const again = await this.#ask({ ...question, shares: COMMON_SHARES }, versionName(version));
        if (again.kind !== 'taken') return answer;
        shares = nodeCrypto.groups.map(({ id }) => id);
        return again;
      }),
    );
    if (!answers.some(({ kind }) => kind === 'taken')) throw noVersion(nameOfTarget(this.#target), answers);
    const versions = answers.map((answer, i): ScannedVersion => {
      const code = VERSIONS[i] ?? 0;
      const thing = { code, name: versionName(code), strength: code >= Version.tls12 ? 'good' : 'broken' } as const;
      if (answer.kind === 'taken') return { ...thing, taken: true };
      return answer.kind === 'refused'
        ? { ...thing, taken: false, why: refusal(answer) }
        : { ...thing, taken: undefined, why: answer.error.message };
    });
    return { versions, shares };
  }

  suites(version: number, shares: readonly number[]): Promise<Taken> {
    const about = `suites of ${versionName(version)}`;
    return this.#strike(
      version,
      suitesFor(version),
      (left) =>
        this.#ask(
          { version, cipherSuites: left, shares: version === Version.tls13 ? shares.slice(0, 3) : [], until: 'hello' },
          about,
        ),
      ({ cipherSuite }) => cipherSuite,
      suiteThing,
    );
  }

  groups13(shares: readonly number[]): Promise<Taken> {
    const version = Version.tls13;
    return this.#strike(
      version,
      shares.length > 0 ? shares : everyGroup(),
      (left) =>
        this.#ask(
          {
            version,
            cipherSuites: everyCipherSuite().tls13,
            groups: left,
            shares: shares.length > 0 ? left : [],
            until: 'hello',
          },
          'groups of TLS 1.3',
        ),
      ({ group }) => group,
      groupThing,
    );
  }

  async groups12(suites: readonly number[]): Promise<Taken | undefined> {
    if (suites.length === 0) return undefined;
    const version = Version.tls12;
    return this.#strike(
      version,
      everyGroup().filter((group) => group < 31),
      (left) =>
        this.#ask({ version, cipherSuites: suites, groups: left, until: 'authentication' }, 'groups of TLS 1.2'),
      ({ group }) => group,
      groupThing,
      // RFC 8422 section 5.1: an ECDSA certificate can be used only where its curve is among those offered
      suites.every((suite) => cipherSuiteName(suite).startsWith('TLS_ECDHE_ECDSA')) ? NIST_CURVES : [],
    );
  }

  /** Signatures are encrypted in TLS 1.3: the suite and the group must be such that we have the keys. */
  async signatures13(suites: readonly number[], taken: readonly number[]): Promise<Taken> {
    const version = Version.tls13;
    const ours = suites.filter((suite) => nodeCrypto.suites.some(({ id }) => id === suite));
    const group = taken.find((each) => nodeCrypto.groups.some(({ id }) => id === each));
    if (ours.length === 0 || group === undefined)
      return {
        version: versionName(version),
        taken: [],
        order: undefined,
        open: 'the server takes no suite and group with which this command can decrypt',
      };
    return this.#strike(
      version,
      everySignatureScheme(),
      (left) =>
        this.#ask(
          {
            version,
            cipherSuites: ours,
            groups: [group],
            shares: [group],
            signatureAlgorithms: left,
            until: 'authentication',
          },
          'signatures of TLS 1.3',
        ),
      ({ signatureAlgorithm }) => signatureAlgorithm,
      schemeThing,
    );
  }

  async signatures12(suites: readonly number[]): Promise<Taken | undefined> {
    if (suites.length === 0) return undefined;
    const version = Version.tls12;
    return this.#strike(
      version,
      everySignatureScheme(),
      (left) =>
        this.#ask(
          { version, cipherSuites: suites, signatureAlgorithms: left, until: 'authentication' },
          'signatures of TLS 1.2',
        ),
      ({ signatureAlgorithm }) => signatureAlgorithm,
      schemeThing,
    );
  }

  async primeBits(suites: readonly (readonly [number, readonly number[]])[]): Promise<number | undefined> {
    const [version, dhe] = suites.find(([, each]) => each.length > 0) ?? [];
    if (version === undefined || dhe === undefined) return undefined;
    const answer = await this.#ask(
      { version, cipherSuites: dhe, groups: [], until: 'authentication' },
      'Diffie-Hellman',
    );
    return answer.kind === 'taken' ? answer.choice.primeBits : undefined;
  }

  /** @param taken newest first. */
  async downgrade(
    taken: readonly number[],
    suitesOf: (version: number) => readonly number[],
  ): Promise<Downgrade | undefined> {
    const [, version] = taken;
    if (version === undefined) return undefined;
    const cipherSuites = [...suitesOf(version), FALLBACK_SCSV];
    const answer = await this.#ask({ version, cipherSuites, until: 'hello' }, 'TLS_FALLBACK_SCSV');
    const refused = answer.kind === 'refused' && answer.alert === Alert.inappropriate_fallback;
    return {
      version: versionName(version),
      fallbackRefused: refused || (answer.kind === 'taken' ? false : undefined),
      sentinel: this.#sentinels.get(version) ?? false,
    };
  }

  /** Whether the newest version that could compress does; `undefined` where there is none, or no answer. */
  async compression(
    taken: readonly number[],
    suitesOf: (version: number) => readonly number[],
  ): Promise<boolean | undefined> {
    const version = taken.find((each) => each < Version.tls13);
    if (version === undefined) return undefined;
    const answer = await this.#ask(
      { version, cipherSuites: suitesOf(version), compression: true, until: 'hello' },
      'compression',
    );
    return answer.kind === 'taken' ? answer.choice.compressed : undefined;
  }

  /** Those that no question about signatures shows: of each kind of key, where its suites are asked for alone. */
  async certificates(version: number, suites: readonly number[]): Promise<void> {
    if (version === Version.tls13) return;
    const asked = version === Version.tls12 ? suites.filter((suite) => !isSigned(suite)) : suites;
    await Promise.all(
      ['RSA', 'ECDSA', 'DSS']
        .map((key) => asked.filter((suite) => keyOf(suite) === key))
        .filter((each) => each.length > 0)
        .map((cipherSuites) =>
          this.#ask({ version, cipherSuites, until: 'authentication' }, `certificate of ${versionName(version)}`),
        ),
    );
  }

  async #strike(
    version: number,
    candidates: readonly number[],
    offer: (left: readonly number[]) => Promise<Answer>,
    pick: (choice: Choice) => number | undefined,
    thing: (code: number) => Thing,
    kept: readonly number[] = [],
  ): Promise<Taken> {
    const taken: number[] = [];
    let left = candidates;
    let open: string | undefined;
    while (left.length > 0) {
      const again = taken.filter((code) => kept.includes(code));
      const answer = await offer([...left, ...again]);
      if (answer.kind === 'refused') break;
      const code = answer.kind === 'taken' ? pick(answer.choice) : undefined;
      if (answer.kind === 'unknown') open = answer.error.message;
      else if (code === undefined) open = 'the server does not say what it chose';
      else if (again.includes(code))
        open = `${thing(code).name}, which the certificate needs, is preferred to whatever else there may be`;
      else if (!left.includes(code)) open = `the server chose ${thing(code).name}, which was not offered`;
      if (code === undefined || open !== undefined) break;
      taken.push(code);
      left = left.filter((each) => each !== code);
    }
    const order = taken.length > 1 ? orderOf(taken, await offer(taken.toReversed()), pick) : undefined;
    return { version: versionName(version), taken: taken.map(thing), order, ...(open !== undefined && { open }) };
  }

  /** Asks; asks once more when there was no answer, or one that silence may have been. */
  async #ask(
    question: Omit<Question, 'groups' | 'signatureAlgorithms' | 'name'> & Partial<Question>,
    about: string,
  ): Promise<Answer> {
    const whole = { groups: everyGroup(), signatureAlgorithms: everySignatureScheme(), name: this.name, ...question };
    let answer = await this.#once(whole, about);
    if (answer.kind === 'unknown' || (answer.kind === 'refused' && answer.alert === undefined)) {
      if (!this.#signal.aborted) {
        await sleep(BREATH);
        answer = await this.#once(whole, about);
      }
    }
    if (answer.kind === 'taken') this.#note(question.version, answer.choice);
    return answer;
  }

  async #once(question: Question, about: string): Promise<Answer> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      const now = performance.now();
      const wait = this.#next - now;
      this.#next = Math.max(this.#next, now) + this.#options.delay * 1000;
      if (wait > 0) await sleep(wait);
      this.#onProgress(++this.connections, about);
      const timeout = this.#options.timeout * 1000;
      const { via } = this.#options;
      const starttls = preambleOf(this.#target, this.#options);
      const transport = await dial(this.#target, {
        via,
        starttls,
        servername: this.name ?? this.#target.host,
        timeout,
        signal: this.#signal,
        timeline: new Timeline(),
        family: familyOf(this.#options),
      });
      return await ask(transport, question, timeout, this.#signal);
    } catch (error) {
      if (TlsError.is(error)) return { kind: 'unknown', error };
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #note(version: number, { chain, extensions, sentinel, stapled }: Choice): void {
    this.#sentinels.set(version, sentinel);
    this.stapled = this.stapled === true || stapled === true || (stapled ?? this.stapled);
    if (version < Version.tls13) for (const type of extensions) this.extensions.add(type);
    const [leaf] = chain;
    if (leaf === undefined) return;
    const key = createHash('sha256').update(leaf).digest('hex');
    const known = this.#certificates.get(key) ?? { chain, versions: new Set<number>() };
    known.versions.add(version);
    this.#certificates.set(key, known);
  }
}

/** RFC 7507. */
const FALLBACK_SCSV = 0x5600;

const NIST_CURVES: readonly number[] = [23, 24, 25];

/** x25519 and secp256r1: who speaks TLS 1.3 has one of them. */
const COMMON_SHARES: readonly number[] = [29, 23];

/** `taken` in the order in which it was chosen; `answer` to the same in reverse. */
function orderOf(
  taken: readonly number[],
  answer: Answer,
  pick: (choice: Choice) => number | undefined,
): 'server' | 'client' | undefined {
  const first = answer.kind === 'taken' ? pick(answer.choice) : undefined;
  if (first === taken[0]) return 'server';
  return first === taken.at(-1) ? 'client' : undefined;
}

function noVersion(target: string, answers: readonly Answer[]): TlsError {
  const failure = answers.find((answer) => answer.kind === 'unknown');
  if (failure) return failure.error;
  const reasons = new Set(answers.map((answer) => (answer.kind === 'refused' ? refusal(answer) : '')));
  return new TlsError(
    'UNSUPPORTED_PROTOCOL',
    `${target}: no version from SSL 3.0 to TLS 1.3 is taken (${[...reasons].join(', ')})`,
    {
      hint: 'The port may speak no TLS, want another name (--servername), or a client certificate before it says anything.',
    },
  );
}

const refusal = ({ alert, why }: { readonly alert?: number; readonly why: string }): string =>
  alert === undefined ? why : alertName(alert);
