/** Runs in a page: application data by this browser's WebCrypto, after a handshake that was recorded elsewhere. */
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { bulkInMemory } from './pure-data.ts';
import { Dice, establish } from './pure-replay.ts';
import type { PageTask } from './pure-chromium.ts';

async function run(): Promise<unknown> {
  const { anchor, received, count, rounds } = (await (await fetch('/task')).json()) as PageTask;
  const dice = new Dice();
  const options = { trustAnchors: [Uint8Array.from(anchor)], random: dice.fill, groups: [29], cipherSuites: [0x1301] };
  const session = await establish({ dice, options, received: Uint8Array.from(received) }, await createWebCrypto());
  return bulkInMemory(session, count, rounds);
}

void run()
  .catch((error: unknown) => ({ error: String(error) }))
  .then((report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }));
