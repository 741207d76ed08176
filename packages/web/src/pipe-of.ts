/** @module Any of the three kinds of pipe as three functions, so that who reads can change between two chunks. */
import { TlsError } from '@ferrule/result';
import { memoryOf } from '@ferrule/result/arguments';
import { concat } from '@ferrule/result/bytes';
import type { Pipe, StreamPipe, Transport } from 'ferrule';
import { streamPipe } from 'ferrule/pump';

export type AnyPipe = Pipe | StreamPipe | Transport;

/** Settles with a pipe's failure, if it ever fails. No name of a caller's pipe. */
export const FAILED: unique symbol = Symbol('failed');

/** A pipe that may tell of its failure though nobody reads or writes. */
export interface TellingPipe extends Pipe {
  readonly [FAILED]?: Promise<Error>;
}

/** @throws TypeError for what is not a pipe. */
export function pipeOf(given: AnyPipe): TellingPipe {
  if (typeof given !== 'object' || given === null || !('start' in given || 'readable' in given || 'read' in given))
    throw new TypeError('dial: gave neither { readable, writable }, nor { read, write, close }, nor a Transport');
  if ('start' in given) return ofTransport(given);
  return 'readable' in given ? streamPipe(given, () => {}) : given;
}

/** @throws TlsError TRANSPORT_ERROR for a chunk that holds no bytes, as connectOver() has it. */
export function bytesIn(chunk: unknown): Uint8Array {
  const bytes = memoryOf(chunk);
  if (bytes !== undefined) return bytes;
  const kind = typeof chunk === 'string' ? 'strings' : `${typeof chunk} values`;
  throw new TlsError('TRANSPORT_ERROR', `the pipe yields ${kind} instead of bytes`);
}

function ofTransport(transport: Transport): TellingPipe {
  let held: Uint8Array | undefined;
  let over: null | Error | undefined;
  let wake = (): void => {};
  let tell: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (tell = resolve));
  transport.start({
    data: (bytes) => {
      try {
        const own = bytesIn(bytes).slice();
        held = held === undefined ? own : concat([held, own]);
      } catch (error) {
        over ??= error as Error;
      }
      wake();
      return false;
    },
    end: () => {
      over ??= null;
      wake();
    },
    failed: (error) => {
      over ??= error;
      tell(error);
      wake();
    },
  });
  const settled = (act: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
  return {
    read: async () => {
      while (held === undefined && over === undefined) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        transport.resume();
        await woken;
      }
      const bytes = held;
      held = undefined;
      if (bytes !== undefined) return bytes;
      if (over instanceof Error) throw over;
      return null;
    },
    write: (bytes) => settled((done) => transport.send(bytes, done)),
    closeWrite: () => settled((done) => transport.end(done)),
    close: () => transport.destroy(),
    [FAILED]: failed,
  };
}
