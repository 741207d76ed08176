/** @module Certificates that are refused, each with its X509_V code and its alert. */
import assert from 'node:assert/strict';
import type { ContextOptions } from '@ferrule/contract';
import { Alert, alertName, SslErrorCode, type TlsErrorCode, x509VName, X509V } from '@ferrule/result';
import type { Check, CheckGroup } from '../check.ts';
import { ExtensionOid } from '../pki/der.ts';
import { type ExtensionOption, type Identity, issue, LEAF_NAMES, pki, type PkiName, toPem } from '../pki/index.ts';
import { scene } from './support.ts';

interface Refusal {
  readonly title: string;
  readonly show: PkiName | (() => Promise<{ readonly identity: Identity; readonly chainPem?: string }>);
  readonly host?: string;
  readonly options?: () => Promise<ContextOptions>;
  readonly verify: number;
  readonly code: TlsErrorCode | readonly TlsErrorCode[];
  readonly alert: number;
  readonly depth?: number;
}

const NULL = Uint8Array.of(5, 0);
const withExtension = async (extension: ExtensionOption): Promise<Identity> =>
  issue(await pki('intermediate'), { names: LEAF_NAMES, extensions: [extension] });

const REFUSALS: readonly Refusal[] = [
  {
    title: 'a certificate for another name',
    show: 'wrongName',
    verify: X509V.HOSTNAME_MISMATCH,
    code: 'CERT_NAME_MISMATCH',
    alert: Alert.bad_certificate,
    depth: 0,
  },
  {
    title: 'a wildcard that would have to cover two labels',
    show: 'p256',
    host: 'a.b.wild.test',
    verify: X509V.HOSTNAME_MISMATCH,
    code: 'CERT_NAME_MISMATCH',
    alert: Alert.bad_certificate,
  },
  {
    title: 'a wildcard for the bare domain',
    show: 'p256',
    host: 'wild.test',
    verify: X509V.HOSTNAME_MISMATCH,
    code: 'CERT_NAME_MISMATCH',
    alert: Alert.bad_certificate,
  },
  {
    title: 'another IP address',
    show: 'p256',
    host: '127.0.0.2',
    verify: X509V.IP_ADDRESS_MISMATCH,
    code: 'CERT_NAME_MISMATCH',
    alert: Alert.bad_certificate,
  },
  {
    title: 'an expired certificate',
    show: 'expired',
    verify: X509V.CERT_HAS_EXPIRED,
    code: 'CERT_EXPIRED',
    alert: Alert.certificate_expired,
    depth: 0,
  },
  {
    title: 'an expired intermediate',
    show: 'underExpiredIntermediate',
    verify: X509V.CERT_HAS_EXPIRED,
    code: 'CERT_EXPIRED',
    alert: Alert.certificate_expired,
    depth: 1,
  },
  {
    title: 'a certificate that is not valid yet',
    show: 'notYetValid',
    verify: X509V.CERT_NOT_YET_VALID,
    code: 'CERT_NOT_YET_VALID',
    alert: Alert.bad_certificate,
    depth: 0,
  },
  {
    title: 'a certificate for clients',
    show: 'clientPurpose',
    verify: X509V.INVALID_PURPOSE,
    code: 'CERT_PURPOSE',
    alert: Alert.unsupported_certificate,
    depth: 0,
  },
  {
    title: 'an issuer that is not a CA',
    show: 'underFalseCa',
    verify: X509V.INVALID_CA,
    code: 'CERT_INVALID',
    alert: Alert.unknown_ca,
    depth: 1,
  },
  {
    title: 'a self-signed certificate',
    show: 'selfSigned',
    verify: X509V.DEPTH_ZERO_SELF_SIGNED_CERT,
    code: 'CERT_SELF_SIGNED',
    alert: Alert.unknown_ca,
    depth: 0,
  },
  {
    title: 'a root that nobody trusts',
    show: async () => ({
      identity: await pki('unknownRoot'),
      chainPem: (await pki('unknownRoot')).chainPem + (await pki('otherRoot')).certificatePem,
    }),
    verify: X509V.SELF_SIGNED_CERT_IN_CHAIN,
    code: 'CERT_UNTRUSTED_ROOT',
    alert: Alert.unknown_ca,
  },
  {
    title: 'a chain without its intermediate',
    show: async () => ({ identity: await pki('p256'), chainPem: (await pki('p256')).certificatePem }),
    verify: X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    code: 'CERT_MISSING_INTERMEDIATE',
    alert: Alert.unknown_ca,
    depth: 0,
  },
  {
    title: 'everybody when no anchors are given',
    show: 'p256',
    options: () => Promise.resolve({ trustAnchors: [] }),
    verify: X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    code: ['CERT_MISSING_INTERMEDIATE', 'CERT_UNTRUSTED_ROOT'],
    alert: Alert.unknown_ca,
  },
  {
    title: 'a certificate whose signature is wrong',
    show: async () => {
      const good = await pki('p256');
      const der = good.certificate.slice();
      der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
      return { identity: good, chainPem: toPem('CERTIFICATE', der) + (await pki('intermediate')).certificatePem };
    },
    verify: X509V.CERT_SIGNATURE_FAILURE,
    code: 'CERT_SIGNATURE',
    alert: Alert.decrypt_error,
    depth: 0,
  },
  {
    title: 'a critical extension that nobody knows',
    show: async () => ({ identity: await withExtension({ oid: '1.3.6.1.4.1.99999.7', critical: true, value: NULL }) }),
    verify: X509V.UNHANDLED_CRITICAL_EXTENSION,
    code: 'CERT_INVALID',
    alert: Alert.certificate_unknown,
    depth: 0,
  },
  {
    title: 'an extension that cannot be read',
    show: async () => ({ identity: await withExtension({ oid: ExtensionOid.key_usage, critical: true, value: NULL }) }),
    verify: X509V.INVALID_EXTENSION,
    code: 'CERT_INVALID',
    alert: Alert.certificate_unknown,
    depth: 0,
  },
  {
    title: 'a 1024-bit RSA key at security level 2',
    show: 'rsa-1024',
    verify: X509V.EE_KEY_TOO_SMALL,
    code: 'CERT_WEAK_KEY',
    alert: Alert.bad_certificate,
    depth: 0,
  },
  {
    title: 'a P-256 key at security level 5',
    show: 'p256',
    options: () => Promise.resolve({ securityLevel: 5, groups: [0x19], cipherSuites: [0x1302] }),
    verify: X509V.EE_KEY_TOO_SMALL,
    code: 'CERT_WEAK_KEY',
    alert: Alert.bad_certificate,
    depth: 0,
  },
];

