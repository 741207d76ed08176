import { bioPair, type PairedBio } from '@ferrule/bio';
import { ContentType, Version } from '@ferrule/result/numbers';
import { describe, expect, it } from 'vitest';
import { contentOf, isGiven } from '../../test/progress.ts';
import { toyProtection, type ToyOptions } from '../../test/toy-aead.ts';
import { RECORD_HEADER, type Protection } from './protect.ts';
import {
  FLUSHED,
  WANT_ASYNC,
  WANT_READ,
  WANT_WRITE,
  type Flushed,
  type ReadAlert,
  type ReadRecord,
  type Written,
} from './progress.ts';
import { RecordReader } from './reader.ts';
import { RecordWriter, type FlushProgress, type WriteProgress } from './writer.ts';

const { handshake, alert, application_data } = ContentType;

/** A small generator with a seed, so that a failure can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Answers after a random number of turns of the microtask and macrotask queues. */
const delays = (next: () => number) => async (): Promise<void> => {
  const turns = Math.floor(next() * 6);
  for (let i = 0; i < turns; i++) await Promise.resolve();
  if (next() < 0.3) await new Promise((resolve) => setTimeout(resolve, next() * 2));
};

function sealed(protection: Protection, type: number, content: Uint8Array): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + protection.overhead + content.length);
  record.set(content, RECORD_HEADER);
  protection.seal(record, type, content.length, 0);
  return record;
}

/** A sender that has sent `records` already. */
function toyProtectionAfter(generation: number, records: number): Protection {
  const protection = toyProtection(generation);
  for (let i = 0; i < records; i++) sealed(protection, application_data, numbered(0));
  return protection;
}

const numbered = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff);

function makeReader(options: ToyOptions, established = true): RecordReader {
  const reader = new RecordReader({ handshake: { leftover: 0 }, emptyRecordsInARow: 32 });
  reader.version = 'TLSv1.3';
  reader.established = established;
  reader.install(toyProtection(0, options));
  return reader;
}

/** The next record, waiting as a driver does; `undefined` when the BIO has no more. */
async function next(reader: RecordReader, bio: PairedBio): Promise<ReadRecord | ReadAlert | undefined> {
  for (;;) {
    const progress = reader.next(bio);
    if (isGiven(progress)) return progress;
    if (progress === WANT_READ) return undefined;
    expect(progress).toBe(WANT_ASYNC);
    await reader.ready;
  }
}

/** What {@link numbered} made; `undefined` for anything but application data. */
function numberIn(came: ReadRecord | ReadAlert): number | undefined {
  if (came.kind === 'alert' || came.type !== application_data) return undefined;
  return (came.fragment[0] ?? 0) * 256 + (came.fragment[1] ?? 0);
}

