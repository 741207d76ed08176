import { ExtensionType } from '@ferrule/result/numbers';
import { describe, expect, it } from 'vitest';
import { nobleHashes } from '../crypto/hash.ts';
import { expandLabel, hkdfExtract } from '../keys/hkdf.ts';
import { type ClientHello, decodeClientHello, encodeClientHello } from '../wire/client-hello.ts';
import type { Extension } from '../wire/extension-values.ts';
import { decodeExtensions, encodeExtension } from '../wire/extensions.ts';
import type { ChosenEch } from './config.ts';
import { arrangeInner, confirmsEch, encodeInner, encodeOuter, greasePsks, INNER, outerAad } from './hello.ts';

const { sha256 } = nobleHashes;
const helloOf = (extensions: readonly Extension[], fill = 1): ClientHello => ({
  legacyVersion: 0x0303,
  random: new Uint8Array(32).fill(fill),
  sessionId: new Uint8Array(32).fill(9),
  cipherSuites: [0x1301],
  compressionMethods: [0],
  extensions,
});
const name = (host: string): Extension => encodeExtension('clientHello', 'serverName', host);
const groups = encodeExtension('clientHello', 'supportedGroups', [29]);
const schemes = encodeExtension('clientHello', 'signatureAlgorithms', [0x0403]);
const versions = (...list: number[]): Extension => encodeExtension('clientHello', 'supportedVersions', list);
const marker = encodeExtension('clientHello', 'encryptedClientHello', INNER);
const psk = encodeExtension('clientHello', 'preSharedKey', {
  identities: [{ identity: new Uint8Array(4), obfuscatedTicketAge: 7 }],
  binders: [new Uint8Array(32)],
});

const outer = helloOf([name('public.test'), groups, versions(0x0304, 0x0303), schemes]);
const inner = helloOf([name('secret.test'), groups, versions(0x0304), schemes, marker, psk], 2);
const arranged = arrangeInner(inner, outer);
const types = ({ extensions }: ClientHello): number[] => extensions.map(({ type }) => type);

/** The hello in front of the padding; zeros at its own end are none. */
function unpadded(encoded: Uint8Array): ClientHello {
  for (let end = encoded.length - trailingZeros(encoded); ; end++) {
    try {
      return decodeClientHello(encoded.subarray(0, end));
    } catch (error) {
      if (end >= encoded.length) throw error;
    }
  }
}

/** What a client-facing server does: section 5.1. */
function decodeInner(encoded: Uint8Array): ClientHello {
  const hello = unpadded(encoded);
  const { echOuterExtensions = [] } = decodeExtensions('clientHello', hello.extensions);
  const find = (type: number): Extension => outer.extensions.find((each) => each.type === type) as Extension;
  const extensions = hello.extensions.flatMap((extension) =>
    extension.type === ExtensionType.ech_outer_extensions ? echOuterExtensions.map(find) : [extension],
  );
  return { ...hello, sessionId: outer.sessionId, extensions };
}

describe('the inner hello', () => {
  it('has what it shares with the outer one in a row, and its PSK last', () => {
    expect(types(arranged)).toEqual([
      ExtensionType.server_name,
      ExtensionType.supported_versions,
      ExtensionType.encrypted_client_hello,
      ExtensionType.supported_groups,
      ExtensionType.signature_algorithms,
      ExtensionType.pre_shared_key,
    ]);
  });

  it('comes back whole from its encoding, which leaves out the session id and what is shared', () => {
    const message = encodeClientHello(arranged);
    const encoded = encodeInner(message, outer, 0);
    expect(encodeClientHello(decodeInner(encoded))).toEqual(message);
    const bare = unpadded(encoded);
    expect(bare.sessionId).toHaveLength(0);
    expect(types(bare)).toContain(ExtensionType.ech_outer_extensions);
    expect(types(bare)).not.toContain(ExtensionType.supported_groups);
  });

  it('comes back when nothing is shared', () => {
    const lonely = helloOf([name('secret.test'), marker], 2);
    const message = encodeClientHello(arrangeInner(lonely, outer));
    expect(encodeClientHello(decodeInner(encodeInner(message, outer, 0)))).toEqual(message);
  });

  it('is padded so that names up to the longest cannot be told apart, and always to 32 bytes', () => {
    const lengthFor = (extensions: readonly Extension[], longest: number): number =>
      encodeInner(encodeClientHello(helloOf([...extensions, marker])), outer, longest).length;
    const hosts = ['a', 'ab.test', `${'x'.repeat(40)}.test`].map((host) => lengthFor([name(host)], 64));
    expect(new Set(hosts).size).toBe(1);
    expect(lengthFor([], 64)).toBe(hosts[0]);
    for (const host of ['a', 'x'.repeat(60)]) expect(lengthFor([name(host)], 0) % 32).toBe(0);
  });
});

