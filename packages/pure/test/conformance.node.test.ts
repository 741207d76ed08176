import { describeBackend } from '@ferrule/conformance';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';

await describeBackend(() => createPure({ crypto: nodeCrypto }));
