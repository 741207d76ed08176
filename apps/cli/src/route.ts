/** @module Which way to take to a target: as it says itself, else as --via says, else as the environment says. */
import { authority, parseRoute, type Route } from '@ferrule/node/transports';
import type { StarttlsProtocol } from '@ferrule/starttls';
import { InvalidArgumentError } from 'commander';
import { getProxyForUrl } from 'proxy-from-env';
import type { Target } from './target.ts';

/** `direct`: whatever the environment says. */
export type ViaOption = Route | 'direct';

export function parseVia(text: string): ViaOption {
  if (text === 'direct') return text;
  try {
    return parseRoute(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/**
 * HTTPS_PROXY, else ALL_PROXY, unless NO_PROXY has the host, as curl does; where a protocol is spoken before TLS it is no
 * HTTPS, and ALL_PROXY alone counts. This machine is never asked for through a proxy that somebody else may run.
 * @throws TypeError for a proxy that cannot be used.
 */
export function routeTo(target: Target, via: ViaOption | undefined, protocol: StarttlsProtocol | undefined): Route | undefined {
  if (target.route !== undefined) {
    if (via !== undefined) throw new TypeError('--via: the target says by itself how to get there');
    return target.route;
  }
  if (via !== undefined) return via === 'direct' ? undefined : via;
  if (/^(localhost|.*\.localhost|127\.[\d.]+|::1)$/i.test(target.host)) return undefined;
  const proxy = getProxyForUrl(`${protocol ?? 'https'}://${authority(target)}`);
  if (proxy === '') return undefined;
  // where the scheme is left out, the package takes that of the target: people mean an HTTP proxy
  const bare = proxy.replace(/^[a-z-]+:\/\//i, '');
  try {
    return parseRoute(Object.values(process.env).includes(bare) ? `http://${bare}` : proxy);
  } catch (error) {
    throw new TypeError(`the proxy of the environment (HTTPS_PROXY, ALL_PROXY; --via direct leaves it out): ${(error as Error).message}`, { cause: error });
  }
}
