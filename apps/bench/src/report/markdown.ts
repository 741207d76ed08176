/** @module A result as a table: one line for each metric, one column for each subject. */
import { digits, type Result } from '../result.ts';
import { REFERENCE } from '../subjects.ts';

/** Median, and the ratio to {@link REFERENCE}'s where both are there. */
export function markdown(result: Result): string {
  const { subjects, rows, node, openssl, cpu, cores, load, rounds, date, quick } = result;
  const head = ['', 'unit', ...subjects.map(({ title }) => title)];
  const lines = rows.flatMap(({ title, metrics, figures, failures }) =>
    Object.entries(metrics).map(([id, metric], index) => {
      const reference = figures[REFERENCE]?.[id]?.median;
      const cells = subjects.map((subject) => {
        const spread = figures[subject.id]?.[id];
        if (spread === undefined) return failures[subject.id] === undefined ? '–' : 'failed';
        const ratio =
          reference === undefined || subject.id === REFERENCE ? '' : ` (${(spread.median / reference).toFixed(2)}×)`;
        return `${digits(spread.median)}${ratio}`;
      });
      return [index === 0 ? `${title}: ${metric.title}` : `… ${metric.title}`, metric.unit, ...cells];
    }),
  );
  const failed = rows.flatMap(({ id, failures }) =>
    Object.entries(failures).map(([subject, why]) => `- ${id}, ${subject}: ${why}`),
  );
  return [
    `${date}, ${cpu}, ${cores} cores, load ${load.toFixed(1)}; Node ${node}, OpenSSL ${openssl}; medians of ${rounds} rounds${quick ? ', **--quick: no figures to go by**' : ''}. In brackets: the ratio to ${REFERENCE}.`,
    '',
    ...[head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`),
    ...(failed.length === 0 ? [] : ['', 'Failed:', ...failed]),
    '',
  ].join('\n');
}
