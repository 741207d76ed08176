/**
 * A server's half of Encrypted ClientHello (RFC 9849 section 7), for tests: opens the outer hello and makes
 * confirmations. HPKE's key schedule is the sender's, which both ends share; an AEAD in counter mode opens by sealing.
 */
import type { KeyShare, SyncAead } from '../src/crypto/provider.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import { setupSender } from '../src/ech/hpke.ts';
import { expandLabel, hkdfExtract } from '../src/keys/hkdf.ts';
import { Transcript } from '../src/keys/transcript.ts';
import type { Hash } from '../src/crypto/provider.ts';
import * as wire from '../src/wire/index.ts';

const TAG = 16;

export class EchServer {
  /** ECHConfigList with one configuration for X25519, HKDF-SHA256 and AES-128-GCM. */
  readonly configs: Uint8Array;
  readonly #config: Uint8Array;
  readonly #share: KeyShare;

  constructor(publicName: string) {
    this.#share = nodeCrypto.groups.find(({ id }) => id === 29)?.keyShare(nodeCrypto.random) as KeyShare;
    const name = new TextEncoder().encode(publicName);
    const contents = new wire.Writer()
      .u8(7)
      .u16(0x20)
      .vector16(this.#share.publicKey)
      .vector16(new Uint8Array([0, 1, 0, 1]))
      .u8(32)
      .vector8(name)
      .u16(0)
      .finish();
    this.#config = new wire.Writer().u16(0xfe0d).vector16(contents).finish();
    this.configs = new wire.Writer().vector16(this.#config).finish();
  }

  /** The inner ClientHello, whole, of a first outer one. */
  open(outer: wire.ClientHello): Uint8Array {
    const ech = wire.decodeExtensions('clientHello', outer.extensions).encryptedClientHello;
    if (ech?.kind !== 'outer') throw new Error('the hello hides none');
    const ephemeral = {
      publicKey: ech.enc,
      derive: () => this.#share.derive(ech.enc),
      dispose: () => undefined,
    } as unknown as KeyShare;
    const info = new Uint8Array([...new TextEncoder().encode('tls ech\0'), ...this.#config]);
    const sender = setupSender(
      nodeCrypto,
      { kem: 0x20, kdf: ech.kdf, aead: ech.aead },
      ephemeral,
      this.#share.publicKey,
      info,
    );
    if (sender === null || sender instanceof Promise) throw new Error('no HPKE');
    const encoded = (
      sender.seal(new Uint8Array(0), ech.payload.subarray(0, -TAG)) as ReturnType<SyncAead['seal']>
    ).slice(0, -TAG);
    return expand(encoded, outer);
  }

  /**
   * Section 7.2.1: the HelloRetryRequest with its confirmation, which is the last 8 bytes of the message that `encode`
   * makes.
   */
  confirmRetry(hash: Hash, innerMessage: Uint8Array, encode: (confirmation: Uint8Array) => Uint8Array): Uint8Array {
    const transcript = new Transcript();
    transcript.add(innerMessage);
    transcript.start(hash);
    transcript.replaceFirstHello();
    const secret = hkdfExtract(
      hash,
      new Uint8Array(hash.size),
      wire.decodeClientHello(innerMessage.subarray(4)).random,
    );
    return encode(
      expandLabel(hash, secret, 'hrr ech accept confirmation', transcript.digest(encode(new Uint8Array(8))), 8),
    );
  }
}

/**
 * EncodedClientHelloInner, section 5.1: without its padding, with the session id and the extensions of the outer hello.
 */
function expand(encoded: Uint8Array, outer: wire.ClientHello): Uint8Array {
  const size = 2 + 32 + 1;
  const suites = size + 2 + u16(encoded, size);
  const compression = suites + 1 + (encoded[suites] ?? 0);
  const end = compression + 2 + u16(encoded, compression);
  const inner = wire.decodeClientHello(encoded.subarray(0, end));
  const extensions = inner.extensions.flatMap((extension) => {
    if (extension.type !== wire.ExtensionType.ech_outer_extensions) return [extension];
    const types = Array.from({ length: (extension.data[0] ?? 0) / 2 }, (_, i) => u16(extension.data, 1 + 2 * i));
    return types.map((type) => outer.extensions.find((each) => each.type === type) as wire.Extension);
  });
  return wire.encodeClientHello({ ...inner, sessionId: outer.sessionId, extensions });
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
