/**
 * @module A tree for the keyboard and for screen readers, as the ARIA Authoring Practices have it: one stop of the Tab
 * key, arrows inside.
 */
import { h } from './dom.ts';

export interface Branch {
  readonly label: Node;
  /** Called when it is chosen: by a pointer that rests on it, by focus. */
  readonly onChosen?: () => void;
  readonly isOpen?: boolean;
  readonly branches?: readonly Branch[];
}

/** @param name - what a screen reader calls the tree. */
export function tree(name: string, branches: readonly Branch[]): HTMLUListElement {
  const chosen = new Map<Element, () => void>();
  const root = h(
    'ul',
    { role: 'tree', class: 'tree', 'aria-label': name },
    ...branches.map((each) => item(each, chosen)),
  );
  root.querySelector<HTMLElement>('[role=treeitem]')?.setAttribute('tabindex', '0');
  const choose = (event: Event): void => {
    const target = itemOf(event.target);
    if (target !== undefined) chosen.get(target)?.();
  };
  root.addEventListener('focusin', (event) => {
    const target = itemOf(event.target);
    if (target === undefined) return;
    for (const each of root.querySelectorAll('[role=treeitem][tabindex="0"]')) each.setAttribute('tabindex', '-1');
    target.setAttribute('tabindex', '0');
    choose(event);
  });
  root.addEventListener('pointerover', choose);
  root.addEventListener('click', (event) => {
    const target = itemOf(event.target);
    if (target === undefined || (event.target as Element).closest('a') !== null) return;
    toggle(target, target.getAttribute('aria-expanded') === 'false');
    target.focus({ preventScroll: true });
  });
  root.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target !== itemOf(event.target)) return;
    const next = move(root, event.target as HTMLElement, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (next !== event.target) next.focus();
  });
  return root;
}

function item(
  { label, onChosen, isOpen = true, branches = [] }: Branch,
  chosen: Map<Element, () => void>,
): HTMLLIElement {
  const made = h(
    'li',
    { role: 'treeitem', tabindex: -1, 'aria-expanded': branches.length > 0 ? String(isOpen) : undefined },
    h('div', { class: 'leaf' }, label),
    branches.length > 0 && h('ul', { role: 'group' }, ...branches.map((each) => item(each, chosen))),
  );
  if (onChosen !== undefined) chosen.set(made, onChosen);
  return made;
}

const itemOf = (target: EventTarget | null): HTMLElement | undefined =>
  (target as Element | null)?.closest<HTMLElement>('[role=treeitem]') ?? undefined;

function toggle(target: HTMLElement, isOpen: boolean): void {
  if (target.hasAttribute('aria-expanded')) target.setAttribute('aria-expanded', String(isOpen));
}

/** Where the key leads, or the same item where it only opened or closed it; `undefined` for a key that is not ours. */
function move(root: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const shown = [...root.querySelectorAll<HTMLElement>('[role=treeitem]')].filter(
    (each) => each.parentElement?.closest('[aria-expanded=false]') === null,
  );
  const at = shown.indexOf(from);
  const expanded = from.getAttribute('aria-expanded');
  switch (key) {
    case 'ArrowDown':
      return shown[at + 1] ?? from;
    case 'ArrowUp':
      return shown[at - 1] ?? from;
    case 'Home':
      return shown[0];
    case 'End':
      return shown.at(-1);
    case 'ArrowRight':
      if (expanded === 'false') toggle(from, true);
      else if (expanded === 'true') return shown[at + 1] ?? from;
      return from;
    case 'ArrowLeft':
      if (expanded === 'true') toggle(from, false);
      else return from.parentElement?.closest<HTMLElement>('[role=treeitem]') ?? from;
      return from;
    case 'Enter':
    case ' ':
      toggle(from, expanded === 'false');
      return from;
    default:
      return undefined;
  }
}
