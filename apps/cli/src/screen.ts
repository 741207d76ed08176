/** @module Text that fits the terminal: no word is broken, and the verdict stays in sight. */

/** Where text goes: its width and height in characters, without end where it is no terminal. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

export const ENDLESS: Screen = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };

export const screenOf = ({ isTTY, columns, rows }: Partial<NodeJS.WriteStream>): Screen =>
  isTTY === true && columns !== undefined && rows !== undefined && columns > 0 ? { columns, rows } : ENDLESS;

/** A line, and the column at which it goes on where it is too long. */
export type Line = string | { readonly text: string; readonly hang: number };

/**
 * The lines as they fit. Where they are more than the screen has, `last` is repeated at the end: what scrolls away is
 * the beginning.
 */
export function laidOut(lines: readonly Line[], last: readonly Line[], screen: Screen): string {
  const fitted = lines.flatMap((line) => wrapped(line, screen.columns));
  // The prompt takes a line, too
  const repeated = fitted.length >= screen.rows ? last.flatMap((line) => wrapped(line, screen.columns)) : [];
  return [...fitted, ...repeated, ''].join('\n');
}

/** Breaks at spaces alone: a word that is longer than a line stays whole. */
export function wrapped(line: Line, columns: number): string[] {
  const { text, hang } = typeof line === 'string' ? { text: line, hang: indentOf(line) + 2 } : line;
  if (widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  let [current, width] = [' '.repeat(indentOf(text)), indentOf(text)];
  for (const [, spaces = '', word = ''] of text.trimStart().matchAll(/( *)([^ ]+)/g)) {
    const length = widthOf(word);
    if (width + spaces.length + length > columns && current.trim() !== '') {
      lines.push(current);
      // As far to the right as it fits
      const indent = Math.max(0, Math.min(hang, Math.floor(columns / 2), columns - length));
      [current, width] = [' '.repeat(indent) + word, indent + length];
    } else {
      current += spaces + word;
      width += spaces.length + length;
    }
  }
  return [...lines, current];
}

const indentOf = (text: string): number => /^ */.exec(plain(text))?.[0].length ?? 0;

/** Without what colours it. */
const plain = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, '');

/** Columns; wide characters, which names of certificates may have, take two. */
export const widthOf = (text: string): number =>
  [...plain(text)].reduce(
    (sum, each) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(each)
        ? 2
        : 1),
    0,
  );
