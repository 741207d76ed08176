/** @module The standard streams of a program as a connection: `ssh -W`, `nc`, `docker exec -i`, `kubectl exec -i`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { reasonOf } from 'ferrule/pump';
import { LateDuplex } from './late-duplex.ts';
import type { Attempt } from './socket.ts';

/** How long a program may take to exit after a signal, milliseconds. */
const PATIENCE = 1000;
/** How long it may take after an orderly end, since it may still hold data that we reported as sent; milliseconds. */
const GRACE = 10_000;

/**
 * It inherits our stderr and ends with the connection. @throws TlsError PROXY_UNREACHABLE if it cannot be started;
 * ABORTED.
 */
export async function run(
  command: readonly string[],
  { host, port }: Destination,
  { signal, onStep }: Pick<Attempt, 'signal' | 'onStep'>,
): Promise<Duplex> {
  // Names may be untrusted: one must become neither an option nor shell syntax
  if (host !== '' && !/^[\p{L}\p{N}_.:%][\p{L}\p{N}_.:%-]*$/u.test(host))
    throw new TypeError(`host: ${JSON.stringify(host)} is not a host name`);
  const [program = '', ...args] = command.map((word) =>
    word.replaceAll('{host}', host).replaceAll('{port}', String(port)),
  );
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true });
  try {
    await once(child, 'spawn');
  } catch (error) {
    // Node's error includes the arguments, and one may be a password
    const { message, code } = error as NodeJS.ErrnoException;
    const cause = Object.assign(new Error(message), { code });
    throw new TlsError('PROXY_UNREACHABLE', `the command ${program} could not be started: ${message}`, {
      cause,
      hint: 'Check that it is installed, and in PATH.',
    });
  }
  child.on('error', () => {});
  onStep('exec');
  let heard = false;
  child.stdout.once('data', () => (heard = true));
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  exited.catch(() => {});
  const duplex = new LateDuplex();
  duplex.attach({
    readable: child.stdout,
    writable: child.stdin,
    why: async (error) => {
      // Output means that it had connected; later failures are the server's, or the path's
      if (heard) return error;
      const [code, killed] = await exited;
      if (code === 0) return undefined;
      return new TlsError(
        'PROXY_CLOSED',
        `the command ${program} ended with ${killed ?? `code ${code}`} and sent nothing`,
        {
          hint: 'Its stderr may say why; run it by itself.',
        },
      );
    },
    ref: () => child.ref(),
    unref: () => child.unref(),
    close: () => {
      // Ended and flushed: let the program forward its data and exit by itself
      const orderly = child.stdin.writableFinished;
      let late: NodeJS.Timeout | undefined;
      const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
      const stop = (): void => {
        child.stdin.destroy();
        child.stdout.destroy();
        if (gone()) return;
        child.kill('SIGTERM');
        late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      };
      if (!orderly || gone()) stop();
      else {
        child.stdout.on('data', () => {}).resume();
        late = setTimeout(stop, GRACE);
        for (const each of [child, child.stdin, child.stdout, late] as { unref?(): unknown }[]) each.unref?.();
      }
      void exited
        .catch(() => {})
        .finally(() => {
          clearTimeout(late);
          child.stdout.destroy();
        });
    },
  });
  if (signal.aborted) {
    duplex.destroy();
    throw reasonOf(signal);
  }
  return duplex;
}
