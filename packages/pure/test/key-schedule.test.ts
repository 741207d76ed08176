/**
 * The key schedule on the values of RFC 8448 sections 3 and 4, which are over SHA-256, and over SHA-384 on OpenSSL's
 * HKDF.
 */
import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleCrypto } from '../src/crypto/noble.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { CipherSuite, CryptoProvider, Hash } from '../src/crypto/provider.ts';
import { tunedCrypto } from '../src/crypto/tuned.ts';
import { expandLabel, hkdfExtract } from '../src/keys/hkdf.ts';
import { earlySecret, finishedMac, nextTrafficSecret, resumptionPsk, trafficKeys } from '../src/keys/schedule13.ts';
import { Secret } from '../src/keys/secret.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (value: Uint8Array | Secret): string =>
  Buffer.from(value instanceof Secret ? value.bytes : value).toString('hex');
const secret = (text: string): Secret => Secret.take(hex(text));
const suiteOf = ({ suites }: CryptoProvider, id: number): CipherSuite =>
  suites.find((suite) => suite.id === id) as CipherSuite;

/** Section 3, "Simple 1-RTT Handshake". */
const SHARED = '8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d';
const HELLOS = '860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8';
const TO_SERVER_FINISHED = '9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13';
const RESUMPTION = '7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c';
/** Section 4, "Resumed 0-RTT Handshake". */
const PSK = '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3';

describe.each([nobleCrypto, tunedCrypto, nodeCrypto])('$name', (provider) => {
  const suite = suiteOf(provider, 0x1301);
  const { hash } = suite;
  const keysOf = (traffic: Secret): readonly string[] => {
    const { key, iv } = trafficKeys(suite, traffic);
    return [key, iv].map((each) => toHex(each));
  };

  it('derives the handshake and application secrets and keys of RFC 8448 section 3', () => {
    const handshake = earlySecret(hash).handshake(secret(SHARED));
    const [client, server] = [handshake.clientTraffic(hex(HELLOS)), handshake.serverTraffic(hex(HELLOS))];
    expect([client, server].map((each) => toHex(each))).toEqual([
      'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
      'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38',
    ]);
    expect(keysOf(server)).toEqual(['3fce516009c21727d0f2e4e86ee403bc', '5d313eb2671276ee13000b30']);
    expect(keysOf(client)).toEqual(['dbfaa693d1762c5b666af5d950258d01', '5bd3c71b836e0b76bb73265f']);
    const main = handshake.main();
    const [clientTraffic, serverTraffic, exporter] = [
      main.clientTraffic(hex(TO_SERVER_FINISHED)),
      main.serverTraffic(hex(TO_SERVER_FINISHED)),
      main.exporter(hex(TO_SERVER_FINISHED)),
    ];
    expect([clientTraffic, serverTraffic, exporter].map((each) => toHex(each))).toEqual([
      '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5',
      'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643',
      'fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50',
    ]);
    expect(keysOf(serverTraffic)).toEqual(['9f02283b6c9c07efc26bb9f2ac92e356', 'cf782b88dd83549aadf1e984']);
    expect(keysOf(clientTraffic)).toEqual(['17422dda596ed5d9acd890e3c63f5051', '5b78923dee08579033e523d9']);
  });

  it('derives the PSK of its ticket, and the early secret of section 4 from it', () => {
    expect(toHex(resumptionPsk(hash, secret(RESUMPTION), hex('0000')))).toBe(PSK);
    expect(toHex(hkdfExtract(hash, new Uint8Array(32), hex(PSK)))).toBe(
      '9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c',
    );
  });
});

/**
 * HKDF-Expand-Label as RFC 9846 section 7.1 writes it down. OpenSSL's HKDF begins with an Extract, which is undone by
 * comparing from there on.
 */
function labelled(label: string, context: Uint8Array, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  return Buffer.concat([
    Buffer.from([length >> 8, length & 255, name.length]),
    name,
    Buffer.from([context.length]),
    context,
  ]);
}

describe.each([nobleCrypto, tunedCrypto, nodeCrypto])('$name over SHA-384', (provider) => {
  const hash: Hash = suiteOf(provider, 0x1302).hash;
  const [salt, ikm] = [new Uint8Array(48).fill(1), new Uint8Array(48).fill(2)];
  const prk = hkdfExtract(hash, salt, ikm);

  it.each([
    ['derived', 48, 48],
    ['key', 0, 32],
    ['iv', 0, 12],
    ['finished', 0, 48],
    ['a label of an exporter', 32, 200],
  ])('expands the label %s as OpenSSL does', (label, contextLength, length) => {
    const context = new Uint8Array(contextLength).fill(3);
    expect(toHex(expandLabel(hash, prk, label, context, length))).toBe(
      Buffer.from(hkdfSync('sha384', ikm, salt, labelled(label, context, length), length)).toString('hex'),
    );
  });

  it('updates a traffic secret, and makes a Finished, by their labels', () => {
    const expand = (label: string): string =>
      Buffer.from(hkdfSync('sha384', ikm, salt, labelled(label, new Uint8Array(0), 48), 48)).toString('hex');
    expect(toHex(nextTrafficSecret(hash, Secret.copyOf(prk)))).toBe(expand('traffic upd'));
    expect(toHex(finishedMac(hash, Secret.copyOf(prk), new Uint8Array(48)))).toBe(
      toHex(hash.hmac(hex(expand('finished')), new Uint8Array(48))),
    );
  });
});
