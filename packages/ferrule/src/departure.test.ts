import { afterEach, expect, it, vi } from 'vitest';
import { Departure } from './departure.ts';
import type { Outgoing } from './outgoing.ts';
import type { Transport } from './transport.ts';

afterEach(() => void vi.useRealTimers());

it.each([10_000, 1e9, 2 ** 31 - 1])('with a limit of %i ms the transport lingers for at least a minute', (stall) => {
  vi.useFakeTimers();
  const destroy = vi.fn();
  const over = vi.fn();
  const transport = { destroy } as Partial<Transport> as Transport;
  const outgoing = { gone: true, taken: 0 } as Partial<Outgoing> as Outgoing;
  const departure = new Departure(transport, outgoing, stall, { over, stalled: () => {} });
  departure.leave('orderly');
  vi.advanceTimersByTime(2000);
  expect(over).toHaveBeenCalledOnce();
  departure.finish();
  vi.advanceTimersByTime(59_000);
  expect(destroy).not.toHaveBeenCalled();
  departure.peerEnded();
  expect(destroy).toHaveBeenCalledOnce();
});
