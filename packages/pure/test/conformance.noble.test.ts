import { describeBackend } from '@ferrule/conformance';
import { nobleCrypto } from '../src/crypto/noble.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';
import { computed } from './computed.ts';

// noble signs nothing (ADR 0020), so the private keys of client certificates are Node's here; everything else is
// noble's.
await describeBackend(() => createPure({ crypto: { ...nobleCrypto, importSigningKey: nodeCrypto.importSigningKey } }), {
  groups: computed(0),
});
