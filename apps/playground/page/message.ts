/** @module One message unfolded: its fields as a tree, its bytes beside them, and what the chosen field is. */
import type { TlsVersion } from '@ferrule/contract';
import { extensionSection, type Field, messageSection, type Section, type TracedMessage } from '@ferrule/pure/trace';
import { bytesText, h, printable, sectionLink } from './dom.ts';
import { hexView } from './hex.ts';
import { type Branch, tree } from './tree.ts';

/** @param version - as it was negotiated; `undefined` until it is known. */
export function messageView(message: TracedMessage, version: TlsVersion | undefined): HTMLElement {
  const { name, fields, bytes, malformed } = message;
  const section = messageSection(name, version);
  const hex = hexView(bytes, `Bytes of ${name}`);
  const about = h('div', { class: 'about' });
  const choose = (field: Field, of: Section | undefined): void => {
    hex.mark(field.offset, field.length);
    about.replaceChildren(...aboutField(field, of));
  };
  hex.onPointed = (at) => {
    const [field, of] = fieldAt(fields, at, section) ?? [];
    if (field !== undefined) choose(field, of);
  };
  about.append(
    h('p', { class: 'note' }, 'Point at a field, or walk through them with the arrow keys, to see its bytes.'),
  );
  return h(
    'div',
    { class: 'unfolded' },
    h(
      'p',
      { class: 'source' },
      `${bytesText(bytes.length)} in ${name}`,
      section && ' · ',
      section && sectionLink(section),
    ),
    malformed !== undefined && h('p', { class: 'problem' }, printable(malformed)),
    h(
      'div',
      { class: 'sides' },
      h('div', { class: 'fields' }, tree(`Fields of ${name}`, branchesOf(fields, section, choose))),
      h('div', { class: 'beside' }, about, hex.element),
    ),
  );
}

function branchesOf(
  fields: readonly Field[],
  section: Section | undefined,
  choose: (field: Field, of: Section | undefined) => void,
): Branch[] {
  return fields.map((field) => {
    const of = extensionSection(field.name) ?? section;
    const inside = insideOf(field);
    return {
      label: labelOf(field),
      onChosen: () => choose(field, of),
      // A list of many numbers says it all in one line
      isOpen: field.value === undefined,
      branches: branchesOf(inside, of, choose),
    };
  });
}

/** The innermost field that has this byte, and its section. */
function fieldAt(
  fields: readonly Field[],
  at: number,
  section: Section | undefined,
): readonly [Field, Section | undefined] | undefined {
  const field = fields.find(({ offset, length }) => offset <= at && at < offset + length);
  if (field === undefined) return undefined;
  const of = extensionSection(field.name) ?? section;
  return fieldAt(insideOf(field), at, of) ?? [field, of];
}

/** An opaque vector is its length prefix and its content, which says the same as the vector. */
function insideOf({ name, fields = [] }: Field): readonly Field[] {
  const isPlain = fields.length <= 2 && fields.every((each) => each.prefix === true || each.name === name);
  return isPlain ? [] : fields;
}

function labelOf({ name, value, prefix }: Field): HTMLElement {
  const label = h('span', { class: prefix ? 'field prefix' : 'field' }, h('code', {}, printable(name)));
  if (value !== undefined) label.append(' ', h('span', { class: 'value' }, printable(value)));
  return label;
}

function aboutField({ name, value, offset, length }: Field, section: Section | undefined): Node[] {
  const last = offset + length - 1;
  const where = length === 1 ? `byte ${offset}` : `bytes ${offset} to ${last}`;
  return [
    h(
      'p',
      { class: 'chosen' },
      h('code', {}, printable(name)),
      ` ${where}`,
      section && ' · ',
      section && sectionLink(section),
    ),
    ...(value === undefined ? [] : [h('p', { class: 'value' }, printable(value))]),
  ];
}
