/** @module What a handshake has negotiated, each fact written once and never changed. */
import type { TlsVersion } from '@ferrule/contract';
import type { Facts } from '@ferrule/ssl';
import { fail } from './reason.ts';

export class Negotiated {
  readonly #facts: { -readonly [Name in keyof Facts]?: Facts[Name] } = {};

  get facts(): Readonly<Partial<Facts>> {
    return this.#facts;
  }

  get version(): TlsVersion | undefined {
    return this.#facts.version;
  }

  /** @throws TlsError INTERNAL_ERROR when the fact is there already. */
  settle<Name extends keyof Facts>(name: Name, value: Facts[Name]): void {
    if (name in this.#facts) throw fail('INTERNAL_ERROR', `the fact ${name} is written twice`);
    this.#facts[name] = value;
  }
}
