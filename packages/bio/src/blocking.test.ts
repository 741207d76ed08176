import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BioError, bioErrorCode, blockingBio, sharedBio, sharedBioMemory, type BlockingBio } from './index.ts';

const workers: Worker[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** A blocking BIO whose other end a worker serves. */
function served(act: string, size: number, timeout = 10_000): BlockingBio {
  const memory = sharedBioMemory(size);
  workers.push(
    new Worker(new URL('../test/serving-worker.mjs', import.meta.url), {
      workerData: { memory, act },
      execArgv: ['--conditions=@ferrule/source'],
    }),
  );
  return blockingBio(memory, { timeout });
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('a blocking BIO', () => {
  it('returns from a read only with bytes, even if there are none at first', () => {
    const bio = served('echo', 64);
    expect(bio.blocking).toBe(true);
    bio.write(bytes(1, 2, 3));
    expect(bio.nread0(3).slice()).toEqual(bytes(1, 2, 3));
    bio.nread(3);
    bio.nwrite0(2).set([4, 5]);
    bio.nwrite(2);
    const into = new Uint8Array(8);
    let n = bio.read(into);
    if (n === 1) n += bio.read(into.subarray(1));
    expect(into.subarray(0, n)).toEqual(bytes(4, 5));
  });

  it.each([1, 2, 17, 17 * 1024])('carries a stream and its end through %i bytes of memory unchanged', (size) => {
    const bio = served('echo', size);
    const length = size < 17 ? 300 : 200_000;
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let put = 0;
    let got = 0;
    while (got < length) {
      // Never more in flight than the two rings hold, or both sides would wait for space
      const chunk = Uint8Array.from(
        { length: Math.min(1 + (put % 97), size, length - put) },
        (_, i) => (put + i * 7) & 255,
      );
      if (chunk.length > 0) {
        expect(bio.write(chunk)).toBe(chunk.length);
        sent.update(chunk);
        put += chunk.length;
      } else if (put === length) bio.shutdownWrite();
      const view = bio.nread0(chunk.length);
      received.update(view);
      got += view.length;
      bio.nread(view.length);
    }
    bio.shutdownWrite();
    expect(bio.read(new Uint8Array(1))).toBe(0);
    expect(bio.eof).toBe(true);
    expect(got).toBe(length);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  it('waits for as many bytes as requested, or the end', () => {
    const bio = served('dribble', 64);
    const view = bio.nread0(30);
    expect(view.length).toBeGreaterThanOrEqual(30);
    expect([...view]).toEqual([...view.keys()]);
    expect(bio.nread0(64).length).toBe(40);
    bio.nread(40);
    expect(bio.eof).toBe(true);
    expect(bio.nread0().length).toBe(0);
  });

  it('reports the failure of the other side, after the bytes before it', () => {
    const bio = served('fail', 64);
    const into = new Uint8Array(4);
    expect(bio.read(into)).toBe(1);
    expect(bio.read(into)).toBe(-1);
    expect(bio.eof).toBe(false);
    expect(bio.error).toMatchObject({ message: 'read ECONNRESET', code: 'ECONNRESET' });
    expect(bioErrorCode(bio.error!)).toBe('TRANSPORT_ERROR');
    expect(bio.write(into)).toBe(-1);
    expect(bio.nwrite0().length).toBe(0);
  });

  it('fails with TIMEOUT when nothing moves, reading and writing, and stays failed', () => {
    const reading = blockingBio(sharedBioMemory(4), { timeout: 5 });
    expect(reading.read(new Uint8Array(1))).toBe(-1);
    expect(bioErrorCode(reading.error!)).toBe('TIMEOUT');
    expect(reading.write(bytes(1))).toBe(-1);
    const memory = sharedBioMemory(4);
    const writing = blockingBio(memory);
    writing.timeout = 5;
    expect(writing.write(new Uint8Array(9))).toBe(4);
    expect(writing.write(new Uint8Array(9))).toBe(-1);
    expect(bioErrorCode(writing.error!)).toBe('TIMEOUT');
    // The side that serves the transport sees it
    expect(bioErrorCode(sharedBio(memory).error!)).toBe('TIMEOUT');
  });

  it('throws BLOCKING_FORBIDDEN where a thread must not block', () => {
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    });
    const attempt = (): BlockingBio => blockingBio(sharedBioMemory(4));
    expect(attempt).toThrow(BioError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'BLOCKING_FORBIDDEN' }));
  });

  it('throws BLOCKING_FORBIDDEN without shared memory', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(() => sharedBioMemory(4)).toThrow(expect.objectContaining({ code: 'BLOCKING_FORBIDDEN' }));
  });

  it('rejects foreign memory, bad sizes, bad timeouts and unknown options', () => {
    const memory = sharedBioMemory(4);
    expect(() => blockingBio(new SharedArrayBuffer(9000))).toThrow(TypeError);
    expect(() => blockingBio(new ArrayBuffer(9000) as unknown as SharedArrayBuffer)).toThrow(TypeError);
    expect(() => sharedBioMemory(0)).toThrow(TypeError);
    expect(() => blockingBio(memory, { timeout: 0 })).toThrow(TypeError);
    expect(() => blockingBio(memory, { time: 1 } as object)).toThrow(/time/);
  });
});

