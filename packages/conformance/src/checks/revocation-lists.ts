/** @module CRLs as people have them: which list counts for which certificate, and what it comes to (RFC 5280 sections 5 and 6.3). */
import assert from 'node:assert/strict';
import type { Backend } from '@ferrule/contract';
import { type TlsErrorCode, X509V } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { ExtensionOid, oid, sequence, tlv } from '../pki/der.ts';
import {
  type CrlOptions,
  type ExtensionOption,
  type Identity,
  issue,
  LEAF_NAMES,
  makeCrl,
  pki,
  toPem,
} from '../pki/index.ts';
import { connects, refuses } from './support.ts';

const DELTA: ExtensionOption = { oid: ExtensionOid.delta_crl, critical: true, value: tlv(0x02, '\x01') };
/** onlySomeReasons: keyCompromise. */
const SOME_REASONS: ExtensionOption = {
  oid: ExtensionOid.issuing_distribution_point,
  critical: true,
  value: sequence(tlv(0x83, '\x06\x40')),
};

const crl = async (revoked: readonly Identity[], options?: CrlOptions): Promise<Uint8Array> =>
  makeCrl(await pki('intermediate'), revoked, options);
/** ecdsa-with-SHA384 in place of ecdsa-with-SHA256, the first time: in what is signed. */
function withOtherAlgorithm(list: Uint8Array): Uint8Array {
  const other = Uint8Array.from(list);
  const at = Buffer.from(list).indexOf(Buffer.from('06082a8648ce3d040302', 'hex'));
  other[at + 9] = 3;
  return other;
}
/** Half of the leeway for clocks, and more than it, in days. */
const [A_LITTLE, TOO_MUCH] = [150 / 86_400, 450 / 86_400];

const known: CheckGroup = group(
  'CRLs as people have them',
  {
    'a delta CRL is a TypeError when the context is made': async (backend) => {
      const options = { crls: [await crl([]), await crl([], { extensions: [DELTA] })] };
      assert.throws(
        () => backend.createContext(options),
        (error) => error instanceof TypeError && /^crls\[1\]: .*delta CRL/.test(error.message),
      );
    },
    'a CRL that names another signature algorithm in what is signed is a TypeError': async (backend) => {
      const list = withOtherAlgorithm(await crl([]));
      assert.throws(
        () => backend.createContext({ crls: [list] }),
        (error) => error instanceof TypeError && /^crls\[0\]: .*two different signature algorithms/.test(error.message),
      );
    },
    'a list without a CRL number counts': async (backend) => {
      const revoked = await pki('revoked');
      await refuses(
        backend,
        { crls: [await crl([revoked], { number: null })] },
        { identity: revoked },
        X509V.CERT_REVOKED,
        'CERT_REVOKED',
      );
      await connects(backend, { crls: [await crl([], { number: null })] }, { identity: revoked });
    },
    'of two lists the newer one decides, in any order': async (backend) => {
      const revoked = await pki('revoked');
      const [old, fresh] = [await crl([revoked], { from: -3 }), await crl([], { from: -1, number: 2 })];
      for (const both of [
        [old, fresh],
        [fresh, old],
      ])
        await connects(backend, { crls: both }, { identity: revoked });
      const [free, held] = [await crl([], { from: -3 }), await crl([revoked], { from: -1, number: 2 })];
      for (const both of [
        [free, held],
        [held, free],
      ])
        await refuses(backend, { crls: both }, { identity: revoked }, X509V.CERT_REVOKED, 'CERT_REVOKED');
    },
    'a list for some reasons can revoke, and cannot clear': async (backend) => {
      const revoked = await pki('revoked');
      const partial = await crl([revoked], { extensions: [SOME_REASONS] });
      await refuses(
        backend,
        { crls: [partial, await crl([])] },
        { identity: revoked },
        X509V.CERT_REVOKED,
        'CERT_REVOKED',
      );
      await refuses(
        backend,
        { crls: [await crl([], { extensions: [SOME_REASONS] })] },
        {},
        undefined,
        'CERT_REVOCATION_UNKNOWN',
      );
    },
    "the issuer's other key may sign it, if that chains to the same anchor": async (backend) => {
      const root = await pki('root');
      const [old, renewed] = [
        await issue(root, { subject: 'CN=rolled over', ca: true }),
        await issue(root, { subject: 'CN=rolled over', ca: true }),
      ];
      const stranger = await issue(await pki('otherRoot'), { subject: 'CN=rolled over', ca: true });
      const identity = await issue(old, { names: LEAF_NAMES });
      const server = {
        identity,
        chainPem:
          identity.chainPem + [renewed, stranger].map(({ certificate }) => toPem('CERTIFICATE', certificate)).join(''),
      };
      await connects(backend, { crls: [await makeCrl(old, [], { signer: renewed })] }, server);
      await refuses(
        backend,
        { crls: [await makeCrl(old, [identity], { signer: renewed })] },
        server,
        X509V.CERT_REVOKED,
        'CERT_REVOKED',
      );
      await refuses(
        backend,
        { crls: [await makeCrl(old, [], { signer: stranger })] },
        server,
        undefined,
        'CERT_REVOCATION_UNKNOWN',
      );
    },
    'of a path with a wrong signature they are not asked': async (backend) => {
      const named = { subject: 'CN=rolled over', ca: true };
      const [real, stranger] = [await issue(await pki('root'), named), await issue(await pki('otherRoot'), named)];
      const identity = await issue(stranger, { names: LEAF_NAMES, extensions: [{ oid: '2.5.29.35' }] });
      const server = {
        identity,
        chainPem: [identity, real].map((one) => toPem('CERTIFICATE', one.certificate)).join(''),
      };
      await refuses(
        backend,
        { crls: [await makeCrl(real, [identity])] },
        server,
        X509V.CERT_SIGNATURE_FAILURE,
        'CERT_SIGNATURE',
      );
    },
    'clocks may differ by 300 seconds': async (backend) => {
      for (const times of [{ from: A_LITTLE }, { until: -A_LITTLE }])
        await connects(backend, { crls: [await crl([], times)] });
      await refuses(
        backend,
        { crls: [await crl([], { from: TOO_MUCH })] },
        {},
        X509V.CRL_NOT_YET_VALID,
        'CERT_REVOCATION_UNKNOWN',
      );
      await refuses(
        backend,
        { crls: [await crl([], { until: -TOO_MUCH })] },
        {},
        X509V.CRL_HAS_EXPIRED,
        'CERT_REVOCATION_UNKNOWN',
      );
    },
  },
  'crl',
);

