/** @module In a page: a pipe is a response that goes on, and a request for each write; `relay.ts` is at their end. */
import { answers } from './piped.ts';
import type { Order } from './rows.ts';

const { relay, order } = (await (await fetch('/task')).json()) as { readonly relay: string; readonly order: Order };
const report = await answers(order, async (port) => {
  const id = crypto.randomUUID();
  const { body } = await fetch(`${relay}/${id}/${port}`);
  const send = async (method: string, bytes?: Uint8Array): Promise<void> => {
    await fetch(`${relay}/${id}`, { method, ...(bytes && { body: bytes.slice() }) });
  };
  return {
    readable: body as ReadableStream<Uint8Array>,
    writable: new WritableStream<Uint8Array>({ write: (bytes) => send('POST', bytes) }),
  };
}).catch((error: unknown) => [{ row: 'TLS 1.3', failed: String(error) }]);
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
