/** @module The command: its words with host, port and files put into them, one process for each row. */
import { spawn } from 'node:child_process';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** Paths of PEM files: whom to trust, and lists of what has been revoked. */
  readonly ca: string;
  readonly crl?: string;
}

export interface Ended {
  readonly exit: number | null;
  readonly hung: boolean;
  /** Of stdout and stderr, as much as was kept. */
  readonly output: string;
}

/** Whatever plays the client: a command, or an engine in this process. */
export type Client = (place: Place, signal: AbortSignal) => Promise<Ended>;

/** Bytes of what a command prints that are looked at. */
const KEPT = 1 << 20;

/** Milliseconds from the end of a command to that of its output, where others still hold the pipes. */
const DRAINED_WITHIN = 500;

/** Thrown where there is no such command. */
export class NoCommand extends Error {}

/**
 * A client that is a command. `{host}`, `{port}`, `{ca}` and `{crl}` in its words are replaced; the environment has the
 * same as JUDGE_HOST, JUDGE_PORT, JUDGE_CA and JUDGE_CRL.
 * @param timeout milliseconds until it is ended
 */
export const commandClient =
  (words: readonly string[], timeout: number): Client =>
  (place, signal) =>
    new Promise((resolve, reject) => {
      const [file = '', ...args] = words.map((word) => placed(word, place));
      const child = spawn(file, args, {
        env: { ...process.env, ...environment(place) },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A process group of its own, so that what it starts ends with it
        detached: process.platform !== 'win32',
      });
      const kept: Buffer[] = [];
      let size = 0;
      let hung = false;
      const keep = (data: Buffer): void => {
        if (size < KEPT) kept.push(data);
        size += data.length;
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      const end = (): void => {
        if (child.pid === undefined) return;
        try {
          if (process.platform === 'win32') child.kill('SIGKILL');
          else process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended in the meantime
        }
      };
      const limit = setTimeout(() => {
        hung = true;
        end();
      }, timeout);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
      const settle = (): void => {
        clearTimeout(limit);
        signal.removeEventListener('abort', end);
      };
      child.once('error', (error: NodeJS.ErrnoException) => {
        settle();
        reject(new NoCommand(`${file}: ${error.code === 'ENOENT' ? 'there is no such command' : error.message}`));
      });
      const ended = (exit: number | null): void => {
        settle();
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ exit, hung, output: Buffer.concat(kept).toString('latin1') });
      };
      child.once('close', ended);
      child.once('exit', (exit) => {
        settle();
        // Its children are none of the client's. Those of another group are left alone, and may hold the pipes open
        end();
        setTimeout(() => ended(exit), DRAINED_WITHIN).unref();
      });
    });

const values = ({ host, port, ca, crl }: Place): Record<string, string> => ({
  host,
  port: String(port),
  ca,
  ...(crl !== undefined && { crl }),
});

const placed = (word: string, place: Place): string =>
  word.replace(/\{(host|port|ca|crl)\}/g, (whole, name: string) => values(place)[name] ?? whole);

/** A proxy of the environment would be what is judged. */
const environment = (place: Place): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(values(place)).map(([name, value]) => [`JUDGE_${name.toUpperCase()}`, value])),
  NO_PROXY: '*',
  no_proxy: '*',
});
