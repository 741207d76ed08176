/** Runs in a page: what @ferrule/web is for, over each kind of relay. */
import { connectOver } from 'ferrule';
import { type Dial, webSocketDial, wispDial } from '@ferrule/web';
import { createFetch } from '@ferrule/web/fetch';
import { type Port, serveBlocking, tlsWorker } from '@ferrule/web/worker';
import { bulk, type Check, type Growth, hex, type Order, STREAMS, type Task } from './task.ts';

const task = (await (await fetch('/task')).json()) as Task;
const { relay, ca, megabytes } = task;

/** @param run may answer with what it has measured. */
async function check(name: string, run: () => Promise<string | void>): Promise<void> {
  if (task.only !== undefined && !name.includes(task.only)) return;
  const started = performance.now();
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error('nothing came of it in 240 s')), 240_000),
  );
  const outcome = await Promise.race([run(), late]).then(
    (figures) => (figures === undefined ? {} : { figures }),
    (error: unknown) => ({ failed: `${String(error)} ${(error as { readonly code?: string }).code ?? ''}` }),
  );
  const told: Check = {
    name,
    ...outcome,
    milliseconds: Math.round(performance.now() - started),
  };
  await fetch('/check', { method: 'POST', body: JSON.stringify(told) });
}

function equal(got: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} in place of ${b}`);
}

/** A body that nobody copies as a whole. */
function inPieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull: (to) => {
      if (at === bytes.length) return to.close();
      to.enqueue(bytes.subarray(at, (at += 65_536)));
    },
  });
}

const sha = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  hex(await crypto.subtle.digest('SHA-256', bytes));

/** MiB that relay and browser may need more while streams go through them, however much those carry; */
const ROOM = 192;
/** and what may wait for a page that reads more slowly than its relay sends: `maxQueued` of each. */
const QUEUES = STREAMS * 64;

/** @param run answers which share of its bytes the slowest stream had when the fastest was done. */
async function measured(over: ReturnType<typeof createFetch>, run: () => Promise<number>): Promise<string> {
  // So that none is a handshake ahead
  await Promise.all(
    Array.from({ length: STREAMS }, async () => (await over(`https://localhost:${task.https}/hello`)).text()),
  );
  await fetch('/memory/begin', { method: 'POST' });
  const least = await run();
  const growth = (await (await fetch('/memory/end', { method: 'POST' })).json()) as Growth;
  const figures = `the slowest had ${Math.round(least * 100)} % when the fastest was done; memory: relay +${growth.relay ?? '?'} MiB, browser +${growth.browser ?? '?'} MiB`;
  if (least < 1 / 4) throw new Error(`a stream starved: ${figures}`);
  if ((growth.relay ?? 0) > ROOM || (growth.browser ?? 0) > ROOM + QUEUES)
    throw new Error(`too much memory: ${figures}`);
  return figures;
}

