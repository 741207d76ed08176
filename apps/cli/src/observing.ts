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
    .option('--trace', 'each message of the handshake, decrypted and decoded, on stderr; with --json in the document')
    .option('--annotate', 'the same, as bytes with the names of their fields')
    .addOption(option('--record <file>', 'write what passed on the wire, for ferrule replay'))
    .addOption(option('--pcap <file>', 'write what passed on the wire, for Wireshark (pcapng)'))
    .option('--with-secrets', 'put the secrets of the connection into those files: whoever has one can read it');
}
