/**
 * @module The command line that BoGo's runner gives its shim: one row per flag of the core and optional tiers.
 *
 * `-on-initial-X`, `-on-resume-X` and `-on-retry-X` scope a flag to the first connection, to the later ones, or to what
 * happens after early data was rejected; a bare flag applies to all three. A flag that is not here is {@link
 * Unimplemented}.
 */

/** Ends the process with the exit code that the runner takes for "not implemented". */
export class Unimplemented extends Error {}

/** A command line that even BoGo would not write. */
export class UsageError extends Error {}

/** CertificateType of RFC 7250, as flags give it; 0 is X.509. */
export const RAW_PUBLIC_KEY = 2;

interface Kinds {
  bool: boolean;
  int: number | undefined;
  u64: bigint | undefined;
  text: string | undefined;
  /** Base64 on the command line. */
  bytes: Uint8Array | undefined;
  /** One number per occurrence. */
  ints: readonly number[] | undefined;
}
type Kind = keyof Kinds;
type Values<T extends Record<string, Kind>> = { -readonly [K in keyof T]: Kinds[T[K]] };

/** Flags that describe a credential: they go to the latest `-new-*-credential`, or to the default one before any. */
const CREDENTIAL_FLAGS = {
  'cert-file': 'text',
  'key-file': 'text',
  'signing-prefs': 'ints',
  'ocsp-response': 'bytes',
  'signed-cert-timestamps': 'bytes',
  'must-match-issuer': 'bool',
  // RFC 9258
  'psk-importer-key': 'bytes',
  'psk-importer-identity': 'bytes',
  'psk-importer-context': 'bytes',
  'psk-importer-sha256': 'bool',
  'psk-importer-sha384': 'bool',
} as const;

type CredentialType = 'x509' | 'raw-public-key' | 'psk';
const CREDENTIAL_TYPES: Readonly<Record<string, CredentialType>> = { x509: 'x509', rpk: 'raw-public-key', psk: 'psk' };

const FLAGS = {
  // The runner
  port: 'int',
  ipv6: 'bool',
  'shim-id': 'u64',
  'resume-count': 'int',
  'trust-cert': 'text',
  async: 'bool',
  'implicit-handshake': 'bool',
  'permute-extensions': 'bool',
  'use-old-client-cert-callback': 'bool',

  // What to offer
  'min-version': 'int',
  'max-version': 'int',
  'no-tls1': 'bool',
  'no-tls11': 'bool',
  'no-tls12': 'bool',
  'no-tls13': 'bool',
  curves: 'ints',
  'key-shares': 'ints',
  'server-supported-groups-hint': 'ints',
  'verify-prefs': 'ints',
  'host-name': 'text',
  'advertise-alpn': 'text',
  'allow-unknown-alpn-protos': 'bool',
  'no-ticket': 'bool',
  quic: 'bool',
  'quic-transport-params': 'bytes',
  'quic-use-legacy-codepoint': 'int',
  'quic-early-data-context': 'text',
  // For servers, which are not there
  'select-alpn': 'text',
  'enable-ocsp-stapling': 'bool',
  'enable-signed-cert-timestamps': 'bool',
  'enable-early-data': 'bool',
  'enable-grease': 'bool',
  'enable-ech-grease': 'bool',
  'ech-config-list': 'bytes',
  'reject-unusable-ech-config': 'bool',
  'install-cert-compression-algs': 'bool',
  'accepted-peer-cert-types': 'ints',
  'available-client-cert-types': 'ints',
  'max-cert-list': 'int',
  'renegotiate-ignore': 'bool',
  'no-legacy-server-connect': 'bool',
  // For DTLS, which is not spoken: nothing is offered
  'srtp-profiles': 'text',

  // Whom to believe
  'verify-peer': 'bool',
  'verify-fail': 'bool',
  'use-custom-verify-callback': 'bool',
  'reverify-on-resume': 'bool',
  'use-ocsp-callback': 'bool',
  'fail-ocsp-callback': 'bool',
  'fail-cert-callback': 'bool',

  // What to do
  'shim-writes-first': 'bool',
  'shim-initial-write': 'text',
  'repeat-shim-initial-write': 'int',
  'shim-shuts-down': 'bool',
  'check-close-notify': 'bool',
  'read-with-unfinished-write': 'bool',
  'early-write-after-message': 'int',
  'no-op-extra-handshake': 'bool',
  'key-update': 'bool',
  'export-keying-material': 'int',
  'export-label': 'text',
  'export-context': 'text',
  'use-export-context': 'bool',
  'export-traffic-secrets': 'bool',
  'resumption-delay': 'int',

  // What must come out
  'expect-alpn': 'text',
  'expect-accept-early-data': 'bool',
  'expect-reject-early-data': 'bool',
  'expect-no-offer-early-data': 'bool',
  'expect-early-data-reason': 'text',
  'expect-certificate-types': 'bytes',
  'expect-cipher': 'int',
  'expect-cipher-aes': 'int',
  'expect-cipher-no-aes': 'int',
  'expect-client-ca-list': 'text',
  'expect-curve-id': 'int',
  'expect-ech-accept': 'bool',
  'expect-ech-name-override': 'text',
  'expect-no-ech-name-override': 'bool',
  'expect-ech-retry-configs': 'bytes',
  'expect-no-ech-retry-configs': 'bool',
  'expect-extended-master-secret': 'bool',
  'expect-hrr': 'bool',
  'expect-no-hrr': 'bool',
  'expect-no-peer-cert': 'bool',
  'expect-no-session': 'bool',
  'expect-secure-renegotiation': 'bool',
  'expect-ocsp-response': 'bytes',
  'expect-peer-cert-file': 'text',
  'expect-quic-transport-params': 'bytes',
  'expect-peer-certificate-type': 'int',
  'expect-peer-rpk-sha256': 'bytes',
  'expect-peer-signature-algorithm': 'int',
  'expect-peer-verify-pref': 'ints',
  'expect-selected-credential': 'int',
  'expect-session-miss': 'bool',
  'expect-signed-cert-timestamps': 'bytes',
  'expect-ticket-renewal': 'bool',
  'expect-ticket-supports-early-data': 'bool',
  'expect-total-renegotiations': 'int',
  'expect-verify-result': 'bool',
  'expect-version': 'int',
} as const;

