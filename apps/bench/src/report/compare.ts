/** @module Two results side by side: what has become slower, in ratios of medians. */
import { digits, type Result } from '../result.ts';
import { REFERENCE } from '../subjects.ts';

/** A ratio so far from 1, and beyond what the rounds of both runs spread, is worth a mark. */
const NOTABLE = 1.1;

interface Change {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** After to before, above 1 is worse. */
  readonly ratio: number;
  /** The same when both are taken as multiples of {@link REFERENCE}, which leaves the machine out. */
  readonly relative: number | undefined;
  readonly apart: boolean;
}

/** A Markdown table of everything that both have, the worst first. */
export function compare(before: Result, after: Result): string {
  const changes = changesOf(before, after).toSorted((a, b) => weight(b) - weight(a));
  const lines = changes.map(({ what, before: was, after: is, ratio, relative, apart }) =>
    [
      apart && weightOf(relative ?? ratio) > NOTABLE ? ((relative ?? ratio) > 1 ? '▲' : '▼') : '',
      what,
      digits(was),
      digits(is),
      `${ratio.toFixed(2)}×`,
      relative === undefined ? '–' : `${relative.toFixed(2)}×`,
    ].join(' | '),
  );
  return [
    `Before: ${before.date}, Node ${before.node}, load ${before.load.toFixed(1)}. After: ${after.date}, Node ${after.node}, load ${after.load.toFixed(1)}. Below 1 is better.`,
    ...(before.cpu === after.cpu && before.node === after.node && before.quick === after.quick
      ? []
      : ['', 'The two runs differ in machine, Node or size: only the last column can say something.']),
    '',
    `|  | row, subject, metric | before | after | ratio | ratio of multiples of ${REFERENCE} |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
    '',
  ].join('\n');
}

function changesOf(before: Result, after: Result): Change[] {
  return after.rows.flatMap((row) => {
    const old = before.rows.find(({ id }) => id === row.id);
    if (old === undefined) return [];
    return Object.entries(row.figures).flatMap(([subject, metrics]) =>
      Object.entries(metrics).flatMap(([metric, is]) => {
        const was = old.figures[subject]?.[metric];
        if (was === undefined) return [];
        const [then, now] = [old.figures[REFERENCE]?.[metric]?.median, row.figures[REFERENCE]?.[metric]?.median];
        const ratio = is.median / was.median;
        return [
          {
            what: `${row.id}, ${subject}, ${metric}`,
            before: was.median,
            after: is.median,
            ratio,
            relative: subject === REFERENCE || !then || !now ? undefined : (ratio * then) / now,
            apart: is.min > was.max || is.max < was.min,
          },
        ];
      }),
    );
  });
}

const weightOf = (ratio: number): number => Math.max(ratio, 1 / ratio);
const weight = ({ ratio, relative }: Change): number => relative ?? ratio;