/** An intermediate with two keys under the root, and a leaf that the first one signed. All four certificates are sent. */
interface World {
  readonly root: Identity;
  readonly issuer: Identity;
  readonly renewed: Identity;
  readonly leaf: Identity;
}

interface Row {
  /** Made in this order. */
  readonly lists: (world: World) => readonly Promise<Uint8Array>[];
  /** Why the leaf is refused, if it is. */
  readonly verify?: number;
  /** Of the leaf. */
  readonly leaf?: readonly ExtensionOption[];
  /** Of the intermediate with its first key. */
  readonly issuer?: readonly ExtensionOption[];
  /**
   * The certificate of the other key, and whether it is sent or trusted; default one by the root, sent. A subscriber
   * has it from the issuer, without basicConstraints and keyUsage.
   */
  readonly renewed?: 'self-issued' | 'trusted' | 'subscriber';
  /** Of that certificate. */
  readonly renewedWith?: readonly ExtensionOption[];
  readonly profile?: 'rfc5280';
  /** Default: the root. */
  readonly anchor?: 'issuer';
}

const scope = (...parts: readonly Uint8Array[]): readonly ExtensionOption[] => [
  { oid: ExtensionOid.issuing_distribution_point, critical: true, value: sequence(...parts) },
];
const [USERS, CAS, INDIRECT] = [tlv(0x81, '\xff'), tlv(0x82, '\xff'), tlv(0x84, '\xff')];
const REASONS = tlv(0x83, '\x06\x40');
const NO_KEY_IDENTIFIER: ExtensionOption = { oid: '2.5.29.35' };
const OTHER_KEY_IDENTIFIER: ExtensionOption = { oid: '2.5.29.35', value: sequence(tlv(0x80, 'another key')) };
const UNKNOWN: ExtensionOption = { oid: '1.3.6.1.4.1.99999.3', critical: true, value: tlv(0x05) };
const POINT_OF_REASONS: ExtensionOption = {
  oid: ExtensionOid.crl_distribution_points,
  value: sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://crl.test/'))), tlv(0x81, '\x06\x40'))),
};
const KEY_CERT_SIGN: ExtensionOption = { oid: ExtensionOid.key_usage, critical: true, value: tlv(0x03, '\x02\x04') };
/** RFC 5280 section 5.3.3: the entry is about a certificate of this issuer. */
const OF_ANOTHER: ExtensionOption = {
  oid: '2.5.29.29',
  value: sequence(tlv(0xa4, sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, 'another issuer')))))),
};
const POLICY_TWICE: ExtensionOption = {
  oid: ExtensionOid.certificate_policies,
  value: sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3'))),
};
const [YESTERDAY, BEFORE] = [{ from: -1 }, { from: -2 }];

