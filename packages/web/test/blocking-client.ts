/** Connects, sends and reads, and never goes back to its loop meanwhile. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { blockingDial } from '../src/worker/index.ts';

const { port, to, root, size } = workerData as {
  readonly port: MessagePort;
  readonly to: { readonly host: string; readonly port: number };
  readonly root: Uint8Array;
  readonly size: number;
};
const context = createPure({ crypto: nodeCrypto }).createContext({ trustAnchors: [root] });
const ssl = context.newConnection();
const pipe = blockingDial(port as never, to, { timeout: 20_000 });
ssl.setBio(pipe, pipe);
ssl.setHost('server.test');
const connected = ssl.connect();
if (connected === 1) {
  const sent = new Uint8Array(size).fill(7);
  // An echo of everything would fill both directions
  const piece = new Uint8Array(10_000);
  let echoed = 0;
  for (let at = 0; at < size; at += piece.length) {
    ssl.write(sent.subarray(at, at + piece.length));
    for (let left = Math.min(piece.length, size - at); left > 0;) {
      const n = ssl.read(piece.subarray(0, left));
      if (n <= 0) throw new Error(`read: ${n}`);
      left -= n;
      echoed += n;
    }
  }
  ssl.shutdown();
  parentPort?.postMessage({ connected, version: ssl.version, echoed, shut: ssl.shutdown() });
} else {
  const { code, message } = ssl.failure?.error ?? {};
  parentPort?.postMessage({ connected, failure: { code, message } });
}
pipe.close();
port.close();
