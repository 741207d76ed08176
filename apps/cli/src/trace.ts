/** @module Handshake messages for people: `--trace` says what is in them, `--annotate` where in their bytes. */
import type { Field, TracedMessage } from '@ferrule/pure/trace';
import { printable } from './printable.ts';
import type { Colors } from './report.ts';

export function traceText(message: TracedMessage, annotate: boolean, c: Colors): string {
  const lines = annotate ? annotated(message, c) : fieldLines(message.fields, '    ', c);
  const refused = message.malformed === undefined ? [] : [`    ${c.red(printable(message.malformed))}`];
  return [heading(message, c), ...lines, ...refused, ''].join('\n');
}

/** For `--json`. */
export const traceJson = ({ at, bytes, ...message }: TracedMessage): object => ({
  at: Math.round(at * 1000) / 1000,
  ...message,
  bytes: Buffer.from(bytes).toString('hex'),
});

export function heading(
  { at, direction, name, length }: Pick<TracedMessage, 'at' | 'direction' | 'name' | 'length'>,
  c: Colors,
): string {
  const arrow = direction === 'sent' ? c.cyan('→') : c.magenta('←');
  return `${arrow} ${c.bold(name)} ${c.dim(`${length} bytes, at ${at.toFixed(1)} ms`)}`;
}

/** Length prefixes, and what the heading says already, say nothing to people. */
const OMITTED: ReadonlySet<string> = new Set(['msg_type', 'length', 'extension_type']);

function fieldLines(fields: readonly Field[], indent: string, c: Colors): string[] {
  return fields.flatMap((field) => {
    const { name, value, prefix, fields: inside = [] } = field;
    if (prefix || OMITTED.has(name)) return [];
    if (value !== undefined)
      return wrapped(`${indent}${name.padEnd(Math.max(1, 30 - indent.length))} `, printable(value), c);
    return [`${indent}${c.dim(name)}`, ...fieldLines(inside, `${indent}  `, c)];
  });
}

const WIDTH = 120;

/** Lists go on below where they began. */
function wrapped(label: string, value: string, c: Colors): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of value.split(/(?<=, )/)) {
    if (line !== '' && label.length + line.length + part.trimEnd().length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line += part;
  }
  lines.push(line);
  return lines.map((each, i) => (i === 0 ? c.dim(label) : ' '.repeat(label.length)) + each.trimEnd());
}

const PER_LINE = 16;

/** The bytes from first to last, each with the name of what it belongs to. */
function annotated({ fields, bytes }: TracedMessage, c: Colors): string[] {
  const lines: string[] = [];
  const walk = (list: readonly Field[], depth: number): void => {
    for (const field of list) {
      const indent = '  '.repeat(depth);
      const inside = field.fields ?? [];
      // An opaque vector: its prefix, its content
      const single =
        inside.length <= 2 &&
        inside.every(
          ({ prefix, name, fields: below }) => prefix === true || (name === field.name && below === undefined),
        );
      if (field.fields === undefined) leaf(field, indent);
      else if (single) walk(inside, depth);
      else {
        lines.push(`${' '.repeat(8 + 3 * PER_LINE)}${indent}${c.bold(field.name)}`);
        walk(inside, depth + 1);
      }
    }
  };
  const leaf = ({ name, offset, length, value = '', prefix }: Field, indent: string): void => {
    for (let at = 0; at < length; at += PER_LINE) {
      const row = Buffer.from(bytes.subarray(offset + at, offset + Math.min(at + PER_LINE, length)));
      const hex = row
        .toString('hex')
        .replace(/../g, '$& ')
        .padEnd(3 * PER_LINE);
      // Which stands to the left of it already
      const shown = value === '(empty)' || value.startsWith(row.toString('hex')) ? '' : ` ${printable(value)}`;
      const what = at > 0 ? '' : `${indent}${prefix ? c.dim(name) : c.cyan(name)}${shown}`;
      lines.push(`  ${c.dim((offset + at).toString(16).padStart(4, '0'))}  ${hex}${what}`.trimEnd());
    }
  };
  walk(fields, 0);
  return lines;
}
