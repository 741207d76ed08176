/** Runs in a Web Worker: an engine for the page, or one that waits. */
import { wispDial } from '@ferrule/web';
import { blockingDial, type Port, serveTls } from '@ferrule/web/worker';
import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import type { Order } from './task.ts';

const scope = globalThis as unknown as Port & { onmessage: (event: { readonly data: Order }) => void };
scope.addEventListener('message', (event) => {
  const order = (event as Event & { readonly data: Order }).data;
  if (order.role === 'engine') serveTls(scope, { dial: wispDial({ relay: order.relay }) });
  if (order.role === 'blocking') scope.postMessage({ said: wait(order) }, []);
});

/** Connects, says something and reads the answer, which comes a second later, in one go. */
function wait({ port, to, root }: Order & { readonly role: 'blocking' }): string {
  const ssl = createPure({ crypto: nobleCrypto })
    .createContext({ trustAnchors: [root] })
    .newConnection();
  const pipe = blockingDial(port as Port, to, { timeout: 60_000 });
  ssl.setBio(pipe, pipe);
  ssl.setHost('localhost');
  if (ssl.connect() !== 1) return `connect: ${ssl.failure?.error.message ?? ''}`;
  ssl.write(new TextEncoder().encode('are you there?'));
  const into = new Uint8Array(100);
  const n = ssl.read(into);
  ssl.shutdown();
  pipe.close();
  return new TextDecoder().decode(into.subarray(0, Math.max(0, n)));
}
