/** @module Wrong servers whose key is RSA: signatures, their paddings, and suites that go with another kind of key. */
import { constants, createHash, privateEncrypt, sign } from 'node:crypto';
import { Alert } from '@ferrule/result';
import { concat, EMPTY } from '@ferrule/result/bytes';
import type { Behaviour, Verdict } from './behaviour.ts';
import { need } from './offer.ts';
import { signAs, type Script } from './peer.ts';
import { flight, refusal } from './rows13.ts';
import type { Server12 } from './server12.ts';
import type { Server13 } from './server13.ts';

const BAD_SIGNATURE = refusal('BAD_SIGNATURE', Alert.decrypt_error);
const WRONG_TYPE = refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter);

/** A row that goes wrong in CertificateVerify. */
const verifying = (
  name: string,
  expect: Verdict,
  twist: (s: Server13) => Parameters<Server13['certificateVerify']>[0],
): Behaviour => ({
  ...flight(name, expect, (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify(twist(s));
    s.finished();
  }),
  key: 'rsa',
});

const needScheme = ({ offered }: Server12 | Server13, scheme: number): void =>
  need(
    offered.signatureAlgorithms?.includes(scheme) === true,
    `the client does not offer signature algorithm 0x${scheme.toString(16).padStart(4, '0')}`,
  );

const RSA_13: readonly Behaviour[] = [
  verifying('an RSA signature with one bit changed', BAD_SIGNATURE, () => ({ corrupt: true })),
  verifying('RSA PKCS#1 in CertificateVerify, by a key that could', WRONG_TYPE, (s) => ({
    algorithm: 0x0401,
    sign: (content) => signAs(0x0401, s.identity.privateKey, content),
  })),
  verifying('an RSASSA-PSS salt of another length than the hash', BAD_SIGNATURE, (s) => ({
    sign: (content) =>
      sign('sha256', content, {
        key: s.identity.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 20,
      }),
  })),
  verifying('RSASSA-PSS over another hash than it says', BAD_SIGNATURE, (s) => {
    needScheme(s, 0x0805);
    return { algorithm: 0x0805 };
  }),
  verifying('rsa_pss_pss of a key that is rsaEncryption', WRONG_TYPE, () => ({ algorithm: 0x0809 })),
  verifying('ECDSA, by an RSA key', WRONG_TYPE, () => ({ algorithm: 0x0403 })),
];

/** A row that goes wrong in ServerKeyExchange, or with the suite. */
const exchanging = (
  name: string,
  expect: Verdict,
  twist: (s: Server12) => Parameters<Server12['serverKeyExchange']>[0],
): Behaviour => ({
  version: 'TLSv1.2',
  name,
  expect,
  key: 'rsa',
  *script(s): Script {
    yield* s.clientHello();
    const exchange = twist(s);
    s.serverHello();
    s.certificate();
    s.serverKeyExchange(exchange);
  },
});

/** DER DigestInfo of SHA-256, and of SHA-1 with as many bytes, up to the hash (RFC 8017 section 9.2). */
const SHA256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const SHA1 = Buffer.from('302d300906052b0e03021a05000420', 'hex');

interface Padding {
  readonly type?: number;
  /** Of the bytes in front of the zero. */
  readonly fill?: number;
  readonly prefix?: Uint8Array;
  /** The padding is as short as it may be, and as many bytes follow the hash. */
  readonly behind?: true;
}

/** EMSA-PKCS1-v1_5 as it should not be, under the key. */
const padded =
  (s: Server12, { type = 1, fill = 0xff, prefix = SHA256, behind }: Padding) =>
  (signed: Uint8Array): Uint8Array => {
    const { modulusLength = 2048 } = s.identity.privateKey.asymmetricKeyDetails ?? {};
    const info = concat([prefix, createHash('sha256').update(signed).digest()]);
    const room = modulusLength / 8 - 3 - info.length;
    const front = behind ? 8 : room;
    return privateEncrypt(
      { key: s.identity.privateKey, padding: constants.RSA_NO_PADDING },
      concat([
        Uint8Array.of(0, type),
        new Uint8Array(front).fill(fill),
        Uint8Array.of(0),
        info,
        new Uint8Array(room - front),
      ]),
    );
  };

const padding = (name: string, how: Padding): Behaviour =>
  exchanging(name, BAD_SIGNATURE, (s) => {
    needScheme(s, 0x0401);
    return { algorithm: 0x0401, sign: padded(s, how) };
  });

const over = (hash: string, algorithm: number): Behaviour =>
  exchanging(`a ServerKeyExchange signed over ${hash}`, WRONG_TYPE, (s) => ({
    algorithm,
    sign: (signed) => signAs(algorithm, s.identity.privateKey, signed),
  }));

const RSA_12: readonly Behaviour[] = [
  exchanging('an RSA signature with one bit changed', BAD_SIGNATURE, () => ({ corrupt: true })),
  padding('a PKCS#1 signature with bytes behind the hash', { behind: true }),
  padding('a PKCS#1 signature that does not name its hash', { prefix: EMPTY }),
  padding('a PKCS#1 signature that names another hash', { prefix: SHA1 }),
  padding('a PKCS#1 signature whose padding is not all ones', { fill: 0xfe }),
  padding('a PKCS#1 signature of block type 2', { type: 2 }),
  over('SHA-1', 0x0201),
  over('MD5', 0x0101),
  exchanging(
    'an RSA certificate with a cipher suite of ECDSA',
    refusal('WRONG_CERTIFICATE_TYPE', Alert.illegal_parameter),
    (s) => {
      need(s.hello.cipherSuites.includes(0xc02b), 'the client does not offer the suite');
      s.cipher = s.suite(0xc02b);
      return {};
    },
  ),
  {
    ...exchanging(
      'an ECDSA certificate with a cipher suite of RSA',
      refusal('WRONG_CERTIFICATE_TYPE', Alert.illegal_parameter),
      (s) => {
        need(s.hello.cipherSuites.includes(0xc02f), 'the client does not offer the suite');
        s.cipher = s.suite(0xc02f);
        return {};
      },
    ),
    key: 'p256',
  },
];

export const BEHAVIOURS_RSA: readonly Behaviour[] = [...RSA_13, ...RSA_12];
