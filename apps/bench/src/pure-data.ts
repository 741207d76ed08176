/** @module Application data through an established connection in memory, in full records, and the CPU time of it. */
import { SslError } from '@ferrule/result';
import type { Established } from './pure-session.ts';

/** Bytes of content in a full record. */
export const RECORD = 16_384;

/** Returns the microseconds of CPU, user and system, that it spent on what is measured. */
export type Task = () => Promise<number>;

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
export const timed = (work: () => unknown): Task => async () => {
  const from = cpu();
  await work();
  return cpu() - from;
};

/** As many records as a driver has at once. */
const BATCH = 64;

/** Receives `count` full records; the µs of CPU that reading them took. */
export async function readRecords({ ssl, net, seal }: Established, count: number): Promise<number> {
  const content = new Uint8Array(RECORD).fill(7);
  const into = new Uint8Array(64 * 1024);
  let spent = 0;
  for (let done = 0; done < count; done += BATCH) {
    for (let i = 0; i < BATCH; i++) net.write(await seal(content));
    spent += await timed(async () => {
      for (let left = BATCH * RECORD; left > 0; ) {
        const ret = ssl.read(into);
        if (ret > 0) left -= ret;
        else if (ssl.getError(ret) === SslError.wantAsync) await ssl.asyncReady;
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
    for (let left = count * RECORD; left > 0; ) {
      const ret = ssl.write(left < from.length ? from.subarray(0, left) : from);
      if (ret > 0) left -= ret;
      else if (ssl.getError(ret) === SslError.wantAsync) await ssl.asyncReady;
      else if (ssl.getError(ret) !== SslError.wantWrite) throw ssl.failure?.error ?? new Error('it does not write');
      net.nread(net.pending);
    }
  })();
}
