/** Encrypted ClientHello that a server has rejected: whoever called learns what to try next, through every face. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { pki } from '@ferrule/conformance/pki';
import { TlsConnector } from '@ferrule/node/duplex';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { TlsError } from '@ferrule/result';
import { createSockets } from '@ferrule/web';
import { createFetch } from '@ferrule/web/fetch';
import { serveTls, tlsWorker } from '@ferrule/web/worker';
import { Server13 } from '@ferrule/wrong-servers/server13';
import type { Script } from '@ferrule/wrong-servers/peer';
import { connect, connectOver, type Pipe } from 'ferrule';
import { expect, it } from 'vitest';

const backend = createPure({ crypto: nodeCrypto });
const server = await pki('p256');
const ca = (await pki('root')).certificatePem;

/** ECHConfigList of one configuration for X25519, HKDF-SHA256 and AES-128-GCM, whose private key nobody has. */
function configs(publicName: string): Uint8Array {
  const vector = (bytes: number, content: readonly number[]): number[] => [
    ...(bytes === 2 ? [content.length >> 8] : []),
    content.length & 0xff,
    ...content,
  ];
  const key = Array.from({ length: 32 }, (_, i) => (i === 0 ? 9 : 0));
  const name = [...new TextEncoder().encode(publicName)];
  const contents = [7, 0, 0x20, ...vector(2, key), ...vector(2, [0, 1, 0, 1]), 32, ...vector(1, name), 0, 0];
  return Uint8Array.from(vector(2, [0xfe, 0x0d, ...vector(2, contents)]));
}
const ech = configs('server.test');
const next = configs('next.test');

/** A server that answers the outer hello, and says with what to try again. */
function rejecting(): Pipe {
  const peer = new Server13(server);
  const script = (function* (): Script {
    yield* peer.clientHello();
    peer.serverHello();
    peer.flight([{ type: 0xfe0d, data: next }]);
    yield* peer.clientFinished();
  })();
  let wake = (): void => undefined;
  return {
    read: async () => {
      for (;;) {
        const out = peer.takeOutput();
        if (out.length > 0) return out;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    write: async (bytes) => {
      peer.feed(bytes.slice());
      try {
        script.next();
      } catch {
        // The alert that this is about
      }
      wake();
    },
    close: () => undefined,
  };
}

/** The same as a stream of Node. */
function stream(): Duplex {
  const pipe = rejecting();
  const duplex = new Duplex({
    read: () => void pipe.read().then((chunk) => duplex.push(chunk)),
    write: (chunk: Uint8Array, _encoding, done) => void pipe.write(chunk).then(() => done(), done),
  });
  return duplex;
}

const dial = async (): Promise<Pipe> => rejecting();
const options = { ca, backend, ech, groups: [0x1d, 0x17] };
const reason = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'accepted',
    (error: unknown) => error,
  );

const FACES: Readonly<Record<string, () => Promise<unknown>>> = {
  'connect()': () => reason(connect({ host: 'secret.test', dial, ...options })),
  'connectOver()': () => reason(connectOver(rejecting(), { host: 'secret.test', ...options })),
  'the Duplex': async () => {
    const socket = new TlsConnector(options).duplex({ stream: stream(), servername: 'secret.test' });
    const [error] = (await once(socket, 'error')) as [unknown];
    return error;
  },
  'a socket of WinterTC': () =>
    reason(
      createSockets({ dial, ...options }).connect('secret.test:443', { secureTransport: 'on', allowHalfOpen: false })
        .opened,
    ),
  'fetch()': async () => {
    const error = await reason(createFetch({ dial, ...options })('https://secret.test/'));
    return (error as Error).cause;
  },
  'a worker': async () => {
    const { port1, port2 } = new MessageChannel();
    const { backend: _, ...sent } = options;
    serveTls(port2, { dial, backend });
    const error = await reason(tlsWorker(port1).connect({ host: 'secret.test', port: 443 }, sent));
    port1.close();
    return error;
  },
};

it.each(Object.entries(FACES))('%s tells with what to connect again', async (_name, attempt) => {
  const error = await attempt();
  expect(TlsError.is(error) && error.tlsCode).toBe('ECH_REJECTED');
  expect(Buffer.from((error as TlsError).echRetryConfigs ?? []).equals(next)).toBe(true);
  expect((error as TlsError).hint).toContain('echRetryConfigs');
});
