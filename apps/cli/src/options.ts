/** @module The options that every command has, and how they become those of `connect()`. */
import { isIP } from 'node:net';
import type { Command, Option } from 'commander';
import type { Backend, CertificateProfile, ContextOptions, TlsVersion } from '@ferrule/contract';
import { type StarttlsProtocol, starttlsProtocols } from '@ferrule/starttls';
import { type CheckOptions, checksOf, withChecks } from './checks.ts';
import { type NamedFile, readInput, refuseCollisions } from './files.ts';
import { keylogTo } from './output.ts';
import { parseVia, type ViaOption } from './route.ts';
import { hostOf } from './target.ts';
import { choice, nearestOf, option, shown, UsageError } from './usage.ts';
import { parseHost } from '@ferrule/result/host';
import { certificatesOf, chooseBackend, cipherSuiteName, type ConnectOptions, groupName } from 'ferrule';

export interface FamilyOptions {
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
}

export interface CommonOptions extends CheckOptions, FamilyOptions {
  readonly ca?: readonly Uint8Array[];
  readonly backend?: 'native' | 'pure';
  readonly json?: boolean;
  readonly servername?: string;
  readonly alpn?: readonly string[];
  readonly timeout: number;
  readonly cert?: readonly Uint8Array[];
  readonly key?: Uint8Array;
  readonly pin?: readonly Uint8Array[];
  readonly profile?: CertificateProfile;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  readonly groups?: readonly string[];
  readonly cipherSuites?: readonly string[];
  readonly keylog?: string;
  readonly via?: ViaOption;
  /** Only of commands that can speak before TLS. */
  readonly starttls?: StarttlsProtocol | 'none';
}

/** As they are typed: files are read by {@link prepared}, which may have to ask for a passphrase. */
export type Given<T> = Omit<T, 'ca' | 'cert' | 'key' | 'crl' | 'crlite'> & GivenFiles;

interface GivenFiles {
  readonly ca?: readonly string[];
  readonly crl?: readonly string[];
  readonly crlite?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphraseFile?: string;
}

export function withCommonOptions(command: Command): Command {
  return withFamily(withChecks(command.addOption(caOption())))
    .addOption(
      option(
        '--pin <sha256>',
        'a key that must be in the chain: base64 of the SHA-256 of its SubjectPublicKeyInfo (repeatable)',
        { parse: readPin },
      ),
    )
    .addOption(
      choice(
        '--profile <rules>',
        'rules for certificates: compatible (default: what OpenSSL accepts), rfc5280, or webpki (pure engine)',
        ['compatible', 'rfc5280', 'webpki'],
      ),
    )
    .addOption(option('--cert <file>', 'a client certificate with its chain: PEM, DER or PKCS#12'))
    .addOption(
      option(
        '--key <file>',
        'the key of the client certificate: PEM or DER; not needed if the --cert file contains it',
      ),
    )
    .addOption(
      option(
        '--passphrase-file <file>',
        'a file whose first line is the passphrase of the key; default: FERRULE_PASSPHRASE, or you are asked at the terminal',
      ),
    )
    .addOption(
      choice('--backend <engine>', 'native (OpenSSL) or pure (TypeScript); default: native if it runs here', [
        'native',
        'pure',
      ]),
    )
    .addOption(
      option('--servername <name>', 'the name to verify and to send (SNI), if it is not the host', {
        parse: serverName,
      }),
    )
    .addOption(option('--alpn <protocols>', 'application protocols to offer, separated by commas', { parse: list }))
    .addOption(option('--min-version <version>', 'the oldest version to offer: 1.2 or 1.3', { parse: version }))
    .addOption(option('--max-version <version>', 'the newest version to offer: 1.2 or 1.3', { parse: version }))
    .addOption(
      option('--cipher-suites <names>', 'cipher suites to offer, by their IANA or OpenSSL names, separated by commas', {
        parse: list,
      }),
    )
    .addOption(
      option('--groups <names>', 'groups to offer, e.g. x25519,secp256r1 (P-256 and prime256v1 are the same)', {
        parse: list,
      }),
    )
    .addOption(
      option('--timeout <seconds>', 'time limit for connecting and the handshake', { parse: seconds }).default(30),
    )
    .addOption(option('--keylog <file>', 'append the secrets of the connection, for Wireshark').env('SSLKEYLOGFILE'))
    .addOption(viaOption())
    .option('--json', 'one JSON document on stdout');
}

export const caOption = (
  about: string = 'trust only the certificates in this PEM or DER file, instead of those that Node trusts (its own roots, NODE_EXTRA_CA_CERTS; repeatable)',
): Option => option<readonly string[]>('--ca <file>', about, { parse: (path, before = []) => [...before, path] });

