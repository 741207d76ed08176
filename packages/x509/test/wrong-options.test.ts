/** Options that TypeScript forbids: each is a TypeError that names the option, whoever is asked. */
import { describe, expect, it } from 'vitest';
import { trustStore, validatePath, type ValidationInput } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { make, NOW } from './make.ts';

const root = make({ ca: true, subject: 'Root' });
const leaf = make({ issuer: root });
const input: ValidationInput = {
  chain: [leaf.der],
  trustAnchors: trustStore([root.der]),
  verifier: nodeVerifier,
  now: NOW,
};
const HOLES: unknown[] = [leaf.der];
HOLES[2] = root.der;

const WRONG: readonly (readonly [option: keyof ValidationInput, values: readonly unknown[]])[] = [
  [
    'chain',
    [null, leaf.der, new Set([leaf.der]), [null], ['x'], HOLES, [{ raw: leaf.der }], [leaf.der, { raw: leaf.der }]],
  ],
  ['trustAnchors', [null, [], {}, [root.der]]],
  ['verifier', [null, {}, () => true]],
  ['now', [null, '1', NaN, new Date()]],
  [
    'host',
    [
      null,
      0,
      {},
      { kind: 'dns' },
      { kind: 'dns', name: 5 },
      { kind: 'ip', name: '192.0.2.1' },
      { kind: 'ip', name: '', bytes: 'x' },
    ],
  ],
  ['profile', [null, 'strict', 'default']],
  ['securityLevel', [null, 0, 6]],
  ['crls', [null, [], [null]]],
  ['pins', [null, [], [new Uint8Array(31)]]],
  ['transparency', [null, {}, { logs: [null] }, { logs: [{}] }, { logs: [{ key: 'x' }] }]],
  ['revocation', [null, {}, { crlite: null }]],
];

describe('an option that is wrong is a TypeError that begins with its name', () => {
  it.each(WRONG)('%s', (option, values) => {
    for (const value of values)
      expect(() => validatePath({ ...input, [option]: value })).toThrow(new RegExp(`^${option}[^:]*: must be`));
  });
});

it('trustStore() says which of its anchors is none, and that it wants an array', () => {
  for (const anchors of [null, undefined, 'x', root.der, {}, new Set([root.der])])
    expect(() => trustStore(anchors as never)).toThrow(/^anchors: must be an array/);
  for (const anchor of [null, undefined, 'x', 5])
    expect(() => trustStore([root.der, anchor as never])).toThrow(/^trust anchor 1: must be DER or a certificate/);
});
