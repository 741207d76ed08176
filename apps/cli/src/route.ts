/** @module Which way to take to a target: as it says itself, else as --via says, else as the environment says. */
import { BlockList, isIP } from 'node:net';
import { parseRoute, type Route } from '@ferrule/node/transports';
import type { StarttlsProtocol } from '@ferrule/starttls';
import { InvalidArgumentError } from 'commander';
import type { Target } from './target.ts';
import { UsageError } from './usage.ts';

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

/** @throws UsageError for a proxy that cannot be used. */
export function routeTo(
  target: Target,
  via: ViaOption | undefined,
  protocol: StarttlsProtocol | undefined,
): Route | undefined {
  if (target.route !== undefined) {
    if (via !== undefined) throw new UsageError('--via: the target says by itself how to get there');
    return target.route;
  }
  if (target.address !== undefined) return { scheme: 'tcp', host: target.address, port: target.port };
  if (via !== undefined) return via === 'direct' ? undefined : via;
  const proxy = proxyFor(target, protocol);
  if (proxy === undefined) return undefined;
  try {
    return parseRoute(proxy.includes('://') ? proxy : `http://${proxy}`);
  } catch (error) {
    throw new UsageError(
      `the proxy of the environment (HTTPS_PROXY, ALL_PROXY; --via direct leaves it out): ${(error as Error).message}`,
    );
  }
}

/**
 * HTTPS_PROXY, else ALL_PROXY, unless NO_PROXY has the host, as curl does; where a protocol is spoken before TLS it is
 * no HTTPS, and its own variable or ALL_PROXY counts. This machine is never asked for through a proxy that somebody
 * else may run.
 */
export function proxyFor(
  { host, port }: Target,
  protocol: StarttlsProtocol | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const value = (name: string): string | undefined => env[name] || env[name.toUpperCase()] || undefined;
  if (
    /^(localhost|.*\.localhost|127\.[\d.]+|::1)$/i.test(host) ||
    excepted(host.toLowerCase(), port, value('no_proxy') ?? '')
  )
    return undefined;
  return value(`${protocol ?? 'https'}_proxy`) ?? value('all_proxy');
}

/** Of `*`, names (with what is below them), addresses and networks, each but the last two perhaps with a port. */
function excepted(host: string, port: number, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [network = '', bits] = entry.split('/');
      if (bits !== undefined) return within(host, network, Number(bits));
      const [, bracketed, plain, itsPort] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
      const name = (bracketed ?? plain ?? entry).replace(/^\*?\./, '');
      return (
        name !== '' &&
        (itsPort === undefined || Number(itsPort) === port) &&
        (host === name || host.endsWith(`.${name}`))
      );
    });
}

function within(host: string, network: string, bits: number): boolean {
  const family = isIP(host);
  if (
    family === 0 ||
    isIP(network) !== family ||
    !(Number.isInteger(bits) && bits >= 0 && bits <= (family === 4 ? 32 : 128))
  )
    return false;
  const networks = new BlockList();
  networks.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return networks.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
