/** @module What is said of a certificate that is refused: the same message and the same hint on every engine. */
import assert from 'node:assert/strict';
import { sign, X509Certificate } from 'node:crypto';
import type { ContextOptions } from '@ferrule/contract';
import { CODES, type CertificateCode } from '@ferrule/result';
import { BitString, fromBER, Sequence } from 'asn1js';
import { type CheckGroup, group } from '../check.ts';
import { ExtensionOid, oid, sequence, tlv } from '../pki/der.ts';
import {
  type ExtensionOption,
  type Identity,
  issue,
  LEAF_NAMES,
  makeCrl,
  makeOcspResponse,
  pki,
  toPem,
} from '../pki/index.ts';
import type { TestServerOptions } from '../server/tls-server.ts';
import { scene } from './support.ts';

interface Refused {
  readonly code: CertificateCode;
  readonly message: string;
  /** Default: the remedy of the code. */
  readonly hint?: string;
  /** Of the certificate concerned; default `CN=leaf` at 0. */
  readonly subject?: string | undefined;
  readonly depth?: number;
  readonly server: TestServerOptions;
  readonly options?: ContextOptions;
  readonly host?: string;
}

const REFUSALS: Readonly<Record<string, () => Promise<Refused>>> = {
  'another name': async () => ({
    code: 'CERT_NAME_MISMATCH',
    message: 'the certificate is for other.test, another.test, not for server.test',
    hint: 'Connect with one of its names, or have this name added to the certificate.',
    server: { identity: await pki('wrongName') },
  }),
  'more names than anybody reads, and an address': async () => ({
    code: 'CERT_NAME_MISMATCH',
    message:
      'the certificate is for ::1, 192.0.2.1, *.a.test, b.test, c.test, d.test, e.test, f.test and 2 more, not for server.test',
    hint: 'Connect with one of its names, or have this name added to the certificate.',
    server: {
      identity: await leaf({
        names: ['::1', '192.0.2.1', '*.a.test', ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `${name}.test`)],
      }),
    },
  }),
  'no name': async () => ({
    code: 'CERT_NAME_MISMATCH',
    message: 'the certificate has no subjectAltName with a host name or an address, and is not for server.test',
    hint: 'Have this name added to the certificate as a subjectAltName; its common name does not count.',
    server: { identity: await leaf({ names: [] }) },
  }),
  expired: async () => {
    const identity = await pki('expired');
    return {
      code: 'CERT_EXPIRED',
      message: `CN=leaf expired on ${timeOf(identity, 'validTo')}`,
      hint: 'Have it renewed; check the clock of this machine too.',
      server: { identity },
    };
  },
  'an intermediate that has expired': async () => {
    const { chain } = await pki('underExpiredIntermediate');
    return {
      code: 'CERT_EXPIRED',
      message: `CN=ferrule expired intermediate expired on ${timeOf({ certificate: chain[1] as Uint8Array }, 'validTo')}`,
      hint: "It is the certificate of a CA, not the server's own: have the server send the current one.",
      subject: 'CN=ferrule expired intermediate',
      depth: 1,
      server: { identity: await pki('underExpiredIntermediate') },
    };
  },
  'an anchor that has expired': async () => {
    const root = await issue(undefined, { subject: 'CN=old root', ca: true, from: -60, until: -1 });
    return {
      code: 'CERT_EXPIRED',
      message: `CN=old root expired on ${timeOf(root, 'validTo')}`,
      hint: 'It is a trust anchor: trust its successor.',
      subject: 'CN=old root',
      depth: 1,
      server: { identity: await issue(root, { subject: 'CN=leaf', names: LEAF_NAMES }) },
      options: { trustAnchors: [root.certificate] },
    };
  },
  'not valid yet': async () => {
    const identity = await pki('notYetValid');
    return {
      code: 'CERT_NOT_YET_VALID',
      message: `CN=leaf is not valid before ${timeOf(identity, 'validFrom')}`,
      server: { identity },
    };
  },
  'self-signed': async () => ({
    code: 'CERT_SELF_SIGNED',
    message: 'CN=server.test is self-signed and not a trust anchor',
    hint: 'If it is yours, make it a trust anchor (`ca`, `trustAnchors`); otherwise the server needs a certificate from a CA.',
    subject: 'CN=server.test',
    server: { identity: await pki('selfSigned') },
  }),
  'a missing intermediate': async () => ({
    code: 'CERT_MISSING_INTERMEDIATE',
    message: 'the server did not send CN=ferrule test intermediate, which issued CN=leaf',
    hint: 'Have the server send its whole chain (fullchain.pem). If that CA is your own, make it a trust anchor (`ca`, `trustAnchors`).',
    server: alone(await pki('p256')),
  }),
  'a missing intermediate that can be had': async () => ({
    code: 'CERT_MISSING_INTERMEDIATE',
    message: 'the server did not send CN=ferrule test intermediate, which issued CN=leaf',
    hint: 'Have the server send its whole chain (fullchain.pem); the missing one is at http://ca.test/ica.crt. If that CA is your own, make it a trust anchor (`ca`, `trustAnchors`).',
    server: alone(await leaf({ extensions: [issuerAt('http://ca.test/ica.crt')] })),
  }),
  'nobody is trusted': async () => ({
    code: 'CERT_UNTRUSTED_ROOT',
    message: 'the chain ends in CN=ferrule test root, which is not a trust anchor',
    hint: 'No trust anchors were given: name those that you trust (`ca`, `trustAnchors`).',
    subject: 'CN=ferrule test intermediate',
    depth: 1,
    server: {},
    options: { trustAnchors: [] },
  }),
  'a root that is not trusted': async () => ({
    code: 'CERT_UNTRUSTED_ROOT',
    message: 'the chain ends in CN=ferrule test root, which is not a trust anchor',
    hint: 'If you trust this CA, make it a trust anchor (`ca`, `trustAnchors`). If it is not a root, the server must send its certificate.',
    subject: 'CN=ferrule test intermediate',
    depth: 1,
    server: {},
    options: { trustAnchors: [(await pki('otherRoot')).certificate] },
  }),
  'a root that is not trusted, and sent': async () => {
    const identity = await pki('p256');
    const root = await pki('root');
    return {
      code: 'CERT_UNTRUSTED_ROOT',
      message: 'the chain ends in CN=ferrule test root, which is not a trust anchor',
      hint: 'If you trust this CA, make it a trust anchor (`ca`, `trustAnchors`).',
      subject: 'CN=ferrule test root',
      depth: 2,
      server: { identity, chainPem: identity.chainPem + root.certificatePem },
      options: { trustAnchors: [(await pki('otherRoot')).certificate] },
    };
  },
  'not pinned': async () => ({
    code: 'CERT_PIN_MISMATCH',
    message: 'no key of the chain matches a pin',
    server: {},
    options: { pins: [new Uint8Array(32)] },
  }),
  'not pinned, and no path is asked for': async () => ({
    code: 'CERT_PIN_MISMATCH',
    message: 'no key of the chain matches a pin',
    server: {},
    options: { pins: [new Uint8Array(32)], verify: 'none' },
  }),
  'on a list': async () => {
    const identity = await pki('revoked');
    const intermediate = await pki('intermediate');
    return {
      code: 'CERT_REVOKED',
      message: 'the certificate has been revoked (certificate 0, CN=leaf)',
      server: { identity },
      options: {
        crls: [await makeCrl(intermediate, [identity]), await makeCrl(await pki('root'), [])],
      },
    };
  },
  'no list of the issuer': async () => ({
    code: 'CERT_REVOCATION_UNKNOWN',
    message: 'no CRL of the issuer was given (certificate 0, CN=leaf)',
    server: {},
    options: { crls: [await makeCrl(await pki('root'), [])] },
  }),
  'a staple that says revoked': async () => {
    const identity = await pki('p256');
    return {
      code: 'CERT_REVOKED',
      message: 'the certificate has been revoked (certificate 0, CN=leaf)',
      server: { identity, ocspResponse: makeOcspResponse(identity, await pki('intermediate'), { status: 'revoked' }) },
      options: { ocsp: 'require' },
    };
  },
  'a staple of another certificate': async () => ({
    code: 'CERT_OCSP_INVALID',
    message: 'the OCSP response is not valid (certificate 0, CN=leaf)',
    server: {
      identity: await pki('p256'),
      ocspResponse: makeOcspResponse(await pki('rsa'), await pki('intermediate'), {}),
    },
    options: { ocsp: 'require' },
  }),
  'no staple': async () => ({
    code: 'CERT_OCSP_MISSING',
    message: 'an OCSP response is required and none came (certificate 0, CN=leaf)',
    server: {},
    options: { ocsp: 'require' },
  }),
  'a certificate for clients': async () => ({
    code: 'CERT_PURPOSE',
    message: 'the certificate may not be used for this purpose (certificate 0, CN=leaf)',
    server: { identity: await pki('clientPurpose') },
  }),
  'a key that only enciphers': async () => ({
    code: 'CERT_PURPOSE',
    message: 'the certificate may not sign (keyUsage lacks digitalSignature) (certificate 0, CN=leaf)',
    server: {
      identity: await leaf({
        extensions: [{ oid: ExtensionOid.key_usage, critical: true, value: tlv(0x03, '\x05\x20') }],
      }),
    },
    options: { minVersion: 'TLSv1.3' },
  }),
  'a weak key': async () => ({
    code: 'CERT_WEAK_KEY',
    message: "the server's key is too weak (certificate 0, CN=leaf)",
    server: { identity: await pki('rsa-1024') },
  }),
  'an issuer that is not a CA': async () => ({
    code: 'CERT_INVALID',
    message: 'a certificate that signed another is not a CA (certificate 1, CN=ferrule no CA)',
    subject: 'CN=ferrule no CA',
    depth: 1,
    server: { identity: await pki('underFalseCa') },
  }),
  'a signature that somebody else made': async () => {
    const identity = await pki('p256');
    const other = await issue(await pki('root'), { subject: 'CN=ferrule test intermediate', ca: true });
    return {
      code: 'CERT_MISSING_INTERMEDIATE',
      message: 'the server did not send CN=ferrule test intermediate, which issued CN=leaf',
      hint: 'Have the server send its whole chain (fullchain.pem). If that CA is your own, make it a trust anchor (`ca`, `trustAnchors`).',
      server: { identity, chainPem: identity.certificatePem + other.certificatePem },
    };
  },
  'a chain that is too long': async () => ({
    code: 'CERT_CHAIN_TOO_LONG',
    message: 'the certificate chain is too long',
    subject: undefined,
    server: {},
    options: { limits: { chainLength: 1 } },
  }),
  'a name with characters that are not text': async () => ({
    code: 'CERT_SELF_SIGNED',
    message: 'CN=\\0Aé\\E2\\80\\AE\\, \\<b\\>=c\\ ,O=\\#x+OU=y,1.2.3.4=#0C017A is self-signed and not a trust anchor',
    hint: 'If it is yours, make it a trust anchor (`ca`, `trustAnchors`); otherwise the server needs a certificate from a CA.',
    subject: 'CN=\\0Aé\\E2\\80\\AE\\, \\<b\\>=c\\ ,O=\\#x+OU=y,1.2.3.4=#0C017A',
    server: { identity: await oddlyNamed() },
  }),
  'the verify function says no': async () => ({
    code: 'CERT_REJECTED',
    message: 'the verify function refused the certificate',
    subject: undefined,
    server: {},
    options: { verify: () => false },
  }),
};

