/** @module Values as JSON, for both sides of the page's calls. What has no such form stays where it is and has a number. */
import { Buffer } from 'buffer';

export type Coded = null | string | number | boolean | Tagged;

interface Tagged {
  readonly type: Type;
  readonly value?: unknown;
}

type Type = 'undefined' | 'bigint' | 'bytes' | 'buffer' | 'list' | 'object' | 'date' | 'error' | Reference;

/** `far` is an object of Node's, `promise` one of its promises, `method` a function that an object of Node's has, `near` a function of the page's. */
type Reference = 'far' | 'promise' | 'method' | 'near';

export function encode(value: unknown, refer: (value: object) => Tagged): Coded {
  if (value === undefined) return { type: 'undefined' };
  if (typeof value === 'bigint') return { type: 'bigint', value: String(value) };
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value as Coded;
  if (value instanceof Uint8Array)
    return {
      type: '_isBuffer' in value || value.constructor.name === 'Buffer' ? 'buffer' : 'bytes',
      value: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'),
    };
  if (Array.isArray(value)) return { type: 'list', value: value.map((each) => encode(each, refer)) };
  if (value instanceof Date) return { type: 'date', value: value.getTime() };
  if (value instanceof Error) {
    const { name, message, code } = value as Error & { readonly code?: unknown };
    return { type: 'error', value: { name, message, code } };
  }
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) return refer(value);
  return { type: 'object', value: Object.entries(value).map(([name, each]) => [name, encode(each, refer)]) };
}

export function decode(coded: Coded, resolve: (type: Reference, id: number) => unknown): unknown {
  if (coded === null || typeof coded !== 'object') return coded;
  const { type, value } = coded;
  switch (type) {
    case 'undefined':
      return undefined;
    case 'bigint':
      return BigInt(value as string);
    case 'bytes':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'buffer':
      return Buffer.from(value as string, 'base64');
    case 'list':
      return (value as readonly Coded[]).map((each) => decode(each, resolve));
    case 'date':
      return new Date(value as number);
    case 'error':
      return Object.assign(new Error(), value);
    case 'object':
      return Object.fromEntries(
        (value as readonly (readonly [string, Coded])[]).map(([name, each]) => [name, decode(each, resolve)]),
      );
    default:
      return resolve(type, value as number);
  }
}

/** What the page asks of Node; each is answered by a {@link Reply}. */
export type Ask =
  | { readonly op: 'export'; readonly module: string; readonly name: string }
  | { readonly op: 'get'; readonly id: number; readonly name: string }
  | { readonly op: 'call'; readonly id: number; readonly name?: string; readonly args: readonly Coded[] }
  | { readonly op: 'construct'; readonly id: number; readonly args: readonly Coded[] }
  | { readonly op: 'settle'; readonly id: number }
  /** A connection in memory to a server, or a TCP connection to a port. */
  | { readonly op: 'open'; readonly to: Coded }
  | { readonly op: 'send'; readonly link: number; readonly bytes: string }
  | { readonly op: 'end' | 'destroy'; readonly link: number };

export type Reply = ({ readonly value: Coded } | { readonly error: Coded }) & {
  /** What was called of the page since the last one: an answer is not ahead of what came before it. */
  readonly called: readonly Called[];
};

export interface Called {
  /** The function. */
  readonly near: number;
  /** It may come twice, in a reply and by itself. */
  readonly nth: number;
  readonly args: readonly Coded[];
}

/** What Node tells the page, a line each. */
export type News = { readonly link: number; readonly bytes: string | null } | Called;
