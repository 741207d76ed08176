/**
 * @module DER with one element of it changed, and the lengths around it put right: defects in places that nobody
 * thought of. What BER allows beside DER (long lengths, strings in parts) is not made: OpenSSL alone reads it (ADR 0132).
 */
import { concat, EMPTY } from '@ferrule/result/bytes';
import { children, contentsOf, tlv } from '../fuzz/der.ts';

export interface Mutant {
  /** The place of the element, by the indices that lead to it, and what was done: `7.0.3 chopped`. */
  readonly title: string;
  readonly der: Uint8Array;
}

/** Every change of every element, one at a time, in order. */
export function* mutantsOf(der: Uint8Array): Generator<Mutant> {
  for (const { place, write } of changesOf(read(der))) yield { title: place, der: write };
}

/** An element, taken apart as far as it goes. */
interface Element {
  readonly tag: number;
  /** What stands in front of the members: of a BIT STRING that holds DER, its unused bits. */
  readonly front: Uint8Array;
  readonly members: readonly Element[] | undefined;
  /** Of one without members. */
  readonly contents: Uint8Array;
}

interface Change {
  readonly place: string;
  readonly write: Uint8Array;
}

const [BIT_STRING, OCTET_STRING, SEQUENCE, NULL, CONSTRUCTED] = [0x03, 0x04, 0x30, 0x05, 0x20] as const;

function read(der: Uint8Array): Element {
  const tag = der[0] as number;
  const contents = contentsOf(der);
  if ((tag & CONSTRUCTED) !== 0) return { tag, front: EMPTY, members: children(der).map(read), contents: EMPTY };
  const skipped = tag === BIT_STRING ? 1 : 0;
  const inner = contents.subarray(skipped);
  const holds =
    tag === BIT_STRING ? [SEQUENCE] : tag === OCTET_STRING ? [SEQUENCE, 1, 2, BIT_STRING, OCTET_STRING] : [];
  const whole = holds.includes(inner[0] as number) && isWhole(inner);
  return whole
    ? { tag, front: contents.subarray(0, skipped), members: [read(inner)], contents: EMPTY }
    : { tag, front: EMPTY, members: undefined, contents };
}

/** Whether these octets are one element, as an extension's value is, and not by chance the beginning of one. */
const isWhole = (octets: Uint8Array): boolean =>
  octets.length >= 2 &&
  (octets[1] as number) < 0x83 &&
  tlv(octets[0] as number, contentsOf(octets)).length === octets.length;

const write = ({ tag, front, members, contents }: Element): Uint8Array =>
  tlv(tag, front, ...(members?.map(write) ?? [contents]));

/** `undefined` where there is nothing to change. */
type Alter = (element: Element) => Element | undefined;

const retagged =
  (tag: (old: number) => number): Alter =>
  (element) => {
    const other = tag(element.tag);
    return other === element.tag ? undefined : { ...element, tag: other };
  };
const octets =
  (alter: (contents: Uint8Array) => Uint8Array): Alter =>
  (element) =>
    element.members === undefined && element.contents.length > 0
      ? { ...element, contents: alter(element.contents) }
      : undefined;
const octetAt =
  (at: (length: number) => number, value: (old: number) => number): ((contents: Uint8Array) => Uint8Array) =>
  (contents) =>
    contents.map((octet, i) => (i === at(contents.length) ? value(octet) : octet));
const first = (): number => 0;
const last = (length: number): number => length - 1;
const middle = (length: number): number => length >> 1;

/** Of an element by itself. */
const ALTERED: Readonly<Record<string, Alter>> = {
  emptied: (element) => ({ ...element, front: EMPTY, contents: EMPTY, ...(element.members && { members: [] }) }),
  'with NULL behind': (element) =>
    element.members && { ...element, members: [...element.members, read(Uint8Array.of(NULL, 0))] },
  'as a SEQUENCE': retagged(() => SEQUENCE),
  'as an OCTET STRING': retagged(() => OCTET_STRING),
  'as a BOOLEAN': retagged((tag) => ((tag & CONSTRUCTED) === 0 ? 1 : tag)),
  'as text': retagged((tag) => ((tag & CONSTRUCTED) === 0 ? 0x0c : tag)),
  'with the next tag': retagged((tag) => (tag & 0xe0) | ((tag + 1) & 0x1f)),
  'with the tag before': retagged((tag) => (tag & 0xe0) | ((tag - 1) & 0x1f)),
  'of another class': retagged((tag) => tag ^ 0x80),
  'with 0 in front': octets((contents) => concat([Uint8Array.of(0), contents])),
  'with 255 in front': octets((contents) => concat([Uint8Array.of(255), contents])),
  'with 0 behind': octets((contents) => concat([contents, Uint8Array.of(0)])),
  'with 128 behind': octets((contents) => concat([contents, Uint8Array.of(128)])),
  chopped: octets((contents) => contents.subarray(0, -1)),
  'with its first bit changed': octets(octetAt(first, (octet) => octet ^ 0x80)),
  'with 1 bit of its first octet changed': octets(octetAt(first, (octet) => octet ^ 1)),
  'with its last bit changed': octets(octetAt(last, (octet) => octet ^ 1)),
  'with 0 in the middle': octets(octetAt(middle, () => 0)),
  'with 255 in the middle': octets(octetAt(middle, () => 255)),
  'of 0 alone': octets((contents) => contents.map(() => 0)),
  'of 255 alone': octets((contents) => contents.map(() => 255)),
};

/** Of one among others. */
const MOVED: Readonly<Record<string, (members: readonly Element[], at: number) => readonly Element[]>> = {
  'left out': (members, at) => members.filter((_, i) => i !== at),
  twice: (members, at) => members.flatMap((one, i) => (i === at ? [one, one] : [one])),
  'behind the next': (members, at) => [
    ...members.slice(0, at),
    ...members.slice(at, at + 2).reverse(),
    ...members.slice(at + 2),
  ],
  'inside a SEQUENCE': (members, at) =>
    members.map((one, i) => (i === at ? { tag: SEQUENCE, front: EMPTY, members: [one], contents: EMPTY } : one)),
  'without its wrapping': (members, at) => members.flatMap((one, i) => (i === at ? (one.members ?? [one]) : [one])),
};

function* changesOf(element: Element, path: readonly number[] = []): Generator<Change> {
  const place = path.join('.');
  for (const [how, alter] of Object.entries(ALTERED)) {
    const altered = alter(element);
    if (altered !== undefined) yield { place: `${place} ${how}`, write: write(altered) };
  }
  const members = element.members ?? [];
  for (const at of members.keys()) {
    const inner = [...path, at];
    const around = (changed: readonly Element[], one?: Uint8Array): Uint8Array =>
      tlv(element.tag, element.front, ...changed.map((each, i) => (one !== undefined && i === at ? one : write(each))));
    for (const [how, move] of Object.entries(MOVED))
      yield { place: `${inner.join('.')} ${how}`, write: around(move(members, at)) };
    for (const change of changesOf(members[at] as Element, inner))
      yield { place: change.place, write: around(members, change.write) };
  }
}
