/** @module Every step that can be played on an `Ssl`, and what the model expects of it. */
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { turn } from './clock.ts';
import { Finding } from './finding.ts';
import { Kind, pattern } from './pattern.ts';
import { size, type Recipe } from './sequence.ts';
import type { Link } from './link.ts';
import { misuse, MISUSES, wrong } from './misuse.ts';
import type { Random } from '../fuzz/mutator.ts';

/** What a step can reach beside the connection of the moment. */
export interface Stage {
  readonly link: Link;
  /** Settles the index-th question that the caller has open. */
  settle(index: number, how: 'accept' | 'refuse' | 'reject'): void;
  /** Ends this connection as it should, and begins another one. */
  next(who: number, resume: boolean, early: boolean): Promise<void>;
  /** Moves everything, both ways, and repeats `operation` until it waits for somebody who has nothing. */
  pump(operation: Operation): Promise<void>;
  /** Other connections' exported keying material. */
  readonly exported: Map<string, Link>;
}
export type Operation = 'connect' | 'read' | 'write' | 'shutdown' | 'keyUpdate';

export interface StepKind extends Recipe {
  run(stage: Stage, args: readonly number[]): void | Promise<void>;
}

/** What a write that is under way may wait for. */
const WAITS_TO_WRITE: ReadonlySet<SslErrorCode> = new Set([SslErrorCode.wantWrite, SslErrorCode.wantAsync]);

const one =
  (limit: number) =>
  (random: Random): number[] => [random.below(limit)];
const sized = (random: Random): number[] => [size(random)];

export const STEPS: Readonly<Record<string, StepKind>> = {
  connect: { weight: 8, nests: true, run: ({ link }) => void handshake(link, 'connect') },
  doHandshake: { weight: 1, nests: true, run: ({ link }) => void handshake(link, 'doHandshake') },
  setConnectState: {
    weight: 1,
    nests: true,
    run: ({ link }) => void quiet(link, 'setConnectState', () => link.ssl.setConnectState(), false),
  },
  read: { weight: 12, args: sized, nests: true, run: ({ link }, [n = 1]) => void read(link, n) },
  write: { weight: 16, args: sized, nests: true, run: ({ link }, [n = 1]) => void write(link, n) },
  writeShorter: { weight: 2, args: sized, nests: true, run: ({ link }, [n = 1]) => void write(link, n, true) },
  writeEarlyData: { weight: 2, args: sized, nests: true, run: ({ link }, [n = 1]) => void writeEarly(link, n) },
  shutdown: { weight: 3, nests: true, run: ({ link }) => void shutdown(link) },
  keyUpdate: {
    weight: 6,
    args: one(2),
    nests: true,
    run: ({ link }, [request = 0]) => void keyUpdate(link, request === 1),
  },
  setLate: { weight: 1, args: one(3), nests: true, run: ({ link }, [which = 0]) => setLate(link, which) },
  facts: { weight: 2, nests: true, run: ({ link }) => facts(link) },
  exporter: {
    weight: 3,
    args: (random) => [1 + random.below(300)],
    nests: true,
    run: ({ link, exported }, [length = 32]) => exporter(link, exported, length),
  },
  binding: { weight: 2, args: one(2), nests: true, run: ({ link }, [which = 0]) => binding(link, which) },
  misuse: { weight: 3, args: one(MISUSES.length), nests: true, run: ({ link }, [which = 0]) => misuse(link, which) },
  dispose: { weight: 1, nests: true, run: ({ link }) => dispose(link) },

  drain: { weight: 8, args: sized, run: ({ link }, [n = 1]) => void link.drain(n) },
  feed: { weight: 10, args: sized, run: ({ link }, [n = 1]) => void link.feed(n) },
  flow: { weight: 6, run: ({ link }) => flow(link) },
  pump: {
    weight: 6,
    args: one(5),
    run: (stage, [which = 0]) =>
      stage.pump((['connect', 'read', 'write', 'shutdown', 'keyUpdate'] as const)[which] ?? 'read'),
  },
  tick: { weight: 3, run: () => turn() },
  accept: { weight: 4, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'accept') },
  refuse: { weight: 1, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'refuse') },
  reject: { weight: 1, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'reject') },

  serverData: { weight: 9, args: sized, run: ({ link }, [n = 1]) => void link.server.data(n) },
  serverKeyUpdate: {
    weight: 6,
    args: one(2),
    run: ({ link }, [request = 0]) => void link.server.keyUpdate(request === 1),
  },
  serverTicket: { weight: 5, run: ({ link }) => void link.server.ticket() },
  serverRequest: { weight: 3, run: ({ link }) => void link.server.certificateRequest() },
  serverCloses: { weight: 2, run: ({ link }) => void link.server.closeNotify() },
  serverAlert: { weight: 1, run: ({ link }) => void (link.server.alertWith(2, 40) && link.excuses.add('PEER_ALERT')) },
  serverGarbage: { weight: 1, run: ({ link }) => void (link.server.garbage() && link.excuses.add('BAD_RECORD_MAC')) },
  end: { weight: 1, run: ({ link }) => end(link) },
  reset: { weight: 1, run: ({ link }) => reset(link) },

  next: {
    weight: 3,
    args: (random) => [random.below(4), random.below(4), random.below(2)],
    run: (stage, [who = 0, resume = 0, early = 0]) => stage.next(who, resume > 0, early === 1),
  },
};

