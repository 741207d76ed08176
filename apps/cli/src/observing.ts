/** @module The options of commands that can be watched at work; what watches is loaded where one of them is given. */
import type { Command } from 'commander';
import type { TlsError } from 'ferrule';
import type { Cause, Circumstances } from './causes.ts';
import type { Observer } from './observe.ts';
import { option, UsageError } from './usage.ts';

export interface ObserveOptions {
  readonly trace?: boolean;
  readonly annotate?: boolean;
  readonly record?: string;
  readonly pcap?: string;
  readonly withSecrets?: boolean;
  readonly json?: boolean;
}

/** For commands that make one connection. */
export function withObserving(command: Command): Command {
  return command
    .option('--trace', 'print each handshake message, decrypted and decoded, on stderr; with --json in the document')
    .option('--annotate', 'the same, as bytes with their field names')
    .addOption(option('--record <file>', 'record what is sent and received, for ferrule replay'))
    .addOption(option('--pcap <file>', 'record what is sent and received, for Wireshark (pcapng)'))
    .option(
      '--with-secrets',
      'write the secrets of the connection into those files: whoever has such a file can decrypt it',
    );
}

/** `undefined` where nobody wants to know. @throws UsageError for a file that cannot be written. */
export async function observerOf(options: ObserveOptions): Promise<Observer | undefined> {
  const { trace, annotate, record, pcap, withSecrets } = options;
  if (withSecrets && record === undefined && pcap === undefined)
    throw new UsageError('--with-secrets: needs a file: --record <file> or --pcap <file>');
  return trace || annotate || record !== undefined || pcap !== undefined
    ? new (await import('./observe.ts')).Observer(options)
    : undefined;
}

const documents = new WeakMap<Error, object>();

/** What `--json` is to add to the document of a connection that failed. */
export const noteDocument = (error: Error, document: object): void => void documents.set(error, document);

/** What `--json` adds to the document of a connection that failed. */
export const documentOfFailure = (error: Error): object => documents.get(error) ?? {};

const circumstances = new WeakMap<Error, Circumstances>();

/** What was seen of the connection that failed: the first who knows says it. */
export function noteCircumstances(error: unknown, seen: Circumstances): void {
  if (error instanceof Error && !circumstances.has(error)) circumstances.set(error, seen);
}

/** Of what the server is to blame for: what it came to, and what to do. */
export async function causeOfFailure(error: TlsError): Promise<Cause | undefined> {
  const seen = circumstances.get(error);
  return seen && (await import('./causes.ts')).causeOf(error, seen);
}
