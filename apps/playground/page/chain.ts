/** @module The chain as a tree, root first, each check of each certificate with a mark and the reason. */
import type { CertificateFacts, ShownCertificate, ShownCheck } from '../src/model/chain.ts';
import { sentence } from '../src/model/verdict.ts';
import { byId, codeText, h, printable, sectionLink } from './dom.ts';
import { type Branch, tree } from './tree.ts';

/** @param chain - root first. */
export function drawChain(chain: readonly ShownCertificate[]): void {
  const section = byId('chain');
  section.hidden = chain.length === 0;
  const [top] = chain;
  if (top === undefined) return;
  section.replaceChildren(
    h('h2', { id: 'chain-title' }, 'Certificates'),
    h('div', { class: 'chain' }, tree('Chain of certificates', [branchOf(chain, 0)])),
  );
}

function branchOf(chain: readonly ShownCertificate[], at: number): Branch {
  const certificate = chain[at] as ShownCertificate;
  const { checks, facts } = certificate;
  return {
    label: certificateLabel(certificate),
    branches: [
      ...checks.map((check): Branch => ({ label: checkLabel(check) })),
      ...(facts === undefined
        ? []
        : [
            {
              label: h('span', { class: 'note' }, 'The certificate in full'),
              isOpen: false,
              branches: [{ label: h('pre', {}, printable(facts.text)) }],
            },
          ]),
      ...(at + 1 < chain.length ? [branchOf(chain, at + 1)] : []),
    ],
  };
}

const ROLES = { server: 'the server', intermediate: 'intermediate CA', root: 'root' } as const;

function certificateLabel({ role, subject, facts }: ShownCertificate): HTMLElement {
  return h(
    'div',
    { class: 'certificate' },
    h('strong', {}, printable(subject)),
    ' ',
    h('span', { class: 'role' }, ROLES[role]),
    h('div', { class: 'note' }, facts === undefined ? 'trusted by its name and key' : printable(factsText(facts))),
  );
}

const factsText = ({ names, notBefore, notAfter, key }: CertificateFacts): string =>
  [`${dayOf(notBefore)} to ${dayOf(notAfter)}`, key, ...(names.length > 0 ? [`for ${names.join(', ')}`] : [])].join(
    ' · ',
  );

const MARKS = { passed: '✓', failed: '✕', unknown: '–' } as const;
const WORDS = { passed: 'passed: ', failed: 'failed: ', unknown: 'not looked at: ' } as const;

function checkLabel({ check, verdict, why, hint, code, section }: ShownCheck): HTMLElement {
  return h(
    'div',
    { class: `check ${verdict}` },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[verdict]),
    h('span', { class: 'unseen' }, WORDS[verdict]),
    h('span', {}, check, ' ', section && sectionLink(section)),
    why !== undefined &&
      h('div', { class: 'why' }, code !== undefined && codeText(code), ` ${printable(sentence(why))}`),
    hint !== undefined && h('div', { class: 'why' }, printable(hint)),
  );
}

const dayOf = (time: number): string =>
  Number.isNaN(time) ? 'an unreadable day' : new Date(time).toISOString().slice(0, 10);
