/**
 * @module Gives sources with other text in them to the process that imports this first: what `FERRULE_PLANTED` says, as
 * JSON of Replacement[] (faults.ts). Sources on the disk stay as they are.
 */
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const replacements = JSON.parse(process.env.FERRULE_PLANTED ?? '[]');

// Node loads this module once more, on the thread where hooks run.
if (isMainThread) register(import.meta.url);

/** tsx, which is registered later, asks this one for the text that it compiles. */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const own = replacements.filter(({ file }) => url.split('?')[0].endsWith(file));
  if (own.length === 0) return loaded;
  let source = Buffer.from(loaded.source).toString();
  for (const { from, to } of own) source = source.replace(from, () => to);
  return { ...loaded, source };
}
