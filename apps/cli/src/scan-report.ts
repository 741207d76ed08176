/** @module What `ferrule scan` says: for people, and for programs. */
import { certificateFacts, printable, readableFacts } from './certificates.ts';
import { Exit } from './exit.ts';
import { documentJson } from './json.ts';
import { type Colors, colorsFor } from './report.ts';
import { type OnProgress, scan, type Scan, type ScanOptions, type Strength, type Taken } from './scan.ts';
import { nameOfTarget, type Target } from './target.ts';

export interface ScanCommandOptions extends ScanOptions {
  readonly json?: boolean;
}

/** Exits with 0 when there is an answer, whatever it is: what to think of it is for the reader. */
export async function scanCommand(target: Target, options: ScanCommandOptions, signal: AbortSignal): Promise<void> {
  const result = await scanWithProgress(target, options, signal);
  process.stdout.write(
    options.json === true
      ? documentJson({ target: result.target, ok: true, exitCode: Exit.ok, scan: scanFacts(result) })
      : scanReport(result, colorsFor(process.stdout)),
  );
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
const scanFacts = ({ target: _target, certificates, ...facts }: Scan): object => ({
  ...facts,
  certificates: certificates.map(({ chain, versions }) => ({ versions, chain: chain.flatMap(readableFacts) })),
});

export function scanReport(result: Scan, c: Colors): string {
  const { target, versions, certificates, extensions, primeBits, connections, milliseconds, notAsked } = result;
  const paint: Readonly<Record<Strength, (text: string) => string>> = { good: c.green, dated: c.yellow, broken: c.red };
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`  ${c.dim(title)}`, ...lines.map((line) => `    ${line}`)];
  const list = (title: string, lists: readonly Taken[], prefers: boolean): string[] =>
    lists.flatMap(({ version, taken, order, open }) => {
      const whose =
        order === 'server' ? ', in the order of the server' : order === 'client' ? ', the client’s order decides' : '';
      return section(`${title} of ${version}${prefers ? whose : ''}`, [
        ...taken.map(({ name, strength }) => paint[strength](name)),
        ...(open === undefined ? [] : [c.yellow(`there may be more: ${printable(open)}`)]),
      ]);
    });
  return [
    `${c.bold(target)} ${c.dim(`${connections} connections, ${(milliseconds / 1000).toFixed(1)} s`)}`,
    ...section(
      'versions',
      versions.map(({ name, taken, strength, why }) => {
        if (taken) return `${paint[strength]('✓')} ${name}`;
        return `${taken === false ? c.dim('✗') : c.yellow('?')} ${c.dim(`${name}  ${printable(why ?? '')}`)}`;
      }),
    ),
    ...list('cipher suites', result.cipherSuites, true),
    ...section(
      'Diffie-Hellman',
      primeBits === undefined
        ? []
        : [paint[primeBits < 1024 ? 'broken' : primeBits < 2048 ? 'dated' : 'good'](`${primeBits} bits`)],
    ),
    ...list('groups', result.groups, true),
    ...list('signature algorithms', result.signatureAlgorithms, true),
    ...section(
      'certificates',
      certificates.flatMap(({ chain, versions: where }) =>
        chain.slice(0, 1).flatMap((der) => certificateLines(der, chain.length, where, c)),
      ),
    ),
    ...section('extensions of TLS 1.2 and older', extensions.length === 0 ? [] : [extensions.join(', ')]),
    ...section(
      'not asked',
      notAsked.map((each) => c.dim(each)),
    ),
    '',
  ].join('\n');
}

function certificateLines(der: Uint8Array, count: number, versions: readonly string[], c: Colors): string[] {
  try {
    const { subject, issuer, key, daysLeft } = certificateFacts(der);
    const left = daysLeft < 0 ? c.red('expired') : `${daysLeft} days left`;
    return [`${c.cyan(subject)}, ${key}, ${left}`, c.dim(`by ${issuer}; ${count} sent; ${versions.join(', ')}`)];
  } catch {
    return [c.red('a certificate that cannot be read')];
  }
}
