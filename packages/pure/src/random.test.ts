import { pki } from '@ferrule/conformance/pki';
import { bioPair } from '@ferrule/bio';
import { expect, it } from 'vitest';
import { nodeCrypto } from './crypto/node.ts';
import { createPure } from './index.ts';

const { certificate } = await pki('root');

it.each([
  {
    what: 'returns bytes of its own',
    random: (into: Uint8Array) => crypto.getRandomValues(new Uint8Array(into.length)),
  },
  { what: 'returns a promise', random: async (into: Uint8Array) => void (await Promise.resolve(into)) },
  { what: 'fills nothing', random: () => {} },
])('a source of randomness that $what ends the connection before anything is sent', ({ random }) => {
  const ssl = createPure({ crypto: nodeCrypto })
    .createContext({ trustAnchors: [certificate], random: random as (into: Uint8Array) => void })
    .newConnection();
  const [bio, net] = bioPair();
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  ssl.connect();
  expect(ssl.failure?.error.code).toBe('CALLBACK_FAILED');
  expect(net.nread0()).toHaveLength(0);
});
