/**
 * @module Whom the relay connects to: what a client may ask for, the rules of `--allow`, and the addresses that a name
 * may lead to.
 */
import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/** Made by {@link targetOf} and {@link AllowList} alone: the host is in the form in which hosts are compared. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** As dns.lookup() with `all`. */
export type Resolve = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** The `code` of an error: a name leads only to addresses that it may not lead to. */
export const BLOCKED = 'ERELAYBLOCKED';

/** `undefined` for what is neither a name of letters, digits, `-` and `_`, nor an address without a zone. */
export function targetOf(host: string, port: number): Target | undefined {
  const known = hostOf(host);
  return known === undefined || !isPort(port) ? undefined : { host: known, port };
}

/** `host:port`, `[::1]:port`; as {@link targetOf}. */
export function parseTarget(text: string): Target | undefined {
  const { host = '', port = '' } = split(text) ?? {};
  return targetOf(host, Number(port));
}

type Rule = (to: Target) => boolean;

/** The rules, and what follows from them for addresses. */
export class AllowList {
  readonly #rules: readonly Rule[];
  readonly #isPrivateAllowed: boolean;
  readonly #resolve: Resolve;

  /** @throws TypeError for a rule that is not `host:port`, `*.domain:port` or `host:*`. */
  constructor(rules: readonly string[], isPrivateAllowed: boolean, resolve: Resolve = systemLookup) {
    this.#rules = rules.map(ruleOf);
    this.#isPrivateAllowed = isPrivateAllowed;
    this.#resolve = resolve;
  }

  allows(to: Target): boolean {
    return this.#rules.some((rule) => rule(to));
  }

  /**
   * For net.connect(): only addresses that the name may lead to, so that whoever controls a name's DNS does not reach
   * this machine or its network by it. Here, since a second look-up could give another answer than the first.
   */
  lookup(port: number): LookupFunction {
    return (name, options, done) =>
      this.#resolve(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return done(error, []);
        const fit = found.filter(({ address }) => this.#mayLeadTo(name, address, port));
        const [first] = fit;
        if (first === undefined)
          return done(
            Object.assign(new Error(`${name} leads to an address that is not allowed`), { code: BLOCKED }),
            [],
          );
        if (options.all === true) done(null, fit);
        else done(null, first.address, first.family);
      });
  }

  #mayLeadTo(name: string, address: string, port: number): boolean {
    if (this.#isPrivateAllowed) return true;
    // The zone of a link-local address
    const bare = address.replace(/%.*$/, '');
    const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
    if (!PRIVATE.check(bare, family)) return true;
    // RFC 6761 section 6.3: that is where these names lead
    if (/(^|\.)localhost$/.test(name) && LOOPBACK.check(bare, family)) return true;
    const to = targetOf(bare, port);
    return to !== undefined && this.allows(to);
  }
}

function ruleOf(text: string): Rule {
  const { host: given = '', port: ports = '' } = split(text) ?? {};
  const isWildcard = given.startsWith('*.');
  const host = hostOf(isWildcard ? given.slice(2) : given);
  // An address has no subdomains
  if (host === undefined || (isWildcard && isIP(host) !== 0) || !(ports === '*' || isPort(Number(ports))))
    throw new TypeError(`allow: ${JSON.stringify(text)} is not host:port, *.domain:port or host:*`);
  const matches = isWildcard ? (asked: string) => asked.endsWith(`.${host}`) : (asked: string) => asked === host;
  return (to) => (ports === '*' || to.port === Number(ports)) && matches(to.host);
}

function split(text: string): { readonly host?: string; readonly port?: string } | undefined {
  const [, bracketed, name, port] = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\*|\d{1,5})$/.exec(text) ?? [];
  // Only an IPv6 address has brackets
  const host = bracketed === undefined ? name : isIPv6(bracketed) ? bracketed : undefined;
  return host === undefined || port === undefined ? undefined : { host, port };
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** RFC 952 and 1123 section 2.1, and the underscore that people's networks have; 253 characters in all. */
const NAME = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?)*$/;
/** getaddrinfo(3) takes `127.1` and `0x7f000001` for addresses, as inet_aton(3) does. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/** In lower case; an IPv6 address in the form of RFC 5952. */
function hostOf(text: string): string | undefined {
  const host = text.toLowerCase();
  // getaddrinfo(3) reads a zone as far as it likes: `127.0.0.1%.example.org` is 127.0.0.1
  if (isIP(host) !== 0 && !host.includes('%'))
    return isIPv6(host) ? new URL(`http://[${host}]/`).hostname.slice(1, -1) : host;
  return NAME.test(host) && !ENDS_IN_NUMBER.test(host) ? host : undefined;
}

const LOOPBACK = listOf(['127.0.0.0/8'], ['::1/128']);

/** What leads to this machine, its network or nobody in particular: the registries of RFC 6890. */
const PRIVATE = listOf(
  [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  // Unspecified, loopback, local NAT64 (RFC 8215), 6to4, unique local, link-local, site-local, multicast
  ['::/128', '::1/128', '64:ff9b:1::/48', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
);

/** IPv4 addresses count in IPv6 ones, too: mapped, which BlockList does by itself, compatible, and of NAT64 (RFC 6052). */
function listOf(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const each of v4) {
    const [net = '', bits] = each.split('/');
    list.addSubnet(net, Number(bits), 'ipv4');
    for (const prefix of ['::', '64:ff9b::']) list.addSubnet(`${prefix}${net}`, 96 + Number(bits), 'ipv6');
  }
  for (const each of v6) {
    const [net = '', bits] = each.split('/');
    list.addSubnet(net, Number(bits), 'ipv6');
  }
  return list;
}
