/** @module The options of commands that can be watched at work. */
import type { Command } from 'commander';
import { option } from './usage.ts';

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
