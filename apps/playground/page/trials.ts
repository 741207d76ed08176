/** @module Every hostile behaviour, one after the other, in a table: what was done, and what caught it. */
import { attempt } from '../src/model/attempt.ts';
import { verdictOf } from '../src/model/verdict.ts';
import type { Asked } from './form.ts';
import { byId, codeText, h, sectionLink } from './dom.ts';

/** @param say - tells a screen reader how far it is. */
export async function drawTrials(
  trials: readonly Asked[],
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const section = byId('trials');
  const body = h('tbody');
  const count = h('p', { class: 'note' });
  section.hidden = false;
  section.replaceChildren(
    h('h2', { id: 'trials-title' }, 'Every hostile behaviour'),
    count,
    h(
      'div',
      { class: 'scrolled', tabindex: 0, role: 'group', 'aria-label': 'Table of hostile behaviours' },
      h(
        'table',
        {},
        h(
          'thead',
          {},
          h('tr', {}, ...['What is done', 'Result', 'Check', 'Alert'].map((each) => h('th', { scope: 'col' }, each))),
        ),
        body,
      ),
    ),
  );
  let caught = 0;
  for (const [i, asked] of trials.entries()) {
    if (signal.aborted) break;
    const progress = await attempt({ ...asked, signal }, () => {});
    const verdict = verdictOf(progress, asked.host, asked.behaviour, progress.info?.version);
    if (verdict.kind === 'caught') caught++;
    body.append(rowOf(asked, verdict));
    count.textContent = `${caught} of ${trials.length} caught${i + 1 < trials.length ? ` so far, ${i + 1} tried` : ''}.`;
  }
  say(count.textContent);
}

function rowOf({ behaviour }: Asked, { kind, code, alert, check }: ReturnType<typeof verdictOf>): HTMLTableRowElement {
  const isCaught = kind === 'caught';
  return h(
    'tr',
    { class: kind },
    h('th', { scope: 'row' }, behaviour?.title ?? '', h('span', { class: 'note' }, behaviour?.what ?? '')),
    h(
      'td',
      {},
      h('span', { class: 'mark', 'aria-hidden': 'true' }, isCaught ? '✓' : '✕'),
      isCaught ? ' caught ' : ' not as expected ',
      codeText(code ?? 'no error'),
    ),
    h('td', {}, check?.check ?? '', ' ', check && sectionLink(check.section)),
    h('td', {}, alert ?? 'none'),
  );
}
