import { TlsError } from '@ferrule/result';
import { ExtensionType, greaseValue, isGrease } from '@ferrule/result/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtensionValues, Place } from './extension-values.ts';
import { absenceOf, decodeExtensions, encodeExtension, encodeExtensions } from './extensions.ts';

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const present = fc.constant(true as const);
const u16List = fc.array(u16, { minLength: 1, maxLength: 6 });
const u8List = fc.array(u8, { minLength: 1, maxLength: 6 });
const pointFormats = fc.array(u8, { maxLength: 3 }).map((list) => [...list, 0]);
const names = fc.array(bytes(1, 30), { minLength: 1, maxLength: 3 });
const sizeLimit = fc.integer({ min: 64, max: 16385 });
const keyShare = fc.record({ group: u16, keyExchange: bytes(1, 40) });
function list16(elements: Uint8Array[]): Uint8Array {
  const inner = elements.flatMap((each) => [each.length >> 8, each.length & 0xff, ...each]);
  return Uint8Array.of(inner.length >> 8, inner.length & 0xff, ...inner);
}
const timestamps = fc.array(bytes(1, 20), { minLength: 1, maxLength: 3 }).map(list16);
const configList = fc.array(bytes(0, 20), { minLength: 1, maxLength: 2 }).map((configs) => {
  const inner = configs.flatMap((each) => [0xfe, 0x0d, each.length >> 8, each.length & 0xff, ...each]);
  return Uint8Array.of(inner.length >> 8, inner.length & 0xff, ...inner);
});
const psks = fc
  .array(fc.tuple(fc.record({ identity: bytes(1, 30), obfuscatedTicketAge: u32 }), bytes(32, 48)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((pairs) => ({
    identities: pairs.map(([identity]) => identity),
    binders: pairs.map(([, binder]) => binder),
  }));
const ech = fc.oneof(
  fc.constant({ kind: 'inner' as const }),
  fc.record({
    kind: fc.constant('outer' as const),
    kdf: u16,
    aead: u16,
    configId: u8,
    enc: bytes(0, 32),
    payload: bytes(1, 60),
  }),
);
const flagNumbers = fc
  .uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b));
const hostName = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,6})?$/);

/** What each message's extensions can say: every key of every place, or this does not compile. */
const VALUES: {
  readonly [P in Place]: {
    readonly [K in keyof ExtensionValues[P]]-?: fc.Arbitrary<NonNullable<ExtensionValues[P][K]>>;
  };
} = {
  clientHello: {
    serverName: hostName,
    statusRequest: present,
    supportedGroups: u16List,
    ecPointFormats: pointFormats,
    signatureAlgorithms: u16List,
    signatureAlgorithmsCert: u16List,
    alpn: names,
    signedCertificateTimestamp: present,
    clientCertificateType: u8List,
    serverCertificateType: u8List,
    padding: fc.nat(50),
    extendedMasterSecret: present,
    compressCertificate: u16List,
    recordSizeLimit: sizeLimit,
    sessionTicket: bytes(0, 40),
    earlyData: present,
    quicTransportParameters: bytes(0, 40),
    supportedVersions: u16List,
    cookie: bytes(1, 40),
    pskKeyExchangeModes: u8List,
    certificateAuthorities: names,
    postHandshakeAuth: present,
    keyShare: fc.array(keyShare, { maxLength: 3 }),
    echOuterExtensions: u16List,
    encryptedClientHello: ech,
    renegotiationInfo: bytes(0, 24),
    preSharedKey: psks,
  },
  serverHello: { preSharedKey: u16, supportedVersions: u16, keyShare },
  serverHello12: {
    serverName: present,
    statusRequest: present,
    supportedGroups: u16List,
    ecPointFormats: pointFormats,
    alpn: bytes(1, 30),
    signedCertificateTimestamp: timestamps,
    clientCertificateType: u8,
    serverCertificateType: u8,
    extendedMasterSecret: present,
    recordSizeLimit: sizeLimit,
    sessionTicket: present,
    renegotiationInfo: bytes(0, 24),
  },
  helloRetryRequest: { supportedVersions: u16, cookie: bytes(1, 40), keyShare: u16, encryptedClientHello: bytes(8, 8) },
  encryptedExtensions: {
    serverName: present,
    supportedGroups: u16List,
    alpn: bytes(1, 30),
    clientCertificateType: u8,
    serverCertificateType: u8,
    recordSizeLimit: sizeLimit,
    earlyData: present,
    quicTransportParameters: bytes(0, 40),
    encryptedClientHello: configList,
  },
  certificate: { statusRequest: bytes(1, 40), signedCertificateTimestamp: timestamps },
  certificateRequest: {
    statusRequest: present,
    signatureAlgorithms: u16List,
    signedCertificateTimestamp: present,
    compressCertificate: u16List,
    certificateAuthorities: names,
    signatureAlgorithmsCert: u16List,
  },
  newSessionTicket: { earlyData: u32, tlsFlags: flagNumbers },
};
const PLACES = Object.keys(VALUES) as Place[];
const everyType = new Set(Object.values(ExtensionType));

