/** @module One engine against a server that sends messages in a given order. */
import { pki } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions } from '@ferrule/contract';
import { Alert } from '@ferrule/result';
import { exchange, type Observed } from '../hostile/exchange.ts';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';
import { legalLength, ORDER_12, ORDER_13, STEPS_12, STEPS_13, type Step } from '@ferrule/wrong-servers/orders';

const OPTIONS: ContextOptions = { groups: [0x0017, 0x0018] };
/** P-256 has its share in the first hello, P-384 needs a HelloRetryRequest. */
const OPTIONS_13: ContextOptions = { keyShares: [0x0017] };

/** Sends the steps of that name; after a legal one it waits for what the client owes. */
function* send<S extends Peer & { clientHello(): Script }>(
  server: S,
  steps: readonly Step<S>[],
  names: readonly string[],
  legal: number,
): Script {
  yield* server.clientHello();
  for (const [index, name] of names.entries()) {
    const step = steps.find((each) => each.name === name);
    if (step === undefined) throw new Error(`no step ${name}`);
    step.send(server);
    // The rest of an illegal order is never read.
    if (index === legal) return;
    if (step.await !== undefined) yield* step.await(server);
  }
}

/** Why the engine is wrong about this order; `undefined` when it is right. */
export async function judgeOrder(
  backend: Backend,
  version: 'TLSv1.2' | 'TLSv1.3',
  names: readonly string[],
): Promise<string | undefined> {
  const identity = await pki('p256');
  const options = { trustAnchors: [(await pki('root')).certificate], ...OPTIONS };
  const order = version === 'TLSv1.3' ? ORDER_13 : ORDER_12;
  const legal = legalLength(order, names);
  let observed: Observed;
  if (version === 'TLSv1.3') {
    const server = new Server13(identity);
    observed = await exchange(backend, { ...options, ...OPTIONS_13 }, server, send(server, STEPS_13, names, legal));
  } else {
    const server = new Server12(identity);
    observed = await exchange(
      backend,
      { ...options, maxVersion: 'TLSv1.2' },
      server,
      send(server, STEPS_12, names, legal),
    );
  }
  const finishedAt = names.indexOf('Finished');
  const open = finishedAt >= 0 && finishedAt < legal;
  if (observed.established !== open) return `established is ${observed.established}`;
  // A legal order that ends is a transport that ends; whatever was sent in order had to be understood.
  if (legal === names.length)
    return observed.code === 'UNEXPECTED_EOF' ? undefined : `a legal order ends in ${observed.code ?? 'nothing'}`;
  if (observed.code !== 'UNEXPECTED_MESSAGE' && observed.code !== 'UNEXPECTED_RECORD')
    return `code ${observed.code ?? 'none'}`;
  return observed.alert === Alert.unexpected_message ? undefined : `alert ${observed.alert}`;
}
