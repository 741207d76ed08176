import { TlsError } from '@ferrule/result';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as wire from './index.ts';

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u24 = fc.integer({ min: 0, max: 0xffffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const extension = fc.record({
  type: u16.filter((type) => type !== wire.ExtensionType.pre_shared_key),
  data: bytes(0, 40),
});
const extensions = fc.array(extension, { maxLength: 6 });
const chain = fc.array(bytes(1, 60), { maxLength: 4 });

/** One row per message: what it can hold, how it is written and read. */
interface Row<T> {
  readonly value: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (body: Uint8Array) => T;
  readonly type: number;
}
const row = <T>(
  type: number,
  value: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (body: Uint8Array) => T,
): Row<unknown> => ({ type, value, encode, decode }) as Row<unknown>;

const { HandshakeType } = wire;
const emptyMessage = (type: 0 | 5 | 14) =>
  row(
    type,
    fc.constant(undefined),
    () => wire.encodeEmpty(type),
    (body) => wire.decodeEmpty(type, body),
  );

const MESSAGES: Readonly<Record<string, Row<unknown>>> = {
  ClientHello: row(
    HandshakeType.client_hello,
    fc.record({
      legacyVersion: u16,
      random: bytes(32, 32),
      sessionId: bytes(0, 32),
      cipherSuites: fc.array(u16, { minLength: 1, maxLength: 8 }),
      compressionMethods: fc.array(u8, { minLength: 1, maxLength: 3 }),
      extensions,
    }),
    wire.encodeClientHello,
    wire.decodeClientHello,
  ),
  ServerHello: row(
    HandshakeType.server_hello,
    fc.record({
      legacyVersion: u16,
      random: bytes(32, 32),
      sessionId: bytes(0, 32),
      cipherSuite: u16,
      compressionMethod: u8,
      extensions,
    }),
    wire.encodeServerHello,
    wire.decodeServerHello,
  ),
  EncryptedExtensions: row(
    HandshakeType.encrypted_extensions,
    extensions,
    wire.encodeEncryptedExtensions,
    wire.decodeEncryptedExtensions,
  ),
  Certificate: row(
    HandshakeType.certificate,
    fc.record({
      context: bytes(0, 20),
      entries: fc.array(fc.record({ data: bytes(1, 60), extensions }), { maxLength: 3 }),
    }),
    wire.encodeCertificate,
    wire.decodeCertificate,
  ),
  'Certificate of TLS 1.2': row(HandshakeType.certificate, chain, wire.encodeCertificate12, wire.decodeCertificate12),
  'raw public key of TLS 1.2': row(
    HandshakeType.certificate,
    bytes(1, 60),
    wire.encodeRawPublicKey12,
    wire.decodeRawPublicKey12,
  ),
  CompressedCertificate: row(
    HandshakeType.compressed_certificate,
    fc.record({ algorithm: u16, uncompressedLength: u24, compressed: bytes(1, 60) }),
    wire.encodeCompressedCertificate,
    wire.decodeCompressedCertificate,
  ),
  CertificateRequest: row(
    HandshakeType.certificate_request,
    fc.record({ context: bytes(0, 20), extensions }),
    wire.encodeCertificateRequest,
    wire.decodeCertificateRequest,
  ),
  'CertificateRequest of TLS 1.2': row(
    HandshakeType.certificate_request,
    fc.record({
      certificateTypes: fc.array(u8, { minLength: 1, maxLength: 4 }),
      signatureAlgorithms: fc.array(u16, { minLength: 1, maxLength: 8 }),
      authorities: chain,
    }),
    wire.encodeCertificateRequest12,
    wire.decodeCertificateRequest12,
  ),
  CertificateVerify: row(
    HandshakeType.certificate_verify,
    fc.record({ algorithm: u16, signature: bytes(0, 80) }),
    wire.encodeCertificateVerify,
    wire.decodeCertificateVerify,
  ),
  CertificateStatus: row(
    HandshakeType.certificate_status,
    bytes(1, 60),
    wire.encodeCertificateStatus,
    wire.decodeCertificateStatus,
  ),
  ServerKeyExchange: row(
    HandshakeType.server_key_exchange,
    fc
      .record({ group: u16, publicKey: bytes(1, 70), algorithm: u16, signature: bytes(0, 80) })
      .map((value) => ({ parameters: wire.encodeServerEcdhParameters(value.group, value.publicKey), ...value })),
    wire.encodeServerKeyExchange,
    wire.decodeServerKeyExchange,
  ),
  ClientKeyExchange: row(
    HandshakeType.client_key_exchange,
    bytes(1, 70),
    wire.encodeClientKeyExchange,
    wire.decodeClientKeyExchange,
  ),
  Finished: row(HandshakeType.finished, bytes(0, 64), wire.encodeFinished, (body) => body),
  NewSessionTicket: row(
    HandshakeType.new_session_ticket,
    fc.record({ lifetime: u32, ageAdd: u32, nonce: bytes(0, 20), ticket: bytes(1, 60), extensions }),
    wire.encodeNewSessionTicket,
    wire.decodeNewSessionTicket,
  ),
  'NewSessionTicket of TLS 1.2': row(
    HandshakeType.new_session_ticket,
    fc.record({ lifetimeHint: u32, ticket: bytes(0, 60) }),
    wire.encodeNewSessionTicket12,
    wire.decodeNewSessionTicket12,
  ),
  KeyUpdate: row(HandshakeType.key_update, fc.boolean(), wire.encodeKeyUpdate, wire.decodeKeyUpdate),
  HelloRequest: emptyMessage(HandshakeType.hello_request),
  ServerHelloDone: emptyMessage(HandshakeType.server_hello_done),
  EndOfEarlyData: emptyMessage(HandshakeType.end_of_early_data),
};

/** What `decode` makes of the bytes: a value, or the TlsError that it threw; anything else fails the test. */
function attempt<T>(decode: () => T): { readonly value: T } | { readonly error: TlsError } {
  try {
    return { value: decode() };
  } catch (error) {
    if (!TlsError.is(error)) throw error;
    return { error };
  }
}

describe.each(Object.entries(MESSAGES))('%s', (_, { value, encode, decode, type }) => {
  it('is read back as it was written, under its own type and length', () => {
    fc.assert(
      fc.property(value, (given) => {
        const message = encode(given);
        expect(message[0]).toBe(type);
        expect(((message[1] ?? 0) << 16) | ((message[2] ?? 0) << 8) | (message[3] ?? 0)).toBe(message.length - 4);
        expect(decode(message.subarray(4))).toEqual(given);
      }),
    );
  });

  it('is written back as it was read, or refused with a TlsError, whatever the bytes', () => {
    const mutated = fc.tuple(value, fc.array(fc.tuple(fc.nat(), u8), { maxLength: 3 })).map(([given, changes]) => {
      const body = encode(given).slice(4);
      for (const [at, to] of changes) if (body.length > 0) body[at % body.length] = to;
      return body;
    });
    fc.assert(
      fc.property(fc.oneof(bytes(0, 80), mutated), (body) => {
        const outcome = attempt(() => decode(body));
        if ('error' in outcome) return;
        const again = encode(outcome.value).subarray(4);
        // A hello may leave out its extensions altogether; it is written with none.
        const same = again.length === body.length + 2 ? [...body, 0, 0] : [...body];
        expect([...again]).toEqual(same);
      }),
    );
  });

  it('is refused with a TlsError, or read, at every prefix and with every byte flipped', () => {
    const [sample] = fc.sample(value, { numRuns: 1, seed: 8446 });
    const body = encode(sample).slice(4);
    for (let length = 0; length < body.length; length++) attempt(() => decode(body.subarray(0, length)));
    for (let at = 0; at < body.length; at++) {
      const flipped = body.slice();
      for (let bit = 0; bit < 8; bit++) {
        flipped[at] = (body[at] ?? 0) ^ (1 << bit);
        attempt(() => decode(flipped));
      }
    }
    if (type !== HandshakeType.finished)
      expect(attempt(() => decode(Uint8Array.of(...body, 0)))).toHaveProperty('error.code', 'DECODE_ERROR');
  });
});

describe('ClientHello', () => {
  const hello: wire.ClientHello = {
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(0),
    cipherSuites: [0x1301],
    compressionMethods: [0],
    extensions: wire.encodeExtensions('clientHello', {
      supportedVersions: [0x0304],
      preSharedKey: {
        identities: [{ identity: Uint8Array.of(1, 2, 3), obfuscatedTicketAge: 7 }],
        binders: [new Uint8Array(32)],
      },
    }),
  };

  it('has its binders at the very end, where they are put in afterwards', () => {
    const message = wire.encodeClientHello(hello);
    const binder = new Uint8Array(32).fill(9);
    expect(wire.bindersLength([binder])).toBe(35);
    wire.setBinders(message, [binder]);
    const { preSharedKey } = wire.decodeExtensions(
      'clientHello',
      wire.decodeClientHello(message.subarray(4)).extensions,
    );
    expect(preSharedKey?.binders).toEqual([binder]);
  });

  it('is as long as is said beforehand', () => {
    expect(wire.clientHelloLength(hello)).toBe(wire.encodeClientHello(hello).length);
  });

  it('is refused when pre_shared_key is not its last extension', () => {
    const [versions, psk] = hello.extensions as [wire.Extension, wire.Extension];
    expect(() => wire.encodeClientHello({ ...hello, extensions: [psk, versions] })).toThrow(
      'pre_shared_key is not the last',
    );
    const message = wire.encodeClientHello(hello);
    const tail = { type: 0x4a4a, data: new Uint8Array(0) };
    const wrong = wire.encodeMessage(1, (writer) => {
      writer.bytes(message.subarray(4, 4 + 2 + 32 + 1 + 4 + 2));
      writer.vector16(() => [...hello.extensions, tail].forEach(({ type, data }) => writer.u16(type).vector16(data)));
    });
    expect(attempt(() => wire.decodeClientHello(wrong.subarray(4)))).toHaveProperty('error.code', 'ILLEGAL_PARAMETER');
  });
});

describe('ServerHello', () => {
  const hello: wire.ServerHello = {
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(0),
    cipherSuite: 0x1301,
    compressionMethod: 0,
    extensions: [],
  };

  it('is a HelloRetryRequest by its random', () => {
    expect(wire.isHelloRetryRequest(hello)).toBe(false);
    expect(wire.isHelloRetryRequest({ ...hello, random: wire.HELLO_RETRY_REQUEST_RANDOM })).toBe(true);
  });

  it('names the version in supported_versions before legacy_version', () => {
    expect(wire.selectedVersion(hello)).toBe(wire.Version.tls12);
    expect(
      wire.selectedVersion({
        ...hello,
        extensions: wire.encodeExtensions('serverHello', { supportedVersions: 0x0304 }),
      }),
    ).toBe(wire.Version.tls13);
  });

  it('tells both downgrade sentinels from any other random', () => {
    const random = (tail: Uint8Array) => Uint8Array.of(...new Uint8Array(24), ...tail);
    expect(wire.downgradeSentinel(hello.random)).toBeUndefined();
    expect(wire.downgradeSentinel(random(wire.DOWNGRADE_TO_TLS12))).toBe(wire.Version.tls12);
    expect(wire.downgradeSentinel(random(wire.DOWNGRADE_TO_TLS11))).toBe(wire.Version.tls11);
  });

  it('may leave out its extensions, as TLS 1.2 servers do', () => {
    const message = wire.encodeServerHello(hello);
    expect(wire.decodeServerHello(message.subarray(4, -2))).toEqual(hello);
  });
});

describe('a writer', () => {
  it('writes the same whatever room it began with', () => {
    const values = fc.array(
      fc.tuple(
        fc.constantFrom('u8', 'u16', 'u24', 'u32', 'bytes', 'vector8', 'vector16', 'vector24'),
        u32,
        bytes(0, 30),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 40 }), (list, room) => {
        const write = (writer: wire.Writer): Uint8Array => {
          for (const [kind, number, data] of list) {
            if (kind === 'u8' || kind === 'u16' || kind === 'u24' || kind === 'u32') writer[kind](number);
            else writer[kind as 'bytes'](data);
          }
          return writer.finish();
        };
        expect(write(new wire.Writer(room))).toEqual(write(new wire.Writer(2000)));
      }),
    );
  });
});

describe('particular values', () => {
  it('refuses a session id of 33 bytes', () => {
    const body = Uint8Array.of(3, 3, ...new Uint8Array(32), 33, ...new Uint8Array(33), 0x13, 1, 0);
    expect(attempt(() => wire.decodeServerHello(body))).toHaveProperty('error.code', 'DECODE_ERROR');
  });

  it('refuses a KeyUpdate that asks for something unknown', () => {
    expect(attempt(() => wire.decodeKeyUpdate(Uint8Array.of(2)))).toHaveProperty('error.code', 'ILLEGAL_PARAMETER');
  });

  it('refuses an explicit curve in a ServerKeyExchange', () => {
    expect(attempt(() => wire.decodeServerKeyExchange(Uint8Array.of(1, 0, 29, 1, 1, 4, 3, 0, 0)))).toHaveProperty(
      'error.code',
      'WRONG_GROUP',
    );
  });

  it('refuses to write a vector that its length prefix cannot describe', () => {
    expect(attempt(() => wire.encodeClientKeyExchange(new Uint8Array(256)))).toHaveProperty(
      'error.code',
      'INTERNAL_ERROR',
    );
  });
});
