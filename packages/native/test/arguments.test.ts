/** Every function of the addon, given what it does not expect: an exception, never an abort, and never a yes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bioPair } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { createNative, credentialFromPkcs12 } from '@ferrule/native';
import { TlsError, X509V } from '@ferrule/result';
import { type Binding, Control, type NativeConfig, Operation } from '../src/binding.ts';
import { loadLibrary } from '../src/loader.ts';

const library = loadLibrary();
if ('ok' in library) throw new Error(library.reason);
const { binding } = library;
type Loose = Record<keyof Binding, (...values: unknown[]) => unknown>;
const loose = binding as unknown as Loose;

const CONFIG: NativeConfig = {
  minVersion: 0x0303,
  maxVersion: 0x0304,
  cipherList: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  cipherSuites: 'TLS_AES_128_GCM_SHA256',
  suiteIds: [0x1301],
  groups: 'X25519',
  signatureAlgorithms: 'ECDSA+SHA256',
  clientSignatureAlgorithms: '',
  alpn: new Uint8Array(0),
  verify: 2,
  strict: false,
  ocsp: 0,
  anchors: [],
  crls: [],
  revocation: false,
  pins: [],
  pskIdentity: new Uint8Array(0),
  pskKey: new Uint8Array(0),
  pskHash: 'sha256',
  certificateCompression: [],
  securityLevel: 2,
  recordPadding: 0,
  verifyHost: true,
  requireExtendedMasterSecret: true,
  refuseRenegotiation: true,
  requireSecureRenegotiation: true,
  sessionTickets: true,
  signedCertificateTimestamps: false,
  postHandshakeAuth: false,
  clientAuthentication: false,
  keylog: false,
  sessions: false,
  trace: false,
  handshakeBytes: 131_072,
  chainLength: 16,
  keyUpdatesInARow: 32,
  tickets: 8,
};

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
function detached(): Uint8Array {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
/** A view whose memory has shrunk under it, where this Node has such memory. */
function shrunk(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize?(length: number): void };
  const buffer = new Resizable(64, { maxByteLength: 128 });
  const view = new Uint8Array(buffer, 32, 32);
  buffer.resize?.(0);
  return view;
}
const thrower = (): object =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('a getter that throws');
      },
    },
  );

const STRANGE: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -1,
  0.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  7n,
  '',
  'text',
  '18',
  'x'.repeat(100_000),
  'a\0b',
  '\ud800',
  Symbol('symbol'),
  {},
  [],
  [1, 'two', null],
  [new Uint8Array(3), 'two'],
  Array.from({ length: 4 }),
  () => 1,
  new Date(0),
  thrower(),
  revoked(),
  new Proxy([], {}),
  new Uint8Array(0),
  new Uint8Array(70_000),
  new Int32Array(64),
  new Float64Array(4),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(16),
  new SharedArrayBuffer(16),
  new Uint8Array(new SharedArrayBuffer(64)),
  detached(),
  shrunk(),
  new Uint8ClampedArray(8),
];