// ── Operations ──

export function handshake(link: Link, how: 'connect' | 'doHandshake'): number | undefined {
  if (!link.begun && how === 'doHandshake') link.excuses.add('CONNECTION_TYPE_NOT_SET');
  link.begun = true;
  const ret = link.call(how, () => link.ssl[how]());
  if (ret === 1 && !link.ssl.established) throw new Finding(`${how}() returns 1 and \`established\` is false`);
  if (ret === 1 && link.who === 'distrustful') throw new Finding('a peer is accepted that verify refuses');
  return ret;
}

export function read(link: Link, length: number): number | undefined {
  if (!link.begun) link.excuses.add('CONNECTION_TYPE_NOT_SET');
  const into = new Uint8Array(length);
  const pending = link.within.length === 0 && link.failure === undefined ? link.ssl.pending : 0;
  link.begun = true;
  const ret = link.call('read', () => link.ssl.read(into), { most: length });
  if (ret !== undefined && ret > 0) link.gave(into.slice(0, ret));
  if (ret === undefined || link.within.length > 0) return ret;
  if (ret <= 0 && pending > 0 && !link.disposed)
    throw new Finding('`pending` promises bytes that read() does not give', `${pending}, then ${link.trace.at(-1)}`);
  if (ret === 0 && link.failure === undefined) {
    if (!link.server.closed) throw new Finding('read() reports a close_notify that did not come');
    if (link.read.count !== link.server.sent)
      throw new Finding('read() reports the end before all bytes', `${link.read.count} of ${link.server.sent}`);
  }
  return ret;
}

export function write(link: Link, length: number, shorter = false): number | undefined {
  if (!link.begun) link.excuses.add('CONNECTION_TYPE_NOT_SET');
  const nested = link.within.length > 0;
  // A caller cannot know what an operation that is under way has taken, and must repeat one write before it begins
  // another.
  if (nested && (link.owed !== undefined || link.within.some((name) => name.startsWith('write')))) return undefined;
  const { kind, length: least } = link.owed ?? { kind: nested ? Kind.nested : Kind.main, length: 0 };
  const asked = shorter && least > 1 ? Math.min(length, least - 1) : Math.max(length, least);
  const told = link.told[kind] ?? 0;
  link.begun = true;
  const ret = link.call('write', () => link.ssl.write(pattern(kind, told, asked)), {
    misuse: least > asked,
    most: asked,
  });
  if (ret === undefined) return ret;
  if (ret > 0) {
    link.told[kind] = told + ret;
    link.owed = undefined;
  } else if (link.disposed && nested === false) {
    // Disposed of by an observer, after the bytes had gone: nobody is told.
    link.owed ??= { kind, length: asked };
  } else if (link.failure === undefined && WAITS_TO_WRITE.has(link.ssl.getError(ret)) && link.ssl.established) {
    link.owed = { kind, length: Math.max(least, asked) };
  }
  return ret;
}

