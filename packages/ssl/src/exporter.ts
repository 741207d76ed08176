/**
 * @module Checks the arguments of exportKeyingMaterial() (RFC 5705 section 4, RFC 9846 section 7.5), for every engine.
 */
import type { TlsVersion } from '@ferrule/contract';
import { copyOf } from '@ferrule/result/arguments';
import { CipherSuiteId } from '@ferrule/result/numbers';
import { Misuse } from './calls.ts';

export type ExporterCall = 'exportKeyingMaterial' | 'exportEarlyKeyingMaterial';

/**
 * RFC 5705 section 4: an exporter must never output what TLS derives for itself. The PRF of TLS 1.2 has no separator
 * after the label (RFC 5246 section 5), so a label must not begin with one of these either, as in OpenSSL.
 */
const RESERVED = [
  'client finished',
  'server finished',
  'master secret',
  'extended master secret',
  'key expansion',
] as const;

/**
 * Checks the arguments of an exporter.
 * @returns a copy of the context, which may be in shared memory.
 * @throws TypeError for a label that is too long or reserved, a context that is not a Uint8Array, or a length out of
 * range.
 */
export function exporterContext(
  call: ExporterCall,
  label: unknown,
  context: unknown,
  length: unknown,
  { version, cipherSuite }: { readonly version: TlsVersion | undefined; readonly cipherSuite: number | undefined },
): Uint8Array | undefined {
  if (typeof label !== 'string') throw new Misuse(call, `the label must be a string, not ${typeOf(label)}`);
  // HKDF-Expand-Label allows 255 bytes for the label, 6 of them its prefix.
  const bytes = new TextEncoder().encode(label).length;
  if (bytes > 249) throw new Misuse(call, `a label has at most 249 bytes, not ${bytes}`);
  const reserved = version === 'TLSv1.2' ? RESERVED.find((own) => label.startsWith(own)) : undefined;
  if (reserved !== undefined)
    throw new Misuse(call, `the label "${label}" begins with "${reserved}", which is TLS's own`);
  const copy = context === undefined ? undefined : copyOf(context);
  if (context !== undefined && copy === undefined)
    throw new Misuse(call, `the context must be a Uint8Array or undefined, not ${typeOf(context)}`);
  // RFC 5869 section 2.3: HKDF outputs at most 255 hash lengths.
  const most = version === 'TLSv1.2' ? 0xffff : 255 * (cipherSuite === CipherSuiteId.TLS_AES_256_GCM_SHA384 ? 48 : 32);
  if (!Number.isInteger(length) || (length as number) < 1 || (length as number) > most) {
    throw new Misuse(call, `length must be an integer from 1 to ${most}, not ${String(length)}`);
  }
  if (copy !== undefined && copy.length > 0xffff)
    throw new Misuse(call, `a context has at most 65535 bytes, not ${copy.length}`);
  return copy;
}

const typeOf = (value: unknown): string =>
  value === null
    ? 'null'
    : typeof value === 'object'
      ? ((value.constructor as { readonly name?: string } | undefined)?.name ?? 'object')
      : typeof value;