const ways: readonly (readonly [string, Dial])[] = [
  ['Wisp', wispDial({ relay })],
  ['raw', webSocketDial({ relay, address: 'wsproxy' })],
];
for (const [way, dial] of ways) {
  const https = `https://localhost:${task.https}`;
  const over = createFetch({ dial, ca, connections: STREAMS });
  await check(`${way}: GET`, async () => {
    const response = await over(`${https}/hello`);
    equal([response.status, await response.text()], [200, 'GET /hello']);
    equal(response.headers.getSetCookie(), ['a=1', 'b=2']);
  });
  await check(`${way}: ${STREAMS} streams of ${megabytes} MiB down`, async () => {
    const wanted = bulk(megabytes);
    return measured(over, async () => {
      const got = Array<number>(STREAMS).fill(0);
      let least: number | undefined;
      await Promise.all(
        got.map(async (_, i) => {
          const { body } = await over(`${https}/bulk`);
          for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
            const at = got[i] as number;
            if (chunk.some((byte, j) => byte !== wanted[at + j]))
              throw new Error(`other bytes than sent, from ${at} on`);
            got[i] = at + chunk.length;
          }
          equal(got[i], wanted.length);
          least ??= Math.min(...got) / wanted.length;
        }),
      );
      return least as number;
    });
  });
  await check(`${way}: ${STREAMS} streams of ${megabytes} MiB up`, async () => {
    const body = bulk(megabytes);
    const wanted = await sha(body);
    return measured(over, async () => {
      const answers = await Promise.all(
        Array.from(
          { length: STREAMS },
          async () =>
            (
              await over(`${https}/hashes`, { method: 'POST', body: inPieces(body), duplex: 'half' })
            ).json() as Promise<{
              hash: string;
              least: number;
            }>,
        ),
      );
      equal(new Set(answers.map(({ hash }) => hash)).size, 1);
      equal(answers[0]?.hash, wanted);
      return Math.min(...answers.map(({ least }) => least));
    });
  });
  await check(`${way}: a stream up, without length`, async () => {
    const body = new Blob([bulk(megabytes)]).stream();
    const response = await over(`${https}/hash`, { method: 'POST', body, duplex: 'half' });
    equal(await response.text(), await sha(bulk(megabytes)));
  });
  await check(`${way}: an answer that is cut short`, async () => {
    const error = await (await over(`${https}/short`)).text().catch((caught: unknown) => caught);
    const code = String((error as { readonly code?: string }).code);
    if (code !== 'HTTP_TRUNCATED' && code !== 'UNEXPECTED_EOF') throw new Error(`accepted, or ${code}`);
  });
  await check(`${way}: a CA that nobody named`, async () => {
    const error = await createFetch({ dial, trustAnchors: [] })(https).catch((caught: unknown) => caught);
    equal((error as { readonly code?: string }).code, 'CERT_UNTRUSTED_ROOT');
  });
  await check(`${way}: connectOver()`, async () => {
    const connection = await connectOver(await dial({ host: 'localhost', port: task.echo }), { host: 'localhost', ca });
    await connection.write(new TextEncoder().encode('echo'));
    const into = new Uint8Array(10);
    equal(new TextDecoder().decode(into.subarray(0, await connection.read(into))), 'echo');
    await connection.close();
  });
  await check(`${way}: a blocking read in a worker`, async () => {
    const { port1, port2 } = new MessageChannel();
    serveBlocking(port1, dial);
    const to = { host: 'localhost', port: task.late };
    const { worker, said } = ask({ role: 'blocking', port: port2, to, root: Uint8Array.from(task.root) }, [port2]);
    equal(await said, 'are you there?');
    worker.terminate();
  });
  over.close();
  const { database } = task;
  if (database !== undefined) {
    const { query } = await import('./postgres.ts');
    await check(`${way}: a query to PostgreSQL, with channel binding`, async () => {
      equal(await query(dial, database, ca, false), [{ x: 'x'.repeat(1_000_000) }]);
    });
    await check(`${way}: a login to PostgreSQL that is bound to another certificate`, async () => {
      const error = await query(dial, database, ca, true).catch((caught: unknown) => caught);
      equal((error as { readonly code?: string }).code, '28000');
    });
  }
}
await check('Wisp: the engine in a worker', async () => {
  const { worker } = ask({ role: 'engine', relay });
  const connection = await tlsWorker(worker).connect({ host: 'localhost', port: task.echo }, { ca });
  await connection.write(new TextEncoder().encode('echo'));
  const into = new Uint8Array(10);
  equal(new TextDecoder().decode(into.subarray(0, await connection.read(into))), 'echo');
  await connection.close();
  worker.terminate();
});
await fetch('/end', { method: 'POST' });

/** A worker with an order, and the first thing that it says. */
function ask(
  order: Order,
  transfer: readonly unknown[] = [],
): { worker: Port & { terminate(): void }; said: Promise<string> } {
  // Node has no such name
  const { Worker } = globalThis as unknown as {
    readonly Worker: new (url: string, options: object) => Port & { terminate(): void };
  };
  const worker = new Worker('/worker.js', { type: 'module' });
  const said = new Promise<string>((resolve, reject) => {
    worker.addEventListener('message', (event) =>
      resolve((event as Event & { readonly data: { readonly said: string } }).data.said),
    );
    (worker as unknown as { onerror: (event: { readonly message: string }) => void }).onerror = ({ message }) =>
      reject(new Error(`in the worker: ${message}`));
  });
  said.catch(() => {});
  worker.postMessage(order, transfer as readonly never[]);
  return { worker, said };
}
