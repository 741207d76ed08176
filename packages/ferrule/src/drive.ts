/** @module One loop that runs any SSL operation to completion over any transport. */
import { type ErrorSource, SslErrorCode, TlsError } from '@ferrule/result';
import { turn } from './turn.ts';

/** Moves ciphertext between the network end of a BIO and anything that carries bytes. */
export interface Pump<Net extends { readonly pending: number } = { readonly pending: number }> {
  /** Put at least one received byte, EOF or a failure into `net`. Concurrent calls share one receive. */
  fill(net: Net): Promise<void>;
  /** Send everything pending in `net`, in order. */
  flush(net: Net): Promise<void>;
}

/**
 * Calls `operation` until it needs no bytes, room or promise; returns its last value: positive, or `0` for ZERO_RETURN
 * and for the first `shutdown()`. Several drives may run concurrently on one connection.
 *
 * The loop is trio's: send before receiving, since the peer may be waiting for it; after every wait call the operation
 * again, since another drive may have made progress. All output, including an alert, has been flushed when this
 * settles.
 *
 * @param ssl an `Ssl`, or the part of one that is used here.
 * @param net the network end of its BIO; `pending` is the number of bytes to be sent.
 * @throws TlsError the connection's one failure, or what the pump rejects with.
 */
export async function drive<Net extends { readonly pending: number }>(
  ssl: ErrorSource & { readonly asyncReady: Promise<void> | undefined },
  net: Net,
  pump: Pump<Net>,
  operation: () => number,
): Promise<number> {
  for (;;) {
    const ret = operation();
    // Before any await: another drive may call getError
    const why = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
    if (net.pending > 0) {
      await (isFatal(why) ? pump.flush(net).catch(ignored) : pump.flush(net));
      if (why === SslErrorCode.wantRead || why === SslErrorCode.wantWrite) continue;
    }
    switch (why) {
      case SslErrorCode.none:
      case SslErrorCode.zeroReturn:
        return ret;
      case SslErrorCode.wantRead: {
        const filled = pump.fill(net);
        // An observer's promise: its rejection produces no bytes
        const { asyncReady } = ssl;
        await (asyncReady === undefined ? filled : Promise.race([filled, asyncReady]));
        break;
      }
      // With nothing to flush, another drive has made room
      case SslErrorCode.wantWrite:
        break;
      case SslErrorCode.wantAsync:
      case SslErrorCode.wantX509Lookup:
      case SslErrorCode.wantRetryVerify: {
        await ssl.asyncReady;
        const due = turn();
        if (due !== undefined) await due;
        break;
      }
      case SslErrorCode.ssl:
      case SslErrorCode.syscall:
        throw ssl.failure?.error ?? new TlsError('INTERNAL_ERROR', `the engine failed with ${ret} and gave no reason`);
    }
  }
}

const isFatal = (why: SslErrorCode): boolean => why === SslErrorCode.ssl || why === SslErrorCode.syscall;
/** The connection's failure takes precedence over the alert that could not be sent. */
function ignored(): void {}
