/** @module The options that every command has, and how they become those of `connect()`. */
import { createPrivateKey } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CertificateProfile, ContextOptions, TlsVersion } from '@ferrule/contract';
import { type StarttlsProtocol, starttlsProtocols } from '@ferrule/starttls';
import { parseVia, type ViaOption } from './route.ts';
import { certificatesOf, chooseEngine, cipherSuiteName, type ConnectOptions, groupName } from 'ferrule';

export interface CommonOptions {
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

export function withCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--ca <file>',
        'trust the certificates of this PEM or DER file alone, in place of those that Node trusts (its own roots, NODE_EXTRA_CA_CERTS; repeatable)',
      ).argParser(readCertificates),
    )
    .addOption(
      new Option(
        '--pin <sha256>',
        'a key that must be in the chain: base64 of the SHA-256 of its SubjectPublicKeyInfo (repeatable)',
      ).argParser(readPin),
    )
    .addOption(
      new Option(
        '--profile <rules>',
        'rules for certificates: compatible (default: what OpenSSL accepts), rfc5280, or webpki (pure engine)',
      ).choices(['compatible', 'rfc5280', 'webpki']),
    )
    .addOption(
      new Option('--cert <file>', 'a client certificate with its chain, PEM or DER').argParser((file) =>
        readCertificates(file),
      ),
    )
    .addOption(new Option('--key <file>', 'the key of the client certificate, PEM').argParser(readKey))
    .addOption(
      new Option('--backend <engine>', 'native (OpenSSL) or pure (TypeScript); default: native where it runs').choices([
        'native',
        'pure',
      ]),
    )
    .option('--servername <name>', 'the name to verify and to send, where it is not the host')
    .addOption(new Option('--alpn <protocols>', 'application protocols to offer, separated by commas').argParser(list))
    .addOption(new Option('--min-version <version>', 'the oldest version to offer: 1.2 or 1.3').argParser(version))
    .addOption(new Option('--max-version <version>', 'the newest version to offer: 1.2 or 1.3').argParser(version))
    .addOption(
      new Option(
        '--cipher-suites <names>',
        'cipher suites to offer, by their IANA names, separated by commas',
      ).argParser(list),
    )
    .addOption(new Option('--groups <names>', 'groups to offer, e.g. x25519,secp256r1').argParser(list))
    .addOption(
      new Option('--timeout <seconds>', 'time limit for connecting and the handshake').argParser(seconds).default(30),
    )
    .addOption(
      new Option('--keylog <file>', 'append the secrets of the connection, for Wireshark').env('SSLKEYLOGFILE'),
    )
    .addOption(
      new Option(
        '--via <url>',
        'the way there: tcp://host:port, unix:/path, socks5://host, http://host, ws://host/{host}:{port}, "exec:ssh -W {host}:{port} jump", or direct; default: HTTPS_PROXY, NO_PROXY',
      ).argParser(parseVia),
    )
    .option('--json', 'one JSON document on stdout');
}

/** For commands that can speak a protocol before TLS. */
export function withStarttls(command: Command): Command {
  const choices = [...starttlsProtocols, 'none'];
  return command.addOption(
    new Option(
      '--starttls <protocol>',
      `what is spoken before TLS; default: what is usual at the port (25 smtp, 143 imap, 5432 postgres, …), none elsewhere`,
    ).choices(choices),
  );
}

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
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('--cert and --key belong together');
  const named =
    groups !== undefined || cipherSuites !== undefined ? (await chooseEngine(backend)).backend.supported : undefined;
  return {
    timeout: timeout * 1000,
    signal,
    ...(ca && { ca }),
    ...(pin && { pins: pin }),
    ...(profile && { profile }),
    ...(cert && key && { credentials: [{ chain: cert, key }] }),
    ...(backend && { backend }),
    ...(servername !== undefined && { servername }),
    ...(alpn && { alpn }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
    ...(named && groups && { groups: codesOf('--groups', groups, named.groups, groupName) }),
    ...(named &&
      cipherSuites && { cipherSuites: codesOf('--cipher-suites', cipherSuites, named.cipherSuites, cipherSuiteName) }),
    ...(keylog && { onKeylog: (line) => appendFileSync(keylog, `${line}\n`, { mode: 0o600 }) }),
  };
}

function codesOf(
  option: string,
  names: readonly string[],
  known: readonly number[],
  nameOf: (code: number) => string,
): readonly number[] {
  return names.map((name) => {
    const code = known.find((each) => nameOf(each).toLowerCase() === name.toLowerCase());
    if (code === undefined)
      throw new TypeError(`${option}: this engine has no ${name}; it has ${known.map(nameOf).join(', ')}`);
    return code;
  });
}

export function readCertificates(file: string, before: readonly Uint8Array[] = []): readonly Uint8Array[] {
  try {
    return [...before, ...certificatesOf(new Uint8Array(readFileSync(file)))];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function readKey(file: string): Uint8Array {
  try {
    return new Uint8Array(createPrivateKey(readFileSync(file)).export({ format: 'der', type: 'pkcs8' }));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** As `ferrule pin` prints it, and as curl wants it: `sha256/…`, `sha256//…`, or the base64 alone. */
function readPin(text: string, before: readonly Uint8Array[] = []): readonly Uint8Array[] {
  const bytes = Buffer.from(text.replace(/^sha256\/\/?/, ''), 'base64');
  if (bytes.length !== 32) throw new InvalidArgumentError('Expected the base64 of 32 bytes.');
  return [...before, new Uint8Array(bytes)];
}

const list = (text: string): readonly string[] => text.split(',');

function version(text: string): TlsVersion {
  const known = /^(?:TLSv?)?(1\.[23])$/i.exec(text)?.[1];
  if (known === undefined) throw new InvalidArgumentError('Expected 1.2 or 1.3.');
  return `TLSv${known}` as TlsVersion;
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('Expected a number of seconds.');
  return value;
}
