import { describe, expect, it } from 'vitest';
import { established, mint, resumed, type Established } from './proof.ts';

const chain = mint('chain');
const signature = mint('signature');
const finished = mint('finished');
const continues = mint('continues');

describe('proof tokens', () => {
  it('let a handshake end that has all three', () => {
    const done: Established = established(chain, signature, finished);
    expect(done).toBeDefined();
  });

  it('let a resumed handshake end that continues a verified session', () => {
    const done: Established = resumed(continues, finished);
    expect(done).toBeDefined();
  });

  it('make a handshake without CertificateVerify a type error', () => {
    // @ts-expect-error two proofs where three are needed
    const skip = (): Established => established(chain, finished);
    // @ts-expect-error a chain is no signature
    const swap = (): Established => established(chain, chain, finished);
    // @ts-expect-error a resumed handshake needs a session, not a chain
    const pretend = (): Established => resumed(chain, finished);
    // @ts-expect-error nothing but a check makes a token
    const forge = (): Established => established({}, {}, {});
    expect([skip, swap, pretend, forge]).toHaveLength(4);
  });
});
