import type { RecordedEvent } from '@ferrule/bio';
import { describe, expect, it } from 'vitest';
import { tapTransport, transportOf } from './tap.ts';
import type { Transport, TransportSink } from './transport.ts';

/** A transport that records the calls made to it. */
function fake(): Transport & { sink: TransportSink | undefined; readonly told: string[] } {
  const told: string[] = [];
  return {
    name: 'fake',
    remote: '192.0.2.1:443',
    queued: 7,
    sink: undefined,
    told,
    start(sink) {
      this.sink = sink;
    },
    send: (bytes, done) => {
      told.push(`send ${bytes.length}`);
      done();
    },
    resume: () => void told.push('resume'),
    end: (done) => {
      told.push('end');
      done();
    },
    destroy: () => void told.push('destroy'),
    established: () => void told.push('established'),
  };
}

describe('tapTransport()', () => {
  it('forwards everything, and reports copies of it', () => {
    const [inner, events, got]: [ReturnType<typeof fake>, RecordedEvent[], unknown[]] = [fake(), [], []];
    let time = 0;
    const tapped = tapTransport(
      inner,
      (event) => void events.push(event),
      () => ++time,
    );
    expect([tapped.name, tapped.remote, tapped.queued]).toEqual(['fake', '192.0.2.1:443', 7]);
    tapped.start({
      data: (bytes) => (got.push([...bytes]), false),
      end: () => void got.push('end'),
      failed: (error) => void got.push(error.message),
    });
    const received = Uint8Array.of(1, 2);
    expect(inner.sink?.data(received)).toBe(false);
    received.fill(9);
    let done = 0;
    const sent = Uint8Array.of(3);
    tapped.send(sent, () => done++);
    sent.fill(9);
    tapped.resume();
    tapped.established?.();
    inner.sink?.end();
    inner.sink?.failed(new Error('broken'));
    tapped.end(() => done++);
    tapped.destroy();
    expect(done).toBe(2);
    expect(got).toEqual([[1, 2], 'end', 'broken']);
    expect(inner.told).toEqual(['send 1', 'resume', 'established', 'end', 'destroy']);
    expect(events).toEqual([
      { at: 1, kind: 'received', bytes: Uint8Array.of(1, 2) },
      { at: 2, kind: 'sent', bytes: Uint8Array.of(3) },
      { at: 3, kind: 'eof' },
      { at: 4, kind: 'failure', message: 'broken' },
      { at: 5, kind: 'shutdown' },
    ]);
  });

  it('takes any pipe by way of transportOf()', () => {
    expect(transportOf(fake(), 'other').name).toBe('fake');
    expect(() => transportOf({} as Transport, 'other')).toThrow(TypeError);
  });
});
