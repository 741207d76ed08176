/**
 * @ferrule/pure against its own primitives, in memory; what it holds in memory. CPU time of this process (WebCrypto's
 * threads count), in turns, medians; ratios of one run. How it compares with other clients, `main.ts` measures.
 * `--json` prints figures only; `--rounds N`, `--quick`. Run by `bundled.ts`.
 */
import { parseArgs } from 'node:util';
import type { CryptoProvider } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { bulkInMemory } from './pure-data.ts';
import { inChromium } from './pure-chromium.ts';
import { handshakesInMemory } from './pure-handshake.ts';
import type { Figures } from './pure-measure.ts';
import { growth, idleConnection } from './pure-memory.ts';
import { establish, withPlatformKey } from './pure-replay.ts';
import { platformKey, record, signatures } from './pure-session.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '9' }, quick: { type: 'boolean' } },
});
const ROUNDS = values.quick ? 3 : Number(values.rounds);
const SCALE = values.quick ? 1 : 4;
/** Idle connections that are held at once. */
const IDLE = values.quick ? 100 : 500;

/** Records take these a tenth of a millisecond. */
const SLOW: ReadonlySet<CryptoProvider> = new Set([nobleCrypto, tunedCrypto]);

const checks = signatures();

async function handshake(provider: CryptoProvider, count: number, warmUp: number): Promise<Figures> {
  return handshakesInMemory(await record(provider), provider, checks, { warmUp, count: count * SCALE, rounds: ROUNDS });
}

const bulk = async (provider: CryptoProvider, suite: number): Promise<Figures> =>
  bulkInMemory(
    await establish(await record(provider, suite), provider),
    (SLOW.has(provider) ? 128 : 2048) * SCALE,
    ROUNDS,
  );

/** What an idle connection holds, and what it holds more after a gibibyte in each direction. */
const memory = async (provider: CryptoProvider, suite: number): Promise<Figures> => ({
  idle: await idleConnection(provider, suite, IDLE),
  ...(await growth(await establish(await record(provider, suite), provider), values.quick ? 2 ** 26 : 2 ** 30)),
});

const webCrypto = await createWebCrypto();
const key = platformKey();
const onPlatform = await withPlatformKey(webCrypto, key);
const inPage = await inChromium(await record(onPlatform), key, checks, {
  handshakes: 50 * SCALE,
  records: 1024 * SCALE,
  rounds: ROUNDS,
});
const result = {
  node: process.versions.node,
  openssl: process.versions.openssl,
  rounds: ROUNDS,
  'handshake in memory, µs': {
    [nodeCrypto.name]: await handshake(nodeCrypto, 200, 3000),
    [nobleCrypto.name]: await handshake(nobleCrypto, 10, 200),
    [tunedCrypto.name]: await handshake(tunedCrypto, 50, 1000),
    [webCrypto.name]: await handshake(onPlatform, 50, 1000),
    ...(inPage && { 'WebCrypto in headless Chromium': inPage.handshake }),
  },
  'a record of 16 KiB in memory, µs': {
    [`${nodeCrypto.name}, AES-128-GCM`]: await bulk(nodeCrypto, 0x1301),
    [`${nodeCrypto.name}, ChaCha20-Poly1305`]: await bulk(nodeCrypto, 0x1303),
    [`${nobleCrypto.name}, ChaCha20-Poly1305`]: await bulk(nobleCrypto, 0x1303),
    [`${nobleCrypto.name}, AES-128-GCM`]: await bulk(nobleCrypto, 0x1301),
    [`${tunedCrypto.name}, ChaCha20-Poly1305`]: await bulk(tunedCrypto, 0x1303),
    [`${tunedCrypto.name}, AES-128-GCM`]: await bulk(tunedCrypto, 0x1301),
    [`${webCrypto.name}, AES-128-GCM`]: await bulk(webCrypto, 0x1301),
    ...(inPage && { 'WebCrypto in headless Chromium, AES-128-GCM': inPage.record }),
  },
  'memory, bytes of heap and external': {
    [`${nodeCrypto.name}, AES-128-GCM`]: await memory(nodeCrypto, 0x1301),
    [`${nobleCrypto.name}, ChaCha20-Poly1305`]: await memory(nobleCrypto, 0x1303),
    [`${nobleCrypto.name}, AES-128-GCM`]: { idle: await idleConnection(nobleCrypto, 0x1301, IDLE) },
    [`${tunedCrypto.name}, ChaCha20-Poly1305`]: await memory(tunedCrypto, 0x1303),
    [`${tunedCrypto.name}, AES-128-GCM`]: { idle: await idleConnection(tunedCrypto, 0x1301, IDLE) },
  },
};

if (values.json) {
  console.log(JSON.stringify(result, undefined, 2));
} else {
  console.log(`Node ${result.node}, OpenSSL ${result.openssl}; medians of ${ROUNDS} rounds, CPU time of the client`);
  for (const [title, table] of Object.entries(result)) {
    if (typeof table !== 'object') continue;
    console.log(`\n${title}`);
    for (const [name, figures] of Object.entries<Figures>(table)) {
      console.log(
        `  ${name}: ${Object.entries(figures)
          .map(([what, n]) => `${what} ${n < 10 ? n.toFixed(2) : n.toFixed(0)}`)
          .join('; ')}`,
      );
    }
  }
}
process.exit(0);