describe('reading with an asynchronous AEAD', () => {
  it.each([1, 7, 50])(
    'keeps the order of 500 records with new keys every %i records, however late each is opened',
    async (every) => {
      const options = { delay: delays(random(every)) };
      const reader = makeReader(options);
      const [bio, network] = bioPair(200_000);
      let generation = 0;
      let sender = toyProtection(0);
      for (let i = 0; i < 500; i++) {
        network.write(sealed(sender, application_data, numbered(i)));
        if (i % every === every - 1) {
          network.write(sealed(sender, handshake, Uint8Array.of(24)));
          sender = toyProtection(++generation);
        }
      }
      let generationRead = 0;
      const got: number[] = [];
      let most = 0;
      for (let came = await next(reader, bio); came !== undefined; came = await next(reader, bio)) {
        most = Math.max(most, reader.inFlight);
        const number = numberIn(came);
        if (number === undefined) reader.install(toyProtection(++generationRead, options));
        else got.push(number);
      }
      expect(got).toEqual(Array.from({ length: 500 }, (_, i) => i));
      expect(generationRead).toBe(generation);
      expect(most).toBeGreaterThan(3);
    },
  );

  it.each([30, 100, 1000])(
    'loses nothing to new keys when records come in pieces through a BIO of %i bytes',
    async (size) => {
      const turn = random(size);
      const options = { delay: delays(turn) };
      const reader = makeReader(options);
      const [bio, network] = bioPair(size);
      const stream: number[] = [];
      for (let i = 0; i < 300; i++) {
        stream.push(
          ...sealed(toyProtection(i), application_data, numbered(i)),
          ...sealed(toyProtectionAfter(i, 1), handshake, Uint8Array.of(24)),
        );
      }
      const got: number[] = [];
      for (let sent = 0, generation = 0; got.length < 300;) {
        sent += Math.max(0, network.write(Uint8Array.from(stream.slice(sent, sent + 1 + Math.floor(turn() * 60)))));
        const came = await next(reader, bio);
        if (came === undefined) continue;
        const number = numberIn(came);
        if (number === undefined) reader.install(toyProtection(++generation, options));
        else got.push(number);
      }
      expect(got).toEqual(Array.from({ length: 300 }, (_, i) => i));
    },
  );

  it('takes a record out of the BIO only when it gives it out', async () => {
    const reader = makeReader({ delay: delays(random(3)) });
    const [bio, network] = bioPair(1000);
    const sender = toyProtection(0);
    const records = [1, 2, 3].map((i) => sealed(sender, application_data, numbered(i)));
    for (const record of records) network.write(record);
    expect(await next(reader, bio)).toMatchObject({ fragment: numbered(1) });
    expect(reader.inFlight).toBe(2);
    expect(bio.pending).toBe(2 * (records[0]?.length ?? 0));
  });

  it('fails for a bad record only when everything before it has been given out', async () => {
    const reader = makeReader({ delay: delays(random(5)), depth: 16 });
    const [bio, network] = bioPair(200_000);
    const sender = toyProtection(0);
    for (let i = 0; i < 12; i++) {
      const record = sealed(sender, application_data, numbered(i));
      if (i === 9) record[7] = (record[7] ?? 0) ^ 1;
      network.write(record);
    }
    for (let i = 0; i < 9; i++) {
      expect(await next(reader, bio)).toMatchObject({ fragment: numbered(i) });
    }
    await expect(next(reader, bio)).rejects.toMatchObject({ code: 'BAD_RECORD_MAC' });
  });

  it('fails for a broken header only when everything before it has been given out', async () => {
    const reader = makeReader({ delay: delays(random(6)) });
    const [bio, network] = bioPair(200_000);
    network.write(sealed(toyProtection(0), application_data, numbered(1)));
    network.write(Uint8Array.of(23, 2, 0, 0, 0));
    expect(await next(reader, bio)).toMatchObject({ fragment: numbered(1) });
    await expect(next(reader, bio)).rejects.toMatchObject({ code: 'WRONG_VERSION_NUMBER' });
  });

  it('has one record in flight during the handshake, so that each may change the keys', async () => {
    const reader = makeReader({ delay: delays(random(7)) }, false);
    const [bio, network] = bioPair(200_000);
    const sender = toyProtection(0);
    for (let i = 0; i < 4; i++) network.write(sealed(sender, handshake, numbered(i)));
    for (let i = 0; i < 4; i++) {
      expect(reader.next(bio)).toBe(WANT_ASYNC);
      expect(reader.inFlight).toBe(1);
      expect(await next(reader, bio)).toMatchObject({ fragment: numbered(i) });
      expect(reader.inFlight).toBe(0);
    }
  });

  it('drops a change_cipher_spec in its turn', async () => {
    const reader = makeReader({ delay: delays(random(8)) }, false);
    const [bio, network] = bioPair(1000);
    network.write(Uint8Array.of(20, 3, 3, 0, 1, 1));
    network.write(sealed(toyProtection(0), handshake, numbered(1)));
    expect(await next(reader, bio)).toMatchObject({ type: handshake });
  });

  it('holds no more than 16 records and 256 KiB, whatever lies in the BIO', () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    const count = (length: number, depth: number): number => {
      const reader = makeReader({ delay: never, depth });
      const [bio, network] = bioPair(2 ** 21);
      const sender = toyProtection(0);
      for (let i = 0; i < 60; i++) network.write(sealed(sender, application_data, new Uint8Array(length)));
      expect(reader.next(bio)).toBe(WANT_ASYNC);
      return reader.inFlight;
    };
    expect(count(10, 100)).toBe(16);
    expect(count(10, 3)).toBe(3);
    expect(count(16384, 100)).toBe(16);
  });

  it('reports an AEAD that breaks as a failure of ours', async () => {
    const reader = makeReader({ delay: () => Promise.reject(new Error('no more workers')) });
    const [bio, network] = bioPair(1000);
    network.write(sealed(toyProtection(0), application_data, numbered(1)));
    await expect(next(reader, bio)).rejects.toMatchObject({
      code: 'CRYPTO_FAILED',
      cause: { message: 'no more workers' },
    });
  });

  it('concerns nobody any more after dispose', async () => {
    const reader = makeReader({ delay: delays(random(9)) });
    const [bio, network] = bioPair(1000);
    network.write(sealed(toyProtection(0), application_data, numbered(1)));
    reader.next(bio);
    const { ready } = reader;
    reader.dispose();
    await ready;
    expect(reader.ready).toBeUndefined();
  });
});

