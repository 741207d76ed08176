/** @module Handshakes of the pure engine with a real server in memory, recorded. */
import type { Bio } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { type Peer, TestServer, type Wire } from '@ferrule/conformance/server';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { Dice, type Recording } from './pure-replay.ts';

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
    return this.#wire.fill(Object.assign(Object.create(net) as Bio, { write, shutdownWrite: () => net.shutdownWrite() }));
  }

  flush(net: Bio): Promise<void> {
    return this.#wire.flush(net);
  }
}
