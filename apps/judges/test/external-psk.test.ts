/** Keys agreed out of band with SHA-384, which node:tls does not know as a server. */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Backend } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server13 } from '@ferrule/wrong-servers/server13';

const KEY = new Uint8Array(48).fill(0x42);
const identity = new TextEncoder().encode('me');

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES: [string, Backend][] = [
  ['pure', createPure({ crypto: nodeCrypto })],
  ...(loaded.ok ? [['native', loaded.backend] as [string, Backend]] : []),
];

describe.each(ENGINES)('%s, with a key for SHA-384', (_name, backend) => {
  const connect = async (theirs: Uint8Array): Promise<number | string> => {
    const server = new Server13(await pki('p256'));
    const script = (function* (): Script {
      server.cipher = server.suite(0x1302);
      yield* server.clientHello();
      server.serverHello({ psk: { selected: 0, key: theirs } });
      server.encryptedExtensions();
      server.finished();
      yield* server.clientFinished();
    })();
    const ssl = backend
      .createContext({
        trustAnchors: [server.identity.certificate],
        externalPsks: [{ identity, key: KEY, hash: 'sha384' }],
      })
      .newConnection();
    const [bio, network] = bioPair();
    ssl.setBio(bio, bio);
    ssl.setHost('server.test');
    for (let i = 0; i < 5; i++) {
      const ret = ssl.connect();
      if (ssl.failure !== undefined) return ssl.failure.error.code;
      server.feed(network.nread0().slice());
      network.nread(network.nread0().length);
      script.next();
      const out = server.takeOutput();
      if (out.length > 0) network.write(out);
      if (ret === 1) {
        expect([ssl.cipherSuite, ssl.peerCertificates.length, ssl.sessionReused]).toEqual([0x1302, 0, false]);
        return 1;
      }
    }
    return 'nothing';
  };

  it('connects to a server that has it, without a certificate', async () => {
    expect(await connect(KEY)).toBe(1);
  });

  it('does not connect to one that has another', async () => {
    expect(await connect(new Uint8Array(48))).toBe('BAD_RECORD_MAC');
  });
});
