/** @module A connection's flags as the options of a context, and the callbacks that stand for BoringSSL's. */
import type { Backend, CertificateRequest, CertificateType, ContextOptions, Credential, Feature, PeerIdentity, TlsSession, TlsVersion } from '@ferrule/contract';
import { Alert, TlsError } from '@ferrule/result';
import { createHash } from 'node:crypto';
import { same } from './checks.ts';
import { DECOMPRESSORS } from './decompressors.ts';
import { later } from './later.ts';
import { RAW_PUBLIC_KEY, Unimplemented, type Config, type CredentialFlags } from './flags.ts';
import { certificates, privateKey, publicKey } from './pem.ts';
import { slowSigner } from './signer.ts';

/** What the callbacks of one connection have seen and decided. */
export interface Observed {
  /** The flags in force: others once early data was rejected. */
  readonly config: () => Config;
  session: TlsSession | undefined;
  /** Labels and secrets of the key log. */
  readonly secrets: Map<string, Uint8Array>;
  /** The flags in force when the certificate was last judged. */
  verifiedBy: Config | undefined;
  /** An expectation that a callback found broken; the connection fails with it. */
  complaint: string | undefined;
  /** The credential made for each number, -1 for the one without. */
  readonly credentials: Map<Credential, number>;
}

/** @throws Unimplemented for flags that need what this backend lacks. */
export function contextOptions(backend: Backend, config: Config, observed: Observed, now: (() => number) | undefined): ContextOptions {
  const need = (feature: Feature): void => {
    if (!backend.features.has(feature)) throw new Unimplemented(`${backend.name} has no ${feature}`);
  };
  const groups = groupsOf(backend, config);
  const maxVersion = highest(config);
  const optional: { -readonly [K in keyof ContextOptions]: ContextOptions[K] } = {};
  if (maxVersion === 'TLSv1.3' && backend.features.has('key-share-choice')) optional.keyShares = keySharesOf(config, groups);
  else if (config['key-shares'] !== undefined || config['server-supported-groups-hint'] !== undefined) need('key-share-choice');
  if (config['advertise-alpn'] !== undefined) optional.alpn = alpnOf(config['advertise-alpn']);
  if (config['allow-unknown-alpn-protos']) throw new Unimplemented('a protocol that was not offered is always refused');
  if (config['install-cert-compression-algs']) (need('certificate-compression'), (optional.certificateCompression = DECOMPRESSORS));
  if (config['enable-ocsp-stapling']) optional.ocsp = 'request';
  if (config['enable-signed-cert-timestamps']) optional.signedCertificateTimestamps = true;
  if (config['enable-grease']) (need('grease'), (optional.grease = true));
  if (config['ech-config-list'] !== undefined) {
    need('ech');
    optional.ech = config['ech-config-list'];
    optional.echUnusable = config['reject-unusable-ech-config'] ? 'refuse' : config['enable-ech-grease'] ? 'grease' : 'omit';
  }
  if (config['ech-config-list'] === undefined && config['enable-ech-grease']) (need('ech'), (optional.ech = 'grease'));
  if (config['renegotiate-ignore']) (need('renegotiation-ignored'), (optional.renegotiation = 'ignore'));
  const serverTypes = config['accepted-peer-cert-types'];
  if (serverTypes !== undefined) (need('raw-public-key'), (optional.serverCertificateTypes = serverTypes.map(certificateType)));
  const clientTypes = config['available-client-cert-types'];
  if (clientTypes !== undefined) (need('raw-public-key'), (optional.clientCertificateTypes = clientTypes.map(certificateType)));
  if (config['reverify-on-resume']) (need('reverify'), (optional.reverifyOnResumption = true));
  if (config['no-ticket']) (need('session-ticket-policy'), (optional.sessionTickets = false));
  if (backend.features.has('secure-renegotiation-policy')) optional.secureRenegotiation = 'allow';
  if (backend.features.has('extended-master-secret-policy')) optional.extendedMasterSecret = 'allow';
  if (config['export-traffic-secrets']) optional.onKeylog = (line) => { keep(observed.secrets, line); };
  if (now !== undefined) optional.now = now;
  return {
    verify: failsSoftly(config) ? 'none' : (peer) => verify(peer, observed),
    minVersion: lowest(config),
    maxVersion,
    groups,
    signatureAlgorithms: schemesOf(backend, config),
    limits: { chainLength: MANY_CERTIFICATES, ...(config['max-cert-list'] !== undefined && { handshakeBytes: config['max-cert-list'] }) },
    securityLevel: 1, // BoGo has keys of 1024 bits
    ...credentialsOf(config, observed, need),
    onSession: (session) => { observed.session = session; },
    ...optional,
  };
}

