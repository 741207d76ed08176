/**
 * Refusals of a TLS 1.3 server that no other test comes by, each by the server that earns it; `npm run mutate` counts
 * them.
 */
import { bioPair, type PairedBio } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Ssl } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';
import * as wire from '../src/wire/index.ts';
import { EchServer } from './ech-server.ts';
import { Server13 } from './server13.ts';

const backend = createPure({ crypto: nodeCrypto });
const root = (await pki('root')).certificate;
const leaf = await pki('p256');

interface Scene {
  readonly ssl: Ssl;
  readonly server: Server13;
  readonly net: PairedBio;
}

/** Up to the ClientHello, which the server has read. */
function begin(options: ContextOptions = {}): Scene {
  const ssl = backend
    .createContext({ trustAnchors: [root], cipherSuites: [0x1301], groups: [29, 23], ...options })
    .newConnection();
  const [bio, net] = bioPair(1 << 18);
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  const server = new Server13(net, leaf);
  expect([ssl.connect(), ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
  server.readHello();
  return { ssl, server, net };
}

/** Up to EncryptedExtensions. */
function answered(options: ContextOptions = {}, values: wire.EncryptedExtensionsValues = {}): Scene {
  const scene = begin(options);
  scene.server.answer();
  scene.server.encryptedExtensions(values);
  return scene;
}

function established(options: ContextOptions = {}): Scene {
  const scene = answered(options);
  scene.server.authenticate();
  scene.server.finish();
  expect(scene.ssl.connect(), scene.ssl.failure?.error.message).toBe(1);
  scene.server.readFlight();
  return scene;
}

/** The failure of an operation that must fail, and the alert that the server gets. */
function refusal({ ssl, server }: Scene, operation: () => number = () => ssl.connect()): string {
  expect(operation()).toBe(-1);
  const alert = server.record();
  return `${ssl.failure?.error.code} ${alert?.type === 21 ? alert.content[1] : 'none'}`;
}

describe('a compressed certificate (RFC 8879)', () => {
  const certificate = wire
    .encodeCertificate({ context: new Uint8Array(0), entries: leaf.chain.map((data) => ({ data, extensions: [] })) })
    .subarray(4);
  const packed = new Uint8Array(deflateSync(certificate));
  const compressed = (twist: Partial<wire.CompressedCertificate>): string => {
    const scene = answered({ certificateCompression: ['zlib'] });
    scene.server.send(
      wire.encodeCompressedCertificate({
        algorithm: 1,
        uncompressedLength: certificate.length,
        compressed: packed,
        ...twist,
      }),
    );
    return refusal(scene);
  };

  it('is read when it is a good one', () => {
    const scene = answered({ certificateCompression: ['zlib'] });
    scene.server.send(
      wire.encodeCompressedCertificate({ algorithm: 1, uncompressedLength: certificate.length, compressed: packed }),
    );
    expect([scene.ssl.connect(), scene.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
  });

  it.each<[string, Partial<wire.CompressedCertificate>, string]>([
    ['by an algorithm that was not offered', { algorithm: 2 }, 'UNKNOWN_CERT_COMPRESSION 47'],
    ['that says it is longer than a message may be', { uncompressedLength: 0xffffff }, 'EXCESSIVE_MESSAGE_SIZE 47'],
    ['that is shorter than it says', { uncompressedLength: certificate.length + 1 }, 'CERT_DECOMPRESSION_FAILED 42'],
    ['that is longer than it says', { uncompressedLength: certificate.length - 1 }, 'CERT_DECOMPRESSION_FAILED 42'],
    ['that is damaged', { compressed: packed.subarray(0, -8) }, 'CERT_DECOMPRESSION_FAILED 42'],
  ])('%s is refused', (_name, twist, expected) => {
    expect(compressed(twist)).toBe(expected);
  });

  it('that was not asked for is refused', () => {
    const scene = answered();
    scene.server.send(
      wire.encodeCompressedCertificate({ algorithm: 1, uncompressedLength: certificate.length, compressed: packed }),
    );
    expect(refusal(scene)).toBe('UNEXPECTED_MESSAGE 10');
  });
});

describe('a certificate type that was not offered is refused', () => {
  it.each<[string, ContextOptions, number]>([
    [
      'X.509, where a raw public key was asked for',
      { serverCertificateTypes: ['raw-public-key'], rawPublicKeys: [leaf.spki] },
      0,
    ],
    ['OpenPGP', { serverCertificateTypes: ['raw-public-key', 'x509'], rawPublicKeys: [leaf.spki] }, 1],
    ['one that does not exist', { serverCertificateTypes: ['raw-public-key', 'x509'], rawPublicKeys: [leaf.spki] }, 3],
  ])('%s', (_name, options, serverCertificateType) => {
    const scene = answered(options, { serverCertificateType });
    scene.server.authenticate();
    expect(refusal(scene)).toBe('WRONG_CERTIFICATE_TYPE 47');
  });

  it('X.509 by saying nothing', () => {
    const scene = answered({ serverCertificateTypes: ['raw-public-key'], rawPublicKeys: [leaf.spki] });
    scene.server.authenticate();
    expect(refusal(scene)).toBe('WRONG_CERTIFICATE_TYPE 47');
  });
});

describe('after the handshake', () => {
  it('data that comes while we shut down and wait for close_notify is told, not dropped', () => {
    const { ssl, server } = established();
    expect(ssl.shutdown()).toBe(0);
    server.put(23, new Uint8Array([1]));
    expect(ssl.shutdown()).toBe(-1);
    expect(ssl.failure?.error.code).toBe('APPLICATION_DATA_ON_SHUTDOWN');
  });

  it.each([
    ['of padding alone', (server: Server13) => server.put(0, new Uint8Array(0), 20)],
    ['with change_cipher_spec inside', (server: Server13) => server.put(20, new Uint8Array([1]))],
    ['of a type that does not exist', (server: Server13) => server.put(99, new Uint8Array([1]))],
    ['with an empty handshake message', (server: Server13) => server.put(22, new Uint8Array(0))],
    ['with an empty alert', (server: Server13) => server.put(21, new Uint8Array(0))],
  ] as const)('a record %s is refused', (_name, put) => {
    const scene = established();
    put(scene.server);
    expect(refusal(scene, () => scene.ssl.read(new Uint8Array(10)))).toBe('UNEXPECTED_RECORD 10');
  });

  it('a warning alert that TLS 1.3 does not have is refused', () => {
    const scene = established();
    scene.server.put(21, new Uint8Array([1, 100]));
    expect(refusal(scene, () => scene.ssl.read(new Uint8Array(10)))).toBe('BAD_ALERT 50');
  });
});

describe('Encrypted ClientHello', () => {
  it('with a confirmation of another length than 8 in the HelloRetryRequest is refused', () => {
    const scene = begin({ ech: new EchServer('server.test').configs, groups: [29, 23], keyShares: [29] });
    const { server } = scene;
    server.transcript.replaceFirstHello();
    server.send(
      wire.encodeServerHello({
        legacyVersion: 0x0303,
        random: wire.HELLO_RETRY_REQUEST_RANDOM,
        sessionId: server.hello.sessionId,
        cipherSuite: 0x1301,
        compressionMethod: 0,
        extensions: [
          ...wire.encodeExtensions('helloRetryRequest', { supportedVersions: 0x0304, keyShare: 23 }),
          { type: wire.ExtensionType.encrypted_client_hello, data: new Uint8Array(7) },
        ],
      }),
    );
    expect(refusal(scene)).toBe('ERROR_PARSING_EXTENSION 50');
  });

  it('for a public key that is not a valid one fails before a byte is sent', () => {
    const contents = new wire.Writer()
      .u8(7)
      .u16(0x20)
      .vector16(new Uint8Array(32))
      .vector16(new Uint8Array([0, 1, 0, 1]))
      .u8(32)
      .vector8(new TextEncoder().encode('server.test'))
      .u16(0)
      .finish();
    const config = new wire.Writer().u16(0xfe0d).vector16(contents).finish();
    const ssl = backend
      .createContext({ trustAnchors: [root], ech: new wire.Writer().vector16(config).finish() })
      .newConnection();
    const [bio, net] = bioPair();
    ssl.setBio(bio, bio);
    ssl.setHost('server.test');
    expect([ssl.connect(), ssl.failure?.error.code, net.pending]).toEqual([-1, 'ECH_REQUIRED', 0]);
  });
});

describe('in a ClientHello, for tools that read one, refused is', () => {
  const name = (type: number, text: string): Uint8Array =>
    new wire.Writer()
      .vector16(
        new wire.Writer()
          .u8(type)
          .vector16(new Uint8Array(Buffer.from(text, 'latin1')))
          .finish(),
      )
      .finish();
  it.each<[string, number, Uint8Array, string]>([
    ['a host name with a space', wire.ExtensionType.server_name, name(0, 'a b'), 'printable ASCII'],
    ['a host name that is not ASCII', wire.ExtensionType.server_name, name(0, 'é'), 'printable ASCII'],
    ['a name of another type', wire.ExtensionType.server_name, name(1, 'server.test'), 'a name of type 1'],
    ['a host name of 256 bytes', wire.ExtensionType.server_name, name(0, 'a'.repeat(256)), '256 bytes'],
    [
      'a status type other than ocsp',
      wire.ExtensionType.status_request,
      new Uint8Array([2, 0, 0, 0, 0]),
      'other than ocsp',
    ],
    [
      'an ECHClientHello of an unknown type',
      wire.ExtensionType.encrypted_client_hello,
      new Uint8Array([2, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0]),
      'of type 2',
    ],
  ])('%s', (_name, type, data, message) => {
    expect(() => wire.decodeExtensions('clientHello', [{ type, data }])).toThrow(message);
  });

  it('fewer binders than identities', () => {
    const identities = new wire.Writer()
      .vector16(new wire.Writer().vector16(new Uint8Array(4)).u32(0).vector16(new Uint8Array(4)).u32(0).finish())
      .finish();
    const binders = new wire.Writer().vector16(new wire.Writer().vector8(new Uint8Array(32)).finish()).finish();
    const data = new Uint8Array([...identities, ...binders]);
    expect(() => wire.decodeExtensions('clientHello', [{ type: wire.ExtensionType.pre_shared_key, data }])).toThrow(
      '2 identities with 1 binders',
    );
  });
});
