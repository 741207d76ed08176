/** @module The options that every command has, and how they become those of `connect()`. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { certificatesOf, type ConnectOptions } from 'ferrule';

export interface CommonOptions {
  readonly ca?: readonly Uint8Array[];
  readonly backend?: 'native' | 'pure';
  readonly json?: boolean;
  readonly servername?: string;
  readonly alpn?: readonly string[];
  readonly timeout: number;
}

export function withCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--ca <file>', 'trust the certificates of this PEM or DER file in place of the system’s (repeatable)').argParser(
        readCertificates,
      ),
    )
    .addOption(
      new Option('--backend <engine>', 'native (OpenSSL) or pure (TypeScript); default: native where it runs').choices(['native', 'pure']),
    )
    .option('--servername <name>', 'the name to verify and to send, where it is not the host')
    .addOption(new Option('--alpn <protocols>', 'application protocols to offer, separated by commas').argParser((list) => list.split(',')))
    .addOption(new Option('--timeout <seconds>', 'the longest time until the connection stands').argParser(seconds).default(30))
    .option('--json', 'one JSON document on stdout');
}

/** Both commands verify; there is no switch to turn that off. */
export function connectOptions(
  { ca, backend, servername, alpn, timeout }: CommonOptions,
  signal: AbortSignal,
): Omit<ConnectOptions, 'host' | 'port'> {
  return {
    timeout: timeout * 1000,
    signal,
    ...(ca && { ca }),
    ...(backend && { backend }),
    ...(servername !== undefined && { servername }),
    ...(alpn && { alpn }),
  };
}

function readCertificates(file: string, before: readonly Uint8Array[] = []): readonly Uint8Array[] {
  try {
    return [...before, ...certificatesOf(new Uint8Array(readFileSync(file)))];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('Expected a number of seconds.');
  return value;
}
