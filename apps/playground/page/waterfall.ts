/** @module The waterfall: each message of each flight, when it came, from whom, how long, and unfolded on demand. */
import type { TlsVersion } from '@ferrule/contract';
import type { Flight, Item } from '../src/model/flights.ts';
import { bytesText, h, milliseconds, printable } from './dom.ts';
import { hexView } from './hex.ts';
import { messageView } from './message.ts';

export interface WaterfallState {
  readonly flights: readonly Flight[];
  /** Milliseconds: the way to the server was there. */
  readonly opened: number | undefined;
  /** Milliseconds: it was over; until then the last thing that happened. */
  readonly ended: number | undefined;
  readonly version: TlsVersion | undefined;
}

/** Draws into a section, and draws again what has changed: what somebody has unfolded stays. */
export class Waterfall {
  readonly #section: HTMLElement;
  readonly #rows = new Map<string, Row>();
  #list: HTMLElement | undefined;
  #summary: HTMLElement | undefined;

  constructor(section: HTMLElement) {
    this.#section = section;
  }

  clear(): void {
    this.#rows.clear();
    this.#list = undefined;
    this.#section.replaceChildren();
    this.#section.hidden = true;
  }

  draw(state: WaterfallState): void {
    const { flights, opened, ended } = state;
    if (opened === undefined) return;
    const list = (this.#list ??= this.#begin());
    const total = Math.max(ended ?? 0, flights.at(-1)?.end ?? opened, 0.1);
    const rows: Row[] = [];
    const row = (key: string, make: () => Row): Row => {
      const found = this.#rows.get(key) ?? make();
      this.#rows.set(key, found);
      rows.push(found);
      return found;
    };
    row('relay', () => new Row('relay', ['Way to the server, through the relay'])).place(0, opened, total);
    let before = opened;
    for (const [i, flight] of flights.entries()) {
      const way = flight.direction === 'sent' ? 'this page to the server' : 'the server to this page';
      row(`flight ${i}`, () => new Row('flight')).title(
        h('strong', {}, `Flight ${i + 1}`),
        ` ${way}, ${bytesText(flight.bytes)} on the wire`,
      );
      for (const item of flight.items) {
        row(signature(item), () => itemRow(item, state.version)).place(before, item.at, total);
        before = item.at;
      }
    }
    this.#arrange(list, rows);
    this.#summary?.replaceChildren(
      `${milliseconds(total)} in all. Bars are to scale: each begins where the one before ended. Unfold a message to see its fields and bytes.`,
    );
  }

  #begin(): HTMLElement {
    this.#section.hidden = false;
    this.#summary = h('p', { class: 'note' });
    const list = h('div', { class: 'rows' });
    this.#section.replaceChildren(
      h('h2', { id: 'waterfall-title' }, 'Messages'),
      this.#summary,
      h(
        'ul',
        { class: 'key', 'aria-label': 'Colours of the bars' },
        h('li', { class: 'clear' }, 'in the clear'),
        h('li', { class: 'encrypted' }, 'encrypted'),
        h('li', { class: 'sealed' }, 'cannot be decrypted'),
      ),
      list,
    );
    return list;
  }

  /** What is in its place stays untouched, and keeps the focus. A record that can be decrypted now has another row. */
  #arrange(list: HTMLElement, rows: readonly Row[]): void {
    for (const [key, row] of this.#rows) {
      if (rows.includes(row)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    for (const [i, { element }] of rows.entries())
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  }
}

const signature = ({ key, name, protection }: Item): string => `${key} ${name} ${protection}`;

/** A line with a bar. */
class Row {
  readonly element: HTMLElement;
  readonly #head: HTMLElement;
  readonly #bar: HTMLElement = h('span', { class: 'bar' });
  readonly #time: HTMLElement = h('span', { class: 'time' });

  /** @param unfold - makes what is below it, when it is first opened. */
  constructor(kind: string, title: readonly (Node | string)[] = [], unfold?: () => Node) {
    this.#head = h('span', { class: 'what' }, ...title);
    const parts = kind === 'flight' ? [this.#head] : [this.#head, h('span', { class: 'track' }, this.#bar), this.#time];
    if (unfold === undefined) {
      this.element = h('div', { class: `row ${kind}` }, ...parts);
      return;
    }
    const details = h('details', { class: `row ${kind}` }, h('summary', {}, ...parts));
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) details.append(unfold());
    });
    this.element = details;
  }

  title(...parts: readonly (Node | string)[]): void {
    this.#head.replaceChildren(...parts);
  }

  /** Milliseconds. */
  place(start: number, end: number, total: number): void {
    this.#bar.style.setProperty('--from', String(start / total));
    this.#bar.style.setProperty('--to', String(Math.max(end, start) / total));
    this.#time.textContent = milliseconds(end);
  }
}

function itemRow(item: Item, version: TlsVersion | undefined): Row {
  const { direction, name, length, protection, message, bytes } = item;
  const arrow = direction === 'sent' ? '→' : '←';
  const title = [
    h('span', { class: 'arrow', 'aria-hidden': 'true' }, arrow),
    h('span', { class: 'unseen' }, direction === 'sent' ? 'sent: ' : 'received: '),
    h('span', { class: 'name' }, name),
    h('span', { class: 'size' }, bytesText(length)),
    h('span', { class: 'unseen' }, protection === 'clear' ? ', in the clear' : `, ${WORDS[protection]}`),
  ];
  return new Row(`item ${direction} ${protection}`, title, () =>
    message === undefined ? dataView(item, bytes) : messageView(message, version),
  );
}

const WORDS = { encrypted: 'encrypted', sealed: 'cannot be decrypted' } as const;

/** Application data as text, and its bytes; a record that nobody here can read as bytes alone. */
function dataView({ name, protection }: Item, bytes: Uint8Array): HTMLElement {
  const text = protection === 'encrypted' ? printable(new TextDecoder().decode(bytes.subarray(0, 4096))) : undefined;
  return h(
    'div',
    { class: 'unfolded' },
    text !== undefined &&
      h('pre', { class: 'text', tabindex: 0, role: 'group', 'aria-label': `Text of ${name}` }, text),
    protection === 'sealed' &&
      h(
        'p',
        { class: 'note' },
        'The keys of this connection do not open it: it is not what the server sent at this place.',
      ),
    hexView(bytes, `Bytes of ${name}`).element,
  );
}
