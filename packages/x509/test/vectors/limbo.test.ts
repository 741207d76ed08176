import { expect, it } from 'vitest';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { readLimbo, runLimboCase, tally } from '../limbo-format.ts';
import { describeVectors } from './vectors.ts';

for (const name of ['core', 'bettertls-nc'])
  describeVectors(`the cases of x509-limbo in ${name}`, `limbo/${name}.json.gz`, (file) => {
    it('all end as expected', () => {
      const outcomes = readLimbo(file).map((one) => runLimboCase(one, { verifier: nodeVerifier, profile: 'auto' }));
      expect(
        outcomes
          .filter(({ expected, actual }) => expected !== actual)
          .map(({ id, reason }) => `${id}: ${reason ?? 'valid'}`),
      ).toEqual([]);
      expect(
        Object.values(tally(outcomes)).reduce(
          (sum, { mustSucceed, mustFail }) => sum + mustSucceed.run + mustFail.run,
          0,
        ),
      ).toBe(outcomes.length);
    });

    it('end the same with the verifier in JavaScript', () => {
      const every = name === 'core' ? 3 : 30;
      for (const one of readLimbo(file).filter((_, i) => i % every === 0)) {
        const [noble, node] = [nobleVerifier, nodeVerifier].map((verifier) =>
          runLimboCase(one, { verifier, profile: 'auto' }),
        );
        expect(`${one.id} ${noble?.reason}`).toBe(`${one.id} ${node?.reason}`);
      }
    });
  });
