/** @module A chain as data, made at random from a seed, and made into certificates. */
import type { KeyObject } from 'node:crypto';
import { EMPTY } from '@ferrule/result/bytes';
import { tlv } from '../fuzz/der.ts';
import { randomFrom } from './dice.ts';
import { encode, identifierOf, keyOf, name, sequence, text, TRUE, utcTime, type Draft, type Value } from './draft.ts';
import { featureOf, FEATURES, Id, keyUsage, purposes, type Place } from './features.ts';
import { shapeOf, SHAPES, type Shown } from './shapes.ts';
import { tellAbout, type Told, TOLD } from './told.ts';

/** Everything about a chain; the certificates follow from it. */
export interface ChainSpec {
  /** CA certificates between the root and the leaf; −1: the leaf is the root. */
  readonly between: number;
  readonly features: readonly PlacedFeature[];
  /** What is sent and what is trusted, beyond the usual; names of {@link SHAPES}. */
  readonly shapes: readonly string[];
  /** Lists of revoked certificates and a staple: names of {@link TOLD}. Default none. */
  readonly told?: readonly string[];
}

export interface PlacedFeature {
  /** 0 is the root. */
  readonly at: number;
  readonly name: string;
}

/** A chain as a client meets it. */
export interface Chain extends Shown {
  readonly leafKey: KeyObject;
  readonly told: Told;
}

const MOST_BETWEEN = 3;

/** The chain of this seed: mostly one or two features, as what more of them do together is seldom new. */
export function randomChain(seed: number): ChainSpec {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const between = pick([-1, 0, 1, 1, 1, 2, 2, MOST_BETWEEN]);
  const features = Array.from({ length: pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4]) }, (): PlacedFeature => {
    const at = below(between + 2);
    const possible = FEATURES.filter(({ on }) => on.includes(placeOf(at, between)));
    return { at, name: pick(possible).name };
  });
  const shapes = random() < 0.25 ? [pick(Object.keys(SHAPES))] : [];
  const told = random() < 0.2 ? Array.from({ length: pick([1, 1, 2, 3]) }, () => pick(TOLD)) : [];
  return { between, features, shapes, told };
}

/** What a chain is called in reports: its features, without where in between they are. */
export const titleOf = ({ between, features, shapes, told = [] }: ChainSpec): string =>
  [
    ...features.map(({ at, name: feature }) => `${placeOf(at, between)}: ${feature}`),
    ...shapes.map((shape) => `shown: ${shape}`),
    ...told.map((form) => `told: ${form}`),
  ]
    .sort()
    .join(' + ') || 'nothing special';

export const placeOf = (at: number, between: number): Place => (at === between + 1 ? 'leaf' : at === 0 ? 'root' : 'ca');

export function buildChain(spec: ChainSpec): Chain {
  const drafts = Array.from({ length: spec.between + 2 }, (_, at) => draftOf(at, spec.between));
  for (const { at, name: feature } of spec.features)
    featureOf(placeOf(at, spec.between), feature).apply(drafts[at] as Draft);
  const path = drafts.map((draft, at) => encode(draft, drafts[at - 1] ?? draft)).reverse();
  const shown: Shown = { sent: path.length > 1 ? path.slice(0, -1) : path, anchors: path.slice(-1), drafts };
  const leaf = drafts.at(-1) as Draft;
  return {
    ...spec.shapes.reduce((now, shape) => shapeOf(shape)(now), shown),
    leafKey: leaf.key.privateKey,
    told: tellAbout(drafts, spec.told ?? []),
  };
}

/** A certificate as a careful CA writes it. */
function draftOf(at: number, between: number): Draft {
  const place = placeOf(at, between);
  const draft: Draft = {
    version: 2,
    versionWritten: true,
    serial: Uint8Array.of(0x40 + at, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    subject: name('ferrule chains', place === 'ca' ? `ca ${at}` : place),
    issuer: undefined,
    notBefore: utcTime(-5),
    notAfter: utcTime(60),
    key: keyOf(`p256:${place === 'ca' ? at : place}`),
    signer: undefined,
    hash: 'sha256',
    mask: undefined,
    parameters: EMPTY,
    outerHash: undefined,
    extensions: new Map(),
    more: [],
    emptyList: false,
    uniqueIds: EMPTY,
    corrupt: false,
    edit: undefined,
  };
  const set = (id: string, value: Value, critical: Uint8Array = EMPTY): void =>
    void draft.extensions.set(id, { critical, value });
  set(Id.basic, sequence(...(place === 'leaf' ? [] : [TRUE])), TRUE);
  set(Id.keyUsage, place === 'leaf' ? keyUsage(7, 0x80) : keyUsage(1, 0x06), TRUE);
  set(Id.ski, (own) => tlv(0x04, identifierOf(own.key)));
  if (at > 0) set(Id.aki, (_own, issuer) => sequence(tlv(0x80, identifierOf(issuer.key))));
  if (place === 'leaf') {
    set(Id.eku, purposes('1.3.6.1.5.5.7.3.1'));
    set(Id.san, sequence(tlv(0x82, text('server.test'))));
  }
  return draft;
}