function writeEarly(link: Link, length: number): void {
  if (link.within.some((name) => name.startsWith('write'))) return;
  const asked = Math.max(length, link.owedEarly);
  const told = link.told[Kind.early] ?? 0;
  const ret = link.call('writeEarlyData', () => link.ssl.writeEarlyData(pattern(Kind.early, told, asked)), {
    misuse: true,
    most: asked,
  });
  if (ret === undefined) return;
  link.begun = link.earlyCalled = true;
  if (ret > 0) {
    link.told[Kind.early] = told + ret;
    link.owedEarly = 0;
  } else if (link.failure === undefined) link.owedEarly = asked;
}

export function shutdown(link: Link): number | undefined {
  if (!link.begun) link.excuses.add('CONNECTION_TYPE_NOT_SET');
  if (!link.ssl.established) link.excuses.add('HANDSHAKE_NOT_DONE');
  link.begun = link.shutdownCalled = true;
  const ret = link.call('shutdown', () => link.ssl.shutdown());
  if (ret === undefined || ret < 0 || link.failure !== undefined) return ret;
  link.shutdownSent = true;
  // What waited has been sent before close_notify, or will never be.
  if (ret === 1 && !link.server.closed) throw new Finding('shutdown() reports a close_notify that did not come');
  return ret;
}

export function keyUpdate(link: Link, request: boolean): number | undefined {
  const possible = link.ssl.established && link.ssl.version === 'TLSv1.3';
  const ret = link.call('keyUpdate', () => link.ssl.keyUpdate(request), {
    misuse: !possible || link.owed !== undefined || link.shutdownCalled || link.within.length > 0,
  });
  // One that is refused leaves the one that waits on its way.
  if (ret === undefined || (ret !== 1 && link.ssl.getError(ret) === SslErrorCode.ssl)) return ret;
  // One that asks for something else than the one that waits is another one; that one may be sent all the same.
  if (link.keyUpdateOwed !== undefined && link.keyUpdateOwed !== request) link.keyUpdatesGivenUp++;
  link.keyUpdateOwed = ret === 1 ? undefined : request;
  if (ret === 1) link.keyUpdates++;
  return ret;
}

function setLate(link: Link, which: number): void {
  const { ssl } = link;
  const acts = [
    () => ssl.setBio(link.bio, link.bio),
    () => ssl.setHost('server.test'),
    () => ssl.setSession(wrong({})),
  ];
  quiet(
    link,
    'a setter',
    acts[which] ?? (() => undefined),
    link.begun || link.disposed || which === 2 || link.within.length > 0,
  );
}

/** A call that returns nothing. */
function quiet(link: Link, name: string, act: () => void, misuse: boolean): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof TypeError) || !misuse) throw new Finding(`${name} throws`, String(error), { cause: error });
  }
}

/** The names of everything that an `Ssl` tells. */
const FACTS = [
  'asyncReady',
  'pending',
  'state',
  'shutdownState',
  'established',
  'version',
  'cipherSuite',
  'group',
  'peerSignatureAlgorithm',
  'alpn',
  'helloRetryRequested',
  'extendedMasterSecret',
  'peerCertificates',
  'peerRawPublicKey',
  'verifiedChain',
  'verifyResult',
  'ocspResponse',
  'signedCertificateTimestamps',
  'clientCredential',
  'sessionReused',
  'earlyData',
  'ech',
  'echRetryConfigs',
  'failure',
] as const satisfies readonly (keyof Ssl)[];

