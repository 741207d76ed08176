/**
 * @module Both engines play the same sequence, and must answer alike: each call, each end. What a record costs in a
 * BIO, and so where a call waits, differs between engines and is nobody's promise (ADR 0077), and some features only
 * one of them has; so the sequence is made calm first: a BIO with room for whole records, all bytes moved at once, no
 * questions that stay open.
 */
import type { Backend } from '@ferrule/contract';
import { playContract } from './contract.ts';
import { Finding } from './finding.ts';
import { PLAIN, type Config, type Sequence, type Step } from './sequence.ts';

/** @throws Finding of the model, or for the first line on which the engines differ. */
export async function playBoth(
  engines: readonly [Backend, Backend],
  sequence: Sequence,
  trace?: (line: string) => void,
): Promise<void> {
  const both = calm(sequence);
  const [first, second] = [await linesOf(engines[0], both), await linesOf(engines[1], both)];
  for (const [index, line] of first.entries()) {
    trace?.(line);
    if (plain(line) !== plain(second[index] ?? ''))
      throw new Finding(
        'the engines answer differently',
        `${line} (${engines[0].name}); ${second[index] ?? 'nothing'} (${engines[1].name})`,
      );
  }
}

async function linesOf(engine: Backend, sequence: Sequence): Promise<readonly string[]> {
  const lines: string[] = [];
  await playContract(engine, sequence, (line) => lines.push(line));
  return lines;
}

export function calm({ config, steps }: Sequence): Sequence {
  const { verify, credential } = config;
  const calmed: Config = {
    ...config,
    bio: PLAIN.bio,
    inside: [],
    verify: verify === 'promise' ? 'function' : verify,
    credential: credential.startsWith('callback') ? 'callback' : 'key',
  };
  // Who has something to send finds that the transport has failed; OpenSSL, which writes into memory (ADR 0067), first
  // reads what came before: an end, or a ticket behind a CertificateRequest.
  const tells = steps.some(([name]) => name === 'end' || name === 'serverRequest');
  return { config: calmed, steps: steps.filter(([name]) => !(tells && name === 'reset')).map(calmStep) };
}

/** What one write takes fits into the BIO. */
const MOST = 3_000;

function calmStep(step: Step): Step {
  const [name, ...args] = step;
  switch (name) {
    case 'drain':
    case 'feed':
      return ['flow'];
    case 'read':
      return ['pump', 1];
    case 'write':
    case 'writeShorter':
    case 'writeEarlyData':
      return [name, Math.min(args[0] ?? 1, MOST)];
    default:
      return step;
  }
}

/**
 * How many calls it takes is not compared: one read() may give what two of another engine give, or take in more
 * records.
 */
function plain(line: string): string {
  const [step = '', calls = ''] = line.split(/: (.*)/);
  const kinds = calls.split('; ').map((call) => call.replace(/^read \d+$/, 'read some'));
  return `${step}: ${[...new Set(kinds)].join('; ')}`;
}
