/** @module An ECHConfigList for the inputs (RFC 9849 section 4). */
import { Writer } from '@ferrule/pure/wire';

/** One configuration, of DHKEM(X25519), HKDF-SHA256 and AES-128-GCM; its key is the base point. */
export function echConfigList(publicName: string): Uint8Array {
  const key = new Uint8Array(32);
  key[0] = 9;
  const contents = new Writer()
    .u8(1)
    .u16(0x0020)
    .vector16(key)
    .vector16(Uint8Array.of(0, 1, 0, 1))
    .u8(0)
    .vector8(Buffer.from(publicName))
    .vector16(new Uint8Array(0))
    .finish();
  return new Writer().vector16(new Writer().u16(0xfe0d).vector16(contents).finish()).finish();
}
