/** One of several threads that shake hands at once; run by threads.test.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { pki } from '@ferrule/conformance/pki';
import { createNative } from '@ferrule/native';
import { InMemoryServer } from './in-memory.ts';

const { handshakes, anchor } = workerData as { readonly handshakes: number; readonly anchor: Uint8Array };
const server = await InMemoryServer.make();
// Each thread has its own PKI and trusts every thread's root: all share the anchor that was handed in.
const context = createNative().createContext({ trustAnchors: [(await pki('root')).certificate, anchor] });
let done = 0;
for (; done < handshakes; done++) {
  const { ssl, close } = await server.connect(context);
  ssl.dispose();
  close();
}
parentPort?.postMessage(done);