const ROWS: Readonly<Record<string, Row>> = {
  'a newer list by the other key revokes': {
    lists: ({ issuer, renewed, leaf }) => [
      makeCrl(issuer, [], BEFORE),
      makeCrl(issuer, [leaf], { ...YESTERDAY, signer: renewed }),
    ],
    verify: X509V.CERT_REVOKED,
  },
  'a newer list by the other key lifts a hold': {
    lists: ({ issuer, renewed, leaf }) => [
      makeCrl(issuer, [leaf], BEFORE),
      makeCrl(issuer, [], { ...YESTERDAY, signer: renewed }),
    ],
  },
  'of two lists as new as each other the one that revokes decides': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, []), makeCrl(issuer, [leaf])],
    verify: X509V.CERT_REVOKED,
  },
  'of two lists as new as each other the one that revokes decides, whatever their numbers': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [leaf], { number: 1 }), makeCrl(issuer, [], { number: 2 })],
    verify: X509V.CERT_REVOKED,
  },
  'a newer list of users does not lift what a complete one says': {
    lists: ({ issuer, leaf }) => [
      makeCrl(issuer, [leaf], BEFORE),
      makeCrl(issuer, [], { ...YESTERDAY, extensions: scope(USERS) }),
    ],
    verify: X509V.CERT_REVOKED,
  },
  'a newer complete list does not lift what one of users says': {
    lists: ({ issuer, leaf }) => [
      makeCrl(issuer, [leaf], { ...BEFORE, extensions: scope(USERS) }),
      makeCrl(issuer, [], YESTERDAY),
    ],
    verify: X509V.CERT_REVOKED,
  },
  'an entry with the reason removeFromCRL revokes: that is for delta lists': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [leaf], { reason: 'removeFromCRL' })],
    verify: X509V.CERT_REVOKED,
  },
  'a list by a key whose own certificate is revoked lifts nothing': {
    lists: ({ root, issuer, renewed, leaf }) => [
      makeCrl(issuer, [leaf], BEFORE),
      makeCrl(issuer, [], { ...YESTERDAY, signer: renewed }),
      makeCrl(root, [renewed]),
    ],
    verify: X509V.CERT_REVOKED,
  },
  'a newer list that does not say when it ends revokes': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [], BEFORE), makeCrl(issuer, [leaf], { ...YESTERDAY, until: null })],
    verify: X509V.CERT_REVOKED,
  },
  'a newest list with something critical that nobody knows gives way to no older one': {
    lists: ({ issuer, leaf }) => [
      makeCrl(issuer, [], BEFORE),
      makeCrl(issuer, [leaf], { ...YESTERDAY, extensions: [UNKNOWN] }),
    ],
    verify: X509V.UNHANDLED_CRITICAL_CRL_EXTENSION,
  },
  'a newest list that ended within the leeway revokes': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [], BEFORE), makeCrl(issuer, [leaf], { until: -A_LITTLE })],
    verify: X509V.CERT_REVOKED,
  },
  'a list with a critical authorityKeyIdentifier counts': {
    lists: ({ issuer }) => [makeCrl(issuer, [], { extensions: [{ ...OTHER_KEY_IDENTIFIER, critical: true }] })],
  },
  'a list signed with SHA-1 does not count': {
    lists: ({ issuer }) => [makeCrl(issuer, [], { hash: 'SHA-1' })],
    verify: X509V.CRL_SIGNATURE_FAILURE,
  },
  'a list of an issuer that may not sign lists does not count': {
    issuer: [KEY_CERT_SIGN],
    lists: ({ issuer }) => [makeCrl(issuer, [])],
    verify: X509V.KEYUSAGE_NO_CRL_SIGN,
  },
  'an entry that is about a certificate of another issuer, and says so where nobody must read it, revokes': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [leaf], { entryExtensions: [OF_ANOTHER] })],
    verify: X509V.CERT_REVOKED,
  },
  'of an entry that is about a certificate of another issuer nothing can be told': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [leaf], { entryExtensions: [{ ...OF_ANOTHER, critical: true }] })],
    verify: X509V.UNHANDLED_CRITICAL_CRL_EXTENSION,
  },
  'a list whose signature is wrong hides no other': {
    lists: ({ root, issuer }) => [makeCrl(issuer, [], { ...YESTERDAY, signer: root }), makeCrl(issuer, [], BEFORE)],
  },
  'an intermediate is revoked by a list that names another key': {
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [issuer], { extensions: [OTHER_KEY_IDENTIFIER] })],
    verify: X509V.CERT_REVOKED,
  },
  'an intermediate on an indirect list is refused': {
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [issuer], { extensions: scope(INDIRECT) })],
    verify: X509V.DIFFERENT_CRL_SCOPE,
  },
  'an intermediate on a list of users alone is refused': {
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [issuer], { extensions: scope(USERS) })],
    verify: X509V.DIFFERENT_CRL_SCOPE,
  },
  'an intermediate on a list that has an unknown critical extension is refused': {
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [issuer], { extensions: [UNKNOWN] })],
    verify: X509V.UNHANDLED_CRITICAL_CRL_EXTENSION,
  },
  'the other key may be named by nothing': {
    lists: ({ issuer, renewed }) => [makeCrl(issuer, [], { signer: renewed, extensions: [NO_KEY_IDENTIFIER] })],
  },
  "the other key's certificate may be signed by the first key": {
    renewed: 'self-issued',
    lists: ({ issuer, renewed }) => [makeCrl(issuer, [], { signer: renewed })],
  },
  'under rfc5280 the other key has no path whose certificates name a policy twice': {
    profile: 'rfc5280',
    renewedWith: [POLICY_TWICE],
    lists: ({ issuer, renewed }) => [makeCrl(issuer, [], { signer: renewed })],
    verify: X509V.CRL_SIGNATURE_FAILURE,
  },
  'by default it has': {
    renewedWith: [POLICY_TWICE],
    lists: ({ issuer, renewed }) => [makeCrl(issuer, [], { signer: renewed })],
  },
  "a subscriber with the issuer's name signs no list": {
    renewed: 'subscriber',
    lists: ({ issuer, renewed, leaf }) => [
      makeCrl(issuer, [leaf], BEFORE),
      makeCrl(issuer, [], { ...YESTERDAY, signer: renewed }),
    ],
    verify: X509V.CERT_REVOKED,
  },
  "the other key's certificate may be among the trust anchors": {
    renewed: 'trusted',
    lists: ({ issuer, renewed }) => [makeCrl(issuer, [], { signer: renewed })],
  },
  'an indirect list of a stranger changes nothing for the other key': {
    lists: ({ issuer, renewed }) => [
      makeCrl(issuer, [], { signer: renewed }),
      pki('otherRoot').then((stranger) => makeCrl(stranger, [], { extensions: scope(INDIRECT) })),
    ],
  },
  'an anchor is on no list, be it the issuer': {
    anchor: 'issuer',
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [issuer])],
  },
  'a root is on no list, be it its own': {
    lists: ({ root, issuer }) => [makeCrl(issuer, []), makeCrl(root, [root])],
  },
  'a complete list covers a leaf whose distribution point is for some reasons': {
    leaf: [POINT_OF_REASONS],
    lists: ({ issuer }) => [makeCrl(issuer, [])],
  },
  'a list for some reasons that has expired revokes no more': {
    lists: ({ issuer, leaf }) => [
      makeCrl(issuer, [leaf], { from: -3, until: -1, extensions: scope(REASONS) }),
      makeCrl(issuer, []),
    ],
  },
  'a list for some reasons gives way to a newer one': {
    lists: ({ issuer, leaf }) => [
      makeCrl(issuer, [leaf], { ...BEFORE, extensions: scope(REASONS) }),
      makeCrl(issuer, [], { ...YESTERDAY, extensions: scope(REASONS) }),
      makeCrl(issuer, []),
    ],
  },
  'a list for some reasons and CAs alone revokes no leaf': {
    lists: ({ issuer, leaf }) => [makeCrl(issuer, [leaf], { extensions: scope(CAS, REASONS) }), makeCrl(issuer, [])],
  },
};

