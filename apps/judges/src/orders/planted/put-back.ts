/** @module Runs the judge of orders on sources in which a fault is back, and says when it was found. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildCore } from '../../mutate/native.ts';
import { ROOT } from '../../mutate/targets.ts';
import { run, type PlayOptions } from '../run.ts';
import type { TargetName } from '../targets.ts';
import type { PutBack, Replacement } from './faults.ts';

export interface Outcome {
  readonly fault: string;
  readonly target: TargetName;
  /** Seconds until it was found; `undefined`: it was not. Building the addon, which takes longer, is not counted. */
  readonly after: number | undefined;
  readonly sequences: number;
  /** The rule that was broken, and how. */
  readonly detail: string | undefined;
}

/**
 * @param seconds - for each target.
 * @throws Error where the fault's text is not in the sources, or the addon cannot be built.
 */
export async function findAgain(
  { name, targets, rule, replacements }: PutBack,
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
  progress: (line: string) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-planted-'));
  try {
    const play = played(replacements, folder);
    const outcomes: Outcome[] = [];
    for (const target of targets) {
      const { findings, sequences } = await run(target, { seconds, seed, shrinks: 0, until: rule, play }, progress);
      const found = findings.find((each) => rule.test(each.rule));
      outcomes.push({ fault: name, target, after: found?.after, sequences, detail: found?.detail.split('\n')[0] });
    }
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws Error where `from` does not stand there once. */
export function replaced(text: string, { file, from, to }: Replacement): string {
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file}: what a fault replaces does not stand there once: ${from}`);
  return before + to + after;
}

/** @param folder - where an addon goes that has to be built. */
export function played(replacements: readonly Replacement[], folder: string): PlayOptions {
  const sources = new Map<string, string>();
  for (const each of replacements)
    sources.set(each.file, replaced(sources.get(each.file) ?? readFileSync(join(ROOT, each.file), 'utf8'), each));
  const core = [...sources].filter(([file]) => file.startsWith('packages/native/core/'));
  return {
    imports: [new URL('hook.mjs', import.meta.url).href],
    env: {
      FERRULE_PLANTED: JSON.stringify(replacements.filter(({ file }) => file.endsWith('.ts'))),
      ...(core.length > 0 && {
        FERRULE_NATIVE_ADDON: buildCore(new Map(core.map(([file, text]) => [basename(file), text])), folder),
      }),
    },
  };
}
