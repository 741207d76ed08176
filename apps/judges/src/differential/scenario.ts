/**
 * @module What a differential scenario is: a server, a client's options, and what the two do once they are connected.
 */
import type { KeyKind, PkiName } from '@ferrule/conformance/pki';
import type { TestServerOptions } from '@ferrule/conformance/server';
import type { ContextOptions } from '@ferrule/contract';

/** What happens after the handshake, in order. */
export type Act =
  | { readonly kind: 'echo'; readonly bytes: number }
  /** SSL_key_update, then an echo. */
  | { readonly kind: 'keyUpdate'; readonly requestPeer: boolean }
  /** close_notify from us; the server answers with its own. */
  | { readonly kind: 'shutdown' }
  /** close_notify from the server first. */
  | { readonly kind: 'serverEnds' }
  /** We close our side; the server goes on to send, then closes. */
  | { readonly kind: 'halfClose' }
  /** The transport ends without close_notify. */
  | { readonly kind: 'cut' }
  /** Read until the session tickets have come. */
  | { readonly kind: 'tickets' };

export interface Scenario {
  /** Unique; says what is special. */
  readonly name: string;
  readonly identity: PkiName | KeyKind;
  /** What the server is made with, beyond the identity. */
  readonly server?: Omit<TestServerOptions, 'identity'> & {
    readonly trustClients?: true;
    readonly staple?: 'good' | 'revoked' | 'unknown' | 'expired';
  };
  readonly client?: ContextOptions;
  /** Material that has to be made first. */
  readonly credential?: PkiName;
  readonly crl?: 'clean' | 'revoking' | 'expired';
  readonly pin?: 'right' | 'wrong';
  readonly trust?: 'root' | 'otherRoot' | 'none';
  /** Default `server.test`. */
  readonly host?: string | null;
  readonly bioSize?: number;
  /** Connect a second time with the session of the first; `forgotten`: to a server that does not know it. */
  readonly resume?: 'known' | 'forgotten';
  readonly acts?: readonly Act[];
}