async function play(
  backend: Backend,
  { lists, verify, leaf: extensions = [], issuer: own = [], renewed: how, renewedWith = [], profile, anchor }: Row,
): Promise<void> {
  const [root, named] = [await pki('root'), { subject: 'CN=of two keys', ca: true }];
  const issuer = await issue(root, { ...named, extensions: own });
  const renewed =
    how === 'subscriber'
      ? await issue(issuer, { ...named, ca: false, extensions: [{ oid: '2.5.29.15' }, { oid: '2.5.29.19' }] })
      : await issue(how === 'self-issued' ? issuer : root, { ...named, extensions: renewedWith });
  const leaf = await issue(issuer, { names: LEAF_NAMES, extensions });
  const sent = how === 'trusted' ? '' : toPem('CERTIFICATE', renewed.certificate);
  const trusted = anchor === 'issuer' ? [issuer] : how === 'trusted' ? [root, renewed] : [root];
  const options = {
    trustAnchors: trusted.map(({ certificate }) => certificate),
    crls: await Promise.all(lists({ root, issuer, renewed, leaf })),
    ...(profile && { profile }),
  };
  const server = { identity: leaf, chainPem: leaf.chainPem + sent };
  const code: TlsErrorCode = verify === X509V.CERT_REVOKED ? 'CERT_REVOKED' : 'CERT_REVOCATION_UNKNOWN';
  if (verify === undefined) await connects(backend, options, server);
  else await refuses(backend, options, server, verify, code);
}

const several: CheckGroup = group(
  'CRLs of several keys, scopes and times',
  Object.fromEntries(
    Object.entries(ROWS).map(([title, row]) => [title, (backend: Backend): Promise<void> => play(backend, row)]),
  ),
  'crl',
);

export const revocationLists: readonly CheckGroup[] = [known, several];
