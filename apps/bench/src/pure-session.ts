/**
 * @module Handshakes of the pure engine with a real server in memory, recorded; keys and signatures for playing them.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Bio } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { type Peer, TestServer, type Wire } from '@ferrule/conformance/server';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { SIGNED, type Signed } from './pure-primitives.ts';
import { Dice, type PlatformKey, type Recording } from './pure-replay.ts';

/** A TLS 1.3 handshake: X25519, by default AES-128-GCM, a chain of two ECDSA P-256 certificates under a known root. */
export async function record(provider: CryptoProvider, suite = 0x1301): Promise<Recording> {
  const dice = new Dice();
  const options = await trusting({ random: dice.fill, groups: [29], cipherSuites: [suite] });
  const server = await TestServer.make({ minVersion: 'TLSv1.3' });
  const tap = new Tap(server.open());
  const client = await Client.make(createPure({ crypto: provider }), tap, { options });
  await client.established();
  server.close();
  return { dice, options, received: Buffer.concat(tap.received) };
}

/** Signatures by three keys, as in a handshake. */
export const signatures = (): readonly Signed[] =>
  SIGNED.map((length) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const message = new Uint8Array(length).fill(7);
    return {
      spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
      message,
      signature: new Uint8Array(sign('sha256', message, privateKey)),
    };
  });

export function platformKey(): PlatformKey {
  const { privateKey } = generateKeyPairSync('x25519');
  const jwk = privateKey.export({ format: 'jwk' });
  return { jwk, publicKey: [...Buffer.from(jwk.x ?? '', 'base64url')] };
}

/** Writes down what the server sends. */
class Tap implements Peer {
  readonly received: Uint8Array[] = [];
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  fill(net: Bio): Promise<void> {
    const write = (from: Uint8Array): number => {
      const count = net.write(from);
      if (count > 0) this.received.push(from.slice(0, count));
      return count;
    };
    return this.#wire.fill(
      Object.assign(Object.create(net) as Bio, { write, shutdownWrite: () => net.shutdownWrite() }),
    );
  }

  flush(net: Bio): Promise<void> {
    return this.#wire.flush(net);
  }
}
