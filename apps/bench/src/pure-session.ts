/** @module Sessions of the pure engine in memory: one to be played again, one that goes on with records made on the spot. */
import { bioPair, type Bio, type PairedBio } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { type Peer, TestServer, type Wire } from '@ferrule/conformance/server';
import type { ContextOptions, Ssl, SslContext } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { trafficKeys } from '@ferrule/pure/keys';
import { SslError } from '@ferrule/result';

type Suite = CryptoProvider['suites'][number];

/** Randomness from its beginning, for each connection. */
export class Dice {
  #state = 1;
  readonly fill = (into: Uint8Array): void => {
    for (let i = 0; i < into.length; i++) {
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
      into[i] = this.#state >>> 24;
    }
  };
  reset(): void {
    this.#state = 1;
  }
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

/** A provider whose verified signatures nobody remembers yet. */
export const fresh = (provider: CryptoProvider): CryptoProvider => ({ ...provider, verifier: { ...provider.verifier } });

export interface Recording {
  readonly dice: Dice;
  readonly options: ContextOptions;
  readonly received: Uint8Array;
}

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

/** Plays it to a new connection on the first of the BIOs; synchronous providers only. */
export function shakeHands({ dice, received }: Recording, context: SslContext, [bio, net]: readonly [Bio, Bio]): Ssl {
  dice.reset();
  const ssl = context.newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  ssl.connect();
  net.write(received);
  if (ssl.connect() !== 1) throw ssl.failure?.error ?? new Error(`the handshake waits: ${ssl.getError(-1)}`);
  return ssl;
}

/** The same with BIOs of its own, and away with it. */
export const replay = (recording: Recording, context: SslContext): void => shakeHands(recording, context, bioPair(recording.received.length)).dispose();

/** An established connection whose peer is ourselves from here on. */
export interface Established {
  readonly ssl: Ssl;
  readonly net: PairedBio;
  readonly suite: Suite;
  /** The server's next record of application data. */
  seal(content: Uint8Array): Promise<Uint8Array>;
}

export async function establish(provider: CryptoProvider, suiteId: number): Promise<Established> {
  const suite = provider.suites.find(({ id }) => id === suiteId) as Suite;
  const server = await TestServer.make({ minVersion: 'TLSv1.3' });
  const tap = new Tap(server.open());
  let secret = new Uint8Array(0);
  const onKeylog = (line: string): void => {
    if (line.startsWith('SERVER_TRAFFIC_SECRET_0')) secret = Uint8Array.from(Buffer.from(line.split(' ')[2] ?? '', 'hex'));
  };
  const [bio, net] = bioPair(2 ** 21, { poison: false });
  const ssl = createPure({ crypto: provider }).createContext(await trusting({ cipherSuites: [suiteId], onKeylog })).newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  while (!ssl.established) {
    const ret = ssl.connect();
    await tap.flush(net);
    if (ret === 1) break;
    if (ssl.getError(ret) === SslError.wantAsync) await ssl.asyncReady;
    else await tap.fill(net);
  }
  // The server's tickets come first: what they took of its sequence numbers must be known.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.race([tap.fill(net), new Promise((resolve) => setTimeout(resolve, 50))]);
  const keys = trafficKeys(suite, secret);
  const aead = suite.aead.key(keys.key);
  let sequence = 0;
  for (const each of records(Buffer.concat(tap.received))) {
    const opened = await aead.open(nonceOf(keys.iv, sequence), each.subarray(0, 5), each.subarray(5), new Uint8Array(each.length));
    if (opened !== null) sequence++;
  }
  server.close();
  return {
    ssl,
    net,
    suite,
    async seal(content) {
      const plain = new Uint8Array(content.length + 1);
      plain.set(content);
      plain[content.length] = 23;
      const length = plain.length + 16;
      const header = Uint8Array.of(23, 3, 3, length >> 8, length);
      const body = await aead.seal(nonceOf(keys.iv, sequence++), header, plain, new Uint8Array(length));
      return Buffer.concat([header, body]);
    },
  };
}

function* records(stream: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 5 <= stream.length; ) {
    const end = at + 5 + (stream[at + 3] ?? 0) * 256 + (stream[at + 4] ?? 0);
    yield stream.subarray(at, end);
    at = end;
  }
}

function nonceOf(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = iv.slice();
  for (let i = 0; i < 4; i++) nonce[11 - i] = (nonce[11 - i] ?? 0) ^ (sequence >>> (8 * i));
  return nonce;
}
