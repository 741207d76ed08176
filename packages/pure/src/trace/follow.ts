/** @module A recorded connection, record by record and message by message, in the order in which they came. */
import type { RecordedEvent } from '@ferrule/bio';
import { type Dissected, Dissection, type Flow } from './messages.ts';
import { type SeenRecord, Wiretap, type WiretapOptions } from './records.ts';

/** One message of a connection. */
export interface TracedMessage extends Dissected {
  /** Milliseconds since the connection began. */
  readonly at: number;
  readonly direction: Flow;
  readonly bytes: Uint8Array;
}

/** A record with the messages that end in it, or something else that happened to the stream. */
export type Happening = { readonly at: number } & (
  | { readonly record: SeenRecord; readonly messages: readonly TracedMessage[] }
  | { readonly event: Exclude<RecordedEvent['kind'], 'sent' | 'received'>; readonly why?: string }
);

/**
 * What happened, in order. Never throws for what the bytes are.
 * @param isOver - nothing more will come: what there is of a record that is not whole is shown, too.
 */
export function follow(events: readonly RecordedEvent[], options: WiretapOptions, isOver: boolean = true): Happening[] {
  const tap = new Wiretap(options);
  const dissection = new Dissection();
  const seen = (at: number, records: readonly SeenRecord[]): Happening[] =>
    records.map((record) => ({
      at,
      record,
      messages: record.messages.map((bytes) => ({
        at,
        direction: record.direction,
        bytes,
        ...dissection.message(record.contentType, bytes),
      })),
    }));
  const happenings = events.flatMap((event): Happening[] => {
    if ('bytes' in event) return seen(event.at, tap.feed(event.kind, event.bytes));
    return [{ at: event.at, event: event.kind, ...('message' in event && { why: event.message }) }];
  });
  const last = events.at(-1)?.at ?? 0;
  return isOver ? [...happenings, ...seen(last, [...tap.end('sent'), ...tap.end('received')])] : happenings;
}
