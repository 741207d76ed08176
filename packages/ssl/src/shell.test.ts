import { bioPair } from '@ferrule/bio';
import { SslErrorCode, TlsError, type CommonCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import type { Outlet, Port } from './port.ts';
import { SslShell } from './shell.ts';

/** A scripted engine that records its calls. */
class ScriptedPort implements Port {
  readonly said: string[] = [];
  answers: (number | Error | (() => number))[] = [];
  flushes: number[] = [];
  committed = 0;
  pending = 0;
  asyncReady = undefined;
  state = 'scripted';
  shutdownState = 0 as const;
  ownSession = (session: unknown): { host: string } | undefined => session as { host: string };
  begin = (): void => void this.said.push('begin');
  handshake = (): number => this.#next('handshake');
  read = (into: Uint8Array): number => {
    if (this.pending === 0) return this.#next('read');
    const count = Math.min(into.length, this.pending);
    this.pending -= count;
    return count;
  };
  write = (): number => this.#next('write');
  writeEarlyData = (): number => this.#next('writeEarlyData');
  shutdown = (): number => this.#next('shutdown');
  keyUpdate = (): number => this.#next('keyUpdate');
  fact = (name: string): never => (name === 'version' ? 'TLSv1.3' : undefined) as never;
  exportKeyingMaterial = (_label: string, context: Uint8Array | undefined, length: number): Uint8Array =>
    new Uint8Array(length).fill(context?.[0] ?? 0);
  serverEndPoint = (): undefined => undefined;
  queueAlert = ({ alert }: TlsError): boolean => {
    if (alert?.origin !== 'local') return false;
    this.said.push(`alert ${alert.description}`);
    return true;
  };
  flush = (): number => this.flushes.shift() ?? 0;
  end = (): void => void this.said.push('end');
  dispose = (): void => void this.said.push('dispose');

  #next(call: string): number {
    this.said.push(call);
    const answer = this.answers.shift() ?? 1;
    if (answer instanceof Error) throw answer;
    return typeof answer === 'number' ? answer : answer();
  }
}

function make(observers: Partial<ConstructorParameters<typeof SslShell>[0]> = {}): {
  ssl: SslShell;
  port: ScriptedPort;
  outlet: Outlet;
} {
  const port = new ScriptedPort();
  let outlet: Outlet | undefined;
  const ssl = new SslShell(
    { onKeylog: undefined, onMessage: undefined, onSession: undefined, ...observers },
    (given) => {
      outlet = given;
      return port;
    },
  );
  const [bio] = bioPair();
  ssl.setBio(bio, bio);
  return { ssl, port, outlet: outlet as unknown as Outlet };
}

function establish(observers: Partial<ConstructorParameters<typeof SslShell>[0]> = {}): ReturnType<typeof make> {
  const made = make(observers);
  expect(made.ssl.connect()).toBe(1);
  return made;
}

const local = (code: CommonCode, description: number): TlsError =>
  new TlsError(code, undefined, { alert: { description, origin: 'local' } });
const failing = (ssl: SslShell, ret: number): unknown[] => [ret, ssl.getError(ret), ssl.failure?.error.code];

describe('the result of a port', () => {
  it('is a count, or -1 with the code that it negated; 0 for close_notify', () => {
    const { ssl, port } = establish();
    port.answers = [5, -2, -3, -6];
    const into = new Uint8Array(9);
    const answers = [1, 2, 3, 4].map(() => {
      const ret = ssl.read(into);
      return [ret, ssl.getError(ret)];
    });
    expect(answers).toEqual([
      [5, SslErrorCode.none],
      [-1, SslErrorCode.wantRead],
      [-1, SslErrorCode.wantWrite],
      [0, SslErrorCode.zeroReturn],
    ]);
    port.answers = [0];
    expect([ssl.shutdown(), ssl.getError(0)]).toEqual([0, SslErrorCode.none]);
  });
});

