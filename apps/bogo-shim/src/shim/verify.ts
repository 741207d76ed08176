/** @module The callbacks by which BoGo's flags accept or refuse the server: no path is ever built. */
import type { PeerIdentity } from '@ferrule/contract';
import { Alert, TlsError } from '@ferrule/result';
import { createHash } from 'node:crypto';
import type { Config } from './flags.ts';
import { later } from './later.ts';
import { complain, same, type Observed } from './observed.ts';

/** The path is found wanting and the handshake goes on; a raw key has no path. */
export const failsSoftly = (config: Config): boolean =>
  config['verify-fail'] &&
  !config['verify-peer'] &&
  !config['use-custom-verify-callback'] &&
  config['accepted-peer-cert-types'] === undefined;

/**
 * With keys alone BoringSSL speaks TLS 1.3 alone; certificates, and TLS 1.2 with them, are taken once somebody verifies
 * them.
 */
export const keysAlone = (config: Config): boolean =>
  config.credentials.some(({ type }) => type === 'psk') && !config['verify-peer'];

/** BoringSSL's custom verify callback, and then its OCSP callback. */
export function verify(peer: PeerIdentity, observed: Observed): boolean | Promise<boolean> {
  const config = observed.config();
  if (keysAlone(config)) return false;
  if (config['expect-ocsp-response'] !== undefined && peer.ocspResponse === undefined)
    return complain(observed, 'the verify callback got no OCSP response');
  if (config['expect-no-ech-name-override'] && peer.host !== config['host-name'])
    return complain(observed, `the name to verify is ${peer.host}`);
  const override = config['expect-ech-name-override'];
  if (override !== undefined && peer.host !== override)
    return complain(observed, `the name to verify is ${peer.host}, not ${override}`);
  if (observed.verifiedBy === config) return complain(observed, 'the certificate was verified twice');
  observed.verifiedBy = config;
  const keyHash = config['expect-peer-rpk-sha256'];
  if (peer.rawPublicKey !== undefined && keyHash === undefined) return false; // Without a callback of its own for them, BoringSSL takes none
  if (keyHash !== undefined)
    return same(keyHash, sha256(peer.rawPublicKey ?? new Uint8Array())) || complain(observed, 'another raw public key');
  const decide = (): boolean => {
    if (config['verify-fail'] && config['verify-peer']) {
      // A session that does not pass is not offered, and the handshake that follows asks again.
      if (config['reverify-on-resume']) observed.verifiedBy = undefined;
      return refuse(config);
    }
    if (config['use-ocsp-callback'] && config['fail-ocsp-callback'])
      throw new TlsError('CERT_OCSP_INVALID', 'the OCSP callback refused');
    return true;
  };
  return config.async && config['use-custom-verify-callback'] ? later(decide) : decide();
}

/** The alert is BoringSSL's default for a custom callback; X509_V_ERR_APPLICATION_VERIFICATION has another. */
function refuse(config: Config): false {
  if (!config['use-custom-verify-callback']) return false;
  throw new TlsError('CERT_REJECTED', 'the verify callback refused', {
    alert: { description: Alert.certificate_unknown, origin: 'local' },
  });
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
