/** @module Flights: what one side sends before it hears from the other, and when. */
import type { Flow, Happening, TracedMessage } from '@ferrule/pure/trace';

/** One row of the waterfall. */
export interface Item {
  /** Stays the same while the connection goes on. */
  readonly key: string;
  readonly at: number;
  readonly direction: Flow;
  /** `ClientHello`, `application data`, `encrypted record`. */
  readonly name: string;
  /** Bytes: of a message its own, else of the content of the record. */
  readonly length: number;
  /** Whether it was encrypted, and could be decrypted by the secrets that are known here. */
  readonly protection: 'clear' | 'encrypted' | 'sealed';
  readonly message: TracedMessage | undefined;
  /** What is shown where it is no message of the handshake. */
  readonly bytes: Uint8Array;
}

export interface Flight {
  readonly direction: Flow;
  /** Milliseconds since the connection began: its first record, its last. */
  readonly start: number;
  readonly end: number;
  /** On the wire, with the records around the messages. */
  readonly bytes: number;
  readonly items: readonly Item[];
}

/** In order; ends of streams and failures are no flights. */
export function flightsOf(happenings: readonly Happening[]): Flight[] {
  const flights: Flight[] = [];
  let number = 0;
  for (const happening of happenings) {
    if ('event' in happening) continue;
    const { at, record } = happening;
    const items = itemsOf(happening, () => String(number++));
    const last = flights.at(-1);
    if (last?.direction === record.direction) {
      flights[flights.length - 1] = {
        ...last,
        end: at,
        bytes: last.bytes + record.bytes.length,
        items: [...last.items, ...items],
      };
    } else flights.push({ direction: record.direction, start: at, end: at, bytes: record.bytes.length, items });
  }
  return flights;
}

type Record = Extract<Happening, { readonly record: unknown }>;

function itemsOf({ at, record, messages }: Record, nextKey: () => string): Item[] {
  const { direction, state, content, contentType, bytes } = record;
  const protection = state === 'opened' ? 'encrypted' : state === 'sealed' ? 'sealed' : 'clear';
  const common = { at, direction, protection } as const;
  if (messages.length > 0)
    return messages.map((message) => ({
      ...common,
      key: nextKey(),
      name: message.name,
      length: message.length,
      message,
      bytes: message.bytes,
    }));
  const shown = state === 'opened' ? content : bytes;
  return [
    {
      ...common,
      key: nextKey(),
      name: nameOf(state, contentType),
      length: shown.length,
      message: undefined,
      bytes: shown,
    },
  ];
}

function nameOf(state: Record['record']['state'], contentType: number): string {
  if (state === 'foreign') return 'not a record of TLS';
  if (state === 'sealed') return 'encrypted record';
  return contentType === 23 ? 'application data' : 'part of a message';
}
