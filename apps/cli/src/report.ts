/** @module What people read: the verdict, what was agreed on, the chain as a tree, and failures with what to try. */
import pc from 'picocolors';
import { peerCertificatesOf, type ConnectionInfo, type TlsError } from 'ferrule';
import { nameOfRoute } from '@ferrule/node/transports';
import { x509VSentence } from '@ferrule/result';
import { certificateFacts, type CertificateFacts, daysText, matchedName, readableFacts } from './certificates.ts';
import { printable } from './printable.ts';
import type { Cause } from './causes.ts';
import { Exit } from './exit.ts';
import type { Inspection } from './inspect.ts';
import { resumptionText } from './resumption.ts';
import { ENDLESS, laidOut, type Line, type Screen, widthOf } from './screen.ts';
import { inSwitches } from './switches.ts';
import { withoutTarget } from './target.ts';
import type { Phase, Timeline } from './timeline.ts';
import { shown } from './usage.ts';
import type { WrongLine } from './watch.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: as NO_COLOR, FORCE_COLOR and the terminal say. */
export function colorsFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colors {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const forbidden = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return pc.createColors(forced || (!forbidden && stream.isTTY === true));
}

export function connectionReport(
  info: ConnectionInfo,
  { via, phases, roundTrips }: Timeline,
  c: Colors,
  screen: Screen = ENDLESS,
): string {
  const chain = (info.verifiedChain ?? info.peerCertificates).map((der) => certificateFacts(der));
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['address', info.remote],
    ['via', via && printable(nameOfRoute(via))],
    ['protocol', info.version],
    ['cipher suite', info.cipherSuite.name],
    ['group', info.group && `${info.group.name}${info.helloRetryRequested ? ' (after HelloRetryRequest)' : ''}`],
    ['signature', info.signatureAlgorithm?.name],
    ['ALPN', info.alpn && printable(info.alpn)],
    ['engine', `${info.backend}, ${info.engine}`],
    ['fell back', fellBack(info)],
  ];
  const verdict = `${c.green('✓')} ${c.bold(info.host ?? 'the peer')} is verified`;
  return laidOut(
    [
      verdict,
      ...rowsOf(rows, c),
      ...section('chain', chainTree(chain, info.host, c, screen), c),
      ...section(handshakeTitle(roundTrips), waterfall(phases, c, screen), c),
    ],
    [verdict],
    screen,
  );
}

/** Where a row's value begins. */
const VALUE = 16;

/** A line for each fact that there is. */
const rowsOf = (rows: readonly (readonly [string, string | undefined])[], c: Colors): Line[] =>
  rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => ({
      text: `  ${c.dim(label)}${' '.repeat(VALUE - 2 - label.length)}${value ?? ''}`,
      hang: VALUE,
    }));