/** Of a filter of revoked certificates, which is a feature. */
const FILTERED: Readonly<Record<string, () => Promise<Refused>>> = {
  'revoked, as a filter has it': async () => ({
    code: 'CERT_REVOKED',
    message: 'CN=leaf has been revoked, according to CRLite',
    server: {},
    options: { revocation: { crlite: { check: () => 'revoked' } } },
  }),
  'a filter that does not know': async () => ({
    code: 'CERT_REVOCATION_UNKNOWN',
    message: 'CN=leaf may have been revoked: CRLite says "stale"',
    server: {},
    options: { revocation: { crlite: { check: () => 'stale' }, unknown: 'refuse' } },
  }),
};

const checksOf = (refusals: typeof REFUSALS): Parameters<typeof group>[1] =>
  Object.fromEntries(
    Object.entries(refusals).map(([name, make]) => [
      name,
      async (backend) => {
        const { code, message, hint, server, options = {}, host = 'server.test', ...of } = await make();
        await scene(backend, { server, options, host }, async ({ client }) => {
          const { error } = await client.refused();
          assert.deepEqual([error.code, error.message, error.hint], [code, message, hint ?? CODES[code].remedy]);
          const { subject, depth } = { subject: 'CN=leaf', depth: 0, ...of };
          assert.deepEqual([error.verify?.subject, error.verify?.depth], [subject, depth]);
        });
      },
    ]),
  );

