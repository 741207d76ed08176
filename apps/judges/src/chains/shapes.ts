/** @module What of a chain is sent and what is trusted: servers and stores as they are, and as they should not be. */
import { encode, identifierOf, keyOf, name, sequence, utcTime, type Draft } from './draft.ts';
import { Id } from './features.ts';
import { tlv } from '../fuzz/der.ts';

export interface Shown {
  /** Leaf first. */
  readonly sent: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  /** Of the path, root first. */
  readonly drafts: readonly Draft[];
}

type Shape = (shown: Shown) => Shown;

export function shapeOf(title: string): Shape {
  const shape = SHAPES[title];
  if (shape === undefined) throw new TypeError(`no shape "${title}"`);
  return shape;
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  'the root, too': (shown) => ({ ...shown, sent: [...shown.sent, ...shown.anchors] }),
  'in reverse behind the leaf': (shown) => ({
    ...shown,
    sent: [...shown.sent.slice(0, 1), ...shown.sent.slice(1).reverse()],
  }),
  'each twice': (shown) => ({ ...shown, sent: [...shown.sent, ...shown.sent.slice(1)] }),
  'a stranger in between': (shown) => ({
    ...shown,
    sent: [...shown.sent.slice(0, 1), stranger(), ...shown.sent.slice(1)],
  }),
  'rubbish in between': (shown) => ({
    ...shown,
    sent: [...shown.sent.slice(0, 1), Uint8Array.of(0x30, 3, 2, 1, 1), ...shown.sent.slice(1)],
  }),
  'without the first intermediate': (shown) => ({
    ...shown,
    sent: [...shown.sent.slice(0, 1), ...shown.sent.slice(2)],
  }),
  'nobody trusted': (shown) => ({ ...shown, anchors: [stranger()] }),
  'the last one sent is trusted': (shown) => ({ ...shown, anchors: shown.sent.slice(-1) }),
  'the leaf is trusted': (shown) => ({ ...shown, anchors: shown.sent.slice(0, 1) }),
  'the root and the last one sent are trusted': (shown) => ({
    ...shown,
    anchors: [...shown.anchors, ...shown.sent.slice(-1)],
  }),
  'a root of the same name is trusted, too': (shown) => ({ ...shown, anchors: [twinOfRoot(shown), ...shown.anchors] }),
  'only a root of the same name is trusted': (shown) => ({ ...shown, anchors: [twinOfRoot(shown)] }),
  'an expired twin of the first intermediate before it': (shown) =>
    withTwin(shown, (draft) => ({ ...draft, notAfter: utcTime(-1) })),
  'a twin of the first intermediate with another key before it': (shown) =>
    withTwin(shown, (draft) => ({ ...draft, key: keyOf('p256:twin') })),
  'a twin of the first intermediate under nobody before it': (shown) =>
    withTwin(shown, (draft) => ({ ...draft, issuer: name('ferrule chains', 'nobody'), signer: keyOf('p256:another') })),
  'the root, signed by another root that is trusted': (shown) => ({
    ...shown,
    sent: [...shown.sent, crossSigned(shown)],
    anchors: [stranger()],
  }),
  'the root, signed by another root that is not trusted': (shown) => ({
    ...shown,
    sent: [...shown.sent, crossSigned(shown)],
  }),
};

const rootOf = ({ drafts }: Shown): Draft => drafts[0] as Draft;

/** A root that has nothing to do with the chain. */
const strangerDraft = (): Draft => ({
  ...plain(),
  subject: name('ferrule chains', 'stranger'),
  key: keyOf('p256:stranger'),
});
const stranger = (): Uint8Array => encode(strangerDraft(), strangerDraft());

function twinOfRoot(shown: Shown): Uint8Array {
  const root: Draft = { ...plain(), subject: rootOf(shown).subject, key: keyOf('p256:twin') };
  return encode(root, root);
}

function withTwin(shown: Shown, change: (draft: Draft) => Draft): Shown {
  const at = shown.drafts.length - 2;
  const draft = shown.drafts[at];
  const issuer = shown.drafts[at - 1];
  if (draft === undefined || issuer === undefined) return shown;
  return { ...shown, sent: [...shown.sent.slice(0, 1), encode(change(draft), issuer), ...shown.sent.slice(1)] };
}

/** The root's name and key in a certificate of the stranger. */
function crossSigned(shown: Shown): Uint8Array {
  const { subject, key } = rootOf(shown);
  const draft: Draft = { ...plain(), serial: Uint8Array.of(0x61), subject, key };
  draft.extensions.set(Id.aki, {
    critical: new Uint8Array(0),
    value: sequence(tlv(0x80, identifierOf(keyOf('p256:stranger')))),
  });
  return encode(draft, strangerDraft());
}

/** A CA that nothing is wrong with. */
const plain = (): Draft => ({
  version: 2,
  versionWritten: true,
  serial: Uint8Array.of(0x60),
  subject: name('ferrule chains', 'plain'),
  issuer: undefined,
  notBefore: utcTime(-5),
  notAfter: utcTime(60),
  key: keyOf('p256:plain'),
  signer: undefined,
  hash: 'sha256',
  mask: undefined,
  parameters: new Uint8Array(0),
  outerHash: undefined,
  extensions: new Map([
    [Id.basic, { critical: Uint8Array.of(1, 1, 255), value: sequence(Uint8Array.of(1, 1, 255)) }],
    [Id.keyUsage, { critical: Uint8Array.of(1, 1, 255), value: Uint8Array.of(3, 2, 1, 6) }],
    [Id.ski, { critical: new Uint8Array(0), value: (own: Draft) => tlv(0x04, identifierOf(own.key)) }],
  ]),
  more: [],
  emptyList: false,
  uniqueIds: new Uint8Array(0),
  corrupt: false,
  edit: undefined,
});