describe('a failure', () => {
  it('sends its alert, ends the connection, and stays the same', () => {
    const { ssl, port } = make();
    port.answers = [local('PEER_BAD_FINISHED', 51)];
    expect(failing(ssl, ssl.connect())).toEqual([-1, SslErrorCode.ssl, 'PEER_BAD_FINISHED']);
    const { failure } = ssl;
    expect(failing(ssl, ssl.read(new Uint8Array(1)))).toEqual([-1, SslErrorCode.ssl, 'PEER_BAD_FINISHED']);
    expect(ssl.failure).toBe(failure);
    expect(port.said).toEqual(['begin', 'handshake', 'alert 51', 'end']);
  });

  it('first waits for space in the write BIO, so that the alert is never lost', () => {
    const { ssl, port } = make();
    port.answers = [local('DECODE_ERROR', 50)];
    port.flushes = [-3, -9];
    expect(failing(ssl, ssl.connect())).toEqual([-1, SslErrorCode.wantWrite, undefined]);
    expect(failing(ssl, ssl.shutdown())).toEqual([-1, SslErrorCode.wantAsync, undefined]);
    expect(() => ssl.exportKeyingMaterial('label', undefined, 1)).toThrow(
      expect.objectContaining({ code: 'DECODE_ERROR' }),
    );
    expect(failing(ssl, ssl.connect())).toEqual([-1, SslErrorCode.ssl, 'DECODE_ERROR']);
  });

  it("is 0 for the peer's alert during the handshake, and -1 after it", () => {
    const alert = new TlsError('PEER_ALERT', undefined, { alert: { description: 40, origin: 'peer' } });
    const early = make();
    early.port.answers = [alert];
    expect(failing(early.ssl, early.ssl.connect())).toEqual([0, SslErrorCode.ssl, 'PEER_ALERT']);
    const late = establish();
    late.port.answers = [alert];
    expect(late.ssl.read(new Uint8Array(1))).toBe(-1);
  });

  it('of the transport is SSL_ERROR_SYSCALL; an exception of another class is INTERNAL_ERROR', () => {
    const cut = establish();
    cut.port.answers = [new TlsError('TRANSPORT_ERROR')];
    expect(failing(cut.ssl, cut.ssl.write(new Uint8Array(1)))).toEqual([-1, SslErrorCode.syscall, 'TRANSPORT_ERROR']);
    const broken = establish();
    const bug = new RangeError('bug');
    broken.port.answers = [bug];
    expect(failing(broken.ssl, broken.ssl.write(new Uint8Array(1)))).toEqual([-1, SslErrorCode.ssl, 'INTERNAL_ERROR']);
    expect(broken.ssl.failure?.error.cause).toBe(bug);
  });
});

