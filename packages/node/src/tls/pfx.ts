/** @module The credential in a PKCS#12 file, as in node:tls: Node has already checked the passphrase. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readPkcs12, type Pkcs12 } from '../pkcs12.ts';

/** DER: the chain, leaf first, further certificates, and the key as PKCS#8. */
export interface PfxContent {
  readonly chain: readonly Uint8Array[];
  readonly key: Buffer;
}

/** @throws TypeError if it is not such a file, or its encryption is unsupported. */
export function readPfx(file: Uint8Array, passphrase: string): PfxContent {
  const { certificates, keys } = contentOf(file, passphrase);
  const [key] = keys;
  if (key === undefined) throw new TypeError('pfx: it holds no private key');
  const own = createPrivateKey({
    key: Buffer.from(key.der),
    format: 'der',
    type: 'pkcs8',
    ...(key.encrypted && { passphrase }),
  });
  const leaf = certificates.find((each) => new X509Certificate(each).checkPrivateKey(own));
  if (leaf === undefined) throw new TypeError('pfx: none of its certificates is for its private key');
  return {
    chain: [leaf, ...certificates.filter((each) => each !== leaf)],
    key: own.export({ format: 'der', type: 'pkcs8' }),
  };
}

function contentOf(file: Uint8Array, passphrase: string): Pkcs12 {
  try {
    return readPkcs12(file, passphrase, { mac: false });
  } catch (cause) {
    throw new TypeError(`pfx: ${(cause as Error).message}`, { cause });
  }
}
