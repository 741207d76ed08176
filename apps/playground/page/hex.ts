/** @module Bytes in rows of sixteen (eight on a phone), of which some can be marked. */
import { h } from './dom.ts';

export interface HexView {
  readonly element: HTMLElement;
  /** Marks these and no others, and scrolls to the first. */
  mark(offset: number, length: number): void;
  /** Called with the place of a byte that a pointer is moved to. */
  onPointed: (offset: number) => void;
}

/** More than so many are not drawn: a page with a hundred thousand elements is slow. */
const MOST = 8192;

/** @param name - what a screen reader calls it. */
export function hexView(bytes: Uint8Array, name: string): HexView {
  const shown = bytes.subarray(0, MOST);
  const cells = Array.from(shown, (byte) => h('span', {}, byte.toString(16).padStart(2, '0')));
  const grid = h('div', { class: 'hex', role: 'img', 'aria-label': `${name}, hexadecimal` }, ...cells);
  const element = h('div', { class: 'hex-frame', tabindex: 0, role: 'group', 'aria-label': name }, grid);
  if (bytes.length > MOST) element.append(h('p', { class: 'note' }, `The first ${MOST} of ${bytes.length} bytes.`));
  let marked: readonly HTMLElement[] = [];
  grid.addEventListener('pointerover', ({ target }) => {
    const at = cells.indexOf(target as HTMLSpanElement);
    if (at >= 0) view.onPointed(at);
  });
  const view: HexView = {
    element,
    onPointed: () => {},
    mark: (offset, length) => {
      for (const cell of marked) cell.className = '';
      marked = cells.slice(offset, offset + length);
      for (const cell of marked) cell.className = 'marked';
      const [first] = marked;
      if (first === undefined) return;
      // Inside its own frame alone: the page stays where it is
      const { top } = first.getBoundingClientRect();
      const frame = element.getBoundingClientRect();
      if (top < frame.top || top > frame.bottom - 24) element.scrollTop += top - frame.top - 24;
    },
  };
  return view;
}
