/**
 * @module @ferrule/node/tls: the client side of node:tls on ferrule's engines. `import tls from '@ferrule/node/tls'` is
 * the whole migration of a client; servers stay those of node:tls.
 */
import nodeTls from 'node:tls';
import { connect } from './connect.ts';
import { defaults } from './defaults.ts';
import { createSecureContext } from './secure-context.ts';
import { TLSSocket } from './socket.ts';

export { checkServerIdentity, createServer, getCiphers, rootCertificates, Server, type SecureContext } from 'node:tls';
export { connect } from './connect.ts';
export { type Defaults, defaults } from './defaults.ts';
export { type OptionRow, TLS_OPTIONS } from './options.ts';
export { createSecureContext } from './secure-context.ts';
export { type TlsConnectOptions, TLSSocket } from './socket.ts';

/** What this module has in place of node:tls's own. */
export type TlsFace = Omit<typeof nodeTls, 'connect' | 'TLSSocket' | 'createSecureContext'> & {
  readonly connect: typeof connect;
  readonly TLSSocket: typeof TLSSocket;
  readonly createSecureContext: typeof createSecureContext;
  readonly defaults: typeof defaults;
};

/** All of node:tls: `DEFAULT_MIN_VERSION` and the other settings are one with Node's own, and may be set here too. */
const tls: TlsFace = Object.create(nodeTls, {
  connect: { value: connect, enumerable: true },
  TLSSocket: { value: TLSSocket, enumerable: true },
  createSecureContext: { value: createSecureContext, enumerable: true },
  defaults: { value: defaults, enumerable: true },
  ...Object.fromEntries(
    (['DEFAULT_MIN_VERSION', 'DEFAULT_MAX_VERSION', 'DEFAULT_CIPHERS', 'DEFAULT_ECDH_CURVE'] as const).map((name) => [
      name,
      {
        get: () => nodeTls[name],
        set: (value: string) => void Object.assign(nodeTls, { [name]: value }),
        enumerable: true,
      },
    ]),
  ),
}) as TlsFace;

export default tls;
