/**
 * @ferrule/pure against its own primitives, in memory, and against `node:tls` over loopback; what it holds in memory.
 * CPU time of this process alone (the server is another one; WebCrypto's threads count, and it is tried in memory
 * only), in turns, medians; ratios of one run.
 * `--json` prints figures only; `--rounds N`, `--quick`. Run by `bundled.ts`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SslContext } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { ferruleClient, nodeClient, type Peer, type TlsClient } from './native-clients.ts';
import { bulkInMemory, RECORD } from './pure-data.ts';
import { inChromium } from './pure-chromium.ts';
import { handshakesInMemory } from './pure-handshake.ts';
import { type Figures, measure, ratio, type Task, timed } from './pure-measure.ts';
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

/** Against `node:tls`, over loopback, with AES-128-GCM. */
async function overLoopback(providers: readonly CryptoProvider[]): Promise<Record<string, Figures>> {
  const server = fork(fileURLToPath(new URL('native-server.js', import.meta.url)));
  const [peer] = (await once(server, 'message')) as [Peer];
  const contextOf = (crypto: CryptoProvider): SslContext =>
    createPure({ crypto }).createContext({ trustAnchors: [Buffer.from(peer.der, 'base64')], cipherSuites: [0x1301] });
  const node = { 'node:tls': nodeClient({ ...peer, ciphers: 'TLS_AES_128_GCM_SHA256' }, 'data') };
  const all: Record<string, TlsClient> = {
    ...node,
    ...Object.fromEntries(providers.map((provider) => [provider.name, ferruleClient(peer, contextOf(provider))])),
  };
  for (let i = 0; i < 100 * SCALE; i++) for (const client of Object.values(all)) await client.handshake();
  const fast: Record<string, TlsClient> = { ...node, 'node:crypto': ferruleClient(peer, contextOf(nodeCrypto)) };
  const each = (clients: Record<string, TlsClient>, work: (client: TlsClient) => unknown): Record<string, Task> =>
    Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, timed(() => work(client))]));

  const handshakes = 10 * SCALE;
  const megabytes = 64 * SCALE;
  const handshake = await measure(
    each(all, async (client) => {
      for (let i = 0; i < handshakes; i++) await client.handshake();
    }),
    handshakes,
    ROUNDS,
  );
  const download = await measure(
    each(fast, (client) => client.download(megabytes * 2 ** 20)),
    megabytes,
    ROUNDS,
  );
  const upload = await measure(
    { ...each(fast, (client) => client.upload(megabytes * 2 ** 20)), 'seals alone': seals(megabytes) },
    megabytes,
    ROUNDS,
  );
  server.disconnect();
  return {
    handshake: { ...handshake, nodeCryptoToNodeTls: ratio(handshake, 'node:crypto', 'node:tls') },
    download: { ...download, speedToNodeTls: ratio(download, 'node:tls', 'node:crypto') },
    upload: {
      ...upload,
      speedToNodeTls: ratio(upload, 'node:tls', 'node:crypto'),
      speedOfSealsAlone: ratio(upload, 'node:tls', 'seals alone'),
    },
  };
}

/**
 * What `node:crypto` needs for so many mebibytes, with no engine and no socket: nothing on it can upload faster (ADR
 * 0027).
 */
function seals(megabytes: number): Task {
  const { aead } = nodeCrypto.suites.find(({ id }) => id === 0x1301) as CryptoProvider['suites'][number];
  const key = aead.key(new Uint8Array(aead.keyLength));
  const [nonce, header, plain, out] = [
    new Uint8Array(12),
    new Uint8Array(5),
    new Uint8Array(RECORD + 1),
    new Uint8Array(RECORD + 17),
  ];
  return timed(() => {
    for (let bytes = 0; bytes < megabytes * 2 ** 20; bytes += RECORD) void key.seal(nonce, header, plain, out);
  });
}

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
  'over loopback, µs of CPU for a handshake or a mebibyte': await overLoopback([nodeCrypto, nobleCrypto, tunedCrypto]),
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