function facts(link: Link): void {
  const { ssl } = link;
  for (const name of FACTS) {
    try {
      void ssl[name];
    } catch (error) {
      throw new Finding(`\`${name}\` throws`, String(error), { cause: error });
    }
  }
  if (link.within.length > 0) return;
  const { pending, shutdownState, established, version, failure } = ssl;
  if (!(pending >= 0 && pending <= 16_384)) throw new Finding('`pending` is out of range', String(pending));
  if (link.shutdownSent && (shutdownState & 1) === 0)
    throw new Finding('`shutdownState` denies a close_notify that went out');
  // Told of its own close_notify, an observer may dispose of the connection: then shutdown() returns that
  const isSent = link.shutdownSent || (link.shutdownCalled && link.disposed);
  if (!isSent && (shutdownState & 1) !== 0)
    throw new Finding('`shutdownState` tells of a close_notify that shutdown() has not sent');
  if ((shutdownState & 2) !== 0 && !link.server.closed && link.failure === undefined)
    throw new Finding('`shutdownState` tells of an end that did not come');
  if (established && version !== (link.server.plan.version === 13 ? 'TLSv1.3' : 'TLSv1.2'))
    throw new Finding('`version` is wrong', String(version));
  if (link.failure !== undefined && failure?.error !== link.failure.error)
    throw new Finding('`failure` changed', `${link.failure.error.code}, ${failure?.error.code ?? 'none'}`);
}

/** The secrets of a connection that has ended are gone; keying material of one that has not is its own. */
function exporter(link: Link, exported: Map<string, Link>, length: number): void {
  const bytes = secretOf(link, 'exportKeyingMaterial()', () =>
    link.ssl.exportKeyingMaterial('EXPORTER-orders', undefined, length),
  );
  if (bytes === undefined) return;
  if (bytes.length !== length)
    throw new Finding('exportKeyingMaterial() gives another length', `${bytes.length}, not ${length}`);
  if (length < 16) return;
  const key = Buffer.from(bytes.subarray(0, 16)).toString('hex');
  const owner = exported.get(key) ?? link;
  if (owner !== link) throw new Finding('two connections export the same keying material');
  exported.set(key, link);
}

function binding(link: Link, which: number): void {
  const type = which === 0 ? 'tls-exporter' : 'tls-server-end-point';
  secretOf(link, `channelBinding(${type})`, () => link.ssl.channelBinding(type), which === 0);
}

/** @returns `undefined` where it is refused. */
export function secretOf(
  link: Link,
  name: string,
  take: () => Uint8Array | undefined,
  isSecret = true,
): Uint8Array | undefined {
  const over = link.disposed || link.failure !== undefined;
  try {
    const bytes = take();
    if (bytes !== undefined && over && isSecret)
      throw new Finding(`${name} gives something out when the connection is over`);
    if (bytes?.every((byte) => byte === 0) === true && bytes.length > 8) throw new Finding(`${name} gives zeros`);
    return bytes;
  } catch (error) {
    if (error instanceof Finding) throw error;
    // A failure whose alert is still on its way counts, too.
    const mayRefuse =
      over ||
      (TlsError.is(error) && link.excused(error.code)) ||
      !link.ssl.established ||
      link.within.length > 0 ||
      link.ssl.failure !== undefined;
    if (!mayRefuse) throw new Finding(`${name} throws`, String(error), { cause: error });
    const typed = error instanceof TypeError || TlsError.is(error);
    if (!typed)
      throw new Finding(`${name} throws what is neither a TypeError nor a TlsError`, String(error), { cause: error });
    return undefined;
  }
}

export function dispose(link: Link): void {
  link.disposed = true;
  link.ssl.dispose();
  if (link.within.length > 0) return;
  if (link.ssl.failure === undefined) throw new Finding('no failure after dispose()');
  link.failure ??= { ret: -1, why: SslErrorCode.ssl, error: link.ssl.failure.error };
}

// ── The transport ──

function flow(link: Link): void {
  for (let i = 0; i < 4; i++) {
    link.drain(Infinity);
    link.feed(Infinity);
  }
}

function end(link: Link): void {
  if (link.failedTransport) return;
  link.feed(Infinity);
  link.ended = true;
  link.net.shutdownWrite();
}

function reset(link: Link): void {
  link.failedTransport = true;
  link.net.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
}
