/** @module ferrule/tap: a transport that reports its traffic. For tools; not covered by semantic versioning. */
import type { RecordedEvent } from '@ferrule/bio';
import type { Transport, TransportSink } from './transport.ts';

export { transportOf } from './transport.ts';

/**
 * Wraps a transport and reports a copy of each byte sent or received, in order.
 * @param now - milliseconds from whatever origin, for `at` of the events.
 */
export function tapTransport(
  transport: Transport,
  onEvent: (event: RecordedEvent) => void,
  now: () => number,
): Transport {
  const sinkOf = (sink: TransportSink): TransportSink => ({
    data: (bytes) => {
      onEvent({ at: now(), kind: 'received', bytes: bytes.slice() });
      return sink.data(bytes);
    },
    end: () => {
      onEvent({ at: now(), kind: 'eof' });
      sink.end();
    },
    failed: (error) => {
      onEvent({ at: now(), kind: 'failure', message: error.message });
      sink.failed(error);
    },
  });
  return {
    name: transport.name,
    remote: transport.remote,
    start: (sink) => transport.start(sinkOf(sink)),
    send: (bytes, done) => {
      onEvent({ at: now(), kind: 'sent', bytes: bytes.slice() });
      transport.send(bytes, done);
    },
    resume: () => transport.resume(),
    end: (done) => {
      onEvent({ at: now(), kind: 'shutdown' });
      transport.end(done);
    },
    destroy: () => transport.destroy(),
    unref: () => transport.unref?.(),
    established: () => transport.established?.(),
    get queued() {
      return transport.queued;
    },
  };
}