describe('the serving end', () => {
  it('returns retry, and offers only what is free', () => {
    const memory = sharedBioMemory(3);
    const near = blockingBio(memory);
    const far = sharedBio(memory);
    expect(far.blocking).toBe(false);
    expect(far.read(new Uint8Array(1))).toBe(-1);
    expect(far.nread0().length).toBe(0);
    expect(far.write(bytes(1, 2, 3, 4))).toBe(3);
    expect(far.write(bytes(5))).toBe(-1);
    expect(far.nwrite0().length).toBe(0);
    near.nread(near.nread0().length);
    expect(far.nwrite0().length).toBe(3);
    far.nwrite(0);
    expect(() => far.nwrite(1)).toThrow(RangeError);
    expect(() => far.nread(1)).toThrow(RangeError);
    far.shutdownWrite();
    expect(() => far.write(bytes(1))).toThrow(TypeError);
    expect(() => far.nwrite0()).toThrow(TypeError);
  });

  it('reports every change once, including one before the call, by waitAsync and by polling', async () => {
    for (const how of ['waitAsync', 'polling'] as const) {
      if (how === 'polling')
        vi.stubGlobal('Atomics', Object.create(Atomics, { waitAsync: { value: undefined } }) as typeof Atomics);
      const memory = sharedBioMemory(8);
      const near = blockingBio(memory);
      const far = sharedBio(memory);
      near.write(bytes(1));
      await far.changed();
      let heard = false;
      const later = far.changed().then(() => (heard = true));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(heard).toBe(false);
      near.shutdownWrite();
      await later;
      expect(far.read(new Uint8Array(2))).toBe(1);
      expect(far.read(new Uint8Array(2))).toBe(0);
    }
  });

  it('passes a failure on, whatever its text', () => {
    for (const message of ['plain', '\u{1f512} ü', '\0'.repeat(5000), 'x'.repeat(5000), '\ud800']) {
      const memory = sharedBioMemory(8);
      const near = blockingBio(memory);
      sharedBio(memory).fail(new BioError('ABORTED', message));
      near.fail(new Error('too late'));
      expect(near.error!.message.length).toBeGreaterThan(0);
      expect(near.error!.message).not.toBe('too late');
      if (message.length < 300) expect(near.error).toMatchObject({ name: 'BioError', code: 'ABORTED', message });
    }
  });

  it('settles changed() when this side fails', async () => {
    const far = sharedBio(sharedBioMemory(8));
    const waiting = far.changed();
    far.fail(new Error('enough'));
    await waiting;
    await far.changed();
  });

  it('passes on any Error, as far as it can be read', () => {
    const throwing = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('a getter');
      },
    });
    const odd = [
      { message: 5 },
      { name: Symbol('x') },
      { name: undefined, message: null },
      { code: 7 },
      { message: 'kept', name: 3, code: 'EPIPE' },
    ].map((own) => Object.assign(new Error('x'), own));
    for (const error of [...odd, throwing]) {
      const memory = sharedBioMemory(8);
      const near = blockingBio(memory);
      sharedBio(memory).fail(error as Error);
      expect(near.error).toBeInstanceOf(Error);
    }
    const memory = sharedBioMemory(8);
    const near = blockingBio(memory);
    sharedBio(memory).fail(odd[4] as Error);
    expect(near.error).toMatchObject({ name: 'Error', message: 'kept', code: 'EPIPE' });
  });

  it('preserves the byte stream under any interleaving, at any size', () => {
    const step = fc.record({
      act: fc.constantFrom('write', 'nwrite', 'read', 'nread'),
      n: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 150 }), (size, steps) => {
        const memory = sharedBioMemory(size);
        const [from, to] = [sharedBio(memory), blockingBio(memory)];
        let next = 0;
        let seen = 0;
        for (const { act, n } of steps) {
          if (act === 'write') {
            next += Math.max(0, from.write(Uint8Array.from({ length: n }, (_, i) => (next + i) & 255)));
          } else if (act === 'nwrite') {
            const put = Math.min(n, from.nwrite0().length);
            from.nwrite0().set(Uint8Array.from({ length: put }, (_, i) => (next + i) & 255));
            from.nwrite(put);
            next += put;
          } else if (to.pending > 0) {
            const into = new Uint8Array(n);
            const view = act === 'read' ? into.subarray(0, to.read(into)) : to.nread0().subarray(0, n);
            for (const byte of view) expect(byte).toBe(seen++ & 255);
            if (act === 'nread') to.nread(view.length);
          }
          expect(to.pending).toBe(next - seen);
        }
      }),
    );
  });
});
