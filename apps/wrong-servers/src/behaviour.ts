/** @module One way in which a server can be wrong, and what a client must make of it. */
import type { ContextOptions } from '@ferrule/contract';
import type { TlsErrorCode } from '@ferrule/result';
import type { Script } from './peer.ts';
import type { Server12 } from './server12.ts';
import type { Server13 } from './server13.ts';

/** What must come out: the reason, and the alert that the server gets; `null` where it gets none. */
export interface Verdict {
  readonly code: TlsErrorCode;
  readonly alert: number | null;
}

interface Common {
  readonly name: string;
  /** Of which kind the server's key is. Default: ECDSA over P-256. */
  readonly key?: 'p256' | 'rsa';
  /** What the client asks for, over the usual. */
  readonly options?: ContextOptions;
  readonly expect: Verdict;
  /**
   * The server misbehaves once the client may have been told that it is connected; data before that point is none of
   * the attacker's. Without it, connect() itself must fail.
   */
  readonly late?: true;
}
/**
 * With `before` the client has been here already: that script gave it the session that it offers now, and `script` sees
 * that server too, for its secrets. With `early` it writes this as early data, where the session allows it.
 */
export type Behaviour =
  | (Common & {
      readonly version: 'TLSv1.3';
      readonly before?: (server: Server13) => Script;
      readonly early?: string;
      script(server: Server13, first: Server13): Script;
    })
  | (Common & {
      readonly version: 'TLSv1.2';
      readonly before?: (server: Server12) => Script;
      script(server: Server12, first: Server12): Script;
    });

const PAGE: string = 'POISON: this must never reach a reader\n';
/** What no reader may ever see: a page, so that a client of HTTP that reads it ends as one that is content. */
export const POISON: string = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${PAGE.length}\r\n\r\n${PAGE}`;