describe('a call at the wrong time', () => {
  it('is rejected, and the connection continues', () => {
    const { ssl, port } = make();
    expect(failing(ssl, ssl.shutdown())).toEqual([-1, SslErrorCode.ssl, 'HANDSHAKE_NOT_DONE']);
    expect(failing(ssl, ssl.connect())).toEqual([1, SslErrorCode.none, undefined]);
    port.answers = [0, 3];
    ssl.shutdown();
    expect(failing(ssl, ssl.write(new Uint8Array(1)))).toEqual([-1, SslErrorCode.ssl, 'PROTOCOL_IS_SHUTDOWN']);
    expect(failing(ssl, ssl.keyUpdate(false))).toEqual([-1, SslErrorCode.ssl, 'PROTOCOL_IS_SHUTDOWN']);
    expect(failing(ssl, ssl.read(new Uint8Array(9)))).toEqual([3, SslErrorCode.none, undefined]);
  });

  it('reports what can still be supplied: BIOs, the connect state', () => {
    const shell = new SslShell(
      { onKeylog: undefined, onMessage: undefined, onSession: undefined },
      () => new ScriptedPort(),
    );
    expect(failing(shell, shell.doHandshake())).toEqual([-1, SslErrorCode.ssl, 'CONNECTION_TYPE_NOT_SET']);
    expect(failing(shell, shell.connect())).toEqual([-1, SslErrorCode.ssl, 'BIO_MISSING']);
    const [bio] = bioPair();
    shell.setBio(bio, bio);
    expect(failing(shell, shell.connect())).toEqual([1, SslErrorCode.none, undefined]);
  });

  it('is a TypeError for a value that is not a Bio, and changes nothing', () => {
    const shell = new SslShell(
      { onKeylog: undefined, onMessage: undefined, onSession: undefined },
      () => new ScriptedPort(),
    );
    const [bio] = bioPair();
    for (const wrong of [null, undefined, {}, 'x', { ...bio }]) {
      expect(() => shell.setBio(wrong as never, bio)).toThrow(
        new TypeError('setBio: both arguments must be Bios; they may be the same one'),
      );
      expect(() => shell.setBio(bio, wrong as never)).toThrow(TypeError);
    }
    expect(failing(shell, shell.connect())).toEqual([-1, SslErrorCode.ssl, 'BIO_MISSING']);
  });

  it.each(['read', 'write'] as const)(
    'is a TypeError for a %s() whose memory a callback of its handshake transfers',
    (call) => {
      const { ssl, port } = make();
      ssl.setConnectState();
      const memory = new Uint8Array(4);
      port.answers = [() => (structuredClone(memory, { transfer: [memory.buffer] }), 1), 3];
      expect(() => ssl[call](memory)).toThrow(TypeError);
      expect(ssl.established).toBe(true);
      expect(ssl[call](new Uint8Array(4))).toBe(3);
    },
  );

  it('is a TypeError during another call, from a callback, which may continue', () => {
    const { ssl, port } = establish();
    const inside = (): number => {
      expect(() => ssl.write(new Uint8Array(1))).toThrow(
        new TypeError('write: called from inside a callback of read(); call it when that has returned'),
      );
      return 2;
    };
    port.answers = [inside, 3];
    expect([ssl.read(new Uint8Array(9)), ssl.read(new Uint8Array(9))]).toEqual([2, 3]);
  });

  it.each<[string, (ssl: SslShell) => unknown]>([
    ['this connection', (ssl) => ssl.write(new Uint8Array(1))],
    ['another', () => make().ssl.keyUpdate(true)],
  ])('of %s that comes out of a step ends the connection, since the step is not done', (_whose, misuse) => {
    const { ssl, port } = make();
    let thrown: unknown;
    port.answers = [
      (): number => {
        try {
          misuse(ssl);
        } catch (error) {
          throw (thrown = error);
        }
        return 1;
      },
    ];
    expect(failing(ssl, ssl.connect())).toEqual([-1, SslErrorCode.ssl, 'INTERNAL_ERROR']);
    expect(ssl.failure?.error.cause).toBe(thrown);
    expect(thrown).toBeInstanceOf(TypeError);
    expect([...failing(ssl, ssl.connect()), ssl.established]).toEqual([-1, SslErrorCode.ssl, 'INTERNAL_ERROR', false]);
    expect(port.said).toEqual(['begin', 'handshake', 'end']);
  });

  it.each<[string, (ssl: SslShell) => unknown]>([
    [
      'setHost: the session is of a.test, not of b.test',
      (ssl) => (ssl.setSession({ host: 'a.test' } as never), ssl.setHost('b.test')),
    ],
    [
      'setSession: the session is of a.test, not of b.test',
      (ssl) => (ssl.setHost('B.test'), ssl.setSession({ host: 'a.test' } as never)),
    ],
    ['setSession: not a session of this engine', (ssl) => ssl.setSession(undefined as never)],
    ['writeEarlyData: needs a session that allows early data', (ssl) => ssl.writeEarlyData(new Uint8Array(1))],
    ['keyUpdate: needs a boolean', (ssl) => ssl.keyUpdate(1 as never)],
    ['read: needs a Uint8Array that is not empty', (ssl) => ssl.read(new DataView(new ArrayBuffer(1)) as never)],
    ['setBio: the handshake has begun', (ssl) => (ssl.connect(), ssl.setBio({} as never, {} as never))],
  ])('%s', (message, act) => {
    expect(() => act(make().ssl)).toThrow(new TypeError(message));
  });

  it('is a repeated write of fewer bytes', () => {
    const { ssl, port } = establish();
    port.committed = 10;
    expect(() => ssl.write(new Uint8Array(9))).toThrow(
      'write: is to be repeated with the same bytes (SSL_write(3)): there were 10 or more, now 9',
    );
    expect(ssl.write(new Uint8Array(10))).toBe(1);
  });
});

describe('exporters', () => {
  it.each<[unknown, unknown, unknown, string]>([
    ['label', 'text', 1, 'exportKeyingMaterial: the context must be a Uint8Array or undefined, not string'],
    [
      'label',
      new ArrayBuffer(1),
      1,
      'exportKeyingMaterial: the context must be a Uint8Array or undefined, not ArrayBuffer',
    ],
    ['label', null, 1, 'exportKeyingMaterial: the context must be a Uint8Array or undefined, not null'],
    [
      'label',
      new DataView(new ArrayBuffer(1)),
      1,
      'exportKeyingMaterial: the context must be a Uint8Array or undefined, not DataView',
    ],
    [5, undefined, 1, 'exportKeyingMaterial: the label must be a string, not number'],
    ['é'.repeat(125), undefined, 1, 'exportKeyingMaterial: a label has at most 249 bytes, not 250'],
    ['label', undefined, 255 * 32 + 1, 'exportKeyingMaterial: length must be an integer from 1 to 8160, not 8161'],
    ['label', undefined, 1.5, 'exportKeyingMaterial: length must be an integer from 1 to 8160, not 1.5'],
    ['label', new Uint8Array(65_536), 1, 'exportKeyingMaterial: a context has at most 65535 bytes, not 65536'],
  ])('refuse wrong arguments, row %#', (label, context, length, message) => {
    const { ssl } = establish();
    expect(() => ssl.exportKeyingMaterial(label as never, context as never, length as never)).toThrow(
      new TypeError(message),
    );
  });

  it('accept a context in shared or resizable memory, but not a detached one', () => {
    const { ssl } = establish();
    expect(ssl.exportKeyingMaterial('label', new Uint8Array(new SharedArrayBuffer(1)).fill(7), 1)).toEqual(
      Uint8Array.of(7),
    );
    const gone = new Uint8Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(() => ssl.exportKeyingMaterial('label', gone, 1)).toThrow(TypeError);
  });
});

