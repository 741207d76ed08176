/**
 * @module Faults that ferrule had once, put back into its sources: what proves the judge of orders. Beside plant.ts,
 * whose faults are in what stands around a sound engine, these are where they were.
 */
import type { TargetName } from '../targets.ts';

/** Another text in a source of ours; `from` occurs in it once. */
export interface Replacement {
  /** A path in the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface PutBack {
  readonly name: string;
  /** Where it is found, each by itself. */
  readonly targets: readonly TargetName[];
  /** What is complained of. */
  readonly rule: RegExp;
  readonly replacements: readonly Replacement[];
}

const CONNECTION = 'packages/native/core/connection.cpp';
const BINDING = 'packages/ssl/src/session-binding.ts';
const PUMP = 'packages/ferrule/src/pump.ts';

export const PUT_BACK: readonly PutBack[] = [
  {
    name: "a KeyUpdate that waits is taken for the write's own record, which is never sent",
    targets: ['native'],
    rule: /what write\(\) told|bytes that were not sent|write\(\) throws/,
    replacements: [
      {
        file: CONNECTION,
        from: `  if (spans.unsent() > 0) return wantWrite();
  if (phase_ == Phase::closed) return failClosed();
  size_t total`,
        to: `  if (spans.unsent() > 0) {
    if (how == Operation::write) committed_ = std::max(committed_, std::min(size, kMaxPlaintext));
    return wantWrite();
  }
  if (phase_ == Phase::closed) return failClosed();
  size_t total`,
      },
    ],
  },
  {
    name: 'early data that waits is counted in the write() behind it, on pure',
    targets: ['pure-node'],
    rule: /what write\(\) told|bytes that were not sent|write\(\) throws/,
    replacements: [{ file: 'packages/pure/src/handshake.ts', from: '    this.#records.writer.endWrite();\n', to: '' }],
  },
  {
    name: 'early data that waits is counted in the write() behind it, on native',
    targets: ['native'],
    rule: /what write\(\) told|bytes that were not sent|write\(\) throws/,
    replacements: [{ file: CONNECTION, from: '  committed_ = 0;  //', to: '  //' }],
  },
  {
    name: 'shutdown() behind a write that waits drops it',
    targets: ['native'],
    rule: /what write\(\) told|no close_notify|fails for no reason|bytes that were not sent/,
    replacements: [
      {
        file: CONNECTION,
        from: `  if (spans.unsent() > 0) return wantWrite();
  if (phase_ == Phase::closed) return 1;`,
        to: `  spans.dropUnsent();
  if (phase_ == Phase::closed) return 1;`,
      },
    ],
  },
  {
    name: 'writes are told complete when they are encrypted',
    targets: ['connect-pure', 'duplex-native'],
    rule: /./,
    replacements: [
      {
        file: PUMP,
        from: `      this.#jobs.encrypted(this.#outgoing.encrypted);
      this.#jobs.settle(this.#outgoing.sent);`,
        to: `      this.#jobs.encrypted(this.#outgoing.encrypted);
      this.#jobs.settle(this.#outgoing.encrypted);`,
      },
    ],
  },
  {
    name: 'a stream of strings is waited for by asking again and again',
    targets: ['connect-native'],
    rule: /the process hangs/,
    replacements: [
      {
        file: PUMP,
        from: 'const bytes = memoryOf(received);',
        to: 'const bytes = memoryOf(received) ?? (received as Uint8Array);',
      },
      {
        file: 'packages/bio/src/inbound.ts',
        from: 'if (carried === 0) return this.#chunk;',
        to: "if (carried === 0) return typeof this.#chunk === 'string' ? EMPTY : this.#chunk;",
      },
      {
        file: 'packages/native/src/connection.ts',
        from: '(rbio.pending > 0 && used > 0)',
        to: 'rbio.pending > 0',
      },
    ],
  },
  {
    name: "a session is offered whoever's credentials it was made with",
    targets: ['native', 'pure-node'],
    rule: /takes us for another one/,
    replacements: [
      {
        file: BINDING,
        from: "credentials: bound('the server has",
        to: "credentials: irrelevant('the server has",
      },
    ],
  },
  {
    name: 'a session is offered whatever function verified its server',
    targets: ['native', 'pure-node'],
    rule: /accepted that verify refuses/,
    replacements: [{ file: BINDING, from: 'verify: bound(\n', to: 'verify: irrelevant(\n' }],
  },
  {
    name: 'keying material is exported from secrets that were wiped',
    targets: ['pure-node'],
    rule: /gives something out when the connection is over|zeros/,
    replacements: [
      {
        file: 'packages/ssl/src/shell.ts',
        from: "if (rule === 'failure') throw (this.#dying ?? (this.failure as Failed)).error;",
        to: "if (rule === 'failure') return true;",
      },
      {
        file: 'packages/pure/src/keys/secret.ts',
        from: `    if (this.#bytes === undefined) throw wiped('a secret');
    return this.#bytes;`,
        to: '    return this.#bytes ?? ownMemory(this.length);',
      },
    ],
  },
  {
    name: 'a socket of WinterTC whose directions have both ended is not closed',
    targets: ['socket-pure', 'socket-native'],
    rule: /does not settle|closed: fails for no reason/,
    replacements: [
      {
        file: 'packages/web/src/pipe-socket.ts',
        from: '    if (this.#isHalfEnded) await this.#give();\n',
        to: '',
      },
    ],
  },
  {
    name: 'a connection in a worker takes a string for no bytes',
    targets: ['worker-pure'],
    rule: /not bytes is taken as written/,
    replacements: [
      {
        file: 'packages/web/src/worker/connection.ts',
        from: `    const bytes = memoryOf(from)?.slice();
    if (bytes === undefined)`,
        to: `    const bytes = memoryOf(from)?.slice() ?? new Uint8Array(0);
    if (bytes === undefined)`,
      },
    ],
  },
  {
    name: 'cancelling a body that is whole fails the next request of its connection',
    targets: ['fetch-pure', 'fetch-native'],
    rule: /fails for no reason: ABORTED/,
    replacements: [{ file: 'packages/web/src/fetch/connection.ts', from: 'if (this.#exchange === exchange) ', to: '' }],
  },
  {
    name: 'close() of a blocking pipe waits for the end of the other side',
    targets: ['blocking'],
    rule: /the pipe is left open/,
    replacements: [
      {
        file: 'packages/web/src/worker/blocking.ts',
        from: 'Promise.race([received, changes.closed])',
        to: 'received',
      },
    ],
  },
];
