/** @module The summary for people. */
import type { Score, Tally } from './score.ts';

export function printSummary(
  result: Score & { readonly engine: string; readonly seconds: number },
  details: boolean,
): void {
  const { tiers, groups, unexpected, known, stale, missing } = result;
  const lines = [`BoGo against the ${result.engine} engine, ${result.seconds} s`, ''];
  for (const [name, tally] of Object.entries(tiers)) lines.push(row(name, tally));
  lines.push('', ...Object.entries(groups).map(([name, tally]) => row(name, tally)));
  if (known.length > 0) lines.push('', `${known.length} did not pass for a known reason`);
  if (unexpected.length > 0) lines.push('', `${unexpected.length} did not pass, unexpectedly:`);
  for (const { name, outcome, detail } of unexpected) {
    lines.push(`  ${name}${outcome === 'unimplemented' ? ' (not implemented)' : ''}`);
    if (details && detail !== '') lines.push(...detail.split('\n').map((line) => `      ${line}`));
  }
  if (stale.length > 0)
    lines.push('', 'Passed although expected not to; remove the expectation:', ...stale.map((name) => `  ${name}`));
  if (missing.length > 0) lines.push('', 'Unknown to this runner, or not run:', ...missing.map((name) => `  ${name}`));
  process.stdout.write(`${lines.join('\n')}\n`);
}

const row = (name: string, { total, passed, unimplemented }: Tally): string =>
  `${String(passed).padStart(5)} of ${String(total).padEnd(5)}${name}${unimplemented > 0 ? ` (${unimplemented} not implemented)` : ''}`;
