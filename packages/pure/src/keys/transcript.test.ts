import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleHashes } from '../crypto/hash.ts';
import { Transcript } from './transcript.ts';

const { sha256, sha384 } = nobleHashes;
const message = (type: number, body: string): Uint8Array =>
  new Uint8Array([type, 0, 0, body.length, ...Buffer.from(body)]);
const sha = (...parts: Uint8Array[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const first = message(1, 'hello');
const second = message(2, 'server hello');

describe('a transcript', () => {
  it('hashes what came before and after its hash was known', () => {
    const transcript = new Transcript();
    transcript.add(first);
    transcript.start(sha256);
    transcript.add(second);
    expect(hex(transcript.digest())).toBe(sha(first, second));
    expect(hex(transcript.digest())).toBe(sha(first, second));
  });

  it('keeps its own copy of each message', () => {
    const transcript = new Transcript();
    const changing = first.slice();
    transcript.add(changing);
    changing.fill(0);
    transcript.start(sha256);
    expect(hex(transcript.digest())).toBe(sha(first));
  });

  it('hashes a tail without taking it in', () => {
    const transcript = new Transcript();
    transcript.add(first);
    expect(hex(transcript.digestAs(sha256, second))).toBe(sha(first, second));
    transcript.start(sha256);
    expect(hex(transcript.digest(second))).toBe(sha(first, second));
    expect(hex(transcript.digest())).toBe(sha(first));
  });

  it('puts message_hash in the place of the first ClientHello', () => {
    const transcript = new Transcript();
    transcript.add(first);
    transcript.start(sha256);
    transcript.replaceFirstHello();
    transcript.add(second);
    const replaced = Buffer.concat([Buffer.from([254, 0, 0, 32]), createHash('sha256').update(first).digest()]);
    expect(hex(transcript.digest())).toBe(sha(replaced, second));
    expect(hex(transcript.messages())).toBe(hex(Buffer.concat([replaced, second])));
  });

  it('is copied without a tie to the original', () => {
    const transcript = new Transcript();
    transcript.add(first);
    transcript.start(sha256);
    const copy = transcript.clone();
    copy.add(second);
    expect(hex(transcript.digest())).toBe(sha(first));
    expect(hex(copy.digest())).toBe(sha(first, second));
    expect(hex(transcript.messages())).toBe(hex(first));
  });

  it('goes on hashing after its messages were dropped, and gives them no more', () => {
    const transcript = new Transcript();
    transcript.add(first);
    expect(() => transcript.forget()).toThrow('no hash yet');
    transcript.start(sha256);
    transcript.forget();
    transcript.add(second);
    expect(hex(transcript.digest())).toBe(sha(first, second));
    expect(() => transcript.messages()).toThrow('forgotten');
  });

  it('never changes its hash', () => {
    const transcript = new Transcript();
    expect(() => transcript.digest()).toThrow('no hash yet');
    transcript.start(sha256);
    transcript.start(sha256);
    expect(() => transcript.start(sha384)).toThrow('never changes');
  });
});
