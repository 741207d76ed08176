import type { Backend, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { SslError } from '@ferrule/result';

/** An engine that takes everything, does nothing, and calls it success: no check of worth may pass on it. */
export const yesMan: Backend = {
  name: 'pure',
  engine: 'an engine that says yes',
  features: new Set(['tls1.2', 'async-verify', 'external-signer', 'async-credential', 'seeded-random', 'grease', 'mlkem', 'padding', 'crl', 'ocsp', 'external-psk']),
  supported: { cipherSuites: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9], groups: [0x1d, 0x17, 0x18, 0x19], signatureAlgorithms: [0x0403] },
  createContext: (): SslContext => ({ backend: yesMan, newConnection: connection, sessionFromBytes: () => session, dispose: () => {} }),
};

const session: TlsSession = { version: 'TLSv1.3', host: 'server.test', expiresAt: Date.now() + 1e6, maxEarlyData: 0, toBytes: () => new Uint8Array(32) };

const connection = (): Ssl => ({
  setBio: () => {},
  setConnectState: () => {},
  setHost: () => {},
  setSession: () => {},
  connect: () => 1,
  doHandshake: () => 1,
  read: (into) => into.fill(1).length,
  write: (from) => from.length,
  writeEarlyData: (from) => from.length,
  shutdown: () => 1,
  keyUpdate: () => 1,
  getError: (ret) => (ret > 0 ? SslError.none : SslError.wantRead),
  failure: undefined,
  asyncReady: undefined,
  pending: 0,
  state: 'yes',
  shutdownState: 3,
  established: true,
  version: 'TLSv1.3',
  cipherSuite: 0x1301,
  group: 0x1d,
  peerSignatureAlgorithm: 0x0403,
  alpn: undefined,
  helloRetryRequested: false,
  extendedMasterSecret: undefined,
  peerCertificates: [],
  peerRawPublicKey: undefined,
  clientCredential: undefined,
  verifiedChain: [],
  verifyResult: 0,
  ocspResponse: undefined,
  signedCertificateTimestamps: undefined,
  sessionReused: true,
  earlyData: 'accepted',
  ech: 'accepted',
  echRetryConfigs: undefined,
  exportKeyingMaterial: (_label, _context, length) => new Uint8Array(length),
  channelBinding: () => new Uint8Array(32),
  dispose: () => {},
});
