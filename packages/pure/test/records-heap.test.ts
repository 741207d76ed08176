/** Records cost no memory that stays: 1 GiB through the record layer, in memory, with node:crypto. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bioPair } from '@ferrule/bio';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { CipherSuite } from '../src/crypto/provider.ts';
import { Protection } from '../src/record/protect.ts';
import { RecordReader } from '../src/record/reader.ts';
import { RecordWriter } from '../src/record/writer.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still held after everything that could go has gone. */
function held(): number {
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('1 GiB of application data', () => {
  it('leaves behind less than a megabyte, whatever passed through reader and writer', { timeout: 240_000 }, () => {
    const suite = nodeCrypto.suites.find(({ name }) => name === 'TLS_AES_128_GCM_SHA256') as CipherSuite;
    const keys = (): Protection =>
      new Protection({ version: 'TLSv1.3', suite, key: new Uint8Array(16), iv: new Uint8Array(12) });
    const writer = new RecordWriter();
    writer.install(keys());
    const reader = new RecordReader({ handshake: { leftover: 0 }, emptyRecordsInARow: 32 });
    reader.version = 'TLSv1.3';
    reader.established = true;
    reader.install(keys());
    const [near, far] = bioPair(256 * 1024);
    const data = new Uint8Array(128 * 1024).fill(7);
    const pass = (bytes: number): void => {
      let received = 0;
      while (received < bytes) {
        expect(writer.write(near, data)).toEqual({ kind: 'written', count: data.length });
        for (let came = reader.next(far); came.kind === 'record'; came = reader.next(far))
          received += came.fragment.length;
      }
    };
    pass(2 ** 26);
    const before = held();
    pass(2 ** 30);
    expect(held() - before).toBeLessThan(2 ** 20);
  });
});
