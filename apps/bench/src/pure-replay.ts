/** @module Recorded handshakes of the pure engine, played again in memory. Runs in pages too. */
import { bioPair, type Bio, type PairedBio } from '@ferrule/bio';
import type { ContextOptions, Ssl, SslContext } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { Secret, trafficKeys } from '@ferrule/pure/keys';
import { SslErrorCode } from '@ferrule/result';

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

/** A provider whose verified signatures nobody remembers: that takes a digest. */
export const forgetful = ({ verifier: { name, verify }, ...provider }: CryptoProvider): CryptoProvider => ({
  ...provider,
  verifier: { name, verify },
});

/** An X25519 key pair that a platform's WebCrypto takes. */
export interface PlatformKey {
  readonly jwk: object;
  readonly publicKey: readonly number[];
}

/**
 * A provider on WebCrypto that can play a recording with the platform's X25519: a key from dice would be noble's. It
 * makes a key for each handshake, and uses the one of the recording.
 */
export async function withPlatformKey(
  provider: CryptoProvider,
  { jwk, publicKey }: PlatformKey,
): Promise<CryptoProvider> {
  const { subtle } = crypto as unknown as { readonly subtle: Subtle };
  const algorithm = { name: 'X25519' };
  const privateKey = await subtle.importKey('jwk', jwk, algorithm, false, ['deriveBits']);
  const x25519 = provider.groups.find(({ id }) => id === 29) as CryptoProvider['groups'][number];
  const keyShare = async (): Promise<Awaited<ReturnType<typeof x25519.keyShare>>> => {
    await x25519.keyShare(provider.random);
    return {
      publicKey: Uint8Array.from(publicKey),
      derive: async (peer) =>
        new Uint8Array(
          await subtle.deriveBits(
            { ...algorithm, public: await subtle.importKey('raw', peer, algorithm, false, []) },
            privateKey,
            256,
          ),
        ),
      dispose: () => undefined,
    };
  };
  return { ...provider, groups: [{ ...x25519, keyShare }], defaultGroups: [29] };
}

interface Subtle {
  importKey(
    format: string,
    key: unknown,
    algorithm: object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<object>;
  deriveBits(algorithm: object, key: object, length: number): Promise<ArrayBuffer>;
}

/** What a server said to whoever has these options, and these dice. */
export interface Recording {
  readonly dice: Dice;
  readonly options: ContextOptions;
  readonly received: Uint8Array;
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

/** The same whatever the provider, and away with it; the BIOs can be used again. */
export async function replay(
  { dice, received }: Recording,
  context: SslContext,
  [bio, net]: readonly [Bio, Bio],
): Promise<void> {
  dice.reset();
  const ssl = context.newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  net.write(received);
  await connected(ssl);
  ssl.dispose();
  for (const end of [bio, net]) end.nread(end.pending);
}

/** All of the server's bytes are there already. */
async function connected(ssl: Ssl): Promise<void> {
  for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
    if (ssl.getError(ret) !== SslErrorCode.wantAsync)
      throw ssl.failure?.error ?? new Error(`the handshake waits: ${ssl.getError(ret)}`);
    await ssl.asyncReady;
  }
}

const TAG = 16;

/** An established connection whose peer is ourselves from here on. */
export interface Established {
  readonly ssl: Ssl;
  readonly net: PairedBio;
  readonly suite: Suite;
  /** The server's next record of application data; good until the next call. */
  seal(content: Uint8Array): Promise<Uint8Array>;
}

/** Plays it to a connection that goes on with records made on the spot. */
export async function establish(
  { dice, options, received }: Recording,
  provider: CryptoProvider,
): Promise<Established> {
  let secret = new Uint8Array(0);
  const onKeylog = (line: string): void => {
    if (line.startsWith('SERVER_TRAFFIC_SECRET_0'))
      secret = Uint8Array.from(line.split(' ')[2]?.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  };
  dice.reset();
  const [bio, net] = bioPair(2 ** 21, { poison: false });
  const ssl = createPure({ crypto: provider })
    .createContext({ ...options, onKeylog })
    .newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  net.write(received);
  await connected(ssl);
  const suite = provider.suites.find(({ id }) => id === ssl.cipherSuite) as Suite;
  const keys = trafficKeys(suite, Secret.take(secret));
  const aead = suite.aead.key(keys.key);
  // Tickets that came with the handshake took their sequence numbers.
  let sequence = 0;
  for (const each of records(received)) {
    const opened = await aead.open(
      nonceOf(keys.iv, sequence),
      each.subarray(0, 5),
      each.subarray(5),
      new Uint8Array(each.length),
    );
    if (opened !== null) sequence++;
  }
  // Used again for each record: garbage of the other side would be collected in our time.
  const [plain, sealed, record] = [1, 1 + TAG, 5 + 1 + TAG].map((more) => new Uint8Array(2 ** 14 + more)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    ssl,
    net,
    suite,
    async seal(content) {
      plain.set(content);
      plain[content.length] = 23;
      const length = content.length + 1 + TAG;
      const header = Uint8Array.of(23, 3, 3, length >> 8, length);
      const body = await aead.seal(nonceOf(keys.iv, sequence++), header, plain.subarray(0, content.length + 1), sealed);
      record.set(header);
      record.set(body, 5);
      return record.subarray(0, 5 + length);
    },
  };
}

function* records(stream: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 5 <= stream.length;) {
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
