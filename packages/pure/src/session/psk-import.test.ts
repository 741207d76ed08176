import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../context.ts';
import { nodeCrypto } from '../crypto/node.ts';
import { Secrets } from '../keys/secret.ts';
import { importPsk } from './psk-import.ts';

const identity = Buffer.from('client-42');
const key = new Uint8Array(32).fill(0x5a);

/** RFC 9258 section 5.1 once more, with nothing of the engine's. */
function expected(
  hash: 'sha256' | 'sha384',
  context: string,
  kdf: number,
  length: number,
): { identity: Buffer; key: Buffer } {
  const vector = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  const imported = Buffer.concat([vector(identity), vector(Buffer.from(context)), Buffer.from([3, 4, 0, kdf])]);
  const size = hash === 'sha256' ? 32 : 48;
  const extracted = createHmac(hash, Buffer.alloc(size)).update(key).digest();
  const label = Buffer.from('tls13 derived psk');
  const digest = createHash(hash).update(imported).digest();
  const info = Buffer.concat([Buffer.from([0, length, label.length]), label, Buffer.from([digest.length]), digest]);
  let block = Buffer.alloc(0);
  let out = Buffer.alloc(0);
  for (let i = 1; out.length < length; i++) {
    block = createHmac(hash, extracted)
      .update(Buffer.concat([block, info, Buffer.from([i])]))
      .digest();
    out = Buffer.concat([out, block]);
  }
  return { identity: imported, key: out.subarray(0, length) };
}

describe('an imported key', () => {
  it.each([
    ['sha256', ''],
    ['sha256', 'context'],
    ['sha384', 'another'],
  ] as const)('agreed for %s with context "%s" is one for each hash of the suites', (hash, context) => {
    const config = parseOptions(nodeCrypto, {
      externalPsks: [{ identity, key, hash, import: context === '' ? {} : { context: Buffer.from(context) } }],
    });
    const owner = new Secrets();
    const [psk] = config.externalPsks;
    if (psk === undefined) throw new Error('no key');
    const got = importPsk(config, psk, owner).map((each) => ({
      hash: each.hash.name,
      identity: Buffer.from(each.identity),
      key: Buffer.from(each.key.bytes),
    }));
    expect(got).toEqual([
      { hash: 'sha256', ...expected(hash, context, 1, 32) },
      { hash: 'sha384', ...expected(hash, context, 2, 48) },
    ]);
    owner.dispose();
  });

  it('is not made for a hash that no suite on offer has', () => {
    const config = parseOptions(nodeCrypto, {
      cipherSuites: [0x1302, 0xc02b],
      externalPsks: [{ identity, key, hash: 'sha256', import: {} }],
    });
    const owner = new Secrets();
    expect(config.externalPsks.flatMap((psk) => importPsk(config, psk, owner)).map(({ hash }) => hash.name)).toEqual([
      'sha384',
    ]);
    owner.dispose();
  });
});