function refusal(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    if (TlsError.is(error)) return `${error.code} ${error.alert?.name}`;
    throw error;
  }
  return 'accepted';
}
const one = (type: number, ...data: number[]) => [{ type, data: Uint8Array.from(data) }];

describe.each(PLACES)('the extensions of %s', (place) => {
  const values = fc.record(VALUES[place] as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(values, (given) => {
        expect(decodeExtensions(place, encodeExtensions(place, given as never))).toEqual({ ...given });
      }),
    );
  });

  it('are written back as they were read, or refused with a TlsError, whatever the bytes', () => {
    const types = Object.keys(VALUES[place]).map((key) => {
      const [sample] = fc.sample(
        (VALUES[place] as Record<string, fc.Arbitrary<unknown>>)[key] as fc.Arbitrary<unknown>,
        1,
      );
      return encodeExtension(place, key as never, sample as never);
    });
    const hostile = fc.oneof(
      fc.record({ type: fc.constantFrom(...types.map(({ type }) => type)), data: bytes(0, 24) }),
      fc.tuple(fc.constantFrom(...types), fc.nat(), u8).map(([{ type, data }, at, to]) => {
        const changed = data.slice();
        if (changed.length > 0) changed[at % changed.length] = to;
        return { type, data: changed };
      }),
    );
    fc.assert(
      fc.property(hostile, (extension) => {
        let decoded;
        try {
          decoded = decodeExtensions(place, [extension]);
        } catch (error) {
          if (TlsError.is(error)) return;
          throw error;
        }
        const [again] = encodeExtensions(place, decoded as never);
        // The responders and extensions that a foreign status_request names are read over.
        if (extension.type === ExtensionType.status_request && place === 'clientHello') return;
        expect(again).toEqual(extension);
      }),
    );
  });
});

