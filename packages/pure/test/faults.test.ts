/**
 * Recorded handshakes with a node:tls server, played back to a client of the same randomness: split at every byte, cut
 * at every byte, with every byte changed, through BIOs of every size, and thousands of times.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bioPair, type Bio } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { type Peer, TestServer, type Wire } from '@ferrule/conformance/server';
import type { SslContext, Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * `npm run test:long` plays the recording 10,000 times, and splits and cuts it at each byte; an everyday run at each
 * sixth.
 */
const LONG = process.env['FERRULE_LONG'] === '1';
const CONNECTIONS = LONG ? 10_000 : 500;
const STRIDE = LONG ? 1 : 6;

const GREETING = 'hello';
const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

/** Randomness that can be had again from its beginning. */
const dice = {
  state: 0,
  fill(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) {
      dice.state = (Math.imul(dice.state, 1_664_525) + 1_013_904_223) >>> 0;
      into[i] = dice.state >>> 24;
    }
  },
};

/** Writes down what the server sends. */
class Tap implements Peer {
  readonly received: number[] = [];
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  fill(net: Bio): Promise<void> {
    return this.#wire.fill(
      Object.assign(Object.create(net) as Bio, {
        write: (from: Uint8Array): number => {
          const count = net.write(from);
          if (count > 0) this.received.push(...from.subarray(0, count));
          return count;
        },
        shutdownWrite: () => net.shutdownWrite(),
      }),
    );
  }

  flush(net: Bio): Promise<void> {
    return this.#wire.flush(net);
  }
}

interface Recording {
  readonly context: SslContext;
  /** Everything from the server, up to its greeting. */
  readonly received: Uint8Array;
  /** Everything that the client sent. */
  readonly sent: number[];
}

async function record(version: (typeof VERSIONS)[number]): Promise<Recording> {
  const server = await TestServer.make({ maxVersion: version, minVersion: version });
  const context = createPure({ crypto: nodeCrypto }).createContext(
    await trusting({ random: (into) => dice.fill(into) }),
  );
  const wire = server.open();
  const tap = new Tap(wire);
  dice.state = 1;
  const client = await Client.make(createPure({ crypto: nodeCrypto }), tap, { context });
  await client.established();
  (await server.accepted()).write(GREETING);
  await client.receive(GREETING.length);
  server.close();
  return { context, received: Uint8Array.from(tap.received), sent: wire.sent.flatMap((part) => [...part]) };
}

interface Outcome {
  /** What read() brought. */
  readonly text: string;
  readonly error: TlsError | undefined;
  readonly sent: number[];
  readonly ssl: Ssl;
}

/** Plays the server's bytes to a new client, in the given pieces, then EOF. */
function play({ context }: Recording, pieces: readonly Uint8Array[], size = 65_536): Outcome {
  dice.state = 1;
  const ssl = context.newConnection();
  ssl.setHost('server.test');
  const [bio, net] = bioPair(size);
  ssl.setBio(bio, bio);
  const queue = pieces.filter((piece) => piece.length > 0);
  const sent: number[] = [];
  let text = '';
  const buffer = new Uint8Array(64);
  for (;;) {
    let ret: number = ssl.connect();
    if (ret > 0) {
      ret = ssl.read(buffer);
      if (ret > 0) text += String.fromCharCode(...buffer.subarray(0, ret));
    }
    sent.push(...net.nread0());
    net.nread(net.pending);
    if (ret > 0) {
      if (text.length < GREETING.length) continue;
      return { text, error: undefined, sent, ssl };
    }
    const why = ssl.getError(ret);
    const [next] = queue;
    if (why === SslErrorCode.wantRead && next !== undefined) {
      const count = net.write(next);
      if (count < next.length) queue[0] = next.subarray(count);
      else queue.shift();
    } else if (why === SslErrorCode.wantRead) net.shutdownWrite();
    else if (why !== SslErrorCode.wantWrite) return { text, error: ssl.failure?.error, sent, ssl };
  }
}

/** Offsets of the minor version of records in the clear: nobody looks at it (RFC 9846 section 5.1). */
function ignored(received: Uint8Array, version: string): Set<number> {
  const offsets = new Set<number>();
  for (let at = 0; at < received.length;) {
    const type = received[at];
    offsets.add(at + 2);
    // TLS 1.3 protects everything behind the ServerHello, TLS 1.2 everything behind change_cipher_spec.
    if (version === 'TLSv1.3' || type === 20) break;
    at += 5 + (received[at + 3] ?? 0) * 256 + (received[at + 4] ?? 0);
  }
  return offsets;
}

describe.each(VERSIONS)('a recorded handshake of %s', (version) => {
  let recording: Recording;
  beforeAll(async () => {
    recording = await record(version);
  });

  it('succeeds again with the same bytes on both sides', () => {
    const { text, sent, ssl } = play(recording, [recording.received]);
    expect([text, ssl.version]).toEqual([GREETING, version]);
    expect(sent).toEqual(recording.sent);
  });

  it.each([1, 2, 17, 1024])('succeeds through BIOs of %i bytes', (size) => {
    const { text, sent } = play(recording, [recording.received], size);
    expect(text).toBe(GREETING);
    expect(sent).toEqual(recording.sent);
  });

  it(`leaves the heap where it was, ${CONNECTIONS} times`, { timeout: 240_000 }, () => {
    const some = (count: number): number => {
      for (let i = 0; i < count; i++) {
        const { text, ssl } = play(recording, [recording.received]);
        expect(text).toBe(GREETING);
        // Most are closed by their owner, some are left to the garbage collector.
        if (i % 4 !== 3) ssl.dispose();
      }
      for (let i = 0; i < 3; i++) collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = some(CONNECTIONS / 5);
    // 10,000 forgotten connections would be some 300 MiB; one forgotten kilobyte each would be 10.
    expect(some(CONNECTIONS) - before).toBeLessThan(Math.max(2 ** 21, CONNECTIONS * 400));
  });

  it('succeeds wherever it is split', { timeout: 240_000 }, () => {
    const { received } = recording;
    for (let at = 1; at < received.length; at += STRIDE) {
      const { text, error } = play(recording, [received.subarray(0, at), received.subarray(at)]);
      expect([at, text, error?.message]).toEqual([at, GREETING, undefined]);
    }
  });

  it('is told from one that is cut off, wherever that is', { timeout: 240_000 }, () => {
    const { received } = recording;
    for (let at = 0; at < received.length; at += STRIDE) {
      const { text, error } = play(recording, [received.subarray(0, at)]);
      expect([at, text, error?.code, error?.alert]).toEqual([at, '', 'UNEXPECTED_EOF', undefined]);
    }
  });

  it('is never accepted with a byte changed, and always ends in one TlsError', { timeout: 240_000 }, () => {
    const { received } = recording;
    const harmless = ignored(received, version);
    for (let at = 0; at < received.length; at++) {
      const changed = received.slice();
      changed[at] = (received[at] ?? 0) ^ (1 << (at % 8));
      const { text, error, ssl } = play(recording, [changed]);
      if (harmless.has(at)) {
        expect([at, text]).toEqual([at, GREETING]);
        continue;
      }
      expect([at, text, TlsError.is(error)]).toEqual([at, '', true]);
      expect([at, error?.code]).not.toEqual([at, 'INTERNAL_ERROR']);
      // The same answer for ever.
      expect(ssl.getError(ssl.connect())).toBe(SslErrorCode.ssl);
      expect(ssl.failure?.error).toBe(error);
    }
  });
});
