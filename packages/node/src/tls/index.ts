/**
 * @module @ferrule/node/tls: the client side of node:tls on ferrule's engines. `import tls from '@ferrule/node/tls'` is
 * the whole migration of a client; servers remain node:tls's.
 */
import nodeTls from 'node:tls';
import { connect } from './connect.ts';
import { defaults } from './defaults.ts';
import { createSecureContext } from './secure-context.ts';
import { type TlsConnectOptions, TLSSocket } from './socket.ts';

export type {
  Certificate,
  CipherNameAndProtocol,
  DetailedPeerCertificate,
  EphemeralKeyInfo,
  KeyObject,
  PeerCertificate,
  PSKCallbackNegotation,
  PxfObject,
  SecureContextOptions,
  SecureVersion,
  TlsOptions,
} from 'node:tls';
export {
  checkServerIdentity,
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  createServer,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  getCiphers,
  rootCertificates,
  Server,
} from 'node:tls';
export { connect } from './connect.ts';
export { type Defaults, defaults } from './defaults.ts';
export { type OptionRow, TLS_OPTIONS } from './options.ts';
export { createSecureContext } from './secure-context.ts';

// Missing from the types of node:tls, or from some versions of Node
const byName = nodeTls as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
export const convertALPNProtocols = byName['convertALPNProtocols'] as (
  protocols: unknown,
  out: { ALPNProtocols?: Buffer },
) => void;
/** The class of {@link createSecureContext}'s contexts; @types/node has its type alone. */
export type SecureContext = nodeTls.SecureContext;
export const SecureContext = byName['SecureContext'] as unknown as { readonly prototype: SecureContext };
/** Before Node 24. */
export const createSecurePair = byName['createSecurePair'] as ((...args: readonly unknown[]) => unknown) | undefined;
/** Node 22.15 and later. */
export const getCACertificates = byName['getCACertificates'] as
  ((type?: 'default' | 'system' | 'bundled' | 'extra') => readonly string[]) | undefined;
/** Node 24 and later. */
export const getCertificateCompressionAlgorithms = byName['getCertificateCompressionAlgorithms'] as
  (() => readonly string[]) | undefined;
/** Node 22.19 and later. Contexts made afterwards without `ca` trust these. */
export const setDefaultCACertificates = byName['setDefaultCACertificates'] as
  ((certificates: readonly (string | NodeJS.ArrayBufferView)[]) => void) | undefined;

export { type TlsConnectOptions as ConnectionOptions, type TlsConnectOptions, TLSSocket } from './socket.ts';

/** What this module has instead of node:tls's own. */
export type TlsFace = Omit<typeof nodeTls, 'connect' | 'TLSSocket' | 'createSecureContext'> & {
  readonly connect: typeof connect;
  readonly TLSSocket: typeof TLSSocket;
  readonly createSecureContext: typeof createSecureContext;
  readonly defaults: typeof defaults;
};

/**
 * All of node:tls: `DEFAULT_MIN_VERSION` and the other settings are shared with Node's own, and can be set here too.
 */
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

/** The types of node:tls by the same names, so that `tls.TLSSocket` compiles if `tls` is this default export. */
declare namespace tls {
  export type TLSSocket = InstanceType<TlsFace['TLSSocket']>;
  export type ConnectionOptions = TlsConnectOptions;
  export type Certificate = nodeTls.Certificate;
  export type CipherNameAndProtocol = nodeTls.CipherNameAndProtocol;
  export type DetailedPeerCertificate = nodeTls.DetailedPeerCertificate;
  export type EphemeralKeyInfo = nodeTls.EphemeralKeyInfo;
  export type KeyObject = nodeTls.KeyObject;
  export type PeerCertificate = nodeTls.PeerCertificate;
  export type PSKCallbackNegotation = nodeTls.PSKCallbackNegotation;
  export type PxfObject = nodeTls.PxfObject;
  export type SecureContext = nodeTls.SecureContext;
  export type SecureContextOptions = nodeTls.SecureContextOptions;
  export type SecureVersion = nodeTls.SecureVersion;
  export type Server = nodeTls.Server;
  export type TlsOptions = nodeTls.TlsOptions;
}

export default tls;
