/** @module Memory of the pure engine: what an idle connection holds, and that records leave nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bioPair } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { SslErrorCode } from '@ferrule/result';
import { readRecords, RECORD, writeRecords } from './pure-data.ts';
import { type Established, shakeHands } from './pure-replay.ts';
import { record } from './pure-session.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still held after everything that could go has gone. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Of one of `count` connections that wait for data, none with a BIO of its own: those are the caller's. Synchronous
 * providers only.
 */
export async function idleConnection(provider: CryptoProvider, suite: number, count: number): Promise<number> {
  const recording = await record(provider, suite);
  const context = createPure({ crypto: provider }).createContext(recording.options);
  const pair = bioPair(recording.received.length);
  const into = new Uint8Array(1);
  const open = (): Ssl => {
    const ssl = shakeHands(recording, context, pair);
    if (ssl.getError(ssl.read(into)) !== SslErrorCode.wantRead) throw new Error('there is nothing to be read');
    pair[1].nread(pair[1].pending);
    return ssl;
  };
  for (let i = 0; i < 20; i++) open().dispose();
  const before = await held();
  const connections = Array.from({ length: count }, open);
  const bytes = ((await held()) - before) / count;
  for (const ssl of connections) ssl.dispose();
  return bytes;
}

/** What `bytes` received and as many sent leave behind, after some that warm up. */
export async function growth(
  session: Established,
  bytes: number,
): Promise<{ readonly afterReceiving: number; readonly afterSending: number }> {
  const warmUp = 2 ** 24 / RECORD;
  await readRecords(session, warmUp);
  await writeRecords(session, warmUp);
  const before = await held();
  await readRecords(session, bytes / RECORD);
  const between = await held();
  await writeRecords(session, bytes / RECORD);
  const after = await held();
  session.ssl.dispose();
  return { afterReceiving: between - before, afterSending: after - between };
}
