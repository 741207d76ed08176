/**
 * @module What a ClientHello leaves room for. A row that needs something the client did not offer, or did offer, finds
 * it here, or does not apply to this client.
 */
import type { ClientHello, ClientHelloExtensions } from '@ferrule/pure/wire';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { NotApplicable } from './peer.ts';

/** A server that has read a ClientHello. */
export interface Asked {
  readonly hello: ClientHello;
  readonly offered: ClientHelloExtensions;
}

/** secp256k1 (SEC 2): registered, and offered by nobody. Its share is of 65 bytes. */
const SECP256K1 = 0x0016;
const GROUPS = nodeCrypto.groups.filter(({ kem }) => !kem).map(({ id }) => id);
const groupsOf = ({ offered }: Asked): readonly number[] => offered.supportedGroups ?? [];
const sharesOf = ({ offered }: Asked): readonly number[] => offered.keyShare?.map(({ group }) => group) ?? [];

/** Whether the hello offers TLS 1.3 (RFC 9846 section 4.3.1). */
export const offers13 = ({ offered }: Asked): boolean => offered.supportedVersions?.includes(0x0304) === true;

/** Whether the hello offers TLS 1.2: by the extension, or as it was done before there was one. */
export const offers12 = ({ hello, offered }: Asked): boolean =>
  offered.supportedVersions?.includes(0x0303) ?? hello.legacyVersion >= 0x0303;

/** @throws NotApplicable */
export function need(condition: boolean, what: string): void {
  if (!condition) throw new NotApplicable(what);
}

/**
 * The first of these that is not among what was offered.
 * @throws NotApplicable
 */
export function unoffered(candidates: readonly number[], offered: readonly number[], what: string): number {
  const found = candidates.find((each) => !offered.includes(each));
  if (found === undefined) throw new NotApplicable(`the client offers every ${what} that could be picked`);
  return found;
}

/**
 * The first of these that was offered.
 * @throws NotApplicable
 */
export function offeredOf(offered: readonly number[], candidates: readonly number[]): number {
  const found = candidates.find((each) => offered.includes(each));
  if (found === undefined) throw new NotApplicable('the client offers no cipher suite that this server has');
  return found;
}

/** A group that is not in the hello. */
export const unofferedGroup = (asked: Asked): number =>
  unoffered([0x0019, 0x0018, 0x0017, SECP256K1], groupsOf(asked), 'group');

/**
 * A group whose share is in the hello.
 * @throws NotApplicable
 */
export function sharedGroup(asked: Asked): number {
  const [found] = sharesOf(asked);
  if (found === undefined) throw new NotApplicable('the client sends no key share');
  return found;
}

/**
 * A group that is in the hello, without a share.
 * @throws NotApplicable
 */
export function groupWithoutShare(asked: Asked): number {
  const found = GROUPS.find((id) => groupsOf(asked).includes(id) && !sharesOf(asked).includes(id));
  if (found === undefined) throw new NotApplicable('the client sends a share of every group that it offers');
  return found;
}

/** @throws NotApplicable where the client sends no share of this group. */
export const needShare = (asked: Asked, group: number): void =>
  need(sharesOf(asked).includes(group), `the client sends no key share of group 0x${group.toString(16)}`);

/** @throws NotApplicable where the client does not offer this group. */
export const needGroup = (asked: Asked, group: number): void =>
  need(groupsOf(asked).includes(group), `the client does not offer group 0x${group.toString(16)}`);

/**
 * An application protocol that is not in the hello, which has others.
 * @throws NotApplicable
 */
export function unofferedProtocol(asked: Asked): Uint8Array {
  offeredProtocol(asked);
  const names = asked.offered.alpn?.map((name) => Buffer.from(name).toString('latin1')) ?? [];
  return Buffer.from(names.includes('h3') ? 'ferrule' : 'h3');
}

/**
 * The first application protocol of the hello.
 * @throws NotApplicable
 */
export function offeredProtocol({ offered }: Asked): Uint8Array {
  const [first] = offered.alpn ?? [];
  if (first === undefined) throw new NotApplicable('the client offers no application protocol (ALPN)');
  return first;
}
