/** @module The platform's trust anchors. */
import { certificatesOf } from './pem.ts';

let cached: readonly Uint8Array[] | undefined;

/**
 * Whom this platform trusts, as DER: what `tls.getCACertificates('default')` says where it exists (Node 22.15 and later;
 * it knows NODE_EXTRA_CA_CERTS and --use-system-ca), else `tls.rootCertificates`. Parsed at the first call, without
 * duplicates; the same array each time, so that an engine may keep what it makes of it.
 * @throws TypeError where the platform has none, as a browser: there `trustAnchors` must be given.
 */
export function platformAnchors(): readonly Uint8Array[] {
  if (cached !== undefined) return cached;
  const tls = builtin();
  const texts = tls?.getCACertificates?.('default') ?? tls?.rootCertificates ?? [];
  if (texts.length === 0) throw new TypeError('this platform gives its trust anchors to nobody: pass `trustAnchors` or `ca`');
  cached = Object.freeze([...new Set(texts)].flatMap((text) => certificatesOf(text)));
  return cached;
}

interface NodeTls {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (type: 'default') => readonly string[];
}

/** Not an import: a bundler for browsers would follow it. */
function builtin(): NodeTls | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?: (id: string) => unknown } };
  return process?.getBuiltinModule?.('node:tls') as NodeTls | undefined;
}
