/** @module `ferrule chain` and `ferrule pin`: what the server shows, for files, other programs and configurations. */
import { createHash, X509Certificate } from 'node:crypto';
import { encodePem } from '@ferrule/x509';
import { inspect, type Inspection } from './inspect.ts';
import { chainJson } from './json.ts';
import type { CommonOptions } from './options.ts';
import { colorsFor, verdictLine } from './report.ts';
import type { Target } from './target.ts';
import { UsageError } from './usage.ts';

export interface ChainCommandOptions extends CommonOptions {
  readonly format: 'pem' | 'der' | 'json';
  /** The certificate of that place alone; 0 is the server's own. */
  readonly depth?: number;
}

/** The chain as the server sent it, trusted or not; the exit code tells which, and stderr why. */
export async function chainCommand(target: Target, options: ChainCommandOptions, signal: AbortSignal): Promise<void> {
  const { format, depth, json } = options;
  const inspection = await look(target, options, signal);
  const sent = inspection.info?.peerCertificates ?? inspection.chain;
  const chain = depth === undefined ? sent : sent.slice(depth, depth + 1);
  if (depth !== undefined && sent.length > 0 && chain.length === 0)
    throw new UsageError(
      `--depth ${depth}: there is no certificate at this place`,
      sent.length === 1
        ? 'The server sent one, at depth 0.'
        : `The server sent ${sent.length}, at depth 0 to ${sent.length - 1}.`,
    );
  if (json === true || format === 'json') process.stdout.write(chainJson(inspection, chain));
  else if (format === 'der') process.stdout.write(Buffer.concat(chain));
  else process.stdout.write(chain.map((der) => encodePem('CERTIFICATE', der)).join(''));
}

/** One pin a line, the server's own first: what --pin, curl and RFC 7469 take. */
export async function pinCommand(target: Target, options: CommonOptions, signal: AbortSignal): Promise<void> {
  const inspection = await look(target, options, signal);
  const pins = inspection.chain.map((der) => {
    const { publicKey, subject } = new X509Certificate(der);
    const hash = createHash('sha256')
      .update(publicKey.export({ format: 'der', type: 'spki' }))
      .digest('base64');
    return { pin: `sha256//${hash}`, subject: subject.replaceAll('\n', ', ') };
  });
  process.stdout.write(
    options.json === true
      ? chainJson(inspection, inspection.chain, { pins })
      : pins.map(({ pin }) => `${pin}\n`).join(''),
  );
}

async function look(target: Target, options: CommonOptions, signal: AbortSignal): Promise<Inspection> {
  const inspection = await inspect(target, { ...options, wait: 0 }, signal);
  if (inspection.error !== undefined) process.stderr.write(verdictLine(inspection, colorsFor(process.stderr)));
  process.exitCode = inspection.exit;
  return inspection;
}
