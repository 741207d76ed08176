/** @module `ferrule diff`: how two servers differ, or two engines at one server. */
import { type CertificateFacts, readableFacts } from './certificates.ts';
import { printable } from './printable.ts';
import { Exit } from './exit.ts';
import { inspect, type Inspection } from './inspect.ts';
import { documentJson } from './json.ts';
import type { CommonOptions } from './options.ts';
import { type Colors, colorsFor, verdictLine } from './report.ts';
import type { Scan } from './scanned.ts';
import type { EngineName } from './scan-options.ts';
import { scanWithProgress } from './scan-report.ts';
import { laidOut, type Screen, screenOf } from './screen.ts';
import { nameOfTarget, type Target } from './target.ts';
import { UsageError } from './usage.ts';

export interface DiffCommandOptions extends CommonOptions {
  readonly engines?: readonly [EngineName, EngineName];
  /** Compare what they take, too. */
  readonly scan?: boolean;
  /** Show what is the same, too. */
  readonly all?: boolean;
}

/** A value, or a list of them; nothing where there is none. */
type Value = string | readonly string[] | undefined | null;

interface Side {
  readonly name: string;
  readonly inspection: Inspection;
  readonly facts: ReadonlyMap<string, Value>;
}

export interface Difference {
  readonly fact: string;
  readonly a: Value;
  readonly b: Value;
}

/** Seconds to listen after the handshake: a server of TLS 1.3 may refuse only then. */
const WAIT = 0.25;

/** @throws UsageError when there is nothing to compare with. */
export async function diffCommand(
  a: Target,
  b: Target | undefined,
  options: DiffCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { engines, json, all } = options;
  if ((b === undefined) === (engines === undefined))
    throw new UsageError('diff: compares two servers, or with --engines two engines at one');
  const sides = await Promise.all([
    side(a, engines?.[0], options, signal),
    side(b ?? a, engines?.[1], options, signal),
  ]);
  const [left, right] = sides;
  const differences = differencesOf(left.facts, right.facts);
  const same = [...left.facts.keys()].filter((fact) => !differences.some((each) => each.fact === fact));
  const failed = sides.find(({ inspection }) => COULD_NOT_ASK.has(inspection.exit));
  const exitCode = failed?.inspection.exit ?? (differences.length > 0 ? Exit.differs : Exit.ok);
  process.exitCode = exitCode;
  if (json === true) {
    const { error, cause } = failed?.inspection ?? {};
    process.stdout.write(
      documentJson({
        target: nameOfTarget(a),
        ok: exitCode === Exit.ok,
        exitCode,
        ...(error && { error: { ...error.toJSON(), ...cause } }),
        diff: { a: left.name, b: right.name, ...(failed ? {} : { differences, same }) },
      }),
    );
  } else if (failed) process.stderr.write(verdictLine(failed.inspection, colorsFor(process.stderr)));
  else
    process.stdout.write(
      diffReport(
        left,
        right,
        differences,
        all === true ? same : [],
        colorsFor(process.stdout),
        screenOf(process.stdout),
      ),
    );
}

async function side(
  target: Target,
  engine: EngineName | undefined,
  options: DiffCommandOptions,
  signal: AbortSignal,
): Promise<Side> {
  const inspection = await inspect(target, { ...options, ...(engine && { backend: engine }), wait: WAIT }, signal);
  const name = engine === undefined ? nameOfTarget(target) : `${nameOfTarget(target)} ${engine}`;
  const facts = new Map(factsOf(inspection));
  // What a server takes does not depend on the engine that is to talk to it
  if (options.scan === true && engine === undefined && !COULD_NOT_ASK.has(inspection.exit)) {
    const { timeout, starttls, via, servername } = options;
    const asking = {
      timeout,
      concurrency: 4,
      delay: 0,
      ...(starttls && { starttls }),
      ...(via && { via }),
      ...(servername !== undefined && { servername }),
    };
    for (const [fact, value] of scanned(await scanWithProgress(target, asking, signal))) facts.set(fact, value);
  }
  return { name, inspection, facts };
}

/** The server was not there, or did not get as far as TLS. */
const COULD_NOT_ASK: ReadonlySet<Exit> = new Set([
  Exit.transport,
  Exit.starttls,
  Exit.proxy,
  Exit.timeout,
  Exit.interrupted,
]);

function factsOf({ error, cause, info, chain, clientCertificateRequested }: Inspection): [string, Value][] {
  const facts = chain.flatMap(readableFacts);
  const [leaf] = facts;
  return [
    ['trusted', error === undefined ? 'yes' : `${error.code}: ${printable(cause?.what ?? error.message)}`],
    [
      'alert',
      error?.alert && `${error.alert.name}, ${error.alert.origin === 'peer' ? 'from the server' : 'sent by us'}`,
    ],
    ['protocol', info?.version],
    ['cipher suite', info?.cipherSuite.name],
    ['group', info?.group?.name],
    ['HelloRetryRequest', info && yesNo(info.helloRetryRequested)],
    ['signature', info?.signatureAlgorithm?.name],
    ['ALPN', info?.alpn && printable(info.alpn)],
    ['extended master secret', info?.extendedMasterSecret === undefined ? undefined : yesNo(info.extendedMasterSecret)],
    ['client certificate', yesNo(clientCertificateRequested)],
    ['names', leaf?.names.map(printable)],
    ...certificate(leaf),
    ['chain', facts.map(fingerprint)],
  ];
}

