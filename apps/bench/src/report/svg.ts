/** @module A group of rows as bars, the main metric of each: medians, with lines from minimum to maximum. */
import { digits, type Result, type RowResult } from '../result.ts';
import { GROUPS, type Group } from '../rows.ts';

const WIDTH = 760;
/** Where bars begin and where the longest one ends. */
const LEFT = 230;
const RIGHT = WIDTH - 90;
const BAR = 16;
const GAP = 34;

/** By file name. */
export function plots(result: Result): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const group of Object.keys(GROUPS) as Group[]) {
    const rows = result.rows.filter((row) => row.group === group);
    if (rows.length > 0) all.set(`${group}.svg`, plot(GROUPS[group], rows, result));
  }
  return all;
}

function plot(title: string, rows: readonly RowResult[], { subjects }: Result): string {
  const parts: string[] = [`<text x="8" y="22" class="title">${escaped(title)}</text>`];
  let y = 40;
  for (const row of rows) {
    const [[id, metric] = ['', { title: '', unit: '' }]] = Object.entries(row.metrics);
    parts.push(
      `<text x="8" y="${y + 12}" class="row">${escaped(`${row.title}: ${metric.title}, ${metric.unit}`)}</text>`,
    );
    y += 20;
    const bars = subjects.flatMap((subject) => {
      const spread = row.figures[subject.id]?.[id];
      return spread === undefined ? [] : [{ subject, spread }];
    });
    const longest = Math.max(...bars.map(({ spread }) => spread.median));
    const x = (value: number): number => LEFT + (RIGHT - LEFT) * Math.min(1, Math.max(0, value / longest));
    for (const { subject, spread } of bars) {
      const middle = y + BAR / 2;
      const own = /^(?:native|pure)-/.test(subject.id);
      parts.push(
        `<text x="${LEFT - 6}" y="${y + 12}" class="name">${escaped(subject.title)}</text>`,
        `<rect x="${LEFT}" y="${y + 2}" width="${(x(spread.median) - LEFT).toFixed(1)}" height="${BAR - 4}" class="${own ? 'ours' : 'theirs'}"/>`,
        `<path d="M${x(spread.min).toFixed(1)} ${middle}H${x(spread.max).toFixed(1)}" class="spread"/>`,
        `<text x="${(x(spread.median) + 5).toFixed(1)}" y="${y + 12}">${digits(spread.median)}</text>`,
      );
      y += BAR;
    }
    y += GAP - BAR;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escaped(title)}">
<style>text{font:11px sans-serif;fill:#24292f}.title{font:bold 16px sans-serif}.row{font:bold 12px sans-serif}.name{text-anchor:end}.ours{fill:#2f6f9f}.theirs{fill:#b9b9b9}.spread{stroke:#24292f;stroke-width:1}</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