/** As ssh(1) and curl(1) have them. */
export const withFamily = (command: Command): Command =>
  command
    .addOption(option('-4, --ipv4', 'use IPv4 only').conflicts('ipv6'))
    .addOption(option('-6, --ipv6', 'use IPv6 only'));

export const viaOption = (
  about: string = 'how to get there: tcp://host:port, unix:/path, socks5://host, http://host, ws://host/{host}:{port}, "exec:ssh -W {host}:{port} jump", or direct; default: HTTPS_PROXY, NO_PROXY',
): Option => option('--via <url>', about, { parse: parseVia, secret: true });

/** For commands that can speak a protocol before TLS. */
export function withStarttls(command: Command): Command {
  return command.addOption(
    choice(
      '--starttls <protocol>',
      `the protocol spoken before TLS; default: the usual one of the port (25 smtp, 143 imap, 5432 postgres, …), none elsewhere`,
      [...starttlsProtocols, 'none'],
    ),
  );
}

interface Outputs {
  readonly record?: string;
  readonly pcap?: string;
  readonly keylog?: string;
  readonly output?: string;
}

/**
 * Reads the files that the options name, once for all connections of the command.
 * @throws UsageError for a file that cannot be read or is something else, and where an output would overwrite an input.
 */
export async function prepared<T extends CommonOptions>(given: Given<T>): Promise<T> {
  const { ca, crl, crlite, cert, key, passphraseFile, ...rest } = given as GivenFiles & Outputs;
  const { record, pcap, keylog, output } = rest;
  const named = (flag: string, ...paths: readonly (string | undefined)[]): NamedFile[] =>
    paths.filter((path) => path !== undefined).map((path) => ({ flag, path }));
  refuseCollisions(
    [
      ...named('--ca', ...(ca ?? [])),
      ...named('--crl', ...(crl ?? [])),
      ...named('--crlite', crlite),
      ...named('--cert', cert),
      ...named('--key', key),
      ...named('--passphrase-file', passphraseFile),
    ],
    [
      ...named('--record', record),
      ...named('--pcap', pcap),
      ...named('--keylog', keylog),
      ...named('--output', output),
    ],
  );
  if (passphraseFile !== undefined && cert === undefined)
    throw new UsageError('--passphrase-file: there is no key; name one with --cert and --key');
  if (key !== undefined && cert === undefined)
    throw new UsageError('--key: its certificate is missing; name it with --cert');
  const credential =
    cert === undefined ? undefined : await (await import('./credential.ts')).readCredential(cert, key, passphraseFile);
  return {
    ...rest,
    ...(ca && { ca: readAnchors(ca) }),
    ...(crl && { crl: (await import('./lists.ts')).readLists(crl) }),
    ...(crlite !== undefined && { crlite: (await import('./filters.ts')).readCrlite('--crlite', crlite) }),
    ...(credential && { cert: credential.chain, key: credential.key }),
  } as unknown as T;
}

/** @throws UsageError */
export const readAnchors = (paths: readonly string[]): readonly Uint8Array[] =>
  paths.flatMap((path) => readCertificates('--ca', path));

/** Of -4 and -6. */
export const familyOf = ({ ipv4, ipv6 }: FamilyOptions): 4 | 6 | undefined =>
  ipv4 === true ? 4 : ipv6 === true ? 6 : undefined;

/** What {@link CommonOptions} become. */
export type ConnectionOptions = ContextOptions &
  Pick<ConnectOptions, 'backend' | 'ca' | 'servername' | 'timeout' | 'signal'>;

/**
 * All commands verify; there is no switch to turn that off. @throws TypeError for a name that the engine does not know.
 */
