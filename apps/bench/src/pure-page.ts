/** Runs in a page: handshakes and application data by this browser's WebCrypto, as they were recorded elsewhere. */
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import type { PageReport, PageTask } from './pure-chromium.ts';
import { bulkInMemory } from './pure-data.ts';
import { handshakesInMemory } from './pure-handshake.ts';
import { Dice, establish, type Recording, withPlatformKey } from './pure-replay.ts';

async function run(): Promise<PageReport> {
  const { anchor, received, key, checks, handshakes, records, rounds } = (await (
    await fetch('/task')
  ).json()) as PageTask;
  const dice = new Dice();
  const options = { trustAnchors: [Uint8Array.from(anchor)], random: dice.fill, groups: [29], cipherSuites: [0x1301] };
  const recording: Recording = { dice, options, received: Uint8Array.from(received) };
  const provider = await withPlatformKey(await createWebCrypto(), key);
  const signed = checks.map(({ spki, message, signature }) => ({
    spki: Uint8Array.from(spki),
    message: Uint8Array.from(message),
    signature: Uint8Array.from(signature),
  }));
  return {
    handshake: await handshakesInMemory(recording, provider, signed, {
      warmUp: 4 * handshakes,
      count: handshakes,
      rounds,
    }),
    record: await bulkInMemory(await establish(recording, provider), records, rounds),
  };
}

void run()
  .catch((error: unknown) => ({ error: String(error) }))
  .then((report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }));
