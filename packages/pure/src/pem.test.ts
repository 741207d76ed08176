import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Client, trusting } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { credentialFromPem } from '@ferrule/pure/pem';
import { describe, expect, it } from 'vitest';

const { chain, key, chainPem, keyPem } = await pki('client');
const pem = (from: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1'): string =>
  from.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
const keyOf = (text: string): Uint8Array => credentialFromPem({ cert: chainPem, key: text }).key as Uint8Array;

describe('a credential from PEM', () => {
  it('has the chain and the key, and a server takes it', async () => {
    const credential = credentialFromPem({ cert: chainPem, key: keyPem });
    expect(credential).toEqual({ chain: chain.map((der) => new Uint8Array(der)), key: new Uint8Array(key) });
    const { certificatePem } = await pki('root');
    const peer = await TestServer.make({ requestCert: true, ca: certificatePem, rejectUnauthorized: true });
    const backend = createPure({ crypto: nodeCrypto });
    const client = await Client.make(backend, peer.open(), { options: await trusting({ credentials: [credential] }) });
    expect(await client.connect()).toBe(1);
    expect((await peer.accepted()).authorized).toBe(true);
    peer.close();
  });

  it.each([
    ['sec1', 'P-256'],
    ['sec1', 'P-521'],
    ['pkcs1', 1024],
  ] as const)('may have its key as %s (%s), in one file with the certificates', (type, size) => {
    const { privateKey } =
      typeof size === 'number'
        ? generateKeyPairSync('rsa', { modulusLength: size })
        : generateKeyPairSync('ec', { namedCurve: size });
    const whole = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(privateKey, type)}${chainPem}`;
    const read = credentialFromPem({ cert: whole }).key as Uint8Array;
    const again = createPrivateKey({ key: Buffer.from(read), format: 'der', type: 'pkcs8' });
    expect(again.equals(privateKey)).toBe(true);
  });

  it('is refused by the name of the part and with a remedy', () => {
    expect(() => credentialFromPem({ cert: keyPem })).toThrow('cert: holds no PEM certificate');
    expect(() => credentialFromPem({ cert: chainPem })).toThrow('key: holds no PEM private key');
    expect(() => credentialFromPem({ cert: 'x'.concat('-----BEGIN X-----') })).toThrow(
      'cert: holds no PEM certificate',
    );
    expect(() => keyOf('-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n')).toThrow(/^key: PEM/);
    expect(() => keyOf('-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----\n')).toThrow(
      'key: DSA PRIVATE KEY is not supported',
    );
    expect(() => keyOf('-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n')).toThrow(
      'key: does not name its curve',
    );
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    const ec = createPrivateKey(keyPem);
    for (const type of ['pkcs8', 'sec1'] as const)
      expect(() => keyOf(ec.export({ type, format: 'pem', ...cipher } as never).toString())).toThrow(
        'key: is encrypted. `openssl pkey',
      );
  });
});
