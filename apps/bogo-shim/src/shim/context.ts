/** @module A connection's flags as the options of a context. */
import type {
  Backend,
  CertificateType,
  ContextOptions,
  ExternalPsk,
  Feature,
  TlsVersion,
  TraceMessage,
  VerifyCallback,
} from '@ferrule/contract';
import {
  decodeServerHello,
  ExtensionType,
  findExtension,
  HandshakeType,
  isHelloRetryRequest,
} from '@ferrule/pure/wire';
import type { Engine } from './backends.ts';
import { credentialsOf } from './credentials.ts';
import { DECOMPRESSORS } from './decompressors.ts';
import { RAW_PUBLIC_KEY, Unimplemented, UsageError, type Config } from './flags.ts';
import { need, type Observed } from './observed.ts';
import { failsSoftly, keysAlone, verify } from './verify.ts';

/** @throws Unimplemented for flags that need what this backend lacks. */
export function contextOptions(
  engine: Engine,
  config: Config,
  observed: Observed,
  now: (() => number) | undefined,
): ContextOptions {
  const { backend } = engine;
  if (config['allow-unknown-alpn-protos']) throw new Unimplemented('a protocol that was not offered is always refused');
  const groups = groupsOf(backend, config);
  judging = observed;
  const maxVersion = highest(config);
  return {
    verify: failsSoftly(config) ? 'none' : judge,
    minVersion: lowest(config),
    maxVersion,
    groups,
    signatureAlgorithms: schemesOf(backend, config),
    limits: {
      chainLength: MANY_CERTIFICATES,
      ...(config['max-cert-list'] !== undefined && { handshakeBytes: config['max-cert-list'] }),
    },
    securityLevel: 1, // BoGo has keys of 1024 bits
    onSession: (session) => {
      observed.session = session;
    },
    ...(config['advertise-alpn'] !== undefined && { alpn: alpnOf(config['advertise-alpn']) }),
    ...(config['enable-ocsp-stapling'] && { ocsp: 'request' }),
    ...(config['enable-signed-cert-timestamps'] && { signedCertificateTimestamps: true }),
    ...((config['early-write-after-message'] !== undefined ||
      config.credentials.some(({ type }) => type === 'psk')) && {
      onMessage: (message: TraceMessage) => {
        watch(observed, message);
      },
    }),
    ...(config['export-traffic-secrets'] && {
      onKeylog: (line: string) => {
        keep(observed.secrets, line);
      },
    }),
    ...(now !== undefined && { now }),
    ...keySharesOf(backend, config, groups, maxVersion),
    ...credentialsOf(engine, config, observed),
    ...(maxVersion === 'TLSv1.3' && externalPsksOf(backend, config, observed)),
    ...lenience(backend, config),
    ...powers(backend, config),
  };
}

/** Sessions are bound to the callbacks of their context, so each is one function for all connections of a test. */
let judging: Observed | undefined;
const judge: VerifyCallback = (peer) => judging !== undefined && verify(peer, judging);

/** What BoringSSL puts up with by default, and ferrule only when told to. */
const lenience = ({ features }: Backend, config: Config): ContextOptions => ({
  ...(features.has('secure-renegotiation-policy') &&
    !config['no-legacy-server-connect'] &&
    !config['expect-secure-renegotiation'] && { secureRenegotiation: 'allow' }),
  ...(features.has('extended-master-secret-policy') && { extendedMasterSecret: 'allow' }),
});

/** RFC 9258: each key is offered for both hashes, the one of SHA-256 first. */
function externalPsksOf(backend: Backend, config: Config, observed: Observed): ContextOptions {
  const externalPsks: ExternalPsk[] = [];
  for (const [number, flags] of config.credentials.entries()) {
    if (flags.type !== 'psk') continue;
    const {
      'psk-importer-key': key,
      'psk-importer-identity': identity,
      'psk-importer-context': context = new Uint8Array(0),
      'psk-importer-sha384': sha384,
    } = flags;
    if (key === undefined || identity === undefined) throw new UsageError('a PSK needs a key and an identity');
    externalPsks.push({ key, identity, hash: sha384 ? 'sha384' : 'sha256', import: { context } });
    observed.psks.push(number, number);
  }
  if (externalPsks.length === 0) return {};
  need(backend, 'psk-importer');
  return { externalPsks };
}

