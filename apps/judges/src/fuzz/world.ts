/**
 * @module The certificates, keys and recordings that inputs refer to: made once, kept beside the corpus, so that inputs
 * keep their meaning.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Identity } from '@ferrule/conformance/pki';

export interface World {
  /** Milliseconds since the epoch at which the certificates were made; the clock of every connection stands there. */
  readonly now: number;
  readonly root: Uint8Array;
  readonly identity: Identity;
  /** DER chains, by name; leaf first. */
  readonly chains: Readonly<Record<string, readonly Uint8Array[]>>;
  readonly crl: Uint8Array;
  readonly ocsp: readonly Uint8Array[];
}

/** @throws Error when there is no such file */
export function readWorld(file: string): World {
  const { identity, ...world } = JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'hex' in value
      ? new Uint8Array(Buffer.from(String(value.hex), 'hex'))
      : value,
  ) as World;
  return { ...world, identity: { ...identity, privateKey: createPrivateKey(identity.keyPem) } };
}