export const refusals: CheckGroup = {
  title: 'certificates that are refused',
  checks: REFUSALS.map((row): Check => ({
    title: `refuses ${row.title}: ${x509VName(row.verify)}, alert ${alertName(row.alert)} seen by the server`,
    run: async (backend) => {
      const server = typeof row.show === 'string' ? { identity: await pki(row.show) } : await row.show();
      await scene(
        backend,
        { server, ...(row.host && { host: row.host }), options: (await row.options?.()) ?? {} },
        async ({ client, server: seen }) => {
          const { ret, code, error } = await client.refused();
          assert.deepEqual([ret, code], [-1, SslErrorCode.ssl]);
          assert.equal(x509VName(error.verify?.code ?? -1), x509VName(row.verify));
          assert.equal(client.ssl.verifyResult, row.verify);
          assert.ok([row.code].flat().includes(error.code), `code ${error.code}`);
          if (row.depth !== undefined) assert.equal(error.verify?.depth, row.depth);
          assert.deepEqual([error.alert?.name, error.alert?.origin], [alertName(row.alert), 'local']);
          assert.equal(alertName(await seen.alert()), alertName(row.alert));
          assert.ok(error.hint.length > 0);
          assert.equal(client.ssl.established, false);
          assert.equal(client.ssl.verifiedChain, undefined);
        },
      );
    },
  })),
};
