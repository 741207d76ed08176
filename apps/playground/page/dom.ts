/** @module Elements in few words. Text is always text: what a server sends never becomes markup. */
import type { Section } from '@ferrule/pure/trace';

type Child = Node | string | undefined | false;

/** Attributes; `true` is an attribute without value, `undefined` and `false` none. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** @throws Error where the page has none. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** A long name of capitals, which may be broken behind its underscores. */
export const codeText = (code: string): HTMLElement =>
  h('code', {}, ...code.split(/(?<=_)/).flatMap((part, i) => (i === 0 ? [part] : [h('wbr'), part])));

/** `RFC 9846 § 4.2.2`, as a link to it. */
export const sectionLink = ({ rfc, section }: Section): HTMLAnchorElement =>
  h(
    'a',
    {
      class: 'rfc',
      href: `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}`,
      rel: 'noreferrer',
      target: '_blank',
    },
    `RFC ${rfc} § ${section}`,
  );

/** Names and texts come from the other side: what controls the text's direction or the line is shown as a mark. */
export const printable = (text: string): string => text.replaceAll('\r\n', '\n').replace(/[^\P{C}\t\n]/gu, '�');

export const milliseconds = (time: number): string => `${time.toFixed(1)} ms`;
export const bytesText = (count: number): string => (count === 1 ? '1 byte' : `${count.toLocaleString('en')} bytes`);
