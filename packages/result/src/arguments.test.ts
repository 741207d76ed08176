import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  copyOf,
  integerOption,
  knownOptions,
  memoryOf,
  millisecondsOption,
  plainOptions,
  refuseOption,
  signalOption,
} from './arguments.ts';

/** A view of two bytes in the middle of eight, whose class lies about them. */
function liar<View extends object>(
  Base: new (buffer: ArrayBuffer, offset: number, length: number) => View,
  length: number,
): View {
  class Liar extends Base {}
  for (const name of ['buffer', 'byteOffset', 'byteLength', 'length']) {
    Object.defineProperty(Liar.prototype, name, {
      get: () => (name === 'buffer' ? new ArrayBuffer(64) : name === 'byteOffset' ? 0 : 64),
    });
  }
  return new Liar(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer, 2, length);
}

it('options inherited from an object without a prototype count, whatever names it has', () => {
  const base = Object.defineProperty(Object.create(null) as object, 'hasOwnProperty', { value: Object.hasOwn });
  Object.defineProperty(base, 'port', { value: 1 });
  expect(plainOptions(Object.create(base) as object, ['port'])).toEqual({ port: 1 });
  expect(plainOptions(base, ['port', 'toString'])).toEqual({ port: 1 });
});

describe('bytes', () => {
  it('are those of the memory, whatever class, realm or own getters the Uint8Array has', () => {
    expect(bytesOf(liar(Uint8Array, 2))).toEqual(Uint8Array.of(3, 4));
    expect(copyOf(liar(Uint8Array, 2))).toEqual(Uint8Array.of(3, 4));
    const foreign: unknown = runInNewContext('Uint8Array.of(1, 2)');
    expect(foreign instanceof Uint8Array).toBe(false);
    expect(bytesOf(foreign)).toEqual(Uint8Array.of(1, 2));
    const memory = Buffer.from('ab');
    bytesOf(memory)?.fill(0x63);
    expect(memory.toString()).toBe('cc');
    copyOf(memory)?.fill(0);
    expect(memory.toString()).toBe('cc');
  });

  it('are neither lookalikes nor detached memory', () => {
    const gone = Uint8Array.of(1);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(bytesOf(gone)?.length ?? 0).toBe(0);
    for (const other of [
      undefined,
      null,
      'ab',
      [1, 2],
      { length: 2 },
      Object.create(Uint8Array.prototype),
      new Int8Array(2),
      new DataView(new ArrayBuffer(2)),
      new ArrayBuffer(2),
    ]) {
      expect(bytesOf(other)).toBeUndefined();
    }
  });

  it('are the memory of any view or buffer', () => {
    expect(memoryOf(liar(Uint16Array, 1))).toEqual(Uint8Array.of(3, 4));
    expect(memoryOf(liar(DataView, 2))).toEqual(Uint8Array.of(3, 4));
    expect(memoryOf(Uint8Array.of(1, 2).buffer)).toEqual(Uint8Array.of(1, 2));
    expect(memoryOf(new SharedArrayBuffer(2))).toEqual(new Uint8Array(2));
    expect(memoryOf(runInNewContext('Uint8Array.of(1, 2).buffer'))).toEqual(Uint8Array.of(1, 2));
    expect(memoryOf(runInNewContext('new DataView(Uint8Array.of(1, 2).buffer, 1)'))).toEqual(Uint8Array.of(2));
    for (const other of [undefined, null, 'ab', 2, [1, 2], { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 2 }])
      expect(memoryOf(other)).toBeUndefined();
  });
});

describe('options', () => {
  class Settings {
    readonly #host = 'a.example';
    asked = 0;
    get host(): string {
      this.asked += 1;
      return this.#host;
    }
    describe(): string {
      return this.#host;
    }
  }

  it('are read once, own or inherited', () => {
    const settings = new Settings();
    expect(plainOptions(settings, ['host', 'port'])).toEqual({ asked: 0, host: 'a.example' });
    expect(settings.asked).toBe(1);
    expect(plainOptions(Object.create({ port: 1, other: 2 }) as object, ['port'])).toEqual({ port: 1 });
    expect(plainOptions(Object.defineProperty({}, 'port', { value: 1 }), ['port'])).toEqual({ port: 1 });
    expect(plainOptions(Object.assign(Object.create(null) as object, { port: 1 }), ['port'])).toEqual({ port: 1 });
    expect(plainOptions(runInNewContext('({ port: 1 })') as object, ['port', 'constructor', 'toString'])).toEqual({
      port: 1,
    });
  });

  it('that are unknown can be rejected, including __proto__', () => {
    const given = JSON.parse('{"colour":1,"__proto__":{"port":1}}') as object;
    expect(Object.keys(plainOptions(given, ['port']))).toEqual(['colour', '__proto__']);
    expect((plainOptions(given, ['port']) as { port?: number }).port).toBeUndefined();
  });

  it.each([[null], [undefined], ['text'], [[]], [new Map()], [new Date()], [() => 0], [new Uint8Array(1)]])(
    'are not in %s',
    (given) => {
      expect(() => plainOptions(given as object, [], 'limits')).toThrow(new TypeError('limits: must be an object'));
    },
  );
});

describe('an option', () => {
  it('that is unknown is rejected by its name, prefixed with that of its parent', () => {
    expect(knownOptions({ port: 1 }, ['port'])).toEqual({ port: 1 });
    expect(() => knownOptions({ prot: undefined }, ['port'])).toThrow(new TypeError('prot: unknown option'));
    expect(() => knownOptions({ prot: 1 }, ['port'], 'limits')).toThrow(new TypeError('limits.prot: unknown option'));
    expect(() => knownOptions({ prot: 1 }, ['port'], 'pg', 'pg: ')).toThrow(new TypeError('pg: prot: unknown option'));
    expect(() => knownOptions([], ['port'], 'limits')).toThrow(new TypeError('limits: must be an object'));
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['x', '"x"'],
    ['x'.repeat(101), `"${'x'.repeat(100)}…"`],
    [1n, '1'],
    [Symbol('x'), 'Symbol(x)'],
    [[1, 2], 'an array of 2'],
    [{ secret: 1 }, '[object Object]'],
    [new Map(), '[object Map]'],
    [() => 1, 'a function'],
  ])('that is wrong is told without its contents: %o', (value, shown) => {
    expect(() => refuseOption(value, 'name', 'right')).toThrow(new TypeError(`name: must be right, not ${shown}`));
  });

  it('that is a number must be within its bounds', () => {
    expect(integerOption(3, 'n', 1, 3)).toBe(3);
    for (const n of [0, 4, 1.5, Number.NaN, '2', undefined])
      expect(() => integerOption(n, 'n', 1, 3)).toThrow(TypeError);
    expect(millisecondsOption(0.5, 'timeout')).toBe(0.5);
    for (const n of [-1, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN, '2'])
      expect(() => millisecondsOption(n, 'timeout')).toThrow(TypeError);
  });

  it('that is a signal may be from another realm, but must be complete', () => {
    const [addEventListener, removeEventListener] = [(): void => {}, (): void => {}];
    expect(() => signalOption({ aborted: false, addEventListener, removeEventListener })).not.toThrow();
    expect(() => signalOption(new AbortController().signal)).not.toThrow();
    for (const wrong of [null, {}, { aborted: false }, { aborted: false, addEventListener }, 'signal'])
      expect(() => signalOption(wrong)).toThrow(/^signal: must be an AbortSignal, not /);
  });
});
