/** @module What `ferrule scan` says: for people, and for programs. */
import { certificateFacts, daysText, readableFacts } from './certificates.ts';
import { printable } from './printable.ts';
import { Exit } from './exit.ts';
import {
  failsOn,
  findingsOf,
  GRADE_RULE,
  gradeOf,
  type Reason,
  SEVERITIES,
  type Severity,
  strengthOf,
  weaknessesOfGroup,
  weaknessesOfPrime,
  weaknessesOfSignature,
  weaknessesOfSuite,
  weaknessesOfVersion,
} from './findings.ts';
import type { HttpFacts, TicketFacts, WholeOptions } from './handshakes.ts';
import { documentJson } from './json.ts';
import { type Colors, colorsFor } from './report.ts';
import { type OnProgress, scan, type ScanOptions } from './scan.ts';
import type { Scan, Strength, Taken } from './scanned.ts';
import { ENDLESS, laidOut, type Screen, screenOf, widthOf } from './screen.ts';
import { nameOfTarget, type Target } from './target.ts';

export interface ScanCommandOptions extends WholeOptions {
  readonly json?: boolean;
  /** The least severity of a finding that is a failure: exit code 10. */
  readonly failOn?: Severity;
}

/** Exits with 0 when there is an answer, unless there is a finding as bad as --fail-on says. */
export async function scanCommand(target: Target, options: ScanCommandOptions, signal: AbortSignal): Promise<void> {
  if (options.http === true || options.tickets === true) return scanWhole(target, options, signal);
  report(await scanWithProgress(target, options, signal), options);
}

/** With what loads an engine. */
async function scanWhole(target: Target, options: ScanCommandOptions, signal: AbortSignal): Promise<void> {
  const { checkWhole, whole } = await import('./handshakes.ts');
  checkWhole(target, options);
  report(await whole(await scanWithProgress(target, options, signal), target, options, signal), options);
}

function report(result: Scan, options: ScanCommandOptions): void {
  const failed = options.failOn !== undefined && failsOn(findingsOf(result), options.failOn);
  const exitCode = failed ? Exit.policy : Exit.ok;
  process.stdout.write(
    options.json === true
      ? documentJson({ target: result.target, ok: !failed, exitCode, scan: scanFacts(result) })
      : scanReport(result, colorsFor(process.stdout), screenOf(process.stdout)),
  );
  process.exitCode = exitCode;
}

/** A line on stderr where a person may be watching. */
export async function scanWithProgress(target: Target, options: ScanOptions, signal: AbortSignal): Promise<Scan> {
  const { stderr } = process;
  const clear = stderr.isTTY ? (): void => void stderr.write('\r\u001b[K') : (): void => {};
  const progress: OnProgress = stderr.isTTY
    ? (connections, about) =>
        void stderr.write(`\r${nameOfTarget(target)}: connection ${connections}, ${about}\u001b[K`)
    : () => {};
  try {
    return await scan(target, options, signal, progress);
  } finally {
    clear();
  }
}

/** For `--json`. */
function scanFacts(scan: Scan): object {
  const { target: _target, certificates, ...facts } = scan;
  const findings = findingsOf(scan);
  return {
    ...facts,
    grade: gradeOf(findings),
    gradeRule: GRADE_RULE,
    findings,
    certificates: certificates.map(({ chain, versions }) => ({ versions, chain: chain.flatMap(readableFacts) })),
  };
}

export function scanReport(result: Scan, c: Colors, screen: Screen = ENDLESS): string {
  const { target, versions, certificates, extensions, primeBits, connections, milliseconds, notAsked } = result;
  const paint: Readonly<Record<Strength, (text: string) => string>> = { good: c.green, dated: c.yellow, broken: c.red };
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`  ${c.dim(title)}`, ...lines.map((line) => `    ${line}`)];
  const list = (title: string, lists: readonly Taken[], weaknesses: Weaknesses): string[] =>
    lists.flatMap(({ version, taken, order, open }) => {
      const whose =
        order === 'server' ? ', in the order of the server' : order === 'client' ? ', the client’s order decides' : '';
      return section(`${title} of ${version}${whose}`, [
        ...columnsOf(
          taken.filter(({ strength }) => strength === 'good').map(({ name }) => c.green(name)),
          screen.columns - 4,
        ),
        ...taken
          .filter(({ strength }) => strength !== 'good')
          .map(({ name, strength }) => `${paint[strength](name)}  ${c.dim(whatOf(weaknesses(name)))}`),
        ...(open === undefined ? [] : [c.yellow(`there may be more: ${printable(open)}`)]),
      ]);
    });
  const findings = findingsOf(result);
  const counted = SEVERITIES.map((each) => [each, findings.filter(({ severity }) => severity === each).length] as const)
    .filter(([, count]) => count > 0)
    .map(([each, count]) => `${count} ${each}`);
  const grade = gradeOf(findings);
  const verdict = `${c.bold(target)}: grade ${c.bold(grade)}, ${counted.length === 0 ? 'no findings' : counted.join(', ')} ${c.dim(`(${GRADE_RULE})`)}`;
  const marks: Readonly<Record<Severity, (text: string) => string>> = {
    critical: c.red,
    high: c.red,
    medium: c.yellow,
    low: c.yellow,
  };
  const lines = [
    `${c.bold(target)} ${c.dim(`${connections} connections, ${(milliseconds / 1000).toFixed(1)} s`)}`,
    ...section(
      'versions',
      versions.map(({ name, taken, strength, why }) => {
        const reasons = weaknessesOfVersion(name).map((reason) => c.dim(`  ${reason.why}`));
        if (taken) return `${paint[strength]('✓')} ${name}${reasons.join('')}`;
        return `${taken === false ? c.dim('✗') : c.yellow('?')} ${c.dim(`${name}  ${printable(why ?? '')}`)}`;
      }),
    ),
    ...list('cipher suites', result.cipherSuites, weaknessesOfSuite),
    ...section('Diffie-Hellman', primeBits === undefined ? [] : [primeLine(primeBits, paint, c)]),
    ...list('groups', result.groups, weaknessesOfGroup),
    ...list('signature algorithms', result.signatureAlgorithms, weaknessesOfSignature),
    ...section(
      'certificates',
      certificates.flatMap(({ chain, versions: where }) =>
        chain.slice(0, 1).flatMap((der) => certificateLines(der, chain.length, where, c)),
      ),
    ),
    ...section(
      'OCSP',
      result.stapled === undefined ? [] : [result.stapled ? 'a response is stapled' : 'no response stapled'],
    ),
    ...section('downgrade', downgradeLines(result.downgrade)),
    ...section(
      'compression',
      result.compression === undefined
        ? []
        : [result.compression ? `${c.yellow('DEFLATE')}${c.dim('  lengths reveal secrets (CRIME)')}` : 'none'],
    ),
    ...section('sessions', (result.tickets ?? []).map(ticketsLine)),
    ...section('HTTP', result.http === undefined ? [] : [httpLine(result.http)]),
    ...section('extensions of TLS 1.2 and older', extensions.length === 0 ? [] : [extensions.join(', ')]),
    ...section(
      'not asked',
      notAsked.map((each) => c.dim(each)),
    ),
    ...section(
      'findings, worst first',
      findings.map(
        ({ severity, what, why, things }) =>
          `${marks[severity](severity.padEnd(8))} ${what}: ${why}${things.length === 0 ? '' : c.dim(` (${fewOf(things)})`)}`,
      ),
    ),
    verdict,
  ];
  return laidOut(lines, [], screen);
}

