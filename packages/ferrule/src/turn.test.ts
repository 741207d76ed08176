import { SslErrorCode } from '@ferrule/result';
import { afterEach, expect, it, vi } from 'vitest';
import { drive, type Pump } from './drive.ts';

const NO_PUMP: Pump = {
  fill: () => Promise.reject(new Error('nothing to receive')),
  flush: () => Promise.reject(new Error('nothing to send')),
};
const net = { pending: 0 };

/** Waits for promises that are already settled, until a timer has run. */
function busy(): { readonly ssl: Parameters<typeof drive>[0]; readonly operation: () => number } {
  let rang = false;
  setTimeout(() => (rang = true), 0);
  const ssl: Parameters<typeof drive>[0] = {
    failure: undefined,
    asyncReady: Promise.resolve(),
    getError: (ret) => (ret > 0 ? SslErrorCode.none : SslErrorCode.wantAsync),
  };
  return { ssl, operation: () => (rang ? 1 : -1) };
}

afterEach(() => vi.unstubAllGlobals());

it.each(['setImmediate', 'MessageChannel'])(
  'timers run although promises settle without a turn of the event loop, by %s',
  async (by) => {
    if (by === 'MessageChannel') vi.stubGlobal('setImmediate', undefined);
    const { ssl, operation } = busy();
    expect(await drive(ssl, net, NO_PUMP, operation)).toBe(1);
  },
);
