/** Runs in a worker of a page: the whole conformance suite, with the engine beside it and its servers in Node. */
import { suite } from '@ferrule/conformance';
import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import type { CryptoProvider } from '@ferrule/pure';
import type { Check, SuiteTask } from '../task.ts';
import { listen, PeerMissing } from './near.ts';

/** Of one check, milliseconds. */
const PATIENCE = 60_000;

const tell = (url: string, body?: Check): Promise<unknown> =>
  fetch(url, { method: 'POST', ...(body && { body: JSON.stringify(body) }) });

const { provider, only } = (await (await fetch('/task')).json()) as SuiteTask;
await listen();
const web = await createWebCrypto();
// Private keys of client certificates are WebCrypto's where the provider has none
const { importSigningKey } = web;
const providers: Readonly<Record<string, CryptoProvider>> = {
  webcrypto: web,
  tuned: { ...tunedCrypto, importSigningKey },
  noble: { ...nobleCrypto, importSigningKey },
};
const backend = createPure({ crypto: providers[provider] as CryptoProvider });
const started = performance.now();
const count = { passed: 0, failed: 0 };
const skipped = new Map<string, number>();
for (const { title, checks } of suite) {
  if (only !== undefined && !title.includes(only)) continue;
  for (const check of checks) {
    if (check.feature !== undefined && !backend.features.has(check.feature)) continue;
    const began = performance.now();
    const milliseconds = (): number => Math.round(performance.now() - began);
    try {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing came of it in ${PATIENCE} ms`)), PATIENCE);
      });
      await Promise.race([check.run(backend), late]).finally(() => clearTimeout(timer));
      count.passed++;
    } catch (error) {
      if (error instanceof PeerMissing) skipped.set(error.message, (skipped.get(error.message) ?? 0) + 1);
      else {
        count.failed++;
        await tell('/check', {
          name: `${provider}: ${title}: ${check.title}`,
          failed: String(error),
          milliseconds: milliseconds(),
        });
      }
    }
  }
}
const figures = [
  `${count.passed} passed, ${count.failed} failed`,
  ...[...skipped].map(([why, n]) => `${n} skipped: ${why}`),
].join('; ');
await tell('/check', {
  name: `${provider}: the conformance suite`,
  ...(count.passed > 0 ? { figures } : { failed: figures }),
  milliseconds: Math.round(performance.now() - started),
});
await tell('/end');
