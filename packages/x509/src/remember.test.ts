import { sign } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { rememberVerified, type SignatureVerifier } from './index.ts';
import { newKeys, text } from '../test/make.ts';

const keys = newKeys();
const message = text('message');
const signature = Uint8Array.from(sign('sha256', message, keys.privateKey));
const ecdsa = { kind: 'ecdsa', hash: 'sha256' } as const;

function counting(async = false): { verifier: SignatureVerifier; calls: () => number } {
  let calls = 0;
  const verify: SignatureVerifier['verify'] = (...check) => {
    calls++;
    const answer = nodeVerifier.verify(...check);
    return async ? Promise.resolve(answer) : answer;
  };
  return { verifier: { ...nodeVerifier, verify }, calls: () => calls };
}

it('a good signature is checked once', () => {
  const { verifier, calls } = counting();
  const remembering = rememberVerified(verifier);
  for (let i = 0; i < 3; i++) expect(remembering.verify(ecdsa, keys.spki, message, signature)).toBe(true);
  expect(calls()).toBe(1);
});

it('a good signature is checked once when the verifier answers later', async () => {
  const { verifier, calls } = counting(true);
  const remembering = rememberVerified(verifier);
  for (let i = 0; i < 3; i++) expect(await remembering.verify(ecdsa, keys.spki, message, signature)).toBe(true);
  expect(calls()).toBe(1);
});

it('a wrong one is never remembered, and any change to a good one is noticed', () => {
  const { verifier, calls } = counting();
  const remembering = rememberVerified(verifier);
  expect(remembering.verify(ecdsa, keys.spki, message, signature)).toBe(true);
  const wrong = signature.slice();
  wrong[10] = (wrong[10] as number) ^ 1;
  for (let i = 0; i < 2; i++) {
    expect(remembering.verify(ecdsa, keys.spki, message, wrong)).toBe(false);
    expect(remembering.verify(ecdsa, keys.spki, text('messagE'), signature)).toBe(false);
    expect(remembering.verify(ecdsa, newKeys().spki, message, signature)).toBe(false);
    expect(remembering.verify({ kind: 'ecdsa', hash: 'sha384' }, keys.spki, message, signature)).toBe(false);
  }
  expect(calls()).toBe(9);
});

it('memory is bounded: the least recently used one is evicted', () => {
  const { verifier, calls } = counting();
  const remembering = rememberVerified(verifier, { max: 2 });
  const signed = ['a', 'b', 'c'].map(
    (one) => [text(one), Uint8Array.from(sign('sha256', text(one), keys.privateKey))] as const,
  );
  const ask = (i: number): unknown =>
    remembering.verify(ecdsa, keys.spki, ...(signed[i] as readonly [Uint8Array, Uint8Array]));
  ask(0);
  ask(1);
  ask(0);
  ask(2);
  expect(calls()).toBe(3);
  ask(0);
  expect(calls()).toBe(3);
  ask(1);
  expect(calls()).toBe(4);
});

it('wrong options are a TypeError', () => {
  expect(() => rememberVerified(nodeVerifier, { max: 0 })).toThrow(TypeError);
  expect(() => rememberVerified({ name: 'none', verify: () => true })).toThrow(TypeError);
});

it('remembers nothing for a hash of the wrong length', () => {
  const verify = vi.fn(() => true);
  const remembering = rememberVerified({ name: 'broken', digest: () => new Uint8Array(0), verify });
  const part = new Uint8Array(1);
  expect(remembering.verify({ kind: 'ed25519' }, part, part, part)).toBe(true);
  verify.mockReturnValue(false);
  expect(remembering.verify({ kind: 'ed25519' }, part, part, new Uint8Array(2))).toBe(false);
});

it('an answer that is neither a boolean nor a promise counts as false, and a thenable is awaited', async () => {
  for (const [answer, good] of [
    [1, false],
    ['true', false],
    [undefined, false],
    [null, false],
    [{ then: (tell: (good: boolean) => void) => tell(true) }, true],
  ] as const) {
    const verify = (() => answer) as unknown as SignatureVerifier['verify'];
    const remembering = rememberVerified({ ...nodeVerifier, verify });
    expect([answer, await remembering.verify(ecdsa, keys.spki, message, signature)]).toEqual([answer, good]);
  }
});
