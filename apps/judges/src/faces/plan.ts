/**
 * @module What happens in one case: a face, an engine, a network and its fault, who sends how much, and who ends first.
 */

export const FACES = ['connect', 'streams', 'over', 'data', 'onread', 'pipe', 'slow-stream', 'tunnel'] as const;
/**
 * `connect`, `streams` and `over` are the promises of `connect()`, its Web Streams, and `connectOver()` a slow pipe;
 * `data`, `onread`, `pipe` and `slow-stream` the Duplex with `data` events, a static buffer, `pipeline()`, and over a
 * slow stream of the caller's.
 */
export type FaceName = (typeof FACES)[number];

export interface Fault {
  /** `fin`: the client sees an end without close_notify. `stall`: nothing moves any more, in that direction. */
  readonly kind: 'reset' | 'fin' | 'stall';
  /** From the client, or to it. */
  readonly direction: 'up' | 'down';
  /** After so many bytes of TLS in that direction. */
  readonly at: number;
}

export interface Plan {
  readonly face: FaceName;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** Bytes of application data from the client, and to it. */
  readonly up: number;
  readonly down: number;
  /** What the client writes at a time, bytes; and whether it waits for each. */
  readonly chunk: number;
  readonly waits: boolean;
  /** The client does not read what comes, but closes when its writes have settled. */
  readonly closesAtOnce: boolean;
  /** The server sends and ends when the client has ended, at once, or sends at once and ends with the client. */
  readonly server: 'after' | 'early' | 'together';
  /** What the network passes on at a time, bytes, and how many turns of the event loop it rests after each. */
  readonly piece: number;
  readonly rest: number;
  readonly fault: Fault | undefined;
}

/** Numbers from a seed (mulberry32). */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function planOf(seed: number): Plan {
  const roll = dice(seed);
  const of = <T>(...values: readonly T[]): T => values[roll(values.length)] as T;
  const face = of(...FACES);
  const piece = of(1, 7, 1000, 16_384, 65_536, 1_000_000);
  // A byte at a time is for small things
  const most = piece < 100 ? 3000 : of(1, 20_000, 300_000, 3_000_000);
  const fault: Fault | undefined = of(true, true, false)
    ? undefined
    : { kind: of('reset', 'fin', 'stall'), direction: of('up', 'down'), at: of(roll(3000), roll(most + 3000)) };
  const [up, down] = [roll(most), roll(most)];
  return {
    face,
    version: of('TLSv1.2', 'TLSv1.3'),
    up,
    down,
    chunk: Math.max(of(1, 100, 16_384, 70_000, 1_000_000), Math.ceil(up / 200)),
    waits: of(true, false),
    closesAtOnce: face === 'tunnel' || face === 'pipe' ? false : of(true, false, false),
    server: of('after', 'early', 'together'),
    piece,
    rest: of(0, 0, 1, 3),
    fault,
  };
}

/** The application data: each byte tells its place. */
export function payload(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7) ^ (i >> 8) ^ (i >> 16);
  return bytes;
}
