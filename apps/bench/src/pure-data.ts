/** @module Application data through an established connection in memory, in full records. Runs in pages too. */
import { SslErrorCode } from '@ferrule/result';
import { type Figures, measure, ratio, type Task, timed } from './pure-measure.ts';
import type { Established } from './pure-replay.ts';

/** Bytes of content in a full record. */
export const RECORD = 16_384;

/**
 * Application data in memory, µs for a record of 16 KiB, beside the bare AEAD (awaited one by one where it answers
 * later).
 */
export async function bulkInMemory(session: Established, count: number, rounds: number): Promise<Figures> {
  const aead = session.suite.aead.key(new Uint8Array(session.suite.aead.keyLength));
  const plain = new Uint8Array(RECORD + 1);
  const out = new Uint8Array(RECORD + 17);
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(5);
  const cipher = (await aead.seal(nonce, header, plain, out)).slice();
  const bare = (work: () => unknown): Task =>
    timed(async () => {
      if (aead.sync) for (let i = 0; i < count; i++) work();
      else for (let i = 0; i < count; i++) await work();
    });
  const figures = await measure(
    {
      read: () => readRecords(session, count),
      open: bare(() => aead.open(nonce, header, cipher, out)),
      write: () => writeRecords(session, count),
      seal: bare(() => aead.seal(nonce, header, plain, out)),
    },
    count,
    rounds,
  );
  session.ssl.dispose();
  return { ...figures, readToBare: ratio(figures, 'open', 'read'), writeToBare: ratio(figures, 'seal', 'write') };
}

/** As many records as a driver has at once. */
const BATCH = 64;

/** Receives `count` full records; the µs that reading them took. */
export async function readRecords({ ssl, net, seal }: Established, count: number): Promise<number> {
  const content = new Uint8Array(RECORD).fill(7);
  const into = new Uint8Array(64 * 1024);
  let spent = 0;
  for (let done = 0; done < count; done += BATCH) {
    for (let i = 0; i < BATCH; i++) net.write(await seal(content));
    spent += await timed(async () => {
      for (let left = BATCH * RECORD; left > 0;) {
        const ret = ssl.read(into);
        if (ret > 0) left -= ret;
        else if (ssl.getError(ret) === SslErrorCode.wantAsync) await ssl.asyncReady;
        else throw ssl.failure?.error ?? new Error('records are missing');
      }
    })();
  }
  return (spent * count) / (Math.ceil(count / BATCH) * BATCH);
}

/** Sends as many; to nobody. */
export async function writeRecords({ ssl, net }: Established, count: number): Promise<number> {
  const from = new Uint8Array(16 * RECORD).fill(7);
  return timed(async () => {
    for (let left = count * RECORD; left > 0;) {
      const ret = ssl.write(left < from.length ? from.subarray(0, left) : from);
      if (ret > 0) left -= ret;
      else if (ssl.getError(ret) === SslErrorCode.wantAsync) await ssl.asyncReady;
      else if (ssl.getError(ret) !== SslErrorCode.wantWrite) throw ssl.failure?.error ?? new Error('it does not write');
      net.nread(net.pending);
    }
  })();
}
