/**
 * @module Targets that are a connection: bytes from the wire, with real cryptography and with none, and messages of a
 * server that encrypts them well.
 */
import type { Backend, Ssl, TlsSession } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { concat } from '@ferrule/result/bytes';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';
import { Dice } from './dice.ts';
import { Finding } from './finding.ts';
import { freeCrypto, freeCryptoLater } from './free-crypto.ts';
import { formatStep, parseSteps, type Step } from './mutation.ts';
import { play, playLater, type Plan, type Played, type Source } from './play.ts';
import { clientOptions, possible, SCENARIOS, type Scenario } from './scenarios.ts';
import { mutant, POISON, serve } from './server.ts';
import type { MakeTarget, Target } from './target.ts';
import type { World } from './world.ts';

const CAPACITIES = [16_709, 1, 2, 17, 1024, 70_000, 5, 333] as const;
const READ_SIZES = [20_000, 1, 64, 16_384] as const;
/** Bytes before those that come from the server: scenario, how they are cut, what the caller does. */
const HEADER = 3;

/** Bytes of a server, as they are on the wire, into a client of seeded randomness with real cryptography. */
export const wire: MakeTarget = wireOf(createPure({ crypto: nodeCrypto }));
export function wireOf(backend: Backend): MakeTarget {
  return (world) =>
    bytesInto(
      new Stage(world, backend, nodeCrypto),
      2,
      `the bytes of a server, with real cryptography, to ${backend.engine}`,
    );
}

/** The same into a client to which every ciphertext is right: its bytes reach everything behind the AEAD. */
export const free: MakeTarget = (world) => {
  const crypto = freeCrypto(new Dice().fill);
  return bytesInto(
    new Stage(world, createPure({ crypto }), crypto),
    6,
    'the bytes of a server, with cryptography that accepts everything',
  );
};

/** The same again, with a client that waits for each answer of its cryptography. */
export const later: MakeTarget = (world) => {
  // What it is given is what the synchronous one can be given: their bytes are the same.
  const { seeds } = free(world);
  const crypto = freeCryptoLater(new Dice().fill);
  const stage = new Stage(world, createPure({ crypto }), crypto);
  return {
    share: 2,
    about: 'the bytes of a server, with such cryptography that answers later',
    seeds,
    async fuzz(input) {
      await stage.connectionLater(input, onceGiven(input.subarray(HEADER)));
    },
  };
};

/** Changed messages, extra ones, odd records, from a server that encrypts them as it should. */
export const hostile =
  (backend: Backend): MakeTarget =>
  (world) => {
    const stage = new Stage(world, backend, nodeCrypto);
    return {
      share: 6,
      about: `messages of a hostile server, well encrypted, to ${backend.engine}`,
      seeds: () =>
        stage.scenarios.flatMap((_, index) => [
          Uint8Array.of(index, 0, 0),
          ...Array.from({ length: 8 }, (_, at) =>
            concat([
              Uint8Array.of(index, at, at),
              formatStep({ at, kind: 'flipBit', offset: 6, bytes: Uint8Array.of(1) }),
            ]),
          ),
          ...(['repeat', 'drop', 'dataBefore', 'fragment', 'pad'] as const).map((kind, at) =>
            concat([Uint8Array.of(index, 0, 0), formatStep({ at, kind, offset: 7, bytes: new Uint8Array(0) })]),
          ),
          concat([
            Uint8Array.of(index, 0, 0),
            formatStep({ at: 1, kind: 'extension', offset: 0, bytes: Uint8Array.of(0, 16, 0, 3, 2, 104, 50) }),
            formatStep({ at: 2, kind: 'messageBefore', offset: 0, bytes: Uint8Array.of(24, 0) }),
          ]),
        ]),
      fuzz(input) {
        const { played, spoiled } = stage.run(input, parseSteps(input.subarray(HEADER)));
        if (spoiled && played.established) throw new Finding('established without the proofs of the server');
        if (Buffer.from(played.plaintext).includes(POISON))
          throw new Finding('gave away what came before the server had proved anything');
      },
    };
  };

function bytesInto(stage: Stage, share: number, about: string): Target {
  return {
    share,
    about,
    seeds: () => stage.scenarios.map((_, index) => stage.record(index)),
    fuzz(input) {
      stage.connection(input, onceGiven(input.subarray(HEADER)));
    },
  };
}

function onceGiven(bytes: Uint8Array): Source {
  let given = false;
  return () => {
    if (given) return undefined;
    given = true;
    return bytes;
  };
}

