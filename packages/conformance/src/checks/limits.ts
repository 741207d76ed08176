/** @module Limits: what a peer can make us hold is bounded by the caller. */
import assert from 'node:assert/strict';
import { type CheckGroup, group } from '../check.ts';
import { pki } from '../pki/index.ts';
import { scene } from './support.ts';

export const limits: CheckGroup = group('limits', {
  'handshakeBytes: a message that is longer is refused': (backend) =>
    scene(backend, { options: { limits: { handshakeBytes: 600 } } }, async ({ client }) => {
      const { ret, error } = await client.refused();
      assert.deepEqual([ret, error.code], [-1, 'EXCESSIVE_MESSAGE_SIZE']);
      assert.equal(error.alert?.origin, 'local');
    }),
  'chainLength: a chain with more certificates is refused, one with as many is not': async (backend) => {
    const { chainPem } = await pki('p256');
    const server = { chainPem: chainPem + (await pki('otherRoot')).certificatePem };
    await scene(backend, { server, options: { limits: { chainLength: 2 } } }, async ({ client }) => {
      const { ret, error } = await client.refused();
      assert.deepEqual([ret, error.code], [-1, 'CERT_CHAIN_TOO_LONG']);
    });
    await scene(backend, { server, options: { limits: { chainLength: 3 } } }, async ({ client }) => {
      await client.established();
    });
  },
  'limits that are as they are by default change nothing': (backend) =>
    scene(
      backend,
      {
        options: {
          limits: {
            handshakeBytes: 131_072,
            chainLength: 16,
            pathBuildingSteps: 256,
            tickets: 8,
            keyUpdatesInARow: 32,
            emptyRecordsInARow: 32,
          },
        },
      },
      async ({ client }) => {
        await client.established();
      },
    ),
});
