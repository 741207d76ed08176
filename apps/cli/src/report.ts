/** @module What people read: the verdict, what was agreed on, the chain as a tree, and failures with what to try. */
import pc from 'picocolors';
import { certificatesShown, type ConnectionInfo, type TlsError } from 'ferrule';
import { x509VSentence } from '@ferrule/result';
import { certificateFacts, type CertificateFacts, printable } from './certificates.ts';

type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: as NO_COLOR, FORCE_COLOR and the terminal say. */
export function colorsFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colors {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const forbidden = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return pc.createColors(forced || (!forbidden && stream.isTTY === true));
}

export function connectionReport(info: ConnectionInfo, c: Colors): string {
  const chain = (info.verifiedChain ?? info.peerCertificates).map((der) => certificateFacts(der));
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['address', info.remote],
    ['protocol', info.version],
    ['cipher suite', info.cipherSuite.name],
    ['group', info.group && `${info.group.name}${info.helloRetryRequested ? ' (after HelloRetryRequest)' : ''}`],
    ['signature', info.signatureAlgorithm?.name],
    ['ALPN', info.alpn && printable(info.alpn)],
    ['engine', `${info.backend}, ${info.engine}`],
    ['fell back', info.fellBackBecause?.reason],
    ['time', `transport ${milliseconds(info.timings.transport)}, handshake ${milliseconds(info.timings.handshake)}`],
  ];
  return [
    `${c.green('✓')} ${c.bold(info.host ?? 'the peer')} is verified`,
    ...rows.filter(([, value]) => value !== undefined).map(([label, value]) => `  ${c.dim(label.padEnd(13))} ${value ?? ''}`),
    ...chainTree(chain, info.host, c).map((line) => `  ${line}`),
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
      daysLeft < 0 ? c.red(`expired ${-daysLeft} days ago`) : daysLeft < 21 ? c.yellow(`${daysLeft} days left`) : `${daysLeft} days left`;
    const lines = [
      `${indent}${c.cyan(certificate.subject)}`,
      `${below}${c.dim(`${certificate.key}, until ${certificate.notAfter.slice(0, 10)}, `)}${left}`,
    ];
    if (depth === 0 && certificate.names.length > 0) lines.push(`${below}${c.dim('names')} ${listed(certificate.names, host)}`);
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
    ...(alert ? [`  ${c.dim('alert'.padEnd(13))} ${alert.name}, ${alert.origin === 'peer' ? 'from the server' : 'sent by us'}`] : []),
    `  ${c.dim('try'.padEnd(13))} ${printable(hint)}`,
    ...chainTree(certificatesShown(error).flatMap(readable), undefined, c).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** What was refused may be no certificate at all. */
function readable(der: Uint8Array): CertificateFacts[] {
  try {
    return [certificateFacts(der)];
  } catch {
    return [];
  }
}

const milliseconds = (time: number): string => `${time.toFixed(1)} ms`;

/** The first few, the one that was asked for among them. */
function listed(names: readonly string[], host: string | undefined): string {
  const shown = names.slice(0, 8);
  if (host !== undefined && names.includes(host) && !shown.includes(host)) shown.unshift(host);
  return printable(shown.join(', ')) + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}
