/** @module What people read: the verdict, what was agreed on, the chain as a tree, and failures with what to try. */
import pc from 'picocolors';
import { certificatesShown, type ConnectionInfo, type TlsError } from 'ferrule';
import { nameOfRoute } from '@ferrule/node/transports';
import { x509VSentence } from '@ferrule/result';
import { certificateFacts, type CertificateFacts, matchedName, printable, readableFacts } from './certificates.ts';
import { Exit } from './exit.ts';
import type { Inspection } from './inspect.ts';
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

export function connectionReport(info: ConnectionInfo, { via, phases, roundTrips }: Timeline, c: Colors): string {
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
  return [
    `${c.green('✓')} ${c.bold(info.host ?? 'the peer')} is verified`,
    ...rows
      .filter(([, value]) => value !== undefined)
      .map(([label, value]) => `  ${c.dim(label.padEnd(13))} ${value ?? ''}`),
    ...section('chain', chainTree(chain, info.host, c), c),
    ...section(handshakeTitle(roundTrips), waterfall(phases, c), c),
    '',
  ].join('\n');
}

/** Leaf first, each issuer below what it issued. */
export function chainTree(chain: readonly CertificateFacts[], host: string | undefined, c: Colors): string[] {
  return chain.flatMap((certificate, depth) => {
    const indent = depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `;
    const below = '   '.repeat(depth);
    const { daysLeft } = certificate;
    const left =
      daysLeft < 0
        ? c.red(`expired ${-daysLeft - 1} days ago`)
        : daysLeft < 21
          ? c.yellow(`${daysLeft} days left`)
          : `${daysLeft} days left`;
    const lines = [
      `${indent}${c.cyan(certificate.subject)}`,
      `${below}${c.dim(`${certificate.key}, until ${certificate.notAfter.slice(0, 10)}, `)}${left}`,
    ];
    if (depth === 0 && certificate.names.length > 0)
      lines.push(`${below}${c.dim('names')} ${listed(certificate.names, host)}`);
    return lines;
  });
}

export function failureReport(error: TlsError, target: string, c: Colors): string {
  const { code, message, alert, verify, hint } = error;
  return [
    `${c.red('✗')} ${c.bold(target)}: ${printable(message)}`,
    `  ${c.dim('code'.padEnd(13))} ${code}`,
    ...(verify
      ? [
          `  ${c.dim('certificate'.padEnd(13))} ${verify.name} at depth ${verify.depth}${
            verify.subject === undefined ? '' : ` (${printable(verify.subject)})`
          }: ${x509VSentence(verify.code)}`,
        ]
      : []),
    ...(alert
      ? [`  ${c.dim('alert'.padEnd(13))} ${alert.name}, ${alert.origin === 'peer' ? 'from the server' : 'sent by us'}`]
      : []),
    `  ${c.dim('try'.padEnd(13))} ${printable(hint)}`,
    ...chainTree(certificatesShown(error).flatMap(readableFacts), undefined, c).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** One screen: the verdict, why and what to do, what was agreed on, the chain, and where the time went. */
export function inspectionReport(inspection: Inspection, c: Colors): string {
  const { target, error, cause, info, chain, handshake, roundTrips, via, clientCertificateRequested } = inspection;
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
    ['client', clientCertificateRequested ? 'the server asks for a client certificate' : undefined],
    ['engine', info && `${info.backend}, ${info.engine}`],
    ['fell back', info && fellBack(info)],
  ];
  const verdict =
    error === undefined
      ? `${c.green('✓')} ${c.bold(target)} is trusted`
      : `${c.red('✗')} ${c.bold(target)}: ${printable(cause?.what ?? error.message)}`;
  return [
    verdict,
    ...rows
      .filter(([, value]) => value !== undefined)
      .map(([label, value]) => `  ${c.dim(label.padEnd(13))} ${value ?? ''}`),
    ...section(
      'chain',
      [
        ...chainTree(chain.flatMap(readableFacts), host, c),
        ...unsent(chain.flatMap(readableFacts), error?.code === 'CERT_MISSING_INTERMEDIATE', c),
      ],
      c,
    ),
    ...section(handshakeTitle(roundTrips), waterfall(handshake, c), c),
    '',
  ].join('\n');
}

/** For commands whose stdout is data: why it is not trusted, and what to do. */
export const verdictLine = ({ target, error, cause }: Inspection, c: Colors): string =>
  `${c.red('✗')} ${c.bold(target)}: ${printable(cause?.what ?? error?.message ?? '')}\n  ${c.dim('try'.padEnd(13))} ${printable(cause?.hint ?? '')}\n`;

/** One server of many. */
export function watchLine({ target, cause }: Inspection, exit: Exit, daysLeft: number | undefined, c: Colors): string {
  const left = daysLeft === undefined || exit === Exit.validity ? '' : `${daysLeft} days left`;
  if (exit === Exit.expiring) return `${c.yellow('!')} ${target}: ${c.yellow(left)}\n`;
  return exit === Exit.ok
    ? `${c.green('✓')} ${target}: ${left}\n`
    : `${c.red('✗')} ${target}: ${printable(cause?.what ?? '')}\n`;
}

/** A line of a list that names no server. */
export const wrongLine = ({ line, text, wrong }: WrongLine, c: Colors): string =>
  `${c.red('✗')} line ${line}: ${shown(text)}: ${printable(wrong)}\n`;

const section = (title: string, lines: readonly string[], c: Colors): string[] =>
  lines.length === 0 ? [] : [`  ${c.dim(title)}`, ...lines.map((line) => `    ${line}`)];

/** Who issued the last certificate, where that is not itself. A root need not be sent; what leads to it must. */
function unsent(chain: readonly CertificateFacts[], missed: boolean, c: Colors): string[] {
  const last = chain.at(-1);
  if (last === undefined || last.issuer === last.subject) return [];
  return [
    `${'   '.repeat(chain.length - 1)}└─ ${missed ? c.yellow(`${last.issuer}, which the server did not send`) : c.dim(`${last.issuer}, not sent`)}`,
  ];
}

const handshakeTitle = (roundTrips: number): string =>
  `handshake${roundTrips === 0 ? '' : `, ${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`}`;

const WIDTH = 24;

/** A line for each step: from when to when, drawn to scale, and what it was. */
function waterfall(phases: readonly Phase[], c: Colors): string[] {
  const total = phases.at(-1)?.end ?? 0;
  const column = (time: number): number => (total === 0 ? 0 : Math.round((time / total) * WIDTH));
  return phases.map(({ label, start, end, bytes, messages }) => {
    const from = Math.min(column(start), WIDTH - 1);
    const bar = ' '.repeat(from) + '█'.repeat(Math.max(1, column(end) - from));
    const arrow = label === 'sent' ? '→ ' : label === 'received' ? '← ' : '';
    const what = messages === undefined ? label : `${arrow}${counted(messages)} ${c.dim(`${bytes ?? 0} B`)}`;
    return `${milliseconds(end - start).padStart(9)} ${c.cyan(bar.padEnd(WIDTH))} ${what}`;
  });
}

/** `NewSessionTicket ×2` */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', ');
}

const milliseconds = (time: number): string => `${time.toFixed(1)} ms`;

/** The first few, the one that was asked for among them. */
function listed(names: readonly string[], host: string | undefined): string {
  const shown = names.slice(0, 8);
  if (host !== undefined && names.includes(host) && !shown.includes(host)) shown.unshift(host);
  return printable(shown.join(', ')) + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

const fellBack = ({ fellBackBecause }: ConnectionInfo): string | undefined =>
  fellBackBecause.length === 0 ? undefined : fellBackBecause.map(({ reason }) => reason).join('; ');
