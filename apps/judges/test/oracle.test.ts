import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { createPure } from '@ferrule/pure';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeOrder } from '../src/oracle/judge.ts';
import { legalLength, ORDER_12, ORDER_13, STEPS_12, STEPS_13 } from '@ferrule/wrong-servers/orders';

const backend = createPure({ crypto: nodeCrypto });

const LEGAL: Readonly<Record<'TLSv1.2' | 'TLSv1.3', readonly (readonly string[])[]>> = {
  'TLSv1.3': [
    [
      'ServerHello',
      'EncryptedExtensions',
      'Certificate',
      'CertificateVerify',
      'Finished',
      'NewSessionTicket',
      'KeyUpdate',
      'ApplicationData',
    ],
    [
      'HelloRetryRequest',
      'ServerHello',
      'EncryptedExtensions',
      'CertificateRequest',
      'Certificate',
      'CertificateVerify',
      'Finished',
      'ApplicationData',
    ],
  ],
  'TLSv1.2': [
    [
      'ServerHello',
      'Certificate',
      'ServerKeyExchange',
      'ServerHelloDone',
      'ChangeCipherSpec',
      'Finished',
      'ApplicationData',
    ],
    [
      'ServerHello',
      'Certificate',
      'ServerKeyExchange',
      'CertificateRequest',
      'ServerHelloDone',
      'ChangeCipherSpec',
      'Finished',
      'ApplicationData',
    ],
  ],
};

describe.each(['TLSv1.3', 'TLSv1.2'] as const)('%s', (version) => {
  const order = version === 'TLSv1.3' ? ORDER_13 : ORDER_12;
  const names = (version === 'TLSv1.3' ? STEPS_13 : STEPS_12).map(({ name }) => name);

  it('takes every legal order, and every prefix of it', async () => {
    for (const whole of LEGAL[version])
      for (let length = 0; length <= whole.length; length++)
        expect([whole.slice(0, length), await judgeOrder(backend, version, whole.slice(0, length))]).toEqual([
          whole.slice(0, length),
          undefined,
        ]);
  });

  it('refuses every message in every state in which it has no place', async () => {
    for (const whole of LEGAL[version])
      for (let length = 0; length <= whole.length; length++)
        for (const name of names) {
          const sequence = [...whole.slice(0, length), name];
          if (legalLength(order, sequence) === sequence.length) continue;
          expect([sequence, await judgeOrder(backend, version, sequence)]).toEqual([sequence, undefined]);
        }
  });

  it('refuses what has been shuffled, doubled or left out', async () => {
    const mutated = fc.constantFrom(...LEGAL[version]).chain((whole) =>
      fc
        .array(
          fc.tuple(fc.constantFrom('swap', 'drop', 'double'), fc.nat(whole.length - 1), fc.nat(whole.length - 1)),
          { minLength: 1, maxLength: 3 },
        )
        .map((edits) => {
          const list = [...whole];
          for (const [kind, i, j] of edits) {
            if (kind === 'swap') [list[i], list[j]] = [list[j] ?? '', list[i] ?? ''];
            else list.splice(i, kind === 'drop' ? 1 : 0, ...(kind === 'double' ? [list[i] ?? ''] : []));
          }
          return list.filter((name) => name !== '');
        }),
    );
    await fc.assert(
      fc.asyncProperty(mutated, async (sequence) => {
        expect([sequence, await judgeOrder(backend, version, sequence)]).toEqual([sequence, undefined]);
      }),
      { numRuns: 150 },
    );
  });
});