export const certificateTexts: readonly CheckGroup[] = [
  group('what is said of a certificate that is refused', checksOf(REFUSALS)),
  group('what is said of a certificate that a filter refuses', checksOf(FILTERED), 'revocation-filter'),
];

const leaf = async (options: Parameters<typeof issue>[1]): Promise<Identity> =>
  issue(await pki('intermediate'), { subject: 'CN=leaf', names: LEAF_NAMES, ...options });

/** What a server sends that was set up with its own certificate alone. */
const alone = (identity: Identity): TestServerOptions => ({ identity, chainPem: identity.certificatePem });

const issuerAt = (url: string): ExtensionOption => ({
  oid: '1.3.6.1.5.5.7.1.1',
  value: sequence(sequence(tlv(0x06, '\x2b\x06\x01\x05\x05\x07\x30\x02'), tlv(0x86, url))),
});

const timeOf = ({ certificate }: Pick<Identity, 'certificate'>, which: 'validFrom' | 'validTo'): string =>
  new Date(new X509Certificate(certificate)[which]).toISOString().replace('T', ' ').replace('.000Z', ' UTC');

const attribute = (type: string, text: string): Uint8Array =>
  sequence(oid(type), tlv(0x0c, Buffer.from(text).toString('latin1')));

/** Signs itself; in its name are a control character, one that turns text around, and two RDNs that are seldom seen. */
async function oddlyNamed(): Promise<Identity> {
  const plain = await pki('selfSigned');
  const name = sequence(
    tlv(0x31, attribute('1.2.3.4', 'z')),
    tlv(0x31, attribute('2.5.4.11', 'y'), attribute('2.5.4.10', '#x')),
    tlv(0x31, attribute('2.5.4.3', '\né\u202e, <b>=c ')),
  );
  const whole = read(plain.certificate);
  const [tbs, algorithm] = whole.valueBlock.value as [Sequence, Sequence];
  tbs.valueBlock.value[3] = read(name);
  tbs.valueBlock.value[5] = read(name);
  const signature = sign('sha256', new Uint8Array(tbs.toBER()), plain.privateKey);
  const signed = new Sequence({
    value: [tbs, algorithm, new BitString({ valueHex: new Uint8Array(signature).buffer })],
  });
  const certificate = new Uint8Array(signed.toBER());
  const pem = toPem('CERTIFICATE', certificate);
  return { ...plain, certificate, certificatePem: pem, chain: [certificate], chainPem: pem };
}

function read(der: Uint8Array): Sequence {
  const { result } = fromBER(new Uint8Array(der).buffer);
  if (!(result instanceof Sequence)) throw new TypeError('not a SEQUENCE');
  return result;
}