/** Sessions to have bytes of. */
export function sessionsOf(world: World): TlsSession[] {
  const crypto = freeCrypto(new Dice().fill);
  return new Stage(world, createPure({ crypto }), crypto).sessions.filter((session) => session !== undefined);
}

/** A backend with a context for each scenario, and sessions where it resumes. */
class Stage {
  readonly scenarios: readonly Scenario[];
  readonly #world: World;
  readonly #crypto: CryptoProvider;
  readonly #dice = new Dice();
  readonly #contexts: readonly ReturnType<Backend['createContext']>[];
  readonly sessions: (TlsSession | undefined)[] = [];

  constructor(world: World, backend: Backend, crypto: CryptoProvider) {
    this.#world = world;
    this.#crypto = crypto;
    const random = backend.features.has('seeded-random') ? this.#dice.fill : undefined;
    this.scenarios = SCENARIOS.filter((scenario) => possible(backend, scenario, world));
    this.#contexts = this.scenarios.map((scenario, index) =>
      backend.createContext(
        clientOptions(scenario, world, random, scenario.resumes && ((session) => (this.sessions[index] ??= session))),
      ),
    );
    // A session for those that resume.
    if (crypto.synchronous)
      for (const [index, { resumes }] of this.scenarios.entries())
        if (resumes) this.run(Uint8Array.of(index, 0, 0), []);
  }

  /** A client as the input's header says, with whatever is at the other end. */
  connection(input: Uint8Array, source: Source): Played {
    return play(...this.#connection(input, source));
  }

  connectionLater(input: Uint8Array, source: Source): Promise<Played> {
    return playLater(...this.#connection(input, source));
  }

  #connection(input: Uint8Array, source: Source): Parameters<typeof play> {
    const index = (input[0] ?? 0) % this.scenarios.length;
    const context = this.#contexts[index];
    if (context === undefined) throw new Error('there are no scenarios');
    this.#dice.restart();
    const ssl = context.newConnection();
    const session = this.sessions[index];
    if (session !== undefined) {
      ssl.setHost('server.test');
      ssl.setSession(session);
    }
    const early = this.scenarios[index]?.early === true && session !== undefined && session.maxEarlyData > 0;
    return [
      ssl,
      source,
      { ...planOf(input), ...(early && { onStart: () => void ssl.writeEarlyData(Buffer.from('early')) }) },
    ];
  }

  run(
    input: Uint8Array,
    steps: readonly Step[],
    tap?: (bytes: Uint8Array) => void,
  ): { readonly played: Played; readonly spoiled: boolean } {
    const scenario = this.scenarios[(input[0] ?? 0) % this.scenarios.length];
    if (scenario === undefined) throw new Error('there are no scenarios');
    const { identity } = this.#world;
    if (scenario.version === 'TLSv1.3') {
      const { server, hands } = mutant(new Server13(identity), this.#crypto, this.#dice, steps);
      return {
        played: this.connection(input, serve(server, scenario.script(server, this.#world), tap)),
        spoiled: hands.spoiled,
      };
    }
    const { server, hands } = mutant(new Server12(identity), this.#crypto, this.#dice, steps);
    return {
      played: this.connection(input, serve(server, scenario.script(server, this.#world), tap)),
      spoiled: hands.spoiled,
    };
  }

  /** An input: what a good server sends in this scenario. */
  record(index: number): Uint8Array {
    const bytes: Uint8Array[] = [Uint8Array.of(index, 0, 0)];
    this.run(Uint8Array.of(index, 0, 0), [], (out) => bytes.push(out));
    return concat(bytes);
  }
}

function planOf([, cut = 0, act = 0]: Uint8Array): Plan {
  return {
    capacity: CAPACITIES[cut % CAPACITIES.length] ?? 1024,
    readSize: READ_SIZES[(cut >>> 4) % READ_SIZES.length] ?? 64,
    onEstablished(ssl: Ssl) {
      // Where a write is to be repeated, nothing else may be written (SSL_write(3)).
      if ((act & 1) !== 0 && ssl.write(new Uint8Array(100)) <= 0) return;
      if ((act & 2) !== 0 && ssl.version === 'TLSv1.3') ssl.keyUpdate((act & 4) !== 0);
      if ((act & 8) !== 0) ssl.exportKeyingMaterial('label', undefined, 16);
      if ((act & 16) !== 0) ssl.shutdown();
    },
  };
}