function primeLine(bits: number, paint: Readonly<Record<Strength, (text: string) => string>>, c: Colors): string {
  const reasons = weaknessesOfPrime(bits);
  const why = reasons.map((reason) => c.dim(`  ${reason.why}`)).join('');
  return `${paint[strengthOf(reasons)](`${bits} bits`)}${why}`;
}

function downgradeLines(downgrade: Scan['downgrade']): string[] {
  if (downgrade === undefined) return [];
  const { version, fallbackRefused, sentinel } = downgrade;
  const fallback =
    fallbackRefused === undefined ? 'with an answer that tells nothing' : fallbackRefused ? 'refused' : 'not refused';
  return [
    `${version} with TLS_FALLBACK_SCSV: ${fallback}`,
    `the ServerHello of ${version} ${sentinel ? 'tells' : 'does not tell'} of a newer version`,
  ];
}

function ticketsLine({ version, tickets, lengths, lifetime, maxEarlyData, resumed, why }: TicketFacts): string {
  const bytes = [...new Set(lengths)].map((length) => `${length}`).join(' and ');
  const sent =
    tickets === 0
      ? 'no ticket'
      : `${tickets} ticket${tickets === 1 ? '' : 's'} of ${bytes} bytes, ${lifetime === 0 ? 'no lifetime said' : `for ${timeText(lifetime)}`}`;
  const taken = resumed === undefined ? 'no session to resume' : resumed ? 'resumed' : 'not resumed';
  const early = maxEarlyData === 0 ? [] : [`early data up to ${maxEarlyData} bytes`];
  return `${version}: ${why === undefined ? [sent, taken, ...early].join(', ') : printable(why)}`;
}

function httpLine({ status, hsts, policy, why }: HttpFacts): string {
  if (why !== undefined) return printable(why);
  if (hsts === undefined) return `status ${status ?? ''}, no Strict-Transport-Security`;
  const means =
    policy === undefined
      ? 'which browsers ignore'
      : `for ${timeText(policy.maxAge)}${policy.includeSubDomains ? ', subdomains too' : ''}`;
  return `status ${status ?? ''}, Strict-Transport-Security: ${hsts} (${means})`;
}

/** In the largest unit of which there are two: `2 hours`, `90 minutes`, `30 days`. */
export function timeText(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['second', 1];
  const count = Number((seconds / length).toFixed(1));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

const fewOf = (things: readonly string[]): string =>
  printable(things.slice(0, 2).join(', ')) + (things.length > 2 ? ` and ${things.length - 2} more` : '');

type Weaknesses = (name: string) => readonly Reason[];

/** Why it has its colour. */
const whatOf = (reasons: readonly Reason[]): string => reasons.map(({ what }) => what).join(', ');

/** Side by side as many as fit, one below the other where it is no terminal. */
function columnsOf(items: readonly string[], width: number): string[] {
  const longest = Math.max(0, ...items.map(widthOf)) + 2;
  const count = width === Number.POSITIVE_INFINITY ? 1 : Math.max(1, Math.floor((width + 2) / longest));
  const rows = Math.ceil(items.length / count);
  return Array.from({ length: rows }, (_, row) =>
    // Down the columns, since the order is that of the server
    Array.from({ length: count }, (_each, column) => items[column * rows + row] ?? '')
      .map((text) => text + ' '.repeat(longest - widthOf(text)))
      .join('')
      .trimEnd(),
  );
}

function certificateLines(der: Uint8Array, count: number, versions: readonly string[], c: Colors): string[] {
  try {
    const { subject, issuer, key, daysLeft } = certificateFacts(der);
    const left = daysLeft < 0 ? c.red(daysText(daysLeft)) : daysText(daysLeft);
    return [`${c.cyan(subject)}, ${key}, ${left}`, c.dim(`by ${issuer}; ${count} sent; ${versions.join(', ')}`)];
  } catch {
    return [c.red('a certificate that cannot be read')];
  }
}
