/** @module The form: what is asked for, and what the command that serves the page tells about its demonstration. */
import type { TrustAnchor } from '@ferrule/contract';
import { certificatesOf } from 'ferrule';
import { type Behaviour, BEHAVIOURS, type DemonstrationFacts, type Offer } from '../src/behaviours.ts';
import type { AttemptOptions } from '../src/model/attempt.ts';
import { PROVIDERS, type ProviderName } from '../src/model/providers.ts';
import { parseTarget, TargetError } from '../src/model/target.ts';
import { byId, h } from './dom.ts';

export interface Asked extends Omit<AttemptOptions, 'signal' | 'WebSocket'> {
  readonly behaviour: Behaviour | undefined;
}

export class Form {
  readonly #demonstration: DemonstrationFacts | undefined;

  /** The command that serves the page has put a mark into it; static files on another host have no demonstration. */
  static async load(): Promise<Form> {
    const mark = document.querySelector<HTMLMetaElement>('meta[name=demonstration]');
    if (mark === null) return new Form(undefined);
    const response = await fetch(mark.content);
    return new Form((await response.json()) as DemonstrationFacts);
  }

  private constructor(demonstration: DemonstrationFacts | undefined) {
    this.#demonstration = demonstration;
    const given = new URLSearchParams(location.search);
    byId<HTMLInputElement>('relay').value = given.get('relay') ?? demonstration?.relay ?? '';
    byId<HTMLInputElement>('target').value =
      given.get('target') ?? (demonstration ? `${demonstration.host}:${demonstration.port}` : '');
    byId('providers').append(
      ...PROVIDERS.map(({ name, title }, i) =>
        h(
          'label',
          {},
          h('input', { type: 'radio', name: 'provider', value: name, checked: i === 0 }),
          h('span', {}, title),
        ),
      ),
    );
    byId('target-note').textContent = this.#targetNote();
    byId('ca-note').textContent =
      `Leave it empty to trust ${demonstration ? 'the root of the demonstration server there, and elsewhere ' : ''}Mozilla’s roots.`;
    for (const radio of document.querySelectorAll('input[name=provider]'))
      radio.addEventListener('change', () => this.#showProvider());
    this.#showProvider();
    byId('target').addEventListener('input', () => this.#showBehaviours());
    byId('behaviour').append(...behaviourOptions());
    byId('behaviour').addEventListener('change', () => this.#showBehaviour());
    for (const radio of document.querySelectorAll('input[name=offer]'))
      radio.addEventListener('change', () => this.#showBehaviour());
    this.#showBehaviours();
    this.#showBehaviour();
  }

  /** @throws TargetError for what cannot be connected to, for the person to read. */
  async read(): Promise<Asked> {
    const target = parseTarget(byId<HTMLInputElement>('target').value);
    const relay = byId<HTMLInputElement>('relay').value.trim();
    if (!URL.canParse(relay) || !/^wss?:$/.test(new URL(relay).protocol))
      throw new TargetError('relay', 'Give the URL of a Wisp relay under “Relay and trusted roots”: ws://… or wss://…');
    const pasted = pastedRoots();
    const common = { relay, provider: chosen('provider') as ProviderName, offer: chosen('offer') as Offer };
    const own = this.#demonstration;
    if (own !== undefined && this.#isDemonstration(target)) {
      const behaviour = this.#behaviour();
      return {
        ...common,
        host: own.host,
        port: behaviour === undefined ? own.port : own.ports[behaviour.id],
        trustAnchors: pasted ?? certificatesOf(own.ca),
        behaviour,
      };
    }
    return { ...common, ...target, trustAnchors: pasted ?? (await mozilla()), behaviour: undefined };
  }

  /** What the chosen offer allows for, as it would be asked. */
  async trials(): Promise<readonly Asked[]> {
    const own = this.#demonstration;
    if (own === undefined) return [];
    const { provider, offer, relay } = await this.read();
    return BEHAVIOURS.filter(({ offers }) => offers?.includes(offer) ?? true).map((behaviour) => ({
      relay,
      provider,
      offer,
      host: own.host,
      port: own.ports[behaviour.id],
      trustAnchors: certificatesOf(own.ca),
      behaviour,
    }));
  }

  #isDemonstration({ host, port }: { readonly host: string; readonly port: number }): boolean {
    return host === this.#demonstration?.host && port === this.#demonstration.port;
  }

  #behaviour(): Behaviour | undefined {
    const id = byId<HTMLSelectElement>('behaviour').value;
    return BEHAVIOURS.find((each) => each.id === id);
  }

  #targetNote(): string {
    const own = this.#demonstration;
    if (own === undefined) return 'A host and a port that the relay may connect to. Without a port: 443.';
    const others =
      own.allow.length === 0
        ? 'Start the command with --allow HOST:PORT for others.'
        : `The relay also allows ${own.allow.join(', ')}.`;
    return `${own.host}:${own.port} is the demonstration server. ${others}`;
  }

  #showProvider(): void {
    const { what = '' } = PROVIDERS.find(({ name }) => name === chosen('provider')) ?? {};
    byId('provider-note').textContent = what;
  }

  #showBehaviours(): void {
    const entry = byId('behaviour-entry');
    try {
      entry.hidden = !this.#isDemonstration(parseTarget(byId<HTMLInputElement>('target').value));
    } catch {
      entry.hidden = true;
    }
    byId('try-all').hidden = entry.hidden;
  }

  #showBehaviour(): void {
    const behaviour = this.#behaviour();
    const offer = chosen('offer') as Offer;
    const { offers } = behaviour ?? {};
    byId('behaviour-note').textContent =
      behaviour === undefined
        ? 'Nothing hostile: the server does as it should.'
        : `${behaviour.what}${offers === undefined || offers.includes(offer) ? '' : ` Choose the version “${OFFERS[offers[0] ?? 'both']}” to see it.`}`;
  }
}

/** What the person has pasted, if anything. @throws TargetError for what is not a certificate. */
function pastedRoots(): readonly TrustAnchor[] | undefined {
  const text = byId<HTMLTextAreaElement>('ca').value.trim();
  if (text === '') return undefined;
  try {
    return certificatesOf(text);
  } catch (error) {
    throw new TargetError('ca', `The roots to trust: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** Loaded when they are needed: 47 KiB. */
const mozilla = async (): Promise<readonly TrustAnchor[]> => (await import('@ferrule/roots')).mozillaRoots();

const OFFERS: Readonly<Record<Offer, string>> = { both: 'Both', '1.3': 'TLS 1.3', '1.2': 'TLS 1.2' };

function behaviourOptions(): readonly HTMLElement[] {
  const group = (label: string, by: Behaviour['by']): HTMLElement =>
    h(
      'optgroup',
      { label },
      ...BEHAVIOURS.filter((each) => each.by === by).map(({ id, title }) => h('option', { value: id }, title)),
    );
  return [
    h('option', { value: '' }, 'Nothing'),
    group('The server', 'server'),
    group('The relay, or anybody on the way', 'way'),
  ];
}

const chosen = (name: string): string =>
  document.querySelector<HTMLInputElement>(`input[name=${name}]:checked`)?.value ?? '';
