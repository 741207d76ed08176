/**
 * @module The scenarios: products of what can be combined, and every way to fail that certificates and protocol have.
 */
import type { PkiName } from '@ferrule/conformance/pki';
import type { TlsVersion } from '@ferrule/contract';
import type { Act, Scenario } from './scenario.ts';

const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];
const GROUPS = { x25519: 0x001d, 'P-256': 0x0017, 'P-384': 0x0018, 'P-521': 0x0019 } as const;
const SUITES_13 = { 'AES-128-GCM': 0x1301, 'AES-256-GCM': 0x1302, ChaCha20: 0x1303 } as const;
const SUITES_12 = {
  ecdsa: { 'AES-128-GCM': 0xc02b, 'AES-256-GCM': 0xc02c, ChaCha20: 0xcca9 },
  rsa: { 'AES-128-GCM': 0xc02f, 'AES-256-GCM': 0xc030, ChaCha20: 0xcca8 },
} as const;
const KINDS = ['rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'ed25519'] as const;
/** How node:tls names them for its `ecdhCurve`. */
const CURVES: Readonly<Record<keyof typeof GROUPS, string>> = {
  x25519: 'X25519',
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

const entries = <K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] => Object.entries(table) as [K, V][];
const only = (version: TlsVersion): { minVersion: TlsVersion; maxVersion: TlsVersion } => ({
  minVersion: version,
  maxVersion: version,
});
const ECHO: Act = { kind: 'echo', bytes: 1000 };
const CLOSE: Act = { kind: 'shutdown' };

/** version × suite × group × kind of certificate. */
function negotiation(): Scenario[] {
  const rows: Scenario[] = [];
  for (const [groupName, group] of entries(GROUPS))
    for (const identity of KINDS) {
      for (const [suiteName, suite] of entries(SUITES_13))
        rows.push({
          name: `1.3 ${suiteName} ${groupName} ${identity}`,
          identity,
          client: { ...only('TLSv1.3'), cipherSuites: [suite], groups: [group] },
          acts: [ECHO, CLOSE],
        });
      const authentication = identity.startsWith('rsa') ? 'rsa' : 'ecdsa';
      for (const [suiteName, suite] of entries(SUITES_12[authentication]))
        rows.push({
          name: `1.2 ${suiteName} ${groupName} ${identity}`,
          identity,
          client: {
            ...only('TLSv1.2'),
            cipherSuites: [suite],
            groups: Object.values(GROUPS).includes(group) ? [group, ...curvesOf(identity, group)] : [group],
          },
          acts: [ECHO, CLOSE],
        });
    }
  return rows;
}

/**
 * In TLS 1.2 a server may not use an ECDSA certificate on a curve that the client did not name (RFC 8422 section 5.1).
 */
function curvesOf(identity: string, group: number): number[] {
  const curve = ({ p256: GROUPS['P-256'], p384: GROUPS['P-384'], p521: GROUPS['P-521'] } as Record<string, number>)[
    identity
  ];
  return curve === undefined || curve === group ? [] : [curve];
}

/** HelloRetryRequest: the server takes only a group for which the first hello has no share. */
function retries(): Scenario[] {
  const rows: Scenario[] = [];
  for (const [name, curve] of entries(CURVES))
    for (const identity of KINDS) {
      const [first] = Object.values(GROUPS).filter((id) => id !== GROUPS[name]);
      rows.push({
        name: `1.3 HelloRetryRequest to ${name} ${identity}`,
        identity,
        server: { ecdhCurve: curve },
        client: { ...only('TLSv1.3'), groups: [first ?? 0, GROUPS[name]], keyShares: [first ?? 0] },
        acts: [ECHO, CLOSE],
      });
    }
  return rows;
}

function clientAuthentication(): Scenario[] {
  const rows: Scenario[] = [];
  const credentials: readonly (PkiName | undefined)[] = [
    'client',
    'client-rsa',
    'client-ed25519',
    'unknownClient',
    undefined,
  ];
  for (const version of VERSIONS)
    for (const identity of ['p256', 'rsa'] as const)
      for (const credential of credentials)
        for (const required of [true, false])
          rows.push({
            name: `${version} client certificate ${credential ?? 'none'}, ${required ? 'required' : 'wished'}, ${identity}`,
            identity,
            server: { requestCert: true, rejectUnauthorized: required, trustClients: true },
            client: only(version),
            ...(credential && { credential }),
            acts: [ECHO, CLOSE],
          });
  return rows;
}

function resumption(): Scenario[] {
  const rows: Scenario[] = [];
  for (const version of VERSIONS)
    for (const identity of ['p256', 'rsa', 'ed25519', 'p384'] as const)
      for (const resume of ['known', 'forgotten'] as const)
        for (const alpn of [undefined, ['h2', 'http/1.1']])
          rows.push({
            name: `${version} resumption ${resume} ${identity}${alpn ? ' with ALPN' : ''}`,
            identity,
            ...(alpn && { server: { ALPNProtocols: ['http/1.1'] } }),
            client: { ...only(version), ...(alpn && { alpn }) },
            resume,
            acts: [ECHO, { kind: 'tickets' }, CLOSE],
          });
  for (const [name, suite] of entries(SUITES_13))
    rows.push({
      name: `1.3 resumption ${name}`,
      identity: 'p256',
      client: { ...only('TLSv1.3'), cipherSuites: [suite] },
      resume: 'known',
      acts: [ECHO, { kind: 'tickets' }, CLOSE],
    });
  return rows;
}

function applicationProtocols(): Scenario[] {
  const rows: Scenario[] = [];
  const wanted = {
    none: undefined,
    h2: ['h2'],
    both: ['h2', 'http/1.1'],
    reversed: ['http/1.1', 'h2'],
    odd: ['ferrule/1'],
  };
  const known = { none: undefined, h2: ['h2'], both: ['h2', 'http/1.1'], 'http/1.1': ['http/1.1'] };
  for (const version of VERSIONS)
    for (const [asks, alpn] of entries(wanted))
      for (const [has, ALPNProtocols] of entries(known))
        rows.push({
          name: `${version} ALPN asked ${asks}, known ${has}`,
          identity: 'p256',
          ...(ALPNProtocols && { server: { ALPNProtocols } }),
          client: { ...only(version), ...(alpn && { alpn }) },
          acts: [ECHO, CLOSE],
        });
  return rows;
}

function keyUpdates(): Scenario[] {
  const rows: Scenario[] = [];
  for (const [name, suite] of entries(SUITES_13))
    for (const requestPeer of [true, false])
      for (const times of [1, 3])
        rows.push({
          name: `1.3 KeyUpdate ${name} ×${times}${requestPeer ? ', asking the peer' : ''}`,
          identity: 'p256',
          client: { ...only('TLSv1.3'), cipherSuites: [suite] },
          acts: [ECHO, ...Array.from({ length: times }, (): Act => ({ kind: 'keyUpdate', requestPeer })), ECHO, CLOSE],
        });
  return rows;
}

function closing(): Scenario[] {
  const rows: Scenario[] = [];
  const orders: Readonly<Record<string, readonly Act[]>> = {
    'we close': [CLOSE],
    'we close after data': [ECHO, CLOSE],
    'the server closes': [ECHO, { kind: 'serverEnds' }],
    'the server closes, then we': [ECHO, { kind: 'serverEnds' }, CLOSE],
    'half-close': [ECHO, { kind: 'halfClose' }],
    cut: [ECHO, { kind: 'cut' }],
    'cut, then we close': [ECHO, { kind: 'cut' }, CLOSE],
  };
  for (const version of VERSIONS)
    for (const [name, acts] of entries(orders))
      for (const bioSize of [17_408, 17])
        rows.push({
          name: `${version} ${name}, BIO of ${bioSize}`,
          identity: 'p256',
          client: only(version),
          bioSize,
          acts,
        });
  return rows;
}

function amounts(): Scenario[] {
  const rows: Scenario[] = [];
  for (const version of VERSIONS) {
    for (const bytes of [1, 100, 16_383, 16_384, 16_385, 100_000])
      rows.push({
        name: `${version} ${bytes} bytes there and back`,
        identity: 'p256',
        client: only(version),
        acts: [{ kind: 'echo', bytes }, CLOSE],
      });
    for (const bioSize of [1, 2, 17, 1024])
      for (const identity of ['p256', 'rsa'] as const)
        rows.push({
          name: `${version} BIO of ${bioSize} ${identity}`,
          identity,
          client: only(version),
          bioSize,
          acts: [{ kind: 'echo', bytes: 300 }, CLOSE],
        });
  }
  return rows;
}

function badCertificates(): Scenario[] {
  const rows: Scenario[] = [];
  const bad: readonly PkiName[] = [
    'wrongName',
    'expired',
    'notYetValid',
    'clientPurpose',
    'selfSigned',
    'underFalseCa',
    'unknownRoot',
    'underExpiredIntermediate',
    'rsa-1024',
  ];
  for (const version of VERSIONS) {
    for (const identity of bad) {
      rows.push({ name: `${version} certificate ${identity}`, identity, client: only(version) });
      rows.push({
        name: `${version} certificate ${identity}, verify none`,
        identity,
        client: { ...only(version), verify: 'none', securityLevel: 1 },
        acts: [ECHO, CLOSE],
      });
    }
    for (const host of [
      'server.test',
      'SERVER.TEST',
      'a.wild.test',
      'a.b.wild.test',
      'wild.test',
      'other.test',
      '127.0.0.1',
      '127.0.0.2',
      '::1',
      '::2',
      'localhost',
    ])
      rows.push({ name: `${version} host ${host}`, identity: 'p256', host, client: only(version), acts: [CLOSE] });
    rows.push({ name: `${version} no host`, identity: 'p256', host: null, client: only(version), acts: [CLOSE] });
    for (const trust of ['otherRoot', 'none'] as const)
      rows.push({ name: `${version} trust ${trust}`, identity: 'p256', trust, client: only(version) });
    rows.push({
      name: `${version} missing intermediate`,
      identity: 'p256',
      server: { chainPem: 'leaf only' },
      client: only(version),
    });
  }
  return rows;
}

function revocation(): Scenario[] {
  const rows: Scenario[] = [];
  for (const version of VERSIONS) {
    for (const ocsp of ['off', 'request', 'require'] as const)
      for (const staple of [undefined, 'good', 'revoked', 'unknown', 'expired'] as const)
        rows.push({
          name: `${version} OCSP ${ocsp}, staple ${staple ?? 'none'}`,
          identity: 'p256',
          ...(staple && { server: { staple } }),
          client: { ...only(version), ocsp },
          acts: [CLOSE],
        });
    for (const crl of ['clean', 'revoking', 'expired'] as const)
      rows.push({
        name: `${version} CRL ${crl}`,
        identity: crl === 'revoking' ? 'revoked' : 'p256',
        crl,
        client: only(version),
        acts: [CLOSE],
      });
    for (const pin of ['right', 'wrong'] as const)
      rows.push({ name: `${version} pin ${pin}`, identity: 'p256', pin, client: only(version), acts: [CLOSE] });
  }
  return rows;
}

function callbacks(): Scenario[] {
  const rows: Scenario[] = [];
  const verify = {
    yes: () => true,
    no: () => false,
    'yes, later': () => Promise.resolve(true),
    'no, later': () => Promise.resolve(false),
    throwing: (): boolean => {
      throw new Error('not today');
    },
    rejecting: () => Promise.reject(new Error('not today')),
  };
  for (const version of VERSIONS)
    for (const [name, callback] of entries(verify))
      for (const identity of ['p256', 'selfSigned'] as const)
        rows.push({
          name: `${version} verify callback ${name}, ${identity}`,
          identity,
          client: { ...only(version), verify: callback },
          acts: [ECHO, CLOSE],
        });
  return rows;
}

function nothingInCommon(): Scenario[] {
  return [
    { name: 'server 1.2, client 1.3', identity: 'p256', server: { maxVersion: 'TLSv1.2' }, client: only('TLSv1.3') },
    { name: 'server 1.3, client 1.2', identity: 'p256', server: { minVersion: 'TLSv1.3' }, client: only('TLSv1.2') },
    { name: 'server 1.2, client both', identity: 'p256', server: { maxVersion: 'TLSv1.2' }, acts: [ECHO, CLOSE] },
    { name: 'server 1.3, client both', identity: 'p256', server: { minVersion: 'TLSv1.3' }, acts: [ECHO, CLOSE] },
    {
      name: 'no common suite 1.3',
      identity: 'p256',
      server: { ciphers: 'TLS_AES_256_GCM_SHA384' },
      client: { ...only('TLSv1.3'), cipherSuites: [0x1301] },
    },
    {
      name: 'no common suite 1.2',
      identity: 'p256',
      server: { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      client: { ...only('TLSv1.2'), cipherSuites: [0xc02b] },
    },
    {
      name: 'suite for another kind of key 1.2',
      identity: 'p256',
      client: { ...only('TLSv1.2'), cipherSuites: [0xc02f] },
    },
    {
      name: 'no common group 1.3',
      identity: 'p256',
      server: { ecdhCurve: 'secp384r1' },
      client: { ...only('TLSv1.3'), groups: [0x0017] },
    },
    {
      name: 'no common group 1.2',
      identity: 'rsa',
      server: { ecdhCurve: 'secp384r1' },
      client: { ...only('TLSv1.2'), groups: [0x0017] },
    },
    ...VERSIONS.map((version): Scenario => ({
      name: `${version} no common signature algorithm`,
      identity: 'p256',
      client: { ...only(version), signatureAlgorithms: [0x0807] },
    })),
    ...VERSIONS.map((version): Scenario => ({
      name: `${version} chain too long`,
      identity: 'p256',
      client: { ...only(version), limits: { chainLength: 1 } },
    })),
    ...VERSIONS.flatMap((version): Scenario[] => [
      {
        name: `${version} Certificate too long`,
        identity: 'p256',
        client: { ...only(version), groups: [GROUPS.x25519], limits: { handshakeBytes: 300 } },
      },
      {
        name: `${version} ServerHello too long`,
        identity: 'p256',
        client: { ...only(version), limits: { handshakeBytes: 60 } },
      },
    ]),
  ];
}

export const SCENARIOS: readonly Scenario[] = [
  ...negotiation(),
  ...retries(),
  ...clientAuthentication(),
  ...resumption(),
  ...applicationProtocols(),
  ...keyUpdates(),
  ...closing(),
  ...amounts(),
  ...badCertificates(),
  ...revocation(),
  ...callbacks(),
  ...nothingInCommon(),
];
