/**
 * What write() counts is what the server gets: no more, no less, no other bytes. BIOs from one byte to more than a
 * record, KeyUpdates of both sides at any moment, reads and further writes in between, shutdown() behind a write that
 * waits.
 */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Backend, Ssl } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { nextTrafficSecret } from '@ferrule/pure/keys';
import { ContentType, HandshakeType } from '@ferrule/pure/wire';
import { Alert, SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server13 } from '@ferrule/wrong-servers/server13';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES: [string, Backend][] = loaded.ok ? [['native', loaded.backend]] : [];
const BIO_SIZES = [1, 5, 27, 300, 2048, 17_408];

/** A server that follows the client's KeyUpdates, and hears everything that it says. */
class Listener {
  readonly server: Server13;
  readonly heard: number[] = [];
  closed = false;
  readonly #turns: Script;

  constructor(server: Server13) {
    this.server = server;
    this.#turns = this.#listen();
  }

  turn(): void {
    this.#turns.next();
  }

  *#listen(): Script {
    const { server } = this;
    yield* server.handshake();
    for (;;) {
      const { type, fragment } = yield* server.record();
      if (type === ContentType.application_data) this.heard.push(...fragment);
      if (type === ContentType.alert && fragment[1] === Alert.close_notify) this.closed = true;
      if (type !== ContentType.handshake || fragment[0] !== HandshakeType.key_update) continue;
      server.clientSecret = nextTrafficSecret(server.cipher.hash, server.clientSecret);
      server.useReadSecret(server.clientSecret);
    }
  }
}

interface Pair {
  readonly ssl: Ssl;
  readonly listener: Listener;
  /** Moves at most so many bytes each way. */
  move(most?: number): void;
}

async function connected(backend: Backend, size: number): Promise<Pair> {
  const listener = new Listener(new Server13(await pki('p256')));
  const ssl = backend.createContext({ trustAnchors: [(await pki('root')).certificate] }).newConnection();
  const [bio, network] = bioPair(size);
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  let unsent: Uint8Array = new Uint8Array(0);
  const move = (most = Infinity): void => {
    const view = network.nread0();
    const taken = view.slice(0, Math.min(most, view.length));
    network.nread(taken.length);
    listener.server.feed(taken);
    listener.turn();
    unsent = Buffer.concat([unsent, listener.server.takeOutput()]);
    if (unsent.length > 0)
      unsent = unsent.subarray(Math.max(0, network.write(unsent.subarray(0, Math.min(most, unsent.length)))));
  };
  for (let i = 0; i < 20_000 && !ssl.established; i++) {
    ssl.connect();
    move();
  }
  expect(ssl.failure?.error).toBeUndefined();
  for (let i = 0; i < 20_000 && (unsent.length > 0 || network.pending > 0); i++) move();
  return { ssl, listener, move };
}