describe('observers', () => {
  it('are called after the operation, may call others, and get everything in order', () => {
    const lines: string[] = [];
    const { ssl, port, outlet } = establish({
      onKeylog: (line, connection) => {
        lines.push(line);
        if (line === 'first') lines.push(`read ${connection.read(new Uint8Array(9))}`);
      },
    });
    const log =
      (...what: string[]) =>
      (): number => {
        what.forEach((line) => outlet.keylog(line));
        return -2;
      };
    port.answers = [log('first', 'second'), () => (log('third')(), 4)];
    const ret = ssl.read(new Uint8Array(9));
    expect(lines).toEqual(['first', 'read 4', 'second', 'third']);
    expect([ret, ssl.getError(ret)]).toEqual([-1, SslErrorCode.wantRead]);
  });

  it('that throw lose no bytes: the count is returned, decrypted data is read, and then the failure names them', () => {
    const mine = new Error('mine');
    const { ssl, port, outlet } = establish({
      onKeylog: () => {
        throw mine;
      },
    });
    port.answers = [
      () => {
        outlet.keylog('line');
        port.pending = 3;
        return 5;
      },
    ];
    expect(ssl.read(new Uint8Array(5))).toBe(5);
    expect(ssl.read(new Uint8Array(2))).toBe(2);
    expect(port.said).not.toContain('end');
    expect(ssl.read(new Uint8Array(2))).toBe(1);
    expect(failing(ssl, ssl.read(new Uint8Array(2)))).toEqual([-1, SslErrorCode.ssl, 'CALLBACK_FAILED']);
    expect(ssl.failure?.error).toMatchObject({ message: 'the callback onKeylog failed: mine', cause: mine });
    expect(port.said.at(-1)).toBe('end');
  });

  it('that throw while an operation waits fail it at once, since what it waits for may never come', () => {
    const { ssl, port, outlet } = establish({
      onSession: () => {
        throw new Error('mine');
      },
    });
    port.answers = [
      () => {
        outlet.session(() => ({}) as never);
        return -2;
      },
    ];
    expect(failing(ssl, ssl.read(new Uint8Array(5)))).toEqual([-1, SslErrorCode.ssl, 'CALLBACK_FAILED']);
  });

  it('whose promise is rejected fail the connection at that time', async () => {
    const { ssl, port, outlet } = establish({ onKeylog: (() => Promise.reject(new Error('later'))) as never });
    port.answers = [() => (outlet.keylog('line'), 5)];
    expect(ssl.read(new Uint8Array(5))).toBe(5);
    expect(ssl.failure).toBeUndefined();
    await ssl.asyncReady;
    expect(ssl.failure?.error.code).toBe('CALLBACK_FAILED');
    expect(ssl.asyncReady).toBeUndefined();
  });

  it('whose promises are pending are included in every other wait, since one may yet be rejected', async () => {
    const settle: ((error?: Error) => void)[] = [];
    const { ssl, port, outlet } = establish({
      onKeylog: (() =>
        new Promise<void>((resolve, reject) => {
          settle.push((error) => (error === undefined ? resolve() : reject(error)));
        })) as never,
    });
    const waits = (): number => {
      port.answers = [() => (outlet.keylog('line'), -2)];
      return ssl.getError(ssl.read(new Uint8Array(5)));
    };
    expect(ssl.asyncReady).toBeUndefined();
    expect(waits()).toBe(SslErrorCode.wantRead);
    const all = ssl.asyncReady;
    expect(all).toBeInstanceOf(Promise);
    expect(waits()).toBe(SslErrorCode.wantRead);
    expect(ssl.asyncReady).toBe(all);
    settle[0]?.();
    settle[1]?.();
    await all;
    expect(ssl.asyncReady).toBeUndefined();
    waits();
    waits();
    const one = ssl.asyncReady;
    settle[3]?.(new Error('later'));
    await one;
    expect(ssl.failure?.error.code).toBe('CALLBACK_FAILED');
  });

  it('are not called again once one of them disposes of the connection', () => {
    const lines: string[] = [];
    const { ssl, port, outlet } = establish({
      onKeylog: (line, connection) => {
        lines.push(line);
        connection.dispose();
      },
    });
    port.answers = [() => (outlet.keylog('first'), outlet.keylog('second'), 5)];
    expect(failing(ssl, ssl.read(new Uint8Array(5)))).toEqual([-1, SslErrorCode.ssl, 'DISPOSED']);
    expect(lines).toEqual(['first']);
  });
});
