/** @module One connection and whatever is at its other end, and what must be true of it whatever that sends. */
import { bioPair } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { Finding, untyped } from './finding.ts';

export interface Plan {
  /** Bytes that the BIO holds. */
  readonly capacity: number;
  /** Bytes that a read() takes. */
  readonly readSize: number;
  /** What the caller does first, and once connected. */
  readonly onStart?: (ssl: Ssl) => void;
  readonly onEstablished?: (ssl: Ssl) => void;
}

/** Given what the client has sent, what it gets; `undefined`: nothing any more, and the end of the transport. */
export type Source = (sent: Uint8Array) => Uint8Array | undefined;

export interface Played {
  readonly established: boolean;
  readonly error: TlsError | undefined;
  /** Everything that read() gave. */
  readonly plaintext: Uint8Array;
}

/** Calls in a row that may move not a byte in either direction. */
const MAX_IDLE = 8;
const ONE = Uint8Array.of(1);

/** Waits in a row, without a byte moved: a record is a few, a handshake message with its proofs some more. */
const MAX_WAITS = 64;

/** @throws Finding when the engine breaks its contract; the connection is disposed of in any case. */
export function play(ssl: Ssl, source: Source, plan: Plan): Played {
  return watched(ssl, () => {
    const step = run(ssl, source, plan).next();
    if (step.done !== true) throw new Finding('waits for a promise where nothing is asynchronous');
    return step.value;
  });
}

/** The same with an engine that waits for promises. @throws Finding */
export async function playLater(ssl: Ssl, source: Source, plan: Plan): Promise<Played> {
  const steps = run(ssl, source, plan);
  for (;;) {
    let step: IteratorResult<Promise<void>, Played>;
    try {
      step = steps.next();
    } catch (error) {
      return watched(ssl, () => {
        throw error;
      });
    }
    if (step.done === true) return watched(ssl, () => step.value as Played);
    await step.value;
  }
}

function watched(ssl: Ssl, act: () => Played): Played {
  try {
    return act();
  } catch (error) {
    // SSL_connect(3) as a contract: nothing that a peer can cause is thrown.
    throw error instanceof Finding ? error : untyped('the connection', error);
  } finally {
    ssl.dispose();
  }
}

function* run(
  ssl: Ssl,
  source: Source,
  { capacity, readSize, onStart, onEstablished }: Plan,
): Generator<Promise<void>, Played> {
  const [internal, network] = bioPair(capacity);
  ssl.setBio(internal, internal);
  ssl.setHost('server.test');
  onStart?.(ssl);
  const into = new Uint8Array(readSize);
  const plaintext: Uint8Array[] = [];
  let queue = new Uint8Array(0);
  let over = false;
  let waits = 0;
  /** Sent before a wait. */
  let unsaid: Uint8Array = new Uint8Array(0);
  const ended = (error: TlsError | undefined): Played => ({
    established: ssl.established,
    error,
    plaintext: Buffer.concat(plaintext),
  });
  for (let idle = 0; idle < MAX_IDLE; idle++) {
    const reading = ssl.established;
    const ret = reading ? ssl.read(into) : ssl.connect();
    if (reading && ret > 0) plaintext.push(into.slice(0, ret));
    if (!reading && ret > 0 && !ssl.established) throw new Finding('connect() returned 1 without being established');
    if (!reading && ret > 0) onEstablished?.(ssl);
    const why = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
    const { asyncReady } = ssl;
    const sent: Uint8Array = Buffer.concat([unsaid, network.nread0()]);
    network.nread(network.nread0().length);
    if (ret > 0 || sent.length > unsaid.length) idle = waits = 0;
    if (why === SslErrorCode.ssl || why === SslErrorCode.syscall) return ended(sticky(ssl, why));
    if (why === SslErrorCode.zeroReturn) return ended(undefined);
    if (why !== SslErrorCode.none && why !== SslErrorCode.wantRead && why !== SslErrorCode.wantWrite) {
      if (asyncReady === undefined) throw new Finding(`getError() is ${why} without a promise in asyncReady`);
      unsaid = sent;
      if (++waits > MAX_WAITS) throw new Finding(`waits and waits in state ${ssl.state}`);
      idle = 0;
      yield asyncReady;
      continue;
    }
    unsaid = new Uint8Array(0);
    if (queue.length === 0 && !over) {
      const more = source(sent);
      if (more === undefined) {
        network.shutdownWrite();
        over = true;
      } else queue = more.slice();
    }
    if (queue.length === 0) continue;
    const written = network.write(queue);
    if (written <= 0) continue;
    queue = queue.subarray(written);
    idle = 0;
  }
  throw new Finding(`neither ends nor moves in state ${ssl.state}`);
}

/** The one failure, for ever: whatever is called. */
function sticky(ssl: Ssl, why: SslErrorCode): TlsError {
  const error = ssl.failure?.error;
  if (!TlsError.is(error)) throw new Finding('a failure without a TlsError', { cause: error });
  if (error.code === 'INTERNAL_ERROR')
    throw new Finding(`INTERNAL_ERROR: ${error.message}`, { cause: error.cause ?? error });
  const calls = [() => ssl.connect(), () => ssl.read(new Uint8Array(1)), () => ssl.write(ONE), () => ssl.shutdown()];
  for (const call of calls) {
    const ret = call();
    if (ret > 0 || ssl.getError(ret) !== why || ssl.failure?.error !== error)
      throw new Finding(`another answer after ${error.code}`);
  }
  return error;
}
