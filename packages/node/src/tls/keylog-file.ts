/** @module `node --tls-keylog=FILE`, which node:tls reads as well: secrets of each connection in the NSS key log format. */
import { appendFile } from 'node:fs';

let warned = false;

/** The file named on the command line; warns once that secrets are written there. */
export function keylogFile(): string | undefined {
  const file = optionOf([...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv]);
  if (file !== undefined)
    warn(`Using --tls-keylog makes TLS connections insecure by writing secret key material to file ${file}`);
  return file;
}

/** A file that cannot be written is a warning, once, and does not fail the connection. */
export function appendKeylog(file: string, line: Uint8Array): void {
  appendFile(file, line, { mode: 0o600 }, (error) => {
    if (error !== null && !failed) process.emitWarning(`--tls-keylog: ${error.message}`);
    failed ||= error !== null;
  });
}
let failed = false;

/** The last one counts; Node treats underscores in options as dashes. */
function optionOf(args: readonly string[]): string | undefined {
  let file: string | undefined;
  for (const [index, arg] of args.entries()) {
    const [, name, value] = /^(--[^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name?.replaceAll('_', '-') === '--tls-keylog') file = value ?? args[index + 1];
  }
  return file === '' ? undefined : file;
}

function warn(text: string): void {
  if (!warned) process.emitWarning(text);
  warned = true;
}
