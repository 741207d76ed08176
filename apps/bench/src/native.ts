/**
 * @ferrule/native against `node:tls` over loopback: CPU time of the client's process alone (the server is another one),
 * in turns, medians; ratios of one run. `--json` prints figures only; `--rounds N`, `--quick`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createNative } from '@ferrule/native';
import { ferruleClient, nodeClient, type Peer, type TlsClient } from './native-clients.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '9' }, quick: { type: 'boolean' } },
});
const ROUNDS = values.quick ? 3 : Number(values.rounds);
const HANDSHAKES = values.quick ? 50 : 200;
const BYTES = (values.quick ? 64 : 256) * 1024 * 1024;
/** Until V8 has compiled what runs. */
const WARM_UP = 2;

/** CPU microseconds, user and system, of this process. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const server = fork(fileURLToPath(new URL('native-server.ts', import.meta.url)), { execArgv: process.execArgv });
const [peer] = (await once(server, 'message')) as [Peer];
const backend = createNative();
const context = backend.createContext({ trustAnchors: [Buffer.from(peer.der, 'base64')] });
const clients: Readonly<Record<string, TlsClient>> = {
  'node:tls': nodeClient(peer, 'data'),
  'node:tls, onread': nodeClient(peer, 'onread'),
  'ferrule native': ferruleClient(peer, context),
};

/** Medians of each client, microseconds of CPU. */
async function measure(task: (client: TlsClient) => Promise<void>): Promise<Record<string, number>> {
  const samples = new Map<string, number[]>(Object.keys(clients).map((name) => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, client] of Object.entries(clients)) {
      const from = cpu();
      await task(client);
      if (round >= 0) samples.get(name)?.push(cpu() - from);
    }
  }
  return Object.fromEntries([...samples].map(([name, numbers]) => [name, median(numbers)]));
}

const handshake = await measure(async (client) => {
  for (let i = 0; i < HANDSHAKES; i++) await client.handshake();
});
const download = await measure((client) => client.download(BYTES));
const upload = await measure((client) => client.upload(BYTES));
server.disconnect();

const ours = 'ferrule native';
const perSecond = (microseconds: number): number => BYTES / 1e6 / (microseconds / 1e6);
const ratio = (table: Record<string, number>, rival: string): number =>
  (table[rival] ?? Number.NaN) / (table[ours] ?? Number.NaN);
const result = {
  node: process.versions.node,
  openssl: process.versions.openssl,
  engine: backend.engine,
  rounds: ROUNDS,
  handshake: {
    microseconds: Object.fromEntries(Object.entries(handshake).map(([name, total]) => [name, total / HANDSHAKES])),
    cpuAgainstNode: 1 / ratio(handshake, 'node:tls'),
  },
  download: {
    megabytesPerCpuSecond: Object.fromEntries(
      Object.entries(download).map(([name, total]) => [name, perSecond(total)]),
    ),
    againstNode: ratio(download, 'node:tls'),
    againstNodeOnread: ratio(download, 'node:tls, onread'),
  },
  upload: {
    megabytesPerCpuSecond: Object.fromEntries(Object.entries(upload).map(([name, total]) => [name, perSecond(total)])),
    againstNode: ratio(upload, 'node:tls'),
  },
};

if (values.json) {
  console.log(JSON.stringify(result, undefined, 2));
} else {
  const show = (numbers: Record<string, number>): string =>
    Object.entries(numbers)
      .map(([name, n]) => `${name} ${n.toFixed(0)}`)
      .join('; ');
  console.log(`${result.engine}, Node ${result.node}; medians of ${ROUNDS} rounds, CPU time of the client`);
  console.log(
    `handshake, µs: ${show(result.handshake.microseconds)}: ${result.handshake.cpuAgainstNode.toFixed(2)}× the CPU of node:tls`,
  );
  console.log(
    `download, MB per CPU-second: ${show(result.download.megabytesPerCpuSecond)}: ${result.download.againstNode.toFixed(2)}× node:tls, ${result.download.againstNodeOnread.toFixed(2)}× with onread`,
  );
  console.log(
    `upload, MB per CPU-second: ${show(result.upload.megabytesPerCpuSecond)}: ${result.upload.againstNode.toFixed(2)}× node:tls`,
  );
}
process.exit(0);
