import { engine } from '../engines.ts';
import { playContract } from './contract.ts';
import { sequenceFrom } from './sequence.ts';
import { STEPS } from './steps.ts';
import { Finding } from './finding.ts';
const [name, from, to] = process.argv.slice(2);
const b = await engine(name as never);
const ignore = process.env['IGNORE']?.split('|') ?? [];
const counts = new Map<string, number[]>();
const t = performance.now();
let n = 0;
for (let s = Number(from); s < Number(to); s++) {
  const seq = sequenceFrom(s, STEPS);
  const lines: string[] = [];
  n++;
  const t1 = performance.now();
  try { await playContract(b, seq, (l) => lines.push(l)); } catch (e) {
    const rule = e instanceof Finding ? e.rule : 'JUDGE ' + String((e as Error).stack);
    if (ignore.some((each) => rule.includes(each))) continue;
    counts.set(rule, [...(counts.get(rule) ?? []), s]);
    if (process.argv[5]) { console.log(JSON.stringify(seq)); console.log(lines.join('\n')); console.log(e); }
  }
  if (performance.now() - t1 > 3000) console.log('slow', s, performance.now() - t1);
}
for (const [r, s] of [...counts].sort((a, b) => b[1].length - a[1].length)) console.log(s.length, r.slice(0, 600), s.slice(0, 5).join(' '));
console.log(n, 'in', performance.now() - t);
