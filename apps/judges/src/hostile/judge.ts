/** @module One engine against one wrong server, and whether what came of it is right. */
import { pki } from '@ferrule/conformance/pki';
import type { Backend } from '@ferrule/contract';
import { POISON, type Behaviour, type Verdict } from './behaviour.ts';
import { BEHAVIOURS_12 } from './behaviours12.ts';
import { BEHAVIOURS_13 } from './behaviours13.ts';
import { exchange, type Observed } from './exchange.ts';
import { Server12 } from './server12.ts';
import { Server13 } from './server13.ts';

export const BEHAVIOURS: readonly Behaviour[] = [...BEHAVIOURS_13, ...BEHAVIOURS_12];

export async function observe(backend: Backend, behaviour: Behaviour): Promise<Observed> {
  const identity = await pki('p256');
  const trustAnchors = [(await pki('root')).certificate];
  if (behaviour.version === 'TLSv1.3') {
    const server = new Server13(identity);
    return exchange(backend, { trustAnchors, ...behaviour.options }, server, behaviour.script(server));
  }
  const server = new Server12(identity);
  return exchange(backend, { trustAnchors, maxVersion: 'TLSv1.2', ...behaviour.options }, server, behaviour.script(server));
}

/** Why an observation is not what the behaviour asks for; `undefined` when it is. */
export function fault(behaviour: Behaviour, observed: Observed, expect: Verdict = behaviour.expect): string | undefined {
  if (observed.leaked.includes(POISON)) return 'the reader was given poisoned data';
  if (behaviour.late !== true && observed.established) return 'the connection was established';
  if (observed.code !== expect.code) return `code ${observed.code ?? 'none'}, expected ${expect.code}`;
  if (observed.alert !== expect.alert) return `alert ${observed.alert}, expected ${expect.alert ?? 'none'}`;
  return undefined;
}
