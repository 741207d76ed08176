/** @module Whom a person wants to connect to, as they type it. */
import { parseHost } from '@ferrule/result/host';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What is wrong with an entry of the form, for the person to read. */
export class TargetError extends Error {
  /** The id of the entry. */
  readonly entry: string;

  constructor(entry: string, message: string) {
    super(message);
    this.entry = entry;
  }
}

/**
 * `example.org`, `example.org:8443`, `[::1]:443`, `https://example.org/path`; port 443 where none is given.
 * @throws TargetError
 */
export function parseTarget(text: string): Target {
  const bare = text
    .trim()
    .replace(/^https:\/\//i, '')
    .replace(/\/.*$/, '');
  const [, bracketed, name, port = '443'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(bare) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || !isHost(host))
    throw new TargetError(
      'target',
      text.trim() === ''
        ? 'Name a server: example.org or example.org:443.'
        : `“${text.trim()}” is not a host, or a host and a port: example.org:443.`,
    );
  if (Number(port) < 1 || Number(port) > 65_535)
    throw new TargetError('target', `${port} is not a port: those are 1 to 65535.`);
  return { host, port: Number(port) };
}

function isHost(host: string): boolean {
  try {
    parseHost(host);
    return true;
  } catch {
    return false;
  }
}