/** Calls it; an exception is an answer as well. */
function answer(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe('each function', () => {
  let context: number;
  let pair: number;
  beforeAll(async () => {
    const { chain, key } = await pki('p256').then(async (identity) => ({
      chain: identity.chain,
      key: new Uint8Array(identity.privateKey.export({ type: 'pkcs8', format: 'der' })),
    }));
    context = binding.createContext(CONFIG);
    ({ pair } = binding.credential(chain, key));
  });

  const names = Object.keys(binding).filter(
    (name) => !name.startsWith('use') || name === 'useCredential',
  ) as (keyof Binding)[];

  it.each(names)('%s answers, or throws, whatever its first two arguments are', (name) => {
    for (const first of STRANGE) {
      answer(() => loose[name](first));
      for (const second of STRANGE) answer(() => loose[name](first, second, 1, 1));
    }
  });

  it.each(names)('%s answers, or throws, whatever follows a good handle', (name) => {
    for (const value of STRANGE) {
      const connection = binding.open(context);
      const handle =
        name === 'open' || name === 'freeContext'
          ? context + 4096
          : name === 'freeCredential'
            ? pair + 4096
            : connection;
      answer(() => loose[name](handle, value));
      answer(() => loose[name](handle, value, value, value, value, value));
      answer(() => loose[name](handle, Operation.handshake, value, value, value, value));
      answer(() => loose[name](handle, Operation.handshake, false, value, value));
      answer(() => loose[name](handle, Operation.write, false, new Uint8Array(0), new Uint8Array(64), value));
      answer(() => loose[name](handle, 'label', value, 8));
      answer(() => loose[name](handle, 'label', new Uint8Array(1), value));
      binding.close(connection);
    }
  });

  it('useControl takes shared memory of the right kind and size, and nothing else', () => {
    for (const value of [
      ...STRANGE,
      new Int32Array(Control.words),
      new Int32Array(new SharedArrayBuffer(4 * (Control.words - 1))),
    ]) {
      expect(() => loose.useControl(value)).toThrow(TypeError);
    }
  });

  it('useTexts takes a function, and nothing else', () => {
    for (const value of STRANGE.filter((one) => typeof one !== 'function'))
      expect(() => loose.useTexts(value)).toThrow(new TypeError('comparableText: must be a function'));
  });
});

describe('createContext', () => {
  it('names the option that is of another type, out of range, or throws when it is read', () => {
    for (const key of Object.keys(CONFIG) as (keyof NativeConfig)[]) {
      for (const value of [Symbol('symbol'), 0.5, NaN, 2 ** 40, -5, null, undefined, [() => 1]]) {
        expect(() => loose.createContext({ ...CONFIG, [key]: value }), `${key}: ${typeof value}`).toThrow(TypeError);
      }
      const throws = Object.defineProperty({ ...CONFIG }, key, {
        get: () => {
          throw new RangeError('from the getter');
        },
      });
      expect(() => loose.createContext(throws)).toThrow(new RangeError('from the getter'));
    }
    expect(() => loose.createContext({ ...CONFIG, pins: [new Uint8Array(31)] })).toThrow(
      new TypeError('pins: each must be 32 bytes'),
    );
    expect(() => loose.createContext({ ...CONFIG, groups: 'X25519\0P-256' })).toThrow(/^groups: must not have a NUL/);
  });

  it('reads each option once, so that a getter cannot change what was checked', () => {
    const reads = new Map<string, number>();
    const counting = new Proxy(CONFIG, {
      get: (target, key: keyof NativeConfig) => (reads.set(key, (reads.get(key) ?? 0) + 1), target[key]),
    });
    binding.freeContext(binding.createContext(counting));
    expect(new Set(reads.values())).toEqual(new Set([1]));
  });

  it('is not harmed by a list that its own elements change while it is read', () => {
    const changing: unknown[] = [1, 2, 3];
    Object.defineProperty(changing, 0, {
      get: () => {
        changing.length = 1;
        return new Uint8Array(1);
      },
    });
    expect(() => loose.createContext({ ...CONFIG, anchors: changing })).toThrow(/^anchors\[1\]: must be a Uint8Array/);
  });
});

describe('a credential', () => {
  it('that was freed is refused, and is not "no certificate"', () => {
    const connection = binding.open(binding.createContext({ ...CONFIG, clientAuthentication: true }));
    expect(binding.useCredential(connection, 12_345)).toBe(false);
    binding.close(connection);
  });
});

it.each([1234, null, {}, true, 'a\0b'])(
  'credentialFromPkcs12 with %j for a passphrase is a TypeError that names it',
  (passphrase) => {
    expect(() => credentialFromPkcs12(new Uint8Array(100), passphrase as string)).toThrow(/^PKCS#12: passphrase: must/);
  },
);

it('credentialFromPkcs12 with something else than bytes is a TypeError that names it', () => {
  for (const file of ['text', 1, null, {}, new ArrayBuffer(8)])
    expect(() => credentialFromPkcs12(file as Uint8Array)).toThrow(/^PKCS#12: file: must be a Uint8Array/);
});

describe('decide', () => {
  /** A connection of which the verdict is due, as far as the addon is concerned. */
  async function asked(verify: () => boolean) {
    const server = await TestServer.make();
    const client = await Client.make(createNative(), server.open(), { options: await trusting({ verify }) });
    await client.connect();
    server.close();
    return client.ssl;
  }

  const refusals: readonly unknown[] = [0, 2 ** 32, 2 ** 31, 0.5, NaN, -1, '18', null, {}];
  it.each(refusals.map((code) => [String(code), code] as const))(
    'a verify function that throws with the code %s refuses',
    async (_name, code) => {
      const verify = (): boolean => {
        throw new TlsError('CERT_PIN_MISMATCH', 'not this one', { verify: { code: code as number } });
      };
      const ssl = await asked(verify);
      expect(ssl.established).toBe(false);
      expect(ssl.failure?.error.code).toBe('CERT_PIN_MISMATCH');
      expect(ssl.connect()).toBe(-1);
    },
  );

  it.each([[300], [-1], [0.5], ['42']])(
    'an alert of %s in what it throws is not sent, and the server is refused',
    async (description) => {
      const verify = (): boolean => {
        throw new TlsError('CERT_REJECTED', 'not this one', {
          alert: { description: description as number, origin: 'local' },
        });
      };
      const ssl = await asked(verify);
      expect(ssl.established).toBe(false);
      expect(ssl.failure?.error.code).toBe('CERT_REJECTED');
    },
  );

  const wrong: readonly (readonly unknown[])[] = [
    [],
    [1, 0, 0],
    ['true', 0, 0],
    [true],
    [true, '0', 0],
    [true, 2 ** 32, 0],
    [true, 0.5, 0],
    [true, NaN, 0],
    [true, 50, 0],
    [true, 0],
    [true, 0, 256],
    [false, '18', 42],
    [false, 18, 1000],
  ];
  it.each(wrong.map((values) => [JSON.stringify(values), values] as const))(
    'called with %s throws a TypeError, and the connection is dead',
    (_name, values) => {
      const connection = binding.open(binding.createContext(CONFIG));
      expect(() => loose.decide(connection, ...values)).toThrow(TypeError);
      expect(binding.failure(connection).verifyResult).toBe(X509V.APPLICATION_VERIFICATION);
      expect(binding.step(connection, Operation.handshake, false, new Uint8Array(0), new Uint8Array(2048))).toBe(-1);
      binding.close(connection);
    },
  );

  it('a refusal with X509_V_OK is one with X509_V_ERR_APPLICATION_VERIFICATION', () => {
    const connection = binding.open(binding.createContext(CONFIG));
    binding.decide(connection, false, X509V.OK, 42);
    expect(binding.failure(connection).verifyResult).toBe(X509V.APPLICATION_VERIFICATION);
    binding.close(connection);
  });

  it('accepts nothing that was not asked', () => {
    const connection = binding.open(binding.createContext(CONFIG));
    expect(() => binding.decide(connection, true, X509V.OK, 0)).toThrow('there was no question to accept');
    binding.close(connection);
  });
});

it('a BIO that hands out something else than bytes ends the connection with what the addon says of it', () => {
  const ssl = createNative().createContext().newConnection();
  const [engine] = bioPair();
  const odd = new Proxy(engine, {
    get: (target, key) => (key === 'nwrite0' ? () => 'text' : (Reflect.get(target, key, target) as unknown)),
  });
  ssl.setBio(engine, odd);
  expect(ssl.connect()).toBe(-1);
  expect(ssl.failure?.error).toMatchObject({
    code: 'TRANSPORT_ERROR',
    message: expect.stringMatching(/^the BIO broke its contract: nwrite0/) as string,
  });
  ssl.dispose();
});