describe('the outer hello', () => {
  const chosen = { config: { id: 5 }, suite: { kem: 0x20, kdf: 1, aead: 3 } } as ChosenEch;

  it('is what it is bound to, but for the payload', () => {
    const sealed = new Uint8Array(80).fill(0xee);
    const message = encodeOuter(helloOf([name('public.test'), psk]), chosen, new Uint8Array(32), sealed);
    const hello = decodeClientHello(message.subarray(4));
    expect(types(hello)).toEqual([
      ExtensionType.server_name,
      ExtensionType.encrypted_client_hello,
      ExtensionType.pre_shared_key,
    ]);
    expect(decodeExtensions('clientHello', hello.extensions).encryptedClientHello).toEqual({
      kind: 'outer',
      kdf: 1,
      aead: 3,
      configId: 5,
      enc: new Uint8Array(32),
      payload: sealed,
    });
    const at = Buffer.from(message).indexOf(Buffer.from(sealed));
    const aad = outerAad(helloOf([name('public.test'), psk]), chosen, new Uint8Array(32), new Uint8Array(64));
    expect(
      Buffer.from(aad).equals(Buffer.concat([message.subarray(4, at), new Uint8Array(80), message.subarray(at + 80)])),
    ).toBe(true);
  });

  it('shows PSKs of the same lengths as the inner ones, and nothing of them', () => {
    let drawn = 0;
    const grease = greasePsks(
      { identities: [{ identity: new Uint8Array(7).fill(1), obfuscatedTicketAge: 3 }], binders: [new Uint8Array(48)] },
      (into) => void into.fill(++drawn),
    );
    expect(grease).toEqual({
      identities: [{ identity: new Uint8Array(7).fill(1), obfuscatedTicketAge: 0x02020202 }],
      binders: [new Uint8Array(48).fill(3)],
    });
  });
});

describe('the confirmation of ECH', () => {
  it('is 8 bytes over the transcript with zeros in their place, under a label for each of the two messages', () => {
    const random = new Uint8Array(32).fill(4);
    const digest = (blanked: Uint8Array): Uint8Array => sha256.digest(blanked);
    const message = new Uint8Array(60).fill(6);
    expect(confirmsEch(sha256, random, 'serverHello', message, 30, digest)).toBe(false);
    const blank = message.slice().fill(0, 30, 38);
    message.set(
      expandLabel(sha256, hkdfExtract(sha256, new Uint8Array(32), random), 'ech accept confirmation', digest(blank), 8),
      30,
    );
    expect(confirmsEch(sha256, random, 'serverHello', message, 30, digest)).toBe(true);
    expect(confirmsEch(sha256, random, 'helloRetryRequest', message, 30, digest)).toBe(false);
    expect(confirmsEch(sha256, new Uint8Array(32), 'serverHello', message, 30, digest)).toBe(false);
  });
});

function trailingZeros(bytes: Uint8Array): number {
  let count = 0;
  while (bytes[bytes.length - 1 - count] === 0) count++;
  return count;
}