/** Drives a writer into a BIO whose other end is read at once. */
async function push(
  writer: RecordWriter,
  bio: PairedBio,
  network: PairedBio,
  received: number[],
  step: () => FlushProgress | WriteProgress,
): Promise<Flushed | Written> {
  for (;;) {
    const progress = step();
    const view = network.nread0();
    received.push(...view);
    network.nread(view.length);
    if (progress.kind !== 'wait') return progress;
    if (progress === WANT_ASYNC) await writer.ready;
    else expect(progress).toBe(WANT_WRITE);
  }
}

describe('writing with an asynchronous AEAD', () => {
  it.each([40_000, 900])(
    'keeps the order of everything through a BIO of %i bytes, with several records in flight',
    async (size) => {
      const options = { delay: delays(random(size)), depth: 4 };
      const writer = new RecordWriter();
      const [bio, network] = bioPair(size);
      const received: number[] = [];
      writer.legacyVersion = Version.tls12;
      writer.install(toyProtection(0, options));
      const data = Uint8Array.from({ length: 70_000 }, (_, i) => i * 31);
      const write = (from: Uint8Array): Promise<Flushed | Written> =>
        push(writer, bio, network, received, () => writer.write(bio, from));
      expect(await write(data)).toEqual({ kind: 'written', count: 70_000 });
      writer.handshake(Uint8Array.of(24));
      writer.install(toyProtection(1, options));
      writer.handshake(Uint8Array.of(25));
      writer.changeCipherSpec();
      expect(await write(data.subarray(0, 10))).toEqual({ kind: 'written', count: 10 });
      writer.alert(1, 0);
      expect(await push(writer, bio, network, received, () => writer.flush(bio))).toBe(FLUSHED);
      expect(writer.idle).toBe(true);

      const reader = new RecordReader({ handshake: { leftover: 0 }, emptyRecordsInARow: 32 });
      reader.version = 'TLSv1.3';
      reader.install(toyProtection(0));
      const [from, to] = bioPair(received.length);
      to.write(Uint8Array.from(received));
      const records: [number, number][] = [];
      for (let came = reader.next(from); isGiven(came); came = reader.next(from)) {
        const [type, content] = contentOf(came);
        records.push([type, content.length]);
        if (type === handshake && content[0] === 24) reader.install(toyProtection(1));
      }
      expect(records).toEqual([
        ...Array.from({ length: 4 }, () => [application_data, 16384]),
        [application_data, 70_000 - 4 * 16384],
        [handshake, 1],
        [handshake, 1],
        [application_data, 10],
        [alert, 2],
      ]);
    },
  );

  it('takes from the caller only what the window holds, and reports it when it has gone', () => {
    const writer = new RecordWriter();
    const [bio] = bioPair(100_000);
    writer.install(toyProtection(0, { delay: () => new Promise(() => undefined), depth: 3 }));
    const data = new Uint8Array(100_000);
    expect(writer.write(bio, data)).toBe(WANT_ASYNC);
    expect(writer.write(bio, data)).toBe(WANT_ASYNC);
    expect(() => writer.write(bio, data.subarray(0, 3 * 16384 - 1))).toThrow(TypeError);
  });

  it('reports an AEAD that breaks as a failure of ours', async () => {
    const writer = new RecordWriter();
    const [bio] = bioPair(1000);
    writer.install(toyProtection(0, { delay: () => Promise.reject(new Error('no more workers')) }));
    expect(writer.write(bio, Uint8Array.of(1))).toBe(WANT_ASYNC);
    await writer.ready;
    expect(() => writer.write(bio, Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: 'CRYPTO_FAILED' }) as Error,
    );
  });
});