export interface CredentialFlags extends Readonly<Values<typeof CREDENTIAL_FLAGS>> {
  readonly type: CredentialType;
}

/** The flags of one connection, by BoGo's own names. */
export interface Config extends Readonly<Values<typeof FLAGS>> {
  /** What stood before the first `-new-*-credential`: the credential that has no number. */
  readonly defaultCredential: CredentialFlags;
  readonly credentials: readonly CredentialFlags[];
}

/** The connections that one process makes. */
export interface Configs {
  readonly initial: Config;
  readonly resume: Config;
  /** For the rest of a connection whose early data was rejected. */
  readonly retry: Config;
}

/** @throws Unimplemented for an unknown flag; UsageError for a missing or malformed value. */
export function parseFlags(args: readonly string[]): Configs {
  const configs = { initial: emptyConfig(), resume: emptyConfig(), retry: emptyConfig() };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const { name, targets } = scope(arg, configs);
    const flag = lookUp(name);
    let text = '';
    if (flag.takesValue) {
      const value = args[++i];
      if (value === undefined) throw new UsageError(`${arg} needs a value`);
      text = value;
    }
    for (const config of targets) flag.set(config, text);
  }
  return configs;
}

interface MutableConfig extends Values<typeof FLAGS> {
  defaultCredential: MutableCredential;
  credentials: MutableCredential[];
}
interface MutableCredential extends Values<typeof CREDENTIAL_FLAGS> {
  type: CredentialType;
}

function scope(
  arg: string,
  { initial, resume, retry }: Record<keyof Configs, MutableConfig>,
): { name: string; targets: MutableConfig[] } {
  const scopes: readonly (readonly [string, MutableConfig])[] = [
    ['-on-initial-', initial],
    ['-on-resume-', resume],
    ['-on-retry-', retry],
  ];
  for (const [prefix, target] of scopes)
    if (arg.startsWith(prefix)) return { name: arg.slice(prefix.length), targets: [target] };
  if (!arg.startsWith('-')) throw new UsageError(`${arg} is no flag`);
  return { name: arg.slice(1), targets: [initial, resume, retry] };
}

interface Setter {
  readonly takesValue: boolean;
  set(config: MutableConfig, text: string): void;
}

function lookUp(name: string): Setter {
  if (name === 'no-key-shares')
    return {
      takesValue: false,
      set: (config) => {
        config['key-shares'] = [];
      },
    };
  const type = CREDENTIAL_TYPES[/^new-(\w+)-credential$/.exec(name)?.[1] ?? ''];
  if (type !== undefined) {
    return {
      takesValue: false,
      set: (config) => {
        config.credentials.push(emptyCredential(type));
      },
    };
  }
  if (Object.hasOwn(CREDENTIAL_FLAGS, name)) {
    const key = name as keyof typeof CREDENTIAL_FLAGS;
    const kind = CREDENTIAL_FLAGS[key];
    return {
      takesValue: kind !== 'bool',
      set: (config, text) => {
        assign(config.credentials.at(-1) ?? config.defaultCredential, key, kind, text);
      },
    };
  }
  if (Object.hasOwn(FLAGS, name)) {
    const key = name as keyof typeof FLAGS;
    const kind = FLAGS[key];
    return {
      takesValue: kind !== 'bool',
      set: (config, text) => {
        assign(config, key, kind, text);
      },
    };
  }
  throw new Unimplemented(`-${name}`);
}

function assign(target: object, key: string, kind: Kind, text: string): void {
  const values = target as Record<string, unknown>;
  values[key] =
    kind === 'ints' ? [...((values[key] as number[] | undefined) ?? []), int(key, text)] : parse(key, kind, text);
}

function parse(key: string, kind: Kind, text: string): unknown {
  switch (kind) {
    case 'bool':
      return true;
    case 'int':
      return int(key, text);
    case 'u64':
      if (!/^\d+$/.test(text)) throw new UsageError(`-${key}: ${text} is no number`);
      return BigInt(text);
    case 'bytes':
      return base64(key, text);
    default:
      return text;
  }
}

function int(key: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new UsageError(`-${key}: ${text} is no number`);
  return Number(text);
}

function base64(key: string, text: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new UsageError(`-${key}: ${text} is no base64`);
  return new Uint8Array(Buffer.from(text, 'base64'));
}

const empty = (kinds: Record<string, Kind>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, kind === 'bool' ? false : undefined]));

const emptyCredential = (type: CredentialType): MutableCredential =>
  ({ ...empty(CREDENTIAL_FLAGS), type }) as unknown as MutableCredential;

const emptyConfig = (): MutableConfig =>
  ({ ...empty(FLAGS), defaultCredential: emptyCredential('x509'), credentials: [] }) as unknown as MutableConfig;
