/** @module What came of an attempt, in words. */
import type { TlsVersion } from '@ferrule/contract';
import type { Behaviour } from '../behaviours.ts';
import type { Progress } from './attempt.ts';
import { type Check, checkBehind } from './caught.ts';

export interface Verdict {
  /**
   * `caught`: what was to be caught was. `missed`: it was not, or as something else. `refused`: a failure that nobody
   * asked for.
   */
  readonly kind: 'running' | 'verified' | 'caught' | 'refused' | 'missed';
  readonly title: string;
  /** Further sentences. */
  readonly sentences: readonly string[];
  readonly code: string | undefined;
  /** `decrypt_error, sent by the page` */
  readonly alert: string | undefined;
  /** Which check it was. */
  readonly check: Check | undefined;
}

const STAGES = {
  relay: 'Opening a way to the server through the relay …',
  handshake: 'TLS handshake …',
  request: 'Connected and verified. Waiting for the answer …',
  done: 'Done.',
} as const;

/** @param behaviour - what the server or the relay was told to do. */
export function verdictOf(
  { stage, error, info, answer }: Progress,
  host: string,
  behaviour: Behaviour | undefined,
  version: TlsVersion | undefined,
): Verdict {
  const nothing = { sentences: [], code: undefined, alert: undefined, check: undefined };
  if (stage !== 'done') return { kind: 'running', title: STAGES[stage], ...nothing };
  if (error === undefined) {
    const spoken = info?.version.replace('TLSv', 'TLS ') ?? 'TLS';
    if (behaviour === undefined)
      return {
        kind: 'verified',
        title: `${host} is verified`,
        ...nothing,
        sentences: [
          `${spoken}, spoken in this page. The relay carried an answer of ${answer.length} bytes that it could not read.`,
        ],
      };
    return { kind: 'missed', title: `Not caught: ${inside(behaviour.title)}`, ...nothing };
  }
  const { code, message, hint, alert } = error;
  const isCaught = code === behaviour?.code;
  return {
    kind: isCaught ? 'caught' : behaviour === undefined ? 'refused' : 'missed',
    title: isCaught
      ? `Caught: ${inside(behaviour.title)}`
      : behaviour === undefined
        ? `No connection to ${host}`
        : `Ended otherwise than expected: ${inside(behaviour.title)}`,
    sentences: [
      ...(isCaught ? [behaviour.what] : []),
      sentence(message),
      // Of a certificate, the chain has it, in the words of the page
      ...(code.startsWith('CERT_') ? [] : [hint]),
    ],
    code,
    alert:
      alert && `${alert.name} (${alert.description}), sent by ${alert.origin === 'local' ? 'this page' : 'the server'}`,
    check: checkBehind(code, version),
  };
}

/** Within a sentence; `TLS` and `HTTP` stay as they are. */
const inside = (title: string): string => title.replace(/^[A-Z](?=[a-z-])/, (letter) => letter.toLowerCase());

/** Messages begin with a small letter and have no full stop. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
