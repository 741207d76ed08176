/** @module The client's credentials, and the callback that chooses one. */
import type { CertificateRequest, ContextOptions, Credential, CredentialCallback } from '@ferrule/contract';
import type { Engine } from './backends.ts';
import type { Config, CredentialFlags } from './flags.ts';
import { later } from './later.ts';
import { need, same, type Observed } from './observed.ts';
import { certificates, privateKey, publicKey } from './pem.ts';
import { signer } from './signer.ts';

/**
 * `-async` has a key answer later where the engine can wait for one; elsewhere the engine signs, and the rest is
 * asynchronous.
 * @throws Unimplemented
 */
export function credentialsOf(
  { backend, signs }: Engine,
  config: Config,
  observed: Observed,
): Pick<ContextOptions, 'credentials' | 'onCertificateRequest'> {
  const credentials: Credential[] = [];
  const add = (flags: CredentialFlags, number: number): void => {
    if (flags['key-file'] === undefined || (flags.type === 'x509' && flags['cert-file'] === undefined)) return;
    const credential = credentialOf(
      flags,
      config.async && backend.features.has('external-signer') ? 'later' : signs ? 'itself' : 'at once',
    );
    observed.credentials.set(credential, number);
    credentials.push(credential);
  };
  for (const flags of config.credentials) if (flags.type === 'raw-public-key') need(backend, 'raw-public-key');
  config.credentials.forEach((flags, number) => {
    if (flags.type !== 'psk') add(flags, number);
  });
  add(config.defaultCredential, -1);
  const inspects = ['expect-certificate-types', 'expect-client-ca-list', 'expect-peer-verify-pref'] as const;
  // BoringSSL fails where its credential does not fit, and so does an engine that is told by name which to take.
  // Who is named by a callback makes no sessions, though (ADR 0090).
  const names =
    config['resume-count'] === undefined &&
    credentials.length === 1 &&
    config.credentials.length === 0 &&
    // OpenSSL settles the signature scheme before it asks (ADR 0130), and has a list only from `credentials`.
    !(backend.name === 'native' && config.defaultCredential['signing-prefs'] !== undefined) &&
    backend.features.has('async-credential');
  if (!names && !config['fail-cert-callback'] && inspects.every((flag) => config[flag] === undefined)) {
    return credentials.length > 0 ? { credentials } : {};
  }
  need(backend, 'async-credential');
  choice = (request) => {
    observed.asked = true;
    if (config['fail-cert-callback']) throw new Error('the certificate callback fails');
    const complaint = inspect(request, config);
    if (complaint !== undefined) throw new Error((observed.complaint = complaint));
    return config.async ? later(() => credentials[0]) : credentials[0];
  };
  return { onCertificateRequest: choose };
}

/** One function for all connections of a test: sessions are bound to it. */
let choice: CredentialCallback = () => undefined;
const choose: CredentialCallback = (...asked) => choice(...asked);

/** @param signs - whether the backend does it itself, or we do, and when. */
function credentialOf(flags: CredentialFlags, signs: 'itself' | 'at once' | 'later'): Credential {
  const key = privateKey(flags['key-file']!);
  const preferences = flags['signing-prefs'];
  return {
    ...(flags.type === 'x509'
      ? { chain: certificates(flags['cert-file']!) }
      : { chain: [], rawPublicKey: publicKey(flags['key-file']!) }),
    key: signs === 'itself' ? key : signer(key, signs === 'later'),
    ...(preferences !== undefined && { signatureAlgorithms: preferences }),
    ...(flags['must-match-issuer'] && { mustMatchIssuer: true }),
  };
}

/** The first thing that a CertificateRequest should have had and has not. */
function inspect(request: CertificateRequest, config: Config): string | undefined {
  const types = config['expect-certificate-types'];
  if (types !== undefined && !same(types, request.certificateTypes))
    return `certificate types ${String(request.certificateTypes)}`;
  const schemes = config['expect-peer-verify-pref'];
  if (schemes !== undefined && !same(schemes, request.signatureAlgorithms))
    return `signature algorithms ${String(request.signatureAlgorithms)}`;
  const names = config['expect-client-ca-list']?.split(',');
  const got = request.authorities.map((name) => Buffer.from(name).toString('hex'));
  if (names !== undefined && !same(names, got)) return `certificate authorities ${String(got)}`;
  return undefined;
}
