/**
 * @module What is tried: version × group × cipher suite × certificate kind × client authentication × way of the
 * handshake, and ways to fail.
 */
import type { TlsVersion } from '@ferrule/contract';
import type { KeyKind } from '@ferrule/conformance/pki';

/** What a server is set up for. */
export interface Setting {
  readonly version: TlsVersion;
  readonly group: GroupName;
  readonly kind: Exclude<KeyKind, 'rsa-1024'>;
  readonly clientAuth: boolean;
}
export type Way = 'full' | 'resumed' | 'HelloRetryRequest' | Failing;
/**
 * A root that is not trusted, a name that the certificate has not, no certificate where one is wanted, a version that
 * the server has not.
 */
export type Failing = 'untrusted' | 'misnamed' | 'no certificate' | 'other version';

export const GROUPS = {
  X25519: 29,
  'P-256': 23,
  'P-384': 24,
  'P-521': 25,
  X25519MLKEM768: 0x11ec,
  SecP256r1MLKEM768: 0x11eb,
} as const;
export type GroupName = keyof typeof GROUPS;
export const isHybrid = (group: GroupName): boolean => group.includes('MLKEM');

export const KINDS: readonly Setting['kind'][] = ['rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'ed25519'];

const SUITES_13 = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
};
const SUITES_ECDSA = {
  'ECDHE-ECDSA-AES128-GCM-SHA256': 0xc02b,
  'ECDHE-ECDSA-AES256-GCM-SHA384': 0xc02c,
  'ECDHE-ECDSA-CHACHA20-POLY1305': 0xcca9,
};
const SUITES_RSA = {
  'ECDHE-RSA-AES128-GCM-SHA256': 0xc02f,
  'ECDHE-RSA-AES256-GCM-SHA384': 0xc030,
  'ECDHE-RSA-CHACHA20-POLY1305': 0xcca8,
};

/** The suites that can be tried on a server, by name. */
export const suitesFor = ({ version, kind }: Setting): [string, number][] =>
  Object.entries(version === 'TLSv1.3' ? SUITES_13 : kind.startsWith('rsa') ? SUITES_RSA : SUITES_ECDSA);

/** The group of a certificate's own curve, which a TLS 1.2 client must offer too (RFC 8422 section 5.1). */
export const curveOf = (kind: Setting['kind']): number | undefined =>
  (({ p256: 23, p384: 24, p521: 25 }) as Partial<Record<typeof kind, number>>)[kind];

/** To fail, a server of each kind of key is enough. */
export function waysOf({ version, group, clientAuth }: Setting): readonly Way[] {
  const good: readonly Way[] = version === 'TLSv1.3' ? ['full', 'resumed', 'HelloRetryRequest'] : ['full', 'resumed'];
  if (group !== 'P-256') return good;
  return [
    ...good,
    ...(clientAuth
      ? ['no certificate' as const]
      : ['untrusted' as const, 'misnamed' as const, 'other version' as const]),
  ];
}

export const isFailing = (way: Way): way is Failing =>
  way !== 'full' && way !== 'resumed' && way !== 'HelloRetryRequest';

/** All settings, every version, group, kind and both answers to client authentication. */
export function* settings(): Generator<Setting> {
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    for (const group of Object.keys(GROUPS) as GroupName[]) {
      if (version === 'TLSv1.2' && isHybrid(group)) continue;
      for (const kind of KINDS) for (const clientAuth of [false, true]) yield { version, group, kind, clientAuth };
    }
  }
}
