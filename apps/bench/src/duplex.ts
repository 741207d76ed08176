/**
 * The Duplex of @ferrule/node, on both engines, against the sockets of `node:tls`, over loopback, AES-128-GCM for all:
 * CPU time of each client's process (the server is another one), in turns, medians; ratios of one run.
 * `--json` prints figures only; `--rounds N`, `--quick`; `--prof DIRECTORY` writes CPU profiles of the clients.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ClientName, DuplexTask, Receive } from './duplex-client.ts';
import type { Peer } from './native-clients.ts';
import { type Figures, measure, ratio } from './pure-measure.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean' },
    prof: { type: 'string' },
  },
});
const ROUNDS = values.quick ? 3 : Number(values.rounds);
const BYTES = (values.quick ? 64 : 256) * 1024 * 1024;
/** Rounds until V8 has compiled what runs, in each process; what `node:tls` runs is compiled already. */
const WARM_UP = 8;
const CLIENTS = ['node:tls', 'native', 'pure'] as const satisfies readonly ClientName[];

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const server = fork(file('native-server.ts'));
const [{ port, root, der }] = (await once(server, 'message')) as [Peer];
const peer: Peer = { port, root, der, ciphers: 'TLS_AES_128_GCM_SHA256' };

const execArgv = [
  ...process.execArgv,
  ...(values.prof === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.prof}`]),
];

/**
 * Microseconds that a new process took once it was warm, without a pause before: neither may another client's garbage
 * count, nor that V8 shrinks its limits while a process rests.
 */
async function run(name: ClientName, receive: Receive, work: DuplexTask['work']): Promise<number> {
  const client = fork(file('duplex-client.ts'), [JSON.stringify(peer), name, receive], { execArgv });
  const failed = once(client, 'exit').then(([code]) =>
    Promise.reject<[number]>(new Error(`the client ${name} ended with ${code}`)),
  );
  let last = Number.NaN;
  for (let round = -WARM_UP; round <= 0; round++) {
    client.send({ work, bytes: BYTES } satisfies DuplexTask);
    [last] = (await Promise.race([once(client, 'message'), failed])) as [number];
  }
  failed.catch(() => undefined);
  client.disconnect();
  return last;
}

/** MB per CPU-second of each client, and ours against that of `node:tls`. */
async function speeds(receive: Receive, work: DuplexTask['work']): Promise<Figures> {
  const micros = await measure(
    Object.fromEntries(CLIENTS.map((name) => [name, () => run(name, receive, work)])),
    1,
    ROUNDS,
    0,
  );
  return {
    ...Object.fromEntries(CLIENTS.map((name) => [name, BYTES / (micros[name] ?? Number.NaN)])),
    nativeAgainstNode: ratio(micros, 'node:tls', 'native'),
    pureAgainstNode: ratio(micros, 'node:tls', 'pure'),
  };
}

const tables: Record<string, Figures> = {
  'download, data events': await speeds('data', 'download'),
  'download, onread': await speeds('onread', 'download'),
  upload: await speeds('data', 'upload'),
};
server.disconnect();

const { node, openssl } = process.versions;
if (values.json) {
  console.log(
    JSON.stringify({ node, openssl, rounds: ROUNDS, load: loadavg()[0], megabytesPerCpuSecond: tables }, undefined, 2),
  );
} else {
  console.log(
    `Node ${node}, OpenSSL ${openssl}, load ${loadavg()[0]?.toFixed(1)}; medians of ${ROUNDS} rounds, MB per CPU-second of the client`,
  );
  for (const [title, { nativeAgainstNode = Number.NaN, pureAgainstNode = Number.NaN, ...figures }] of Object.entries(
    tables,
  )) {
    const speed = Object.entries(figures)
      .map(([name, n]) => `${name} ${n.toFixed(0)}`)
      .join('; ');
    console.log(
      `${title}: ${speed}: native ${nativeAgainstNode.toFixed(2)}×, pure ${pureAgainstNode.toFixed(2)}× node:tls`,
    );
  }
}