/** BoringSSL's defaults. */
const X25519MLKEM768 = 0x11ec;
const MLKEM1024 = 0x0202;
const DEFAULT_GROUPS = [X25519MLKEM768, 0x001d, 0x0017, 0x0018];
const POST_QUANTUM: ReadonlySet<number> = new Set([X25519MLKEM768, MLKEM1024]);
const DEFAULT_SCHEMES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];

/** BoGo fills messages with certificates. */
const MANY_CERTIFICATES = 100;

const TLS12 = 0x0303;
const TLS13 = 0x0304;

const highest = (config: Config): TlsVersion => ((config['max-version'] ?? TLS13) >= TLS13 && !config['no-tls13'] ? 'TLSv1.3' : 'TLSv1.2');
const lowest = (config: Config): TlsVersion => ((config['min-version'] ?? 0) <= TLS12 && !config['no-tls12'] ? 'TLSv1.2' : 'TLSv1.3');

function groupsOf(backend: Backend, config: Config): number[] {
  const supported = backend.supported.groups;
  if (config.curves === undefined) return DEFAULT_GROUPS.filter((group) => supported.includes(group));
  for (const group of config.curves) if (!supported.includes(group)) throw new Unimplemented(`${backend.name} has no group ${group}`);
  return [...config.curves];
}

/** The schemes asked for, as far as the backend has them; a list of none that it has stands for the default. */
function schemesOf(backend: Backend, config: Config): number[] {
  const supported = (schemes: readonly number[]): number[] => schemes.filter((scheme) => backend.supported.signatureAlgorithms.includes(scheme));
  const asked = supported(config['verify-prefs'] ?? []);
  return asked.length > 0 ? asked : supported(DEFAULT_SCHEMES);
}

/** BoringSSL's choice: a hint from DNS before the caller's list, and by default one share of each kind of secret. */
function keySharesOf(config: Config, groups: readonly number[]): number[] {
  const hint = config['server-supported-groups-hint'];
  const hinted = hint && groups.find((group) => hint.includes(group));
  if (hinted !== undefined) return [hinted];
  const chosen = config['key-shares'];
  if (chosen !== undefined) return groups.filter((group) => chosen.includes(group));
  const [first] = groups;
  const other = groups.find((group) => POST_QUANTUM.has(group) !== POST_QUANTUM.has(first!));
  return other === undefined ? [first!] : [first!, other];
}

function alpnOf(wire: string): string[] {
  const bytes = Buffer.from(wire, 'utf8');
  const names: string[] = [];
  for (let i = 0; i < bytes.length; i += 1 + bytes[i]!) names.push(bytes.toString('utf8', i + 1, i + 1 + bytes[i]!));
  return names;
}

function keep(secrets: Map<string, Uint8Array>, line: string): void {
  const [label, , secret] = line.split(' ');
  if (label !== undefined && secret !== undefined) secrets.set(label, new Uint8Array(Buffer.from(secret, 'hex')));
}

/** RFC 7250 section 3: 0 is X.509, 2 a raw public key. */
function certificateType(code: number): CertificateType {
  if (code !== 0 && code !== RAW_PUBLIC_KEY) throw new Unimplemented(`certificate type ${code}`);
  return code === 0 ? 'x509' : 'raw-public-key';
}

/** The path is found wanting and the handshake goes on; a raw key has no path. */
const failsSoftly = (config: Config): boolean =>
  config['verify-fail'] && !config['verify-peer'] && !config['use-custom-verify-callback'] && config['accepted-peer-cert-types'] === undefined;

