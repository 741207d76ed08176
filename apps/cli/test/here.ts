/** @module The command, run in this process: for what needs no process of its own. */
import { vi } from 'vitest';
import { ferrule } from '../src/program.ts';
import type { Outcome } from './run.ts';

/** What it says, and its exit code. */
export async function here(argv: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => ((said[name] += String(chunk)), true)),
  );
  process.exitCode = undefined;
  try {
    await ferrule(argv, new AbortController().signal);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}