/** Leaf first, each issuer below what it issued. */
export function chainTree(
  chain: readonly CertificateFacts[],
  host: string | undefined,
  c: Colors,
  screen: Screen = ENDLESS,
): Line[] {
  return chain.flatMap((certificate, depth): Line[] => {
    const indent = depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `;
    const below = '   '.repeat(depth);
    const { daysLeft } = certificate;
    const told = daysText(daysLeft);
    const left = daysLeft < 0 ? c.red(told) : daysLeft < 21 ? c.yellow(told) : told;
    const hang = below.length + 2;
    return [
      { text: `${indent}${c.cyan(certificate.subject)}`, hang },
      { text: `${below}${c.dim(`${certificate.key}, until ${certificate.notAfter.slice(0, 10)}, `)}${left}`, hang },
      ...(depth === 0 && certificate.names.length > 0
        ? [{ text: `${c.dim('names')} ${listed(certificate.names, host, screen)}`, hang }]
        : []),
    ];
  });
}

/** Which rule the certificate breaks, where the engine tells that beside the code. */
const brokenRule = ({ verify, cause }: TlsError): string | undefined =>
  verify !== undefined && cause instanceof Error ? printable(cause.message) : undefined;

/** @param cause where more is known than the error says */
export function failureReport(
  error: TlsError,
  target: string,
  c: Colors,
  screen: Screen = ENDLESS,
  cause: Cause = { what: withoutTarget(error.message, target), hint: inSwitches(error.hint) },
): string {
  const { code, alert, verify } = error;
  const verdict = `${c.red('✗')} ${c.bold(target)}: ${printable(cause.what)}`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['code', code],
    [
      'certificate',
      verify &&
        `${verify.name} at depth ${verify.depth}${
          verify.subject === undefined ? '' : ` (${printable(verify.subject)})`
        }: ${x509VSentence(verify.code)}`,
    ],
    ['rule', brokenRule(error)],
    ['alert', alert && `${alert.name}, ${alert.origin === 'peer' ? 'from the server' : 'sent by us'}`],
  ];
  const advice = rowsOf([['try', printable(cause.hint)]], c);
  return laidOut(
    [
      verdict,
      ...rowsOf(rows, c),
      ...advice,
      ...section('', chainTree(peerCertificatesOf(error).flatMap(readableFacts), undefined, c, screen), c).slice(1),
    ],
    [verdict, ...advice],
    screen,
  );
}
const CRLITE_TEXTS: Readonly<Record<NonNullable<Inspection['crlite']>, string>> = {
  good: 'not revoked',
  revoked: 'revoked',
  'not-covered': 'newer than the filters, or not in the logs that they know',
  'not-enrolled': 'they do not cover this CA',
  stale: 'the filters are too old to tell; update them with ferrule crlite',
};

/** One screen: the verdict, why and what to do, what was agreed on, the chain, and where the time went. */
export function inspectionReport(inspection: Inspection, c: Colors, screen: Screen = ENDLESS): string {
  const { target, error, cause, info, chain, handshake, roundTrips, via, stapled, crlite, resumption } = inspection;
  const [leaf] = chain;
  const host = info?.host;
  const matched = leaf && host !== undefined ? matchedName(leaf, host) : undefined;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['code', error?.code],
    [
      'alert',
      error?.alert && `${error.alert.name}, ${error.alert.origin === 'peer' ? 'from the server' : 'sent by us'}`,
    ],
    [
      'certificate',
      error?.verify &&
        `${printable(error.verify.subject ?? '')} at depth ${error.verify.depth}: ${x509VSentence(error.verify.code)}`,
    ],
    ['rule', error && brokenRule(error)],
    ['try', cause && c.bold(printable(cause.hint))],
    ['address', info?.remote],
    ['via', via && printable(via)],
    ['protocol', info?.version],
    ['cipher suite', info?.cipherSuite.name],
    ['group', info?.group && `${info.group.name}${info.helloRetryRequested ? ' (after HelloRetryRequest)' : ''}`],
    ['signature', info?.signatureAlgorithm?.name],
    ['ALPN', info?.alpn && printable(info.alpn)],
    [
      'name',
      info &&
        (matched === undefined ? c.red(`${host ?? ''} is not in the certificate`) : `${host ?? ''} matches ${matched}`),
    ],
    ['root from', inspection.anchorFrom],
    ['OCSP', stapled === undefined ? undefined : stapled ? 'stapled, good' : 'no response stapled'],
    ['CRLite', crlite && CRLITE_TEXTS[crlite]],
    ['resumption', resumption && printable(resumptionText(resumption))],
    ['client', clientText(inspection, screen)],
    ['engine', info && `${info.backend}, ${info.engine}`],
    ['fell back', info && fellBack(info)],
  ];
  const verdict =
    error === undefined
      ? `${c.green('✓')} ${c.bold(target)} is trusted`
      : `${c.red('✗')} ${c.bold(target)}: ${printable(cause?.what ?? error.message)}`;
  const facts = chain.flatMap(readableFacts);
  const tree = chainTree(facts, host, c, screen);
  return laidOut(
    [
      verdict,
      ...rowsOf(rows, c),
      ...section('chain', [...tree, ...unsent(facts, error?.code === 'CERT_MISSING_INTERMEDIATE', c)], c),
      ...section(handshakeTitle(roundTrips), waterfall(handshake, c, screen), c),
    ],
    [
      verdict,
      ...rowsOf(rows.slice(0, 1), c),
      ...rowsOf(
        rows.filter(([label]) => label === 'try'),
        c,
      ),
    ],
    screen,
  );
}

function clientText(inspection: Inspection, screen: Screen): string | undefined {
  const { clientCertificateRequested, clientCertificateAuthorities: authorities } = inspection;
  if (!clientCertificateRequested) return undefined;
  const of = authorities.length === 0 ? '' : ` of ${listed(authorities, undefined, screen)}`;
  return `the server asks for a client certificate${of}`;
}

export interface FileInspection {
  readonly path: string;
  /** DER, in the order of the file. */
  readonly chain: readonly Uint8Array[];
  /** The name that the first was to have. */
  readonly host: string | undefined;
  readonly error: TlsError | undefined;
  readonly cause: Cause | undefined;
}

/** The same picture of certificates on the disk. */
export function fileReport(
  { path, chain, host, error, cause }: FileInspection,
  c: Colors,
  screen: Screen = ENDLESS,
): string {
  const facts = chain.flatMap(readableFacts);
  const verdict =
    error === undefined
      ? `${c.green('✓')} ${c.bold(printable(path))} is trusted`
      : `${c.red('✗')} ${c.bold(printable(path))}: ${printable(cause?.what ?? error.message)}`;
  const advice = rowsOf([['try', cause && printable(cause.hint)]], c);
  const count = chain.length === 1 ? 'certificate' : `${chain.length} certificates`;
  const tree = [
    ...chainTree(facts, host, c, screen),
    ...unsent(facts, error?.code === 'CERT_MISSING_INTERMEDIATE', c, 'in the file'),
  ];
  return laidOut(
    [verdict, ...rowsOf([['code', error?.code]], c), ...advice, ...section(count, tree, c)],
    [verdict, ...advice],
    screen,
  );
}

/** For commands whose stdout is data: why it is not trusted, and what to do. */
export const verdictLine = ({ target, error, cause }: Inspection, c: Colors): string =>
  `${c.red('✗')} ${c.bold(target)}: ${printable(cause?.what ?? error?.message ?? '')}\n  ${c.dim('try'.padEnd(13))} ${printable(cause?.hint ?? '')}\n`;

/** One server of many. */
export function watchLine({ target, cause }: Inspection, exit: Exit, daysLeft: number | undefined, c: Colors): string {
  const left = daysLeft === undefined || exit === Exit.validity ? '' : daysText(daysLeft);
  if (exit === Exit.expiring) return `${c.yellow('!')} ${target}: ${c.yellow(left)}\n`;
  return exit === Exit.ok
    ? `${c.green('✓')} ${target}: ${left}\n`
    : `${c.red('✗')} ${target}: ${printable(cause?.what ?? '')}\n`;
}

/** A line of a list that names no server. */
export const wrongLine = ({ line, text, wrong }: WrongLine, c: Colors): string =>
  `${c.red('✗')} line ${line}: ${shown(text)}: ${printable(wrong)}\n`;

const section = (title: string, lines: readonly Line[], c: Colors): Line[] =>
  lines.length === 0
    ? []
    : [
        `  ${c.dim(title)}`,
        ...lines.map((line) =>
          typeof line === 'string' ? `    ${line}` : { text: `    ${line.text}`, hang: line.hang + 4 },
        ),
      ];

/** Who issued the last certificate, where that is not itself. A root need not be sent; what leads to it must. */
function unsent(
  chain: readonly CertificateFacts[],
  missed: boolean,
  c: Colors,
  where: 'sent' | 'in the file' = 'sent',
): string[] {
  const last = chain.at(-1);
  if (last === undefined || last.issuer === last.subject) return [];
  const told = where === 'sent' && missed ? 'which the server did not send' : `not ${where}`;
  return [
    `${'   '.repeat(chain.length - 1)}└─ ${missed ? c.yellow(`${last.issuer}, ${told}`) : c.dim(`${last.issuer}, ${told}`)}`,
  ];
}

const handshakeTitle = (roundTrips: number): string =>
  `handshake${roundTrips === 0 ? '' : `, ${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`}`;

const WIDTH = 24;

/** A line for each step: from when to when, drawn to scale, and what it was. */
function waterfall(phases: readonly Phase[], c: Colors, { columns }: Screen): Line[] {
  // On a narrow screen the names matter more
  const width = columns < 60 ? 0 : columns < 100 ? WIDTH / 2 : WIDTH;
  const total = phases.at(-1)?.end ?? 0;
  const column = (time: number): number => (total === 0 ? 0 : Math.round((time / total) * width));
  return phases.map(({ label, start, end, bytes, messages }) => {
    const from = Math.min(column(start), width - 1);
    const bar = width === 0 ? '' : ' '.repeat(from) + '█'.repeat(Math.max(1, column(end) - from));
    const arrow = label === 'sent' ? '→ ' : label === 'received' ? '← ' : '';
    const what = messages === undefined ? label : `${arrow}${counted(messages)} ${c.dim(`${bytes ?? 0} B`)}`;
    const drawn = width === 0 ? '' : `${c.cyan(bar.padEnd(width))} `;
    return {
      text: `${milliseconds(end - start).padStart(9)} ${drawn}${what}`,
      hang: 10 + (width === 0 ? 0 : width + 1) + (arrow === '' ? 0 : 2),
    };
  });
}

/** `NewSessionTicket ×2` */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', ');
}

const milliseconds = (time: number): string => `${time.toFixed(1)} ms`;

/** As many as two lines hold, but no more than a few; the one that was asked for is among them. */
function listed(names: readonly string[], host: string | undefined, { columns }: Screen): string {
  const asked = names.find((name) => name === host);
  const sorted = asked === undefined ? names : [asked, ...names.filter((name) => name !== asked)];
  let room = columns === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : 2 * columns - 40;
  const shown = sorted.slice(0, 8).filter((name, i) => (room -= widthOf(name) + 2) > 0 || i === 0);
  return printable(shown.join(', ')) + (names.length > shown.length ? ` + ${names.length - shown.length} more` : '');
}

const fellBack = ({ fellBackBecause }: ConnectionInfo): string | undefined =>
  fellBackBecause.length === 0 ? undefined : fellBackBecause.map(({ reason }) => reason).join('; ');
