/** @module The relay of the page: @ferrule/relay, as anybody runs it, on loopback and for this page alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RunningRelay {
  /** `ws://127.0.0.1:40001/` */
  readonly url: string;
  close(): Promise<void>;
}

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * @param allow - destinations, `host:port` each.
 * @param origin - of the page that may use it.
 * @throws Error where the relay does not start, with what it said.
 */
export async function startRelay(allow: readonly string[], origin?: string): Promise<RunningRelay> {
  const options = [
    ...['--json', '--listen', '127.0.0.1:0', '--grace', '0'],
    ...allow.flatMap((each) => ['--allow', each]),
    ...(origin === undefined ? [] : ['--origin', origin]),
  ];
  const child = spawn(
    process.execPath,
    ['--conditions=@ferrule/source', '--import', 'tsx', 'apps/relay/src/main.ts', ...options],
    { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: string[] = [];
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { readonly url: string };
    child.stdout.resume();
    return { url, close: () => end(child) };
  }
  throw new Error(`the relay did not start: ${said.join('').trim()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