/** What of the server's messages must be known to the shim. */
function watch(observed: Observed, { direction, contentType, bytes }: TraceMessage): void {
  if (direction !== 'received' || contentType !== HANDSHAKE) return;
  observed.lastReceived = bytes[0] ?? -1;
  if (observed.lastReceived !== HandshakeType.server_hello) return;
  const hello = decodeServerHello(bytes.subarray(4));
  // In the second hello each key is offered for the one hash that the suite has.
  if (isHelloRetryRequest(hello)) observed.psks.splice(0, Infinity, ...new Set(observed.psks));
  const selected = findExtension(hello.extensions, ExtensionType.pre_shared_key);
  observed.selectedPsk = selected === undefined ? undefined : ((selected[0] ?? 0) << 8) | (selected[1] ?? 0);
}
const HANDSHAKE = 22;

/** Options that need a feature, for the flags that ask for them. */
function powers(backend: Backend, config: Config): ContextOptions {
  const asked: [Feature, ContextOptions][] = [];
  if (config['install-cert-compression-algs'] && highest(config) === 'TLSv1.3')
    asked.push(['certificate-compression', { certificateCompression: DECOMPRESSORS }]);
  if (config['enable-grease']) asked.push(['grease', { grease: true }]);
  if (config['renegotiate-ignore']) asked.push(['renegotiation-ignored', { renegotiation: 'ignore' }]);
  if (config['reverify-on-resume']) asked.push(['reverify', { reverifyOnResumption: true }]);
  if (config['no-ticket']) asked.push(['session-ticket-policy', { sessionTickets: false }]);
  const serverTypes = config['accepted-peer-cert-types'];
  if (serverTypes !== undefined)
    asked.push(['raw-public-key', { serverCertificateTypes: serverTypes.map(certificateType) }]);
  const clientTypes = config['available-client-cert-types'];
  if (clientTypes !== undefined)
    asked.push(['raw-public-key', { clientCertificateTypes: clientTypes.map(certificateType) }]);
  const list = config['ech-config-list'];
  const grease = config['enable-ech-grease'];
  if (list !== undefined)
    asked.push([
      'ech',
      { ech: list, echUnusable: config['reject-unusable-ech-config'] ? 'refuse' : grease ? 'grease' : 'omit' },
    ]);
  else if (grease) asked.push(['ech', { ech: 'grease' }]);
  for (const [feature] of asked) need(backend, feature);
  return Object.assign({}, ...asked.map(([, options]) => options)) as ContextOptions;
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

const highest = (config: Config): TlsVersion =>
  (config['max-version'] ?? TLS13) >= TLS13 && !config['no-tls13'] ? 'TLSv1.3' : 'TLSv1.2';
const lowest = (config: Config): TlsVersion =>
  !keysAlone(config) && (config['min-version'] ?? 0) <= TLS12 && !config['no-tls12'] ? 'TLSv1.2' : 'TLSv1.3';

function groupsOf(backend: Backend, config: Config): number[] {
  const supported = backend.supported.groups;
  if (config.curves === undefined) return DEFAULT_GROUPS.filter((group) => supported.includes(group));
  for (const group of config.curves)
    if (!supported.includes(group)) throw new Unimplemented(`${backend.name} has no group ${group}`);
  return [...config.curves];
}

/** The schemes asked for, as far as the backend has them; a list of none that it has stands for the default. */
function schemesOf(backend: Backend, config: Config): number[] {
  const supported = (schemes: readonly number[]): number[] =>
    schemes.filter((scheme) => backend.supported.signatureAlgorithms.includes(scheme));
  const asked = supported(config['verify-prefs'] ?? []);
  return asked.length > 0 ? asked : supported(DEFAULT_SCHEMES);
}

/** BoringSSL's choice: a hint from DNS before the caller's list, and by default one share of each kind of secret. */
function keySharesOf(
  backend: Backend,
  config: Config,
  groups: readonly number[],
  maxVersion: TlsVersion,
): ContextOptions {
  const asksForSome = config['key-shares'] !== undefined || config['server-supported-groups-hint'] !== undefined;
  if (asksForSome) need(backend, 'key-share-choice');
  if (maxVersion !== 'TLSv1.3' || !backend.features.has('key-share-choice')) return {};
  return { keyShares: chosenKeyShares(config, groups) };
}

function chosenKeyShares(config: Config, groups: readonly number[]): number[] {
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