describe.each(ENGINES)('%s', (_name, backend) => {
  it('a write that finds its own KeyUpdate still waiting is not taken until it is repeated', async () => {
    const { ssl, listener, move } = await connected(backend, 20);
    ssl.keyUpdate(false);
    const message = new Uint8Array(500).map((_, i) => i + 1);
    expect(ssl.write(message)).toBe(-1);
    expect(ssl.getError(-1)).toBe(SslErrorCode.wantWrite);
    ssl.read(new Uint8Array(10));
    let ret = -1;
    for (let i = 0; i < 200 && ret < 0; i++) {
      move();
      ret = ssl.write(message);
    }
    expect(ret).toBe(500);
    for (let i = 0; i < 10; i++) move();
    expect(Buffer.compare(Buffer.from(listener.heard), message)).toBe(0);
  });

  it('a write that finds the answer to a KeyUpdate of the server still waiting is not taken until it is repeated', async () => {
    const { ssl, listener, move } = await connected(backend, 20);
    listener.server.keyUpdate(true);
    for (let i = 0; i < 5; i++) {
      listener.server.sendData('x');
      for (let j = 0; j < 10; j++) ssl.read(new Uint8Array(1));
      move(7);
    }
    const message = new Uint8Array(500).map((_, i) => i + 1);
    let ret = -1;
    for (let i = 0; i < 400 && ret < 0; i++) {
      ret = ssl.write(message);
      ssl.read(new Uint8Array(10));
      move();
    }
    expect(ret).toBe(500);
    for (let i = 0; i < 10; i++) move();
    expect(Buffer.compare(Buffer.from(listener.heard), message)).toBe(0);
  });

  it.each([1, 20, 300, 17_408])(
    'shutdown() behind a write that waits sends the record and close_notify, in a BIO of %i bytes',
    { timeout: 60_000 },
    async (size) => {
      const { ssl, listener, move } = await connected(backend, size);
      const message = new Uint8Array(size === 1 ? 500 : 16_384).map((_, i) => i * 7);
      const rest = new Uint8Array(2000);
      let told = 0;
      if (size > message.length) told = ssl.write(message);
      expect(ssl.write(size > message.length ? rest : message)).toBe(-1);
      let ret = -1;
      for (let i = 0; i < 40_000 && ret < 0; i++) {
        ret = ssl.shutdown();
        if (ret < 0) expect(ssl.getError(ret)).toBe(SslErrorCode.wantWrite);
        move();
      }
      expect(ret).toBe(0);
      for (let i = 0; i < 10; i++) move();
      expect(listener.closed).toBe(true);
      expect(told).toBeLessThanOrEqual(listener.heard.length);
      expect(Buffer.compare(Buffer.from(listener.heard.slice(0, message.length)), message)).toBe(0);
      expect(ssl.failure).toBeUndefined();
    },
  );

  it.each(BIO_SIZES)(
    'every count is kept in a random order of calls, with BIOs of %i bytes',
    { timeout: 60_000 },
    async (size) => {
      for (let seed = 0; seed < 3; seed++) await play(backend, size, seed);
    },
  );
});

/**
 * Random calls, until all is said; then what was told as written is what was heard, and what was sent is what was read.
 */
async function play(backend: Backend, size: number, seed: number): Promise<void> {
  const below = dice(seed * 1000 + size);
  const { ssl, listener, move } = await connected(backend, size);
  const total = size < 64 ? 200 : 10_000;
  const message = new Uint8Array(total).map((_, i) => ((i * 31 + seed) % 251) + 1);
  let told = 0;
  let sent = '';
  let read = '';
  let updating: boolean | undefined;
  let unfinished = 0;
  const into = new Uint8Array(100);
  for (let step = 0; told < total; step++) {
    if (step > 200_000) throw new Error(`seed ${seed}: no end after ${step} steps, ${told} of ${total} bytes told`);
    const choice = below(12);
    if (choice < 5) {
      const length = Math.max(unfinished, 1 + below(below(3) === 0 ? total : total / 30));
      const ret = ssl.write(message.subarray(told, told + length));
      expect(ssl.failure?.error, `seed ${seed}, step ${step}`).toBeUndefined();
      unfinished = ret > 0 ? 0 : Math.min(length, total - told);
      if (ret > 0) told += ret;
    } else if (choice < 7) {
      const ret = ssl.read(into);
      if (ret > 0) read += Buffer.from(into.subarray(0, ret)).toString();
    } else if (choice === 7 && (updating !== undefined || below(4) === 0)) {
      updating ??= below(2) === 0;
      if (ssl.keyUpdate(updating) === 1) updating = undefined;
    } else if (choice === 8 && below(6) === 0) {
      listener.server.keyUpdate(below(2) === 0);
    } else if (choice === 9) {
      const text = `(${step})`;
      listener.server.sendData(text);
      sent += text;
    } else {
      move(1 + below(size < 64 ? 40 : 4000));
    }
    expect(ssl.failure?.error, `seed ${seed}, step ${step}`).toBeUndefined();
  }
  for (let i = 0; i < 100_000 && (ssl.shutdown() < 0 || !listener.closed || read.length < sent.length); i++) {
    move();
    const ret = ssl.read(into);
    if (ret > 0) read += Buffer.from(into.subarray(0, ret)).toString();
  }
  expect(Buffer.compare(Buffer.from(listener.heard), message), `seed ${seed}`).toBe(0);
  expect(read, `seed ${seed}`).toBe(sent);
  ssl.dispose();
}

/** Numbers below a bound, the same ones for the same seed. */
function dice(seed: number): (bound: number) => number {
  let state = seed + 1;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % bound;
  };
}