const fingerprint = ({ subject, sha256 }: CertificateFacts): string => `${subject} (${sha256.slice(0, 16)}…)`;

const certificate = (leaf: CertificateFacts | undefined): [string, Value][] =>
  (['subject', 'issuer', 'key', 'notBefore', 'notAfter', 'serialNumber', 'sha256'] as const).map((key) => [
    `certificate ${LABELS[key] ?? key}`,
    leaf?.[key],
  ]);

const LABELS: Partial<Record<keyof CertificateFacts, string>> = {
  notBefore: 'from',
  notAfter: 'until',
  serialNumber: 'serial number',
  sha256: 'SHA-256',
};

function scanned({
  versions,
  cipherSuites,
  groups,
  signatureAlgorithms,
  certificates,
  extensions,
  primeBits,
  downgrade,
  compression,
  stapled,
}: Scan): [string, Value][] {
  const lists = { 'cipher suites': cipherSuites, groups, 'signature algorithms': signatureAlgorithms };
  return [
    ['versions taken', versions.filter(({ taken }) => taken).map(({ name }) => name)],
    ...Object.entries(lists).flatMap(([what, list]) =>
      list.flatMap(({ version, taken, order }): [string, Value][] => [
        [`${what} of ${version}`, taken.map(({ name }) => name)],
        ...(order === undefined ? [] : [[`whose order of ${what} of ${version}`, order] satisfies [string, Value]]),
      ]),
    ),
    ['Diffie-Hellman', primeBits === undefined ? undefined : `${primeBits} bits`],
    ['TLS_FALLBACK_SCSV refused', yesOrNo(downgrade?.fallbackRefused)],
    ['TLS compression', yesOrNo(compression)],
    ['downgrade sentinel', yesOrNo(downgrade?.sentinel)],
    ['OCSP stapled', yesOrNo(stapled)],
    ['extensions', extensions],
    ['certificates', certificates.flatMap(({ chain }) => chain.slice(0, 1).flatMap(readableFacts).map(fingerprint))],
  ];
}

const yesOrNo = (value: boolean | undefined): Value => (value === undefined ? undefined : value ? 'yes' : 'no');

function differencesOf(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): Difference[] {
  const facts = new Set([...a.keys(), ...b.keys()]);
  return [...facts]
    .map((fact) => ({ fact, a: a.get(fact) ?? null, b: b.get(fact) ?? null }))
    .filter((each) => JSON.stringify(each.a) !== JSON.stringify(each.b));
}

function diffReport(
  left: Side,
  right: Side,
  differences: readonly Difference[],
  same: readonly string[],
  c: Colors,
  screen: Screen,
): string {
  const count = differences.length === 1 ? '1 fact differs' : `${differences.length} facts differ`;
  const verdict =
    differences.length === 0
      ? `${c.green('=')} ${c.bold(left.name)} and ${c.bold(right.name)}: no difference`
      : `${c.yellow('≠')} ${count}`;
  return laidOut(
    [
      verdict,
      ...(differences.length === 0 ? [] : [`  ${c.red(`- ${left.name}`)}`, `  ${c.green(`+ ${right.name}`)}`]),
      ...differences.flatMap(({ fact, a, b }) => [
        `  ${c.dim(fact)}`,
        ...changes(a, b).map(([sign, text]) => `    ${SIGNS[sign](c)(`${sign} ${text}`)}`),
      ]),
      ...same.map((fact) => `  ${c.dim(`= ${fact}: ${listOf(left.facts.get(fact)).join(', ')}`)}`),
    ],
    [verdict],
    screen,
  );
}

type Sign = '-' | '+' | '~';
const SIGNS: Readonly<Record<Sign, (c: Colors) => (text: string) => string>> = {
  '-': (c) => c.red,
  '+': (c) => c.green,
  '~': (c) => c.yellow,
};

/** What one has and the other has not; of lists with the same content the order. */
function changes(a: Value, b: Value): [Sign, string][] {
  const [before, after] = [listOf(a), listOf(b)];
  const gone = before.filter((each) => !after.includes(each)).map((text): [Sign, string] => ['-', text]);
  const come = after.filter((each) => !before.includes(each)).map((text): [Sign, string] => ['+', text]);
  if (gone.length + come.length > 0) return [...gone, ...come];
  return [
    ['~', `in another order: ${before.join(', ')}`],
    ['~', `and: ${after.join(', ')}`],
  ];
}

const listOf = (value: Value): readonly string[] =>
  value === undefined || value === null || value.length === 0
    ? ['(none)']
    : typeof value === 'string'
      ? [value]
      : value;

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
