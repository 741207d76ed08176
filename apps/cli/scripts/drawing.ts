/**
 * @module What a terminal shows, as SVG: letters as text, so that it is small and can be copied; bars as rectangles.
 */
import { createAnsiSequenceParser, type ParseToken } from 'ansi-sequence-parser';

const [ADVANCE, LINE, SIZE, MARGIN] = [7.8, 18, 13, 16];

/** By the names of ANSI colours. */
const COLORS: Readonly<Record<string, string>> = {
  red: '#ff7b72',
  green: '#56d364',
  yellow: '#e3b341',
  blue: '#79c0ff',
  magenta: '#d2a8ff',
  cyan: '#56d4dd',
};
const [INK, FAINT, PAPER] = ['#e6edf3', '#8b949e', '#0d1117'];

/** @param lines with ANSI sequences. */
export function drawing(lines: readonly string[], title: string): string {
  const parser = createAnsiSequenceParser();
  const rows = lines.map((line) => parser.parse(line));
  const columns = Math.max(...rows.map((row) => row.reduce((sum, { value }) => sum + [...value].length, 0)));
  const [width, height] = [Math.ceil(columns * ADVANCE + 2 * MARGIN), rows.length * LINE + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${SIZE}">`,
    ...rows.flatMap((row, i) => drawnRow(row, MARGIN + i * LINE)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function drawnRow(tokens: readonly ParseToken[], top: number): string[] {
  let column = 0;
  return tokens.flatMap((token) => {
    const { foreground, decorations } = token;
    const color =
      foreground?.type === 'named' ? (COLORS[foreground.name] ?? INK) : decorations.has('dim') ? FAINT : INK;
    // Runs of bars, of blanks and of letters, which neither begin nor end with a blank: it would not be drawn, but
    // counted
    return [...token.value.matchAll(/█+| +|[^█ ]+(?: [^█ ]+)*/gu)].flatMap(([run]) => {
      const [at, length] = [column, [...run].length];
      column += length;
      const [x, w] = [fixed(MARGIN + at * ADVANCE), fixed(length * ADVANCE)];
      if (run.startsWith(' ')) return [];
      if (run.startsWith('█'))
        return [`<rect x="${x}" y="${top + 4}" width="${w}" height="${LINE - 7}" fill="${color}"/>`];
      const weight = decorations.has('bold') ? ' font-weight="bold"' : '';
      return [`<text x="${x}" y="${top + 13}" textLength="${w}" fill="${color}"${weight}>${escaped(run)}</text>`];
    });
  });
}

const fixed = (value: number): string => String(Math.round(value * 10) / 10);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
