import { describeBackend } from '@ferrule/conformance';
import { createWebCrypto } from '../src/crypto/webcrypto.ts';
import { createPure } from '../src/index.ts';

await describeBackend(async () => createPure({ crypto: await createWebCrypto() }));
