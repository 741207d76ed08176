/** What a server may say while a write of ours is stuck in a full BIO. */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions, Ssl } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { nextTrafficSecret } from '@ferrule/pure/keys';
import { ContentType, encodeMessage, HandshakeType } from '@ferrule/pure/wire';
import { describe, expect, it } from 'vitest';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

const SIZE = 4096;
const MESSAGE = new Uint8Array(10_000).map((_, i) => i);

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES: [string, Backend][] = [
  ['pure', createPure({ crypto: nodeCrypto })],
  ...(loaded.ok ? [['native', loaded.backend] as [string, Backend]] : []),
];

/**
 * Begins a write that does not fit, reads what the server says meanwhile, ends the write. @returns what the server
 * received.
 */
function converse(
  backend: Backend,
  options: ContextOptions,
  server: Server12 | Server13,
  script: () => Script,
): { ssl: Ssl; heard: string } {
  const ssl = backend.createContext(options).newConnection();
  const [bio, network] = bioPair(SIZE);
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  const turns = script();
  let unsent: Uint8Array = new Uint8Array(0);
  let done = false;
  const exchange = (): void => {
    server.feed(network.nread0().slice());
    network.nread(network.nread0().length);
    done = turns.next().done === true;
    unsent = Uint8Array.from([...unsent, ...server.takeOutput()]);
    if (unsent.length > 0) unsent = unsent.subarray(Math.max(0, network.write(unsent)));
  };
  for (let i = 0; i < 20 && ssl.connect() !== 1; i++) exchange();
  while (unsent.length > 0) unsent = unsent.subarray(Math.max(0, network.write(unsent)));
  exchange();
  const into = new Uint8Array(100);
  let heard = '';
  let written = Math.max(0, ssl.write(MESSAGE));
  for (let i = 0; i < 50 && ssl.failure === undefined && !done; i++) {
    const got = ssl.read(into);
    if (got > 0) heard += Buffer.from(into.subarray(0, got)).toString('latin1');
    exchange();
    if (written < MESSAGE.length) written += Math.max(0, ssl.write(MESSAGE.subarray(written)));
    exchange();
  }
  return { ssl, heard };
}

/** Records of the client until one of that type has come, behind all of the message. */
function* listen(server: Server12 | Server13, received: number[], last: number): Script {
  for (let type = 0; type !== last || received.length < MESSAGE.length;) {
    const record = yield* server.record();
    ({ type } = record);
    if (type === ContentType.application_data) received.push(...record.fragment);
  }
}

describe.each(ENGINES)('%s, with a write unfinished', (_name, backend) => {
  it('answers a KeyUpdate that asks for ours, and then ends the write', async () => {
    const server = new Server13(await pki('p256'));
    const received: number[] = [];
    const { ssl, heard } = converse(backend, { trustAnchors: [(await pki('root')).certificate] }, server, function* () {
      yield* server.handshake();
      server.sendData('a');
      server.keyUpdate(true);
      server.sendData('b');
      yield* listen(server, received, ContentType.handshake);
      server.useReadSecret(nextTrafficSecret(server.cipher.hash, server.clientSecret));
    });
    expect(ssl.failure?.error).toBeUndefined();
    expect(heard).toBe('ab');
    expect(Buffer.compare(Buffer.from(received), MESSAGE)).toBe(0);
    expect(ssl.write(Uint8Array.of(1))).toBe(1);
  });

  it('ignores a HelloRequest when told to, and then ends the write', async () => {
    const server = new Server12(await pki('p256'));
    const received: number[] = [];
    const { ssl, heard } = converse(
      backend,
      { trustAnchors: [(await pki('root')).certificate], maxVersion: 'TLSv1.2', renegotiation: 'ignore' },
      server,
      function* () {
        yield* server.handshake();
        server.sendData('a');
        server.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
        server.sendData('b');
        yield* listen(server, received, ContentType.application_data);
      },
    );
    expect(ssl.failure?.error).toBeUndefined();
    expect(heard).toBe('ab');
    expect(Buffer.compare(Buffer.from(received), MESSAGE)).toBe(0);
  });
});