describe('an extension', () => {
  it('that was not offered is refused as unsupported_extension, GREASE among them', () => {
    const offered = new Set([ExtensionType.server_name, 0x1a1a]);
    expect(refusal(() => decodeExtensions('encryptedExtensions', one(ExtensionType.early_data), offered))).toBe(
      'UNEXPECTED_EXTENSION unsupported_extension',
    );
    expect(refusal(() => decodeExtensions('encryptedExtensions', one(0x1a1a), offered))).toBe(
      'UNEXPECTED_EXTENSION unsupported_extension',
    );
    expect(decodeExtensions('encryptedExtensions', one(ExtensionType.server_name), offered)).toEqual({
      serverName: true,
    });
  });

  it('that comes twice is refused, an unknown one too, before anything else is asked about it', () => {
    expect(refusal(() => decodeExtensions('serverHello', [...one(0), ...one(0)], new Set()))).toBe(
      'DUPLICATE_EXTENSION illegal_parameter',
    );
    expect(refusal(() => decodeExtensions('encryptedExtensions', [...one(0), ...one(0)], new Set()))).toBe(
      'DECODE_ERROR decode_error',
    );
    expect(refusal(() => decodeExtensions('newSessionTicket', [...one(0x1234), ...one(0x1234)]))).toBe(
      'DUPLICATE_EXTENSION illegal_parameter',
    );
  });

  it('that belongs into another message is refused as illegal_parameter', () => {
    for (const type of [
      ExtensionType.key_share,
      ExtensionType.extended_master_secret,
      ExtensionType.renegotiation_info,
      ExtensionType.ec_point_formats,
    ]) {
      expect(refusal(() => decodeExtensions('encryptedExtensions', one(type), everyType))).toBe(
        'MISPLACED_EXTENSION illegal_parameter',
      );
    }
    expect(
      refusal(() => decodeExtensions('serverHello12', one(ExtensionType.supported_versions, 3, 3), everyType)),
    ).toBe('MISPLACED_EXTENSION illegal_parameter');
    expect(refusal(() => decodeExtensions('serverHello12', one(ExtensionType.encrypted_client_hello), everyType))).toBe(
      'UNEXPECTED_EXTENSION unsupported_extension',
    );
  });

  it('of status_request is empty in a CertificateRequest (RFC 9846 section 4.5.1.1), as GnuTLS sends it', () => {
    expect(decodeExtensions('certificateRequest', one(ExtensionType.status_request))).toEqual({ statusRequest: true });
  });

  it('that is unknown is passed over in a request', () => {
    expect(decodeExtensions('newSessionTicket', one(0x1234, 1, 2, 3))).toEqual({});
    expect(decodeExtensions('certificateRequest', one(greaseValue(3)))).toEqual({});
  });

  it.each<[string, Place, number, number[], string]>([
    [
      'a server_name answered with a name',
      'encryptedExtensions',
      ExtensionType.server_name,
      [0, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'an empty list of timestamps',
      'certificate',
      ExtensionType.signed_certificate_timestamp,
      [0, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'an empty timestamp',
      'certificate',
      ExtensionType.signed_certificate_timestamp,
      [0, 2, 0, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'an empty OCSP response',
      'certificate',
      ExtensionType.status_request,
      [1, 0, 0, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'an empty list of authorities',
      'certificateRequest',
      ExtensionType.certificate_authorities,
      [0, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'an empty ALPN protocol',
      'encryptedExtensions',
      ExtensionType.application_layer_protocol_negotiation,
      [0, 1, 0],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'two ALPN protocols',
      'encryptedExtensions',
      ExtensionType.application_layer_protocol_negotiation,
      [0, 4, 1, 65, 1, 66],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    ['an empty cookie', 'helloRetryRequest', ExtensionType.cookie, [0, 0], 'ERROR_PARSING_EXTENSION decode_error'],
    [
      'point formats without uncompressed',
      'serverHello12',
      ExtensionType.ec_point_formats,
      [1, 1],
      'ILLEGAL_PARAMETER illegal_parameter',
    ],
    [
      'a record size limit of 63',
      'encryptedExtensions',
      ExtensionType.record_size_limit,
      [0, 63],
      'ILLEGAL_PARAMETER illegal_parameter',
    ],
    [
      'a host name longer than DNS has',
      'clientHello',
      ExtensionType.server_name,
      [1, 3, 0, 1, 0, ...Array<number>(256).fill(97)],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'flags that end in a zero byte',
      'newSessionTicket',
      ExtensionType.tls_flags,
      [2, 1, 0],
      'ILLEGAL_PARAMETER illegal_parameter',
    ],
    ['no flags at all', 'newSessionTicket', ExtensionType.tls_flags, [0], 'ERROR_PARSING_EXTENSION decode_error'],
    [
      'a confirmation of 7 bytes',
      'helloRetryRequest',
      ExtensionType.encrypted_client_hello,
      [1, 2, 3, 4, 5, 6, 7],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
    [
      'retry configurations that are none',
      'encryptedExtensions',
      ExtensionType.encrypted_client_hello,
      [0, 3, 1, 2, 3],
      'ERROR_PARSING_EXTENSION decode_error',
    ],
  ])('with %s is refused', (_, place, type, data, expected) => {
    expect(
      refusal(() =>
        decodeExtensions(
          place,
          one(type, ...data),
          place === 'certificateRequest' || place === 'newSessionTicket' ? undefined : everyType,
        ),
      ),
    ).toBe(expected);
  });

  it('is written where its row allows it and nowhere else', () => {
    expect(() => encodeExtension('serverHello', 'alpn' as never, new Uint8Array(1) as never)).toThrow(
      'alpn is not an extension of serverHello',
    );
  });

  it('has a meaning for its absence, each one', () => {
    for (const type of everyType) expect(absenceOf(type)).toMatch(/./);
  });
});

describe('GREASE', () => {
  it('is sixteen values for code points (RFC 8701 section 2)', () => {
    expect(Array.from({ length: 16 }, (_, i) => greaseValue(i))).toEqual([
      0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa, 0xbaba, 0xcaca, 0xdada,
      0xeaea, 0xfafa,
    ]);
    expect([0x0a1a, 0x1301, 0x0a0b, 0].some(isGrease)).toBe(false);
  });
});
