/**
 * Opens, uses and closes connections, and prints resident memory in MiB after a warm-up and at the end. A program of
 * its own, so that nothing else moves its memory; run by memory.test.ts.
 */
import { pki } from '@ferrule/conformance/pki';
import { createNative } from '@ferrule/native';
import { InMemoryServer } from './in-memory.ts';

const [warmUp = 1000, connections = 10_000] = process.argv.slice(2).map(Number);
const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error('run with --expose-gc');

const context = createNative().createContext({
  trustAnchors: [(await pki('root')).certificate],
  onSession: () => undefined,
});
const server = await InMemoryServer.make();
const buffer = new Uint8Array(64);

async function some(count: number): Promise<number> {
  for (let i = 0; i < count; i++) {
    const { ssl, flush, close } = await server.connect(context);
    ssl.read(buffer);
    ssl.write(buffer);
    if (i % 2 === 0) ssl.shutdown();
    flush();
    // Most are closed by their owner, some are left to the garbage collector.
    if (i % 4 !== 3) ssl.dispose();
    close();
  }
  for (let i = 0; i < 5; i++) {
    collect?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss / 1024 / 1024;
}

const before = await some(warmUp);
const after = await some(connections);
console.log(JSON.stringify({ before, after }));
process.exit(0);
