/** @module The cards beside the waterfall: the verdict, the negotiated facts, secrets, the answer. */
import type { Progress } from '../src/model/attempt.ts';
import type { ServerChoice } from '../src/model/negotiated.ts';
import type { ShownSecret } from '../src/model/secrets.ts';
import { sentence, type Verdict } from '../src/model/verdict.ts';
import { byId, codeText, h, milliseconds, printable, sectionLink } from './dom.ts';

const MARKS = { running: '…', verified: '✓', caught: '✓', refused: '✕', missed: '!' } as const;

export function drawVerdict(verdict: Verdict): void {
  const section = byId('verdict');
  const { kind, title, sentences, code, alert, check } = verdict;
  section.hidden = false;
  section.className = `card verdict ${kind}`;
  section.replaceChildren(
    h(
      'h2',
      { id: 'verdict-title' },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[kind]),
      printable(title),
    ),
    ...sentences.map((each) => h('p', {}, printable(each))),
    ...(code === undefined
      ? []
      : [
          h(
            'dl',
            { class: 'facts' },
            ...row('Code', codeText(code)),
            ...(check === undefined ? [] : row('Check', h('span', {}, check.check, ' ', sectionLink(check.section)))),
            ...row('Alert', alert ?? 'none: there is nobody to tell any more'),
          ),
        ]),
  );
}

export function drawFacts({ info, crypto }: Progress, choice: ServerChoice | undefined): void {
  const section = byId('facts');
  section.hidden = choice === undefined;
  if (choice === undefined) return;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Version', choice.version.replace('TLSv', 'TLS ')],
    ['Cipher suite', choice.cipherSuiteName],
    ['Key exchange', info?.group?.name ?? choice.keyShare],
    ['Signature', info?.signatureAlgorithm?.name],
    ['Protocol (ALPN)', info?.alpn],
    ['Hello retried', info && (info.helloRetryRequested ? 'yes' : 'no')],
    ['Extended master secret', info?.version === 'TLSv1.2' ? (info.extendedMasterSecret ? 'yes' : 'no') : undefined],
    ['Cryptography', crypto?.name],
    ['Handshake', info && milliseconds(info.timings.handshake)],
  ];
  section.replaceChildren(
    h('h2', { id: 'facts-title' }, 'Agreed on'),
    h(
      'dl',
      { class: 'facts' },
      ...rows.flatMap(([label, value]) => (value === undefined ? [] : row(label, h('code', {}, printable(value))))),
    ),
  );
}

export function drawSecrets(secrets: readonly ShownSecret[]): void {
  const section = byId('secrets');
  section.hidden = secrets.length === 0;
  section.replaceChildren(
    h('h2', { id: 'secrets-title' }, 'Secrets'),
    h(
      'p',
      { class: 'note' },
      'Lines of the key log, in the order in which they became known. Whoever has them can read this connection.',
    ),
    h('ol', { class: 'secrets' }, ...secrets.map(secretItem)),
  );
}

const secretItem = ({ at, label, secret, what, section, keys }: ShownSecret): HTMLLIElement =>
  h(
    'li',
    {},
    h('p', { class: 'label' }, h('code', {}, label), h('span', { class: 'time' }, milliseconds(at))),
    h('p', {}, what, ' ', sectionLink(section)),
    h('p', { class: 'secret' }, h('code', {}, secret)),
    keys &&
      h(
        'p',
        { class: 'secret' },
        'Key ',
        h('code', {}, keys.key),
        ' IV ',
        h('code', {}, keys.iv),
        ' ',
        sectionLink({ rfc: 9846, section: '7.3' }),
      ),
  );

export function drawAnswer({ answer, stage, error, info }: Progress): void {
  const section = byId('answer');
  section.hidden = info === undefined;
  const end =
    stage !== 'done'
      ? 'The answer is still coming.'
      : error === undefined
        ? 'Whole: the server said itself that this is all (close_notify).'
        : `${sentence(error.message)} What came is not the whole answer, or may not be.`;
  section.replaceChildren(
    h('h2', { id: 'answer-title' }, 'Answer to GET /'),
    h('p', { class: 'note' }, printable(end)),
    h(
      'pre',
      { class: 'text', tabindex: 0, role: 'group', 'aria-label': 'Answer' },
      printable(answer) || '(nothing yet)',
    ),
  );
}

const row = (label: string, value: Node | string): readonly [HTMLElement, HTMLElement] => [
  h('dt', {}, label),
  h('dd', {}, value),
];
