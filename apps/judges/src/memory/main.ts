/**
 * @module `npm run memory -- [client …]`: which secrets are left in the memory of a client that has closed its
 * connections.
 */
import { searchClient, type MemoryTarget } from './judge.ts';

const ALL: readonly MemoryTarget[] = ['node', 'noble', 'tuned', 'webcrypto', 'native', 'node:tls'];

for (const target of process.argv.length > 2 ? (process.argv.slice(2) as MemoryTarget[]) : ALL) {
  const { known, whileOpen, afterwards, planted } = await searchClient(target);
  console.log(
    `${target}: ${afterwards.size} of ${known} secrets found after close(), ${whileOpen.size} with two connections open; planted ${planted.join(' → ')}`,
  );
  for (const [name, copies] of afterwards) console.log(`  ${name}: ${copies}`);
}
