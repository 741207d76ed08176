import { describe, expect, it } from 'vitest';
import { Secret, Secrets, ownMemory } from './secret.ts';

const filled = (length: number): Uint8Array => ownMemory(length).fill(7);
const DISPOSED = expect.objectContaining({ code: 'DISPOSED' }) as Error;

describe('a secret', () => {
  it('gives its bytes until it is wiped, and throws from then on', () => {
    const memory = filled(32);
    const secret = new Secret(memory);
    expect(secret.bytes).toEqual(new Uint8Array(32).fill(7));
    secret.dispose();
    secret.dispose();
    expect(memory).toEqual(new Uint8Array(32));
    expect(() => secret.bytes).toThrow(DISPOSED);
    expect(() => secret.clone()).toThrow(DISPOSED);
    expect([secret.disposed, secret.length]).toEqual([true, 32]);
  });

  it('wipes what it takes, and leaves alone what it copies', () => {
    const [taken, copied] = [new Uint8Array(3).fill(1), new Uint8Array(3).fill(2)];
    expect(Secret.take(taken).bytes).toEqual(new Uint8Array(3).fill(1));
    expect(Secret.copyOf(copied).bytes).toEqual(new Uint8Array(3).fill(2));
    expect([taken, copied]).toEqual([new Uint8Array(3), new Uint8Array(3).fill(2)]);
  });

  it('is in memory that V8 does not move', () => {
    // V8 gives an array on its heap a buffer when it is asked for one: what was allocated as one is as long as the
    // array.
    for (const length of [12, 32, 48, 64])
      expect(Secret.copyOf(new Uint8Array(length)).bytes.buffer.byteLength).toBe(length);
  });
});

describe('an owner of secrets', () => {
  it('wipes all of them, and what is derived from them', () => {
    const owner = new Secrets();
    const first = new Secret(filled(32), owner);
    const second = first.derived(filled(16));
    const foreign = first.clone();
    first.dispose();
    expect(owner.size).toBe(1);
    owner.dispose();
    expect([second.disposed, foreign.disposed, owner.size]).toEqual([true, false, 0]);
  });

  it('that is gone wipes what comes late', () => {
    const owner = new Secrets();
    owner.dispose();
    const late = filled(32);
    expect(() => new Secret(late, owner)).toThrow(DISPOSED);
    expect(late).toEqual(new Uint8Array(32));
    let disposed = 0;
    expect(() => owner.hold({ dispose: () => void disposed++ })).toThrow(DISPOSED);
    expect(disposed).toBe(1);
  });
});
