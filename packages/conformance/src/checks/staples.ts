/** @module OCSP responses that a server staples: RFC 6960, with the freshness of RFC 5019, and must-staple (RFC 7633). */
import type { Backend, ContextOptions } from '@ferrule/contract';
import { X509V } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { ExtensionOid, sequence, tlv } from '../pki/der.ts';
import { type ExtensionOption, issue, LEAF_NAMES, makeOcspResponse, type OcspOptions, pki } from '../pki/index.ts';
import type { TestServerOptions } from '../server/tls-server.ts';
import { connects, refuses } from './support.ts';

/** RFC 7633: status_request. */
const MUST_STAPLE: ExtensionOption = { oid: ExtensionOid.tls_feature, value: sequence(tlv(0x02, '\x05')) };

const mustStaple: CheckGroup = group(
  'a certificate that must be stapled (RFC 7633)',
  {
    'is refused without a response where one was asked for': async (backend) => {
      await refuses(
        backend,
        { ocsp: 'request' },
        { identity: await issue(await pki('intermediate'), { names: LEAF_NAMES, extensions: [MUST_STAPLE] }) },
        X509V.OCSP_VERIFY_NEEDED,
        'CERT_OCSP_MISSING',
      );
    },
    'is accepted with one, and where none was asked for': async (backend) => {
      const issuer = await pki('intermediate');
      const identity = await issue(issuer, { names: LEAF_NAMES, extensions: [MUST_STAPLE] });
      await connects(backend, { ocsp: 'request' }, { identity, ocspResponse: makeOcspResponse(identity, issuer) });
      await connects(backend, {}, { identity });
    },
  },
  'ocsp',
);

/** Half of the leeway for clocks, and more than it, in days. */
const [A_LITTLE, TOO_MUCH] = [150 / 86_400, 450 / 86_400];

const ocsp = async (options: OcspOptions): Promise<TestServerOptions> => ({
  ocspResponse: makeOcspResponse(await pki('p256'), await pki('intermediate'), options),
});
const REQUIRED: ContextOptions = { ocsp: 'require' };
const unusable = async (backend: Backend, server: TestServerOptions): Promise<void> =>
  refuses(backend, REQUIRED, server, X509V.OCSP_VERIFY_FAILED, 'CERT_OCSP_INVALID');

const CRITICAL: ExtensionOption = { oid: '1.3.6.1.4.1.99999.4', critical: true, value: tlv(0x05) };
/** RFC 6960 sections 4.2.1 and 4.4. */
const UNUSABLE: Readonly<Record<string, OcspOptions>> = {
  'with a critical extension that is unknown are refused': { extensions: [CRITICAL] },
  'with a critical extension about the certificate that is unknown are refused': { singleExtensions: [CRITICAL] },
  'of another version are refused': { version: 1 },
  'made at no time are refused': { timeless: 'producedAt' },
  'that hold from no time on are refused': { timeless: 'thisUpdate' },
  'that hold until no time are refused': { timeless: 'nextUpdate' },
  'of a certificate that was revoked at no time are refused': { status: 'revoked', timeless: 'revocationTime' },
  'that name the certificate by MD5 name nobody': { hash: 'md5' },
};

const staples: CheckGroup = group(
  'OCSP responses as responders make them',
  {
    'without nextUpdate hold for a week': async (backend) => {
      await connects(backend, REQUIRED, await ocsp({ from: -6, until: null }));
      await unusable(backend, await ocsp({ from: -8, until: null }));
    },
    'clocks may differ by 300 seconds': async (backend) => {
      for (const times of [{ from: A_LITTLE }, { until: -A_LITTLE }])
        await connects(backend, REQUIRED, await ocsp(times));
      for (const times of [{ from: TOO_MUCH }, { until: -TOO_MUCH }]) await unusable(backend, await ocsp(times));
    },
    'without nextUpdate have no more than a week': async (backend) => {
      await unusable(backend, await ocsp({ from: -7 - A_LITTLE, until: null }));
    },
    ...Object.fromEntries(
      Object.entries(UNUSABLE).map(([title, options]) => [
        title,
        async (backend: Backend): Promise<void> => unusable(backend, await ocsp(options)),
      ]),
    ),
    'have nothing behind them': async (backend) => {
      const { ocspResponse = new Uint8Array() } = await ocsp({});
      await unusable(backend, { ocspResponse: Buffer.concat([ocspResponse, Buffer.of(0)]) });
    },
    'about another certificate say nothing': async (backend) => {
      await unusable(backend, {
        ocspResponse: makeOcspResponse(await pki('selfSigned'), await pki('intermediate')),
      });
    },
    'may be signed by whom the issuer certified for it, with a key that may sign': async (backend) => {
      const [issuer, KEY_ENCIPHERMENT] = [await pki('intermediate'), tlv(0x03, '\x05\x20')];
      const delegate = await issue(issuer, { subject: 'CN=responder', purpose: 'OCSPSigning' });
      await connects(backend, REQUIRED, await ocsp({ signer: delegate, certificates: [delegate] }));
      const mute = await issue(issuer, {
        subject: 'CN=mute',
        purpose: 'OCSPSigning',
        extensions: [{ oid: '2.5.29.15', critical: true, value: KEY_ENCIPHERMENT }],
      });
      const server = await issue(issuer, { subject: 'CN=no responder' });
      for (const signer of [mute, server]) await unusable(backend, await ocsp({ signer, certificates: [signer] }));
    },
  },
  'ocsp',
);

export const staplesByTheBook: readonly CheckGroup[] = [mustStaple, staples];
