/** Encrypted ClientHello with a server that can open it, and then does not keep its word. */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import { SslErrorCode } from '@ferrule/result';
import { expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';
import * as wire from '../src/wire/index.ts';
import { EchServer } from './ech-server.ts';
import { Server13 } from './server13.ts';

const backend = createPure({ crypto: nodeCrypto });
const root = (await pki('root')).certificate;
const leaf = await pki('p256');

/** Up to the ServerHello that answers the second hello, and what comes of it. */
function retried(confirmed: boolean): {
  readonly failure: string | undefined;
  readonly sent: readonly number[];
  readonly innerName: string | undefined;
  readonly ech: string | undefined;
} {
  const ech = new EchServer('server.test');
  const ssl = backend
    .createContext({
      trustAnchors: [root],
      cipherSuites: [0x1301],
      groups: [29, 23],
      keyShares: [29],
      ech: ech.configs,
    })
    .newConnection();
  const [bio, net] = bioPair(1 << 18);
  ssl.setBio(bio, bio);
  ssl.setHost('secret.test');
  const server = new Server13(net, leaf);
  expect([ssl.connect(), ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
  server.readHello();

  const inner = ech.open(server.hello);
  server.transcript.replaceFirstHello();
  const encode = (confirmation: Uint8Array): Uint8Array =>
    wire.encodeServerHello({
      legacyVersion: 0x0303,
      random: wire.HELLO_RETRY_REQUEST_RANDOM,
      sessionId: server.hello.sessionId,
      cipherSuite: 0x1301,
      compressionMethod: 0,
      extensions: [
        ...wire.encodeExtensions('helloRetryRequest', { supportedVersions: 0x0304, keyShare: 23 }),
        ...wire.encodeExtensions('helloRetryRequest', { encryptedClientHello: confirmation }),
      ],
    });
  server.send(confirmed ? ech.confirmRetry(server.suite.hash, inner, encode) : encode(new Uint8Array(8)));
  ssl.connect();
  server.readHello();
  server.answer();
  server.encryptedExtensions();
  server.authenticate();
  server.finish();
  ssl.connect();
  // Without keys for what comes next, an alert goes in the clear.
  const sent = [...net.nread0()];
  const innerName = wire.decodeExtensions(
    'clientHello',
    wire.decodeClientHello(inner.subarray(4)).extensions,
  ).serverName;
  return { failure: ssl.failure?.error.code, sent, innerName, ech: ssl.ech };
}

it('a HelloRetryRequest that accepts it and a ServerHello that does not are refused (RFC 9849 section 6.1.4)', () => {
  expect(retried(true)).toMatchObject({
    failure: 'ILLEGAL_PARAMETER',
    sent: [21, 3, 3, 0, 2, 2, 47],
    innerName: 'secret.test',
  });
});

it('the same without the confirmation in the HelloRetryRequest is a rejection', () => {
  expect(retried(false)).toMatchObject({ failure: 'ECH_REJECTED', ech: 'rejected' });
});
