/**
 * Live handshakes whose server's bytes are split at every byte, cut off at every byte, or changed at every byte, and
 * BIOs of every size. The pure engine has the same with recordings and seeded randomness, where every byte is known
 * beforehand (packages/pure/test/faults.test.ts); here the engines are those that cannot be seeded.
 */
import type { Bio } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { type Peer, TestServer, type Wire } from '@ferrule/conformance/server';
import type { SslContext } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `npm run test:long` splits, cuts and changes at each byte; an everyday run at each third. */
const STRIDE = process.env['FERRULE_LONG'] === '1' ? 1 : 3;

const GREETING = 'hello';
const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

/** Does something to the bytes that the server sends, by their place in all that it sends. */
class Meddler implements Peer {
  count = 0;
  ended = false;
  readonly #wire: Wire;
  readonly #at: number;
  readonly #act: 'split' | 'cut' | 'change';

  constructor(wire: Wire, act: 'split' | 'cut' | 'change', at: number) {
    this.#wire = wire;
    this.#act = act;
    this.#at = at;
  }

  async fill(net: Bio): Promise<void> {
    if (this.ended) return;
    if (this.#act === 'cut' && this.count >= this.#at) return this.#end(net);
    const filled = this.#wire.fill(
      Object.assign(Object.create(net) as Bio, {
        write: (from: Uint8Array): number => this.#write(net, from),
        shutdownWrite: () => this.#end(net),
      }),
    );
    // A changed length has the client wait for what never comes: then that is the end.
    const patience = new Promise<'over'>((resolve) => setTimeout(resolve, 100, 'over'));
    if (
      (await Promise.race([filled, ...(this.#act === 'change' && this.count > this.#at ? [patience] : [])])) === 'over'
    )
      this.#end(net);
  }

  flush(net: Bio): Promise<void> {
    return this.#wire.flush(net);
  }

  #end(net: Bio): void {
    this.ended = true;
    net.shutdownWrite();
  }

  #write(net: Bio, from: Uint8Array): number {
    const before = this.#at - this.count;
    const bytes = from.slice();
    // What is behind the place waits for the next call.
    if (this.#act !== 'change' && before > 0) return this.#pass(net, bytes.subarray(0, before));
    if (this.#act === 'cut') return 0;
    if (before >= 0 && before < bytes.length) bytes[before] = (bytes[before] ?? 0) ^ (1 << (this.#at % 8));
    return this.#pass(net, this.#act === 'split' ? from : bytes);
  }

  #pass(net: Bio, bytes: Uint8Array): number {
    const count = net.write(bytes);
    this.count += Math.max(count, 0);
    return count;
  }
}

describe.skipIf(!loaded.ok).each(VERSIONS)('native, %s', (version) => {
  let server: TestServer;
  let context: SslContext;
  /** Bytes of the server up to its greeting, at most: the length of an ECDSA signature varies. */
  let length = 0;

  beforeAll(async () => {
    if (!loaded.ok) return;
    server = await TestServer.make({ maxVersion: version, minVersion: version });
    context = loaded.backend.createContext(await trusting());
    for (let i = 0; i < 8; i++) length = Math.max(length, (await converse('split', 0)).count);
  });
  afterAll(() => {
    server.close();
    context.dispose();
  });

  async function converse(
    act: 'split' | 'cut' | 'change',
    at: number,
    bioSize?: number,
  ): Promise<{ text: string; error: TlsError | undefined; count: number; repeated: boolean }> {
    const wire = server.open();
    const peer = new Meddler(wire, act, at);
    const client = await Client.make(context.backend, peer, { context, ...(bioSize !== undefined && { bioSize }) });
    const { ssl } = client;
    try {
      let text = '';
      let ret = await client.connect();
      if (ret > 0) {
        (await server.accepted()).end(GREETING);
        const into = new Uint8Array(64);
        while (text.length < GREETING.length && (ret = await client.run(() => ssl.read(into))) > 0)
          text += Buffer.from(into.subarray(0, ret)).toString('latin1');
      }
      const error = ssl.failure?.error;
      const repeated =
        error === undefined || (ssl.getError(ssl.connect()) === SslErrorCode.ssl && ssl.failure?.error === error);
      return { text, error, count: peer.count, repeated };
    } finally {
      ssl.dispose();
      wire.cut();
    }
  }

  it.each([1, 2, 17, 1024])('succeeds through BIOs of %i bytes', async (size) => {
    expect((await converse('split', 0, size)).text).toBe(GREETING);
  });

  it('succeeds wherever the bytes of the server are split', { timeout: 240_000 }, async () => {
    for (let at = 1; at < length; at += STRIDE) {
      const { text, error } = await converse('split', at);
      expect([at, text, error?.message]).toEqual([at, GREETING, undefined]);
    }
  });

  it('tells a server that was cut off, wherever that is', { timeout: 240_000 }, async () => {
    // The greeting is a record: all but its last byte says nothing.
    for (let at = 0; at < length - 60; at += STRIDE) {
      const { text, error } = await converse('cut', at);
      expect([at, text, error?.code, error?.alert]).toEqual([at, '', 'UNEXPECTED_EOF', undefined]);
    }
  });

  it('never accepts a changed byte, and always ends in one TlsError', { timeout: 240_000 }, async () => {
    const harmless = new Set<number>();
    for (let at = 0; at < length - 60; at += STRIDE) {
      const { text, error, repeated } = await converse('change', at);
      // Nobody looks at the minor version of a record in the clear (RFC 9846 section 5.1).
      if (text === GREETING) harmless.add(at);
      else
        expect([at, text, TlsError.is(error), error?.code === 'INTERNAL_ERROR' && error.cause, repeated]).toEqual([
          at,
          '',
          true,
          false,
          true,
        ]);
    }
    expect(harmless.size).toBeLessThanOrEqual(version === 'TLSv1.3' ? 2 : 8);
  });
});
