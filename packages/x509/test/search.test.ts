import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { trustStore, validatePath } from '@ferrule/x509';
import { DAY, make, newKeys, NOW, type Made } from './make.ts';

/** A CA certificate of a random web: who it is for, who signed it, and what is wrong with it. */
interface Node {
  readonly subject: number;
  readonly issuer: number;
  readonly expired: boolean;
  readonly pathLength: number | undefined;
  readonly made: Made;
}

const CAS = 6;
const keys = Array.from({ length: CAS }, () => newKeys());
const nameOf = (ca: number): string => `CA ${ca}`;
/** The CA as an issuer, whichever certificate it has. */
const asIssuer = Array.from({ length: CAS }, (_, ca) =>
  make({ ca: true, subject: nameOf(ca), keys: keys[ca] as (typeof keys)[number] }),
);

const node = fc
  .record({
    subject: fc.nat(CAS - 1),
    issuer: fc.nat(CAS - 1),
    expired: fc.boolean(),
    pathLength: fc.option(fc.nat(2), { nil: undefined, freq: 3 }),
  })
  .map((shape): Node => {
    const { subject, issuer, expired, pathLength } = shape;
    const made = make({
      ca: true,
      subject: nameOf(subject),
      keys: keys[subject] as (typeof keys)[number],
      issuer: asIssuer[issuer] as Made,
      ...(expired && { notAfter: NOW - DAY }),
      ...(pathLength !== undefined && { pathLength }),
    });
    return { ...shape, made };
  });

/** Every simple path, tried without any order or pruning: is there a valid one? */
function exists(nodes: readonly Node[], at: number, below: readonly Node[], anchors: ReadonlySet<number>): boolean {
  if (anchors.has(at)) return true;
  return nodes.some((one) => {
    if (one.subject !== at || one.expired || below.some(({ subject }) => subject === at)) return false;
    const between = below.filter(({ subject, issuer }) => subject !== issuer).length;
    return (
      (one.pathLength === undefined || between <= one.pathLength) && exists(nodes, one.issuer, [...below, one], anchors)
    );
  });
}

it('finds a path in a random web of cross-signs exactly when there is one, whatever the order of the certificates', () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(node, { maxLength: 14 }),
      fc.nat(CAS - 1),
      fc.uniqueArray(fc.nat(CAS - 1), { maxLength: 2 }),
      (nodes, signer, trusted) => {
        const leaf = make({ issuer: asIssuer[signer] as Made });
        const trustAnchors = trustStore(
          trusted.map((ca) => ({
            subject: (asIssuer[ca] as Made).subject,
            spki: (keys[ca] as (typeof keys)[number]).spki,
          })),
        );
        const result = validatePath({
          chain: [leaf.der, ...nodes.map(({ made }) => made.der)],
          trustAnchors,
          verifier: nodeVerifier,
          now: NOW,
          maxSteps: 10_000,
        });
        const expected = exists(nodes, signer, [], new Set(trusted));
        if (expected) found++;
        expect(result.ok ? 'found' : result.error.message).toEqual(
          expected ? 'found' : expect.not.stringMatching(/^found$/),
        );
        for (const certificate of result.ok ? result.chain.slice(1) : [])
          expect(certificate.notAfter).toBeGreaterThan(NOW);
      },
    ),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(30);
});