/** BoringSSL's custom verify callback, and then its OCSP callback. */
function verify(peer: PeerIdentity, observed: Observed): boolean | Promise<boolean> {
  const config = observed.config();
  if (config['expect-ocsp-response'] !== undefined && peer.ocspResponse === undefined) return complain(observed, 'the verify callback got no OCSP response');
  if (config['expect-no-ech-name-override'] && peer.host !== config['host-name']) return complain(observed, `the name to verify is ${peer.host}`);
  const override = config['expect-ech-name-override'];
  if (override !== undefined && peer.host !== override) return complain(observed, `the name to verify is ${peer.host}, not ${override}`);
  if (observed.verifiedBy === config) return complain(observed, 'the certificate was verified twice');
  observed.verifiedBy = config;
  const keyHash = config['expect-peer-rpk-sha256'];
  if (peer.rawPublicKey !== undefined && keyHash === undefined) return false; // without a callback of its own for them, BoringSSL takes none
  if (keyHash !== undefined) return same(keyHash, sha256(peer.rawPublicKey ?? new Uint8Array())) || complain(observed, 'another raw public key');
  const decide = (): boolean => {
    if (config['verify-fail'] && config['verify-peer']) return refuse(config);
    if (config['use-ocsp-callback'] && config['fail-ocsp-callback']) throw new TlsError('CERT_OCSP_INVALID', 'the OCSP callback refused');
    return true;
  };
  return config.async && config['use-custom-verify-callback'] ? later(decide) : decide();
}

/** The alert is BoringSSL's default for a custom callback; X509_V_ERR_APPLICATION_VERIFICATION has another. */
function refuse(config: Config): false {
  if (!config['use-custom-verify-callback']) return false;
  throw new TlsError('CERT_REJECTED', 'the verify callback refused', { alert: { description: Alert.certificate_unknown, origin: 'local' } });
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

function complain(observed: Observed, text: string): false {
  observed.complaint ??= text;
  return false;
}

function credentialsOf(config: Config, observed: Observed, need: (feature: Feature) => void): Pick<ContextOptions, 'credentials' | 'onCertificateRequest'> {
  const credentials: Credential[] = [];
  const add = (flags: CredentialFlags, number: number): void => {
    if (flags['key-file'] === undefined || (flags.type === 'x509' && flags['cert-file'] === undefined)) return;
    const credential = credentialOf(flags, config.async);
    observed.credentials.set(credential, number);
    credentials.push(credential);
  };
  for (const flags of config.credentials) if (flags.type === 'raw-public-key') need('raw-public-key');
  config.credentials.forEach(add);
  add(config.defaultCredential, -1);
  if (config.async && credentials.length > 0) need('external-signer');
  const inspects = ['expect-certificate-types', 'expect-client-ca-list', 'expect-peer-verify-pref'] as const;
  const answersLater = config.async && credentials.length === 1;
  if (!answersLater && !config['fail-cert-callback'] && inspects.every((flag) => config[flag] === undefined)) {
    return credentials.length > 0 ? { credentials } : {};
  }
  need('async-credential');
  return {
    onCertificateRequest: (request) => {
      if (config['fail-cert-callback']) throw new Error('the certificate callback fails');
      const complaint = inspect(request, config);
      if (complaint !== undefined) throw new Error((observed.complaint = complaint));
      return config.async ? later(() => credentials[0]) : credentials[0];
    },
  };
}

function credentialOf(flags: CredentialFlags, signsLater: boolean): Credential {
  const key = privateKey(flags['key-file']!);
  const preferences = flags['signing-prefs'];
  return {
    ...(flags.type === 'x509' ? { chain: certificates(flags['cert-file']!) } : { chain: [], rawPublicKey: publicKey(flags['key-file']!) }),
    key: signsLater ? slowSigner(key) : key,
    ...(preferences !== undefined && { signatureAlgorithms: preferences }),
    ...(flags['must-match-issuer'] && { mustMatchIssuer: true }),
  };
}

/** The first thing that a CertificateRequest should have had and has not. */
function inspect(request: CertificateRequest, config: Config): string | undefined {
  const types = config['expect-certificate-types'];
  if (types !== undefined && !same(types, request.certificateTypes)) return `certificate types ${String(request.certificateTypes)}`;
  const schemes = config['expect-peer-verify-pref'];
  if (schemes !== undefined && !same(schemes, request.signatureAlgorithms)) return `signature algorithms ${String(request.signatureAlgorithms)}`;
  const names = config['expect-client-ca-list']?.split(',');
  const got = request.authorities.map((name) => Buffer.from(name).toString('hex'));
  if (names !== undefined && !same(names, got)) return `certificate authorities ${String(got)}`;
  return undefined;
}
