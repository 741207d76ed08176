import { describeBackend } from '@ferrule/conformance';
import { nodeCrypto } from '../src/crypto/node.ts';
import { tunedCrypto } from '../src/crypto/tuned.ts';
import { createPure } from '../src/index.ts';
import { computed } from './computed.ts';

// As with noble: the private keys of client certificates are Node's (ADR 0020).
await describeBackend(() => createPure({ crypto: { ...tunedCrypto, importSigningKey: nodeCrypto.importSigningKey } }), {
  groups: computed(1),
});