export async function connectOptions(options: CommonOptions, signal: AbortSignal): Promise<ConnectionOptions> {
  const {
    ca,
    pin,
    profile,
    cert,
    key,
    backend,
    servername,
    alpn,
    minVersion,
    maxVersion,
    groups,
    cipherSuites,
    timeout,
    keylog,
  } = options;
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2')
    throw new UsageError('--min-version 1.3 and --max-version 1.2 leave no version');
  const named =
    groups !== undefined || cipherSuites !== undefined || profile !== undefined
      ? (await chooseBackend(backend)).backend
      : undefined;
  if (profile !== undefined && named?.supported.profiles.includes(profile) === false)
    throw new UsageError(
      `--profile ${profile}: the ${named.name} engine has ${named.supported.profiles.join(', ')}`,
      'Add --backend pure.',
    );
  return {
    timeout: timeout * 1000,
    signal,
    ...(ca && { ca }),
    ...checksOf(options),
    ...(pin && { pins: pin }),
    ...(profile && { profile }),
    ...(cert && key && { credentials: [{ chain: cert, key }] }),
    ...(backend && { backend }),
    ...(servername !== undefined && { servername }),
    ...(alpn && { alpn }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
    ...(named && groups && { groups: await codesOf('--groups', groups, named, 'groups', groupName) }),
    ...(named &&
      cipherSuites && {
        cipherSuites: await codesOf('--cipher-suites', cipherSuites, named, 'cipherSuites', cipherSuiteName),
      }),
    ...(keylog && { onKeylog: keylogOf(keylog) }),
  };
}

const keylogs = new Map<string, (line: string) => void>();

/** One for all connections of the command: a warning is given once. */
function keylogOf(path: string): (line: string) => void {
  const log = keylogs.get(path) ?? keylogTo(path);
  keylogs.set(path, log);
  return log;
}

/** By other names that people know them by: those of SECG, NIST, X9.62, and OpenSSL's. */
const GROUP_NAMES: Readonly<Record<string, string>> = {
  'p-256': 'secp256r1',
  prime256v1: 'secp256r1',
  'p-384': 'secp384r1',
  'p-521': 'secp521r1',
  curve25519: 'x25519',
  curve448: 'x448',
};

async function codesOf(
  flag: string,
  names: readonly string[],
  { name: engine, supported }: Backend,
  kind: 'groups' | 'cipherSuites',
  nameOf: (code: number) => string,
): Promise<readonly number[]> {
  const codes = names.map((name) => codeOf(name, supported[kind], nameOf));
  const unknown = names.find((_name, i) => codes[i] === undefined);
  if (unknown === undefined) return codes.filter((code) => code !== undefined);
  const message = `${flag}: the ${engine} engine has no ${shown(unknown)}`;
  const other = engine === 'native' ? (await chooseBackend('pure')).backend : undefined;
  if (other !== undefined && codeOf(unknown, other.supported[kind], nameOf) !== undefined)
    throw new UsageError(message, 'Add --backend pure, which has it.');
  const all = supported[kind].map(nameOf);
  const nearest = nearestOf(unknown, all);
  if (nearest !== undefined) throw new UsageError(message, `Did you mean ${nearest}?`);
  throw new UsageError(
    message,
    `It has ${all.slice(0, 4).join(', ')}${all.length > 4 ? ` and ${all.length - 4} more` : ''}.`,
  );
}

function codeOf(name: string, known: readonly number[], nameOf: (code: number) => string): number | undefined {
  const [lower, simple] = [name.toLowerCase(), simplified(name)];
  const wanted = GROUP_NAMES[lower] ?? lower;
  return known.find((each) => nameOf(each).toLowerCase() === wanted || simplified(nameOf(each)) === simple);
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` and OpenSSL's `ECDHE-RSA-AES128-GCM-SHA256` come to the same. */
const simplified = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^tls_/, '')
    .replace('_with_', '_')
    .replace('chacha20_poly1305_sha256', 'chacha20_poly1305')
    .replace(/[-_]/g, '');

function readCertificates(flag: string, path: string): readonly Uint8Array[] {
  const bytes = readInput(flag, path);
  try {
    return certificatesOf(new Uint8Array(bytes));
  } catch (error) {
    throw new UsageError(`${flag} ${shown(path)}: ${(error as Error).message}`);
  }
}

/** As `ferrule pin` prints it, and as curl wants it: `sha256/…`, `sha256//…`, or the base64 alone. */
function readPin(text: string, before: readonly Uint8Array[] = []): readonly Uint8Array[] {
  const bytes = Buffer.from(text.replace(/^sha256\/\/?/, ''), 'base64');
  if (bytes.length !== 32) throw new Error('expected the base64 of 32 bytes; ferrule pin prints such');
  return [...before, new Uint8Array(bytes)];
}

function list(text: string): readonly string[] {
  const items = text.split(',').map((each) => each.trim());
  if (items.includes('')) throw new Error('a name is empty; names are separated by single commas');
  return items;
}

/** @throws Error for what is neither a name nor an address. */
export function serverName(text: string): string {
  const name = isIP(text) === 6 ? text : hostOf(text);
  try {
    parseHost(name);
  } catch {
    throw new Error('expected a host name or an address');
  }
  return name;
}

function version(text: string): TlsVersion {
  const known = /^(?:TLSv?)?(1\.[23])$/i.exec(text)?.[1];
  if (known === undefined) throw new Error('expected 1.2 or 1.3');
  return `TLSv${known}` as TlsVersion;
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!(text.trim() !== '' && value > 0 && value <= 86_400))
    throw new Error('expected a number of seconds, at most 86400');
  return value;
}
