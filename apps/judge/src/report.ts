/** @module What is said of the results: lines for people, Markdown, JSON, and JUnit's XML. */
import type picocolors from 'picocolors';
import { VERDICTS, type Row, type Verdict } from './row.ts';
import type { Result } from './run.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

/** What a result comes to: `advice` is for whoever wants to be better than right. */
export type Standing = 'right' | 'advice' | 'fault' | 'not applicable';

export function standing({ verdict, fault }: Pick<Result, 'verdict' | 'fault'>): Standing {
  if (fault) return 'fault';
  return verdict === 'right' || verdict === 'not applicable' ? verdict : 'advice';
}

const MARKS: Readonly<Record<Standing, string>> = { right: '✓', advice: '!', fault: '✗', 'not applicable': '-' };

export function line(result: Result, colors: Colors): string {
  const paint = { right: colors.green, advice: colors.yellow, fault: colors.red, 'not applicable': colors.dim };
  const kind = standing(result);
  const { row, verdict, said } = result;
  const grade = kind === 'fault' ? `${row.severity}, ${row.rfc}` : row.rfc;
  return `${paint[kind](MARKS[kind])} ${row.title}: ${verdict === 'right' ? said : `${verdict}: ${said}`} ${colors.dim(`(${grade})`)}`;
}

export function counts(results: readonly Result[]): Readonly<Record<Standing, number>> {
  const of = (kind: Standing): number => results.filter((result) => standing(result) === kind).length;
  return { right: of('right'), advice: of('advice'), fault: of('fault'), 'not applicable': of('not applicable') };
}

/** One line. */
export function summary(results: readonly Result[]): string {
  const { right, advice, fault, 'not applicable': none } = counts(results);
  const faults = `${fault} ${fault === 1 ? 'fault' : 'faults'}`;
  return `${results.length} ${results.length === 1 ? 'server' : 'servers'}: ${right} right, ${faults}, ${advice} advice, ${none} not applicable`;
}

/** Faults first, then advice; what is right is only counted, by kind and version. */
export function markdown(results: readonly Result[], command: string): string {
  const groups = [...new Set(results.map(({ row }) => groupOf(row)))];
  const table = groups.map((group) => {
    const own = results.filter(({ row }) => groupOf(row) === group);
    return `| ${group} | ${VERDICTS.map((verdict) => count(own, verdict)).join(' | ')} |`;
  });
  const listed = (title: string, kind: Standing): string[] => {
    const own = results.filter((result) => standing(result) === kind);
    if (own.length === 0) return [];
    const rows = own.map(
      ({ row, verdict, said }) => `| ${cell(row.title)} | ${row.severity} | ${verdict} | ${cell(said)} | ${row.rfc} |`,
    );
    return ['', `## ${title}`, '', '| server | severity | verdict | | by |', '|---|---|---|---|---|', ...rows];
  };
  return [
    `# \`${command.replaceAll('`', "'")}\``,
    '',
    summary(results),
    '',
    `| | ${VERDICTS.join(' | ')} |`,
    `|---|${VERDICTS.map(() => '--:|').join('')}`,
    ...table,
    ...listed('Faults', 'fault'),
    ...listed('Advice', 'advice'),
    ...listed('Not applicable', 'not applicable'),
    '',
  ].join('\n');
}

const groupOf = ({ version, kind }: Row): string => `${version}, ${kind}`;
const count = (results: readonly Result[], verdict: Verdict): number =>
  results.filter((result) => result.verdict === verdict).length;
const cell = (text: string): string => text.replaceAll('|', '\\|');

export const SCHEMA = 'ferrule.judge/1';

export const json = (results: readonly Result[], command: readonly string[]): string =>
  `${JSON.stringify(
    {
      schema: SCHEMA,
      command,
      counts: counts(results),
      rows: results.map(({ row, verdict, fault, said, took }) => ({
        title: row.title,
        kind: row.kind,
        version: row.version,
        severity: row.severity,
        rule: row.rule,
        rfc: row.rfc,
        verdict,
        fault,
        said,
        milliseconds: took,
      })),
    },
    undefined,
    2,
  )}\n`;

/** A suite, in which faults are failures and rows that do not apply are skipped; advice is in the output. */
export function junit(results: readonly Result[], command: string): string {
  const { fault, 'not applicable': none } = counts(results);
  const time = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);
  const cases = results.map((result) => {
    const { row, verdict, said, took } = result;
    const open = `  <testcase classname="${xml(groupOf(row))}" name="${xml(row.title)}" time="${time(took)}"`;
    const text = xml(`${verdict}: ${said} (${row.severity}, ${row.rfc})`);
    const inner: Readonly<Record<Standing, string>> = {
      right: '',
      advice: `<system-out>${text}</system-out>`,
      fault: `<failure message="${text}"/>`,
      'not applicable': `<skipped message="${text}"/>`,
    };
    const content = inner[standing(result)];
    return content === '' ? `${open}/>` : `${open}>${content}</testcase>`;
  });
  const total = time(results.reduce((sum, { took }) => sum + took, 0));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${xml(command)}" tests="${results.length}" failures="${fault}" errors="0" skipped="${none}" time="${total}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Characters that XML 1.0 does not have are left out. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"]/g, (each) => ENTITIES[each] ?? each);
