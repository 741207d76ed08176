/**
 * @module Peers for blocking BIOs. The thread under test waits in Atomics.wait and can serve nobody, so a worker does.
 */
import { Worker } from 'node:worker_threads';
import type { TlsOptions } from 'node:tls';
import { blockingBio, type BlockingBio, sharedBioMemory } from '@ferrule/bio';
import { type Identity, pki, type PkiName } from './pki/index.ts';
import { patience } from './server/peer.ts';

/** What the peer does: TLS servers, or peers that are none. */
export type Act = 'echo' | 'goodbye' | 'cut' | 'silence' | 'failure' | 'eof' | 'alert' | 'http';

/** One connection as it is sent to the worker. */
export interface BlockingScene {
  readonly memory: SharedArrayBuffer;
  readonly act: Act;
  readonly identity: Identity;
  readonly tls: TlsOptions;
}

export interface BlockingSceneOptions {
  readonly act?: Act;
  /** Bytes in each direction. */
  readonly size?: number;
  /** Milliseconds for which nothing may move. */
  readonly timeout?: number;
  readonly identity?: PkiName;
  /** What can be sent to a worker of it. */
  readonly tls?: TlsOptions;
}

/** A blocking BIO whose other end the worker serves. */
export async function blockingPeer({
  act = 'echo',
  size = 17 * 1024,
  timeout = patience.milliseconds,
  identity = 'p256',
  tls = {},
}: BlockingSceneOptions = {}): Promise<BlockingBio> {
  const memory = sharedBioMemory(size);
  const { privateKey: _, ...sendable } = await pki(identity);
  (worker ??= start()).postMessage({ memory, act, identity: sendable, tls });
  return blockingBio(memory, { timeout });
}

let worker: Worker | undefined;

/** In the source tree the worker is TypeScript too, and tsx has to be told. */
function start(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`./blocking-worker.${extension}`, import.meta.url);
  const started =
    extension === 'js'
      ? new Worker(entry)
      : new Worker(
          `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(entry.href)})))`,
          {
            eval: true,
            execArgv: ['--conditions=@ferrule/source'],
          },
        );
  started.unref();
  return started;
}
