/** @module A row: one way in which a server can be wrong, what a client must make of it, and by which RFC. */
import { Alert, alertName } from '@ferrule/result';
import type { Identity } from '@ferrule/conformance/pki';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';

export type Version = 'TLSv1.3' | 'TLSv1.2';
export type Kind = 'certificate' | 'protocol' | 'order' | 'flood';
/** What an attacker gains from a client that lets it pass: the connection, a foothold, or nothing that we know of. */
export type Severity = 'high' | 'medium' | 'low';
/** `should`: the RFC recommends it, says it of the server alone, or leaves it open. Whoever lets it pass gets advice. */
export type Rule = 'must' | 'should';

/** Why a row is right. */
export interface Argument {
  /** As it is shown: `RFC 9846 §4.5.3`. */
  readonly rfc: string;
  readonly severity: Severity;
  readonly rule: Rule;
  /** Descriptions that fit; `any`: another one, or none, is as good. */
  readonly alerts: readonly number[] | 'any';
}

export interface Row extends Argument {
  readonly title: string;
  readonly kind: Kind;
  readonly version: Version;
  /** The handshake is a good one, and the trouble comes after it: that data came until then proves nothing. */
  readonly late?: true;
  /** The connection is closed behind it: there is no going on. */
  readonly closes?: true;
  /** What the command is told to connect to. Default: `localhost`. */
  readonly host?: string;
  /** What the command has to do by itself, as {@link Expectation} says. */
  readonly expects?: Expectation;
  /** Whose certificate the server shows. Default: a good one. */
  readonly identity?: () => Promise<Identity>;
  /** A good server that gives a session, with which the client is to come back. */
  readonly before?: (identity: Identity) => Play;
  /**
   * A new server for each connection, as far as the wrong thing; what comes behind it is `goOn()`. `first` is the server
   * of `before`.
   */
  play(identity: Identity, first?: Play['peer']): Play;
}

export const EXPECTATIONS = ['revocation', 'resumption'] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

export interface Play {
  readonly peer: Peer & { goOn(): Script };
  readonly script: Script;
}

/** What came of one run of the command. */
export interface Outcome {
  /** Exit code; `null` where a signal ended it. */
  readonly exit: number | null;
  /** It had to be ended: the time was over. */
  readonly hung: boolean;
  /** What must not be read stood in what it printed. */
  readonly printed: boolean;
  /** What the server saw, over all connections. */
  readonly seen: Seen;
}

export interface Seen {
  connections: number;
  /** The wrong thing has been sent, or was about to be. */
  begun: boolean;
  /** Descriptions, in order. */
  alerts: number[];
  /** Something came that could not be deciphered; an alert could be in it. */
  unreadable: boolean;
  /** The client has sent application data. */
  data: boolean;
  /** Every connection had been closed for some time, with nothing left to send. */
  closed: boolean;
  /** Why the row says nothing about this client. */
  notApplicable?: string;
}

export const VERDICTS = ['right', 'other alert', 'silent', 'accepted', 'hang', 'not applicable'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Judgement {
  readonly verdict: Verdict;
  /** A fault that counts; otherwise, whatever the verdict is, it is advice at most. */
  readonly fault: boolean;
  /** One line. */
  readonly said: string;
}

/** What an outcome says about the client. */
export function judge(
  row: Pick<Row, 'late' | 'rule' | 'alerts' | 'version'>,
  { exit, hung, printed, seen }: Outcome,
): Judgement {
  const counts = row.rule === 'must';
  if (seen.notApplicable !== undefined) return none(seen.notApplicable);
  if (seen.connections === 0) return none('the command did not connect');
  if (printed) return { verdict: 'accepted', fault: counts, said: 'the command printed what the server sent' };
  if (exit === 0 && !seen.begun) return none('the command ended with 0 before the server could do anything wrong');
  if (exit === 0) return { verdict: 'accepted', fault: counts, said: 'the command ended with 0' };
  // With TLS 1.2 a client may send data before the server's Finished (RFC 7918)
  if (seen.data && row.late !== true && row.version === 'TLSv1.3')
    return { verdict: 'accepted', fault: counts, said: 'the client sent application data' };
  if (hung && seen.connections > 2)
    return none(`the command connected ${seen.connections} times, and did not end in time: turn its retries off`);
  if (hung && !seen.closed)
    return none('the command did not end in time, and the server had just closed the connection: give it more time');
  if (hung)
    return { verdict: 'hang', fault: true, said: 'the server had closed the connection, and the command did not end' };
  if (row.alerts === 'any') return { verdict: 'right', fault: false, said: 'refused' };
  const alert = seen.alerts.find((each) => each !== Alert.close_notify);
  if (alert !== undefined && row.alerts.includes(alert))
    return { verdict: 'right', fault: false, said: `refused with ${alertName(alert)}` };
  if (alert === undefined && seen.unreadable)
    return { verdict: 'right', fault: false, said: 'refused; what it said could not be deciphered' };
  const wanted = row.alerts.map(alertName).join(' or ');
  if (alert === undefined)
    return { verdict: 'silent', fault: false, said: `refused without an alert; ${wanted} would fit` };
  return { verdict: 'other alert', fault: false, said: `refused with ${alertName(alert)}; ${wanted} would fit` };
}

const none = (said: string): Judgement => ({ verdict: 'not applicable', fault: false, said });
