/** @module The same in headless Chromium, where that is installed. */
import { readFile } from 'node:fs/promises';
import { findBrowser, visit } from '@ferrule/conformance/browser';
import type { Figures } from './pure-measure.ts';
import type { Signed } from './pure-primitives.ts';
import type { PlatformKey, Recording } from './pure-replay.ts';

/** What the page is to do, as JSON. */
export interface PageTask {
  readonly anchor: readonly number[];
  readonly received: readonly number[];
  readonly key: PlatformKey;
  readonly checks: readonly { readonly [K in keyof Signed]: readonly number[] }[];
  readonly handshakes: number;
  readonly records: number;
  readonly rounds: number;
}

export interface PageReport {
  readonly handshake: Figures;
  readonly record: Figures;
}

/** By the clock; `undefined` where there is no Chromium. */
export async function inChromium(
  { options, received }: Recording,
  key: PlatformKey,
  checks: readonly Signed[],
  work: Pick<PageTask, 'handshakes' | 'records' | 'rounds'>,
): Promise<PageReport | undefined> {
  const browser = findBrowser('chromium');
  if (browser === undefined) return undefined;
  const script = await readFile(new URL('pure-page.js', import.meta.url), 'utf8');
  const task: PageTask = {
    ...work,
    key,
    anchor: [...(options.trustAnchors?.[0] as Uint8Array)],
    received: [...received],
    checks: checks.map(({ spki, message, signature }) => ({
      spki: [...spki],
      message: [...message],
      signature: [...signature],
    })),
  };
  const report = (await visit(browser, script, task)) as PageReport | { readonly error: string };
  if ('error' in report) throw new Error(`in Chromium: ${report.error}`);
  return report;
}
