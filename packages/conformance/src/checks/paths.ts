/**
 * @module What RFC 5280 asks of a path beyond signatures, names and times; each with its X509_V code.
 */
import assert from 'node:assert/strict';
import { x509VName, X509V } from '@ferrule/result';
import { type Check, type CheckGroup, group } from '../check.ts';
import { ExtensionOid, oid, sequence, tlv } from '../pki/der.ts';
import { type ExtensionOption, type Identity, issue, LEAF_NAMES, pki } from '../pki/index.ts';
import { connects, refuses } from './support.ts';

/** A leaf under an intermediate of its own under the test root, with these extensions. */
async function under(ca: readonly ExtensionOption[], leaf: readonly ExtensionOption[]): Promise<Identity> {
  const issuer = await issue(await pki('root'), { subject: 'CN=constrained intermediate', ca: true, extensions: ca });
  return issue(issuer, { subject: 'CN=leaf', names: LEAF_NAMES, extensions: leaf });
}

const policies = (critical: boolean, ...informations: readonly Uint8Array[]): ExtensionOption => ({
  oid: ExtensionOid.certificate_policies,
  critical,
  value: sequence(...informations),
});
/** Of ours: an arc that nobody else uses for policies. */
const POLICY = oid('1.3.6.1.4.1.99999.1');
const qualified = (qualifier: string, value: Uint8Array): Uint8Array =>
  sequence(POLICY, sequence(sequence(oid(qualifier), value)));
const REQUIRES_POLICY: ExtensionOption = {
  oid: ExtensionOid.policy_constraints,
  critical: true,
  value: sequence(tlv(0x80, '\0')),
};

const excluding = (...bases: readonly Uint8Array[]): ExtensionOption => ({
  oid: ExtensionOid.name_constraints,
  critical: true,
  value: sequence(tlv(0xa1, ...bases.map((base) => sequence(base)))),
});
const dns = (name: string): Uint8Array => tlv(0x82, name);
const organization = (tag: number, name: string): Uint8Array =>
  sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(tag, name))));
const names = (...list: readonly Uint8Array[]): ExtensionOption => ({
  oid: ExtensionOid.subject_alt_name,
  value: sequence(dns('server.test'), ...list),
});
const points = (critical: boolean, ...list: readonly Uint8Array[]): ExtensionOption => ({
  oid: ExtensionOid.crl_distribution_points,
  critical,
  value: sequence(...list),
});
const FULL_POINT = sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://crl.test/'))));
/** A DistributionPoint of reasons alone: keyCompromise. */
const ONLY_REASONS = sequence(tlv(0x81, '\x06\x40'));
const UTF8_STRING = 0x0c;

/** Extensions of the intermediate and of the leaf; why the path is refused, if it is. */
const ROWS: readonly (readonly [
  title: string,
  ca: readonly ExtensionOption[],
  leaf: readonly ExtensionOption[],
  verify?: number,
])[] = [
  [
    'a leaf without the policy that its issuer requires',
    [policies(false, sequence(POLICY)), REQUIRES_POLICY],
    [],
    X509V.NO_EXPLICIT_POLICY,
  ],
  [
    'a leaf with the policy that its issuer requires',
    [policies(false, sequence(POLICY)), REQUIRES_POLICY],
    [policies(false, sequence(POLICY))],
  ],
  ['a policy that is named twice, where none is required', [policies(false, sequence(POLICY), sequence(POLICY))], []],
  [
    'a policy that is named twice, where one is required',
    [policies(false, sequence(POLICY)), REQUIRES_POLICY],
    [policies(false, sequence(POLICY), sequence(POLICY))],
    X509V.INVALID_POLICY_EXTENSION,
  ],
  [
    'an unknown qualifier in critical policies',
    [],
    [policies(true, qualified('1.3.6.1.4.1.99999.2', tlv(0x05)))],
    X509V.UNHANDLED_CRITICAL_EXTENSION,
  ],
  [
    'an unknown qualifier in critical policies of the intermediate',
    [policies(true, qualified('1.3.6.1.4.1.99999.2', tlv(0x05)))],
    [],
    X509V.UNHANDLED_CRITICAL_EXTENSION,
  ],
  [
    'an unknown qualifier in policies that are not critical',
    [],
    [policies(false, qualified('1.3.6.1.4.1.99999.2', tlv(0x05)))],
  ],
  [
    'a known qualifier in critical policies',
    [],
    [policies(true, qualified('1.3.6.1.5.5.7.2.1', tlv(0x16, 'http://cps.test/')))],
  ],
  ['critical CRL distribution points', [], [points(true, FULL_POINT)]],
  ['critical CRL distribution points that are none', [], [points(true)], X509V.INVALID_EXTENSION],
  ['a CRL distribution point of reasons alone', [], [points(false, FULL_POINT, ONLY_REASONS)], X509V.INVALID_EXTENSION],
  [
    'a CRL distribution point of reasons alone in the intermediate',
    [points(false, ONLY_REASONS)],
    [],
    X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
  ],
  ['critical CRL distribution points that are none, in the intermediate', [points(true)], [], X509V.INVALID_EXTENSION],
  ['CRL distribution points that are none, and not critical', [], [points(false)]],
  [
    'a wildcard for an excluded name',
    [excluding(dns('secret.wild.test'))],
    [names(dns('*.wild.test'))],
    X509V.EXCLUDED_VIOLATION,
  ],
  [
    'a wildcard for an excluded name, in other case',
    [excluding(dns('Secret.WILD.test'))],
    [names(dns('*.wild.Test'))],
    X509V.EXCLUDED_VIOLATION,
  ],
  [
    'a DNS name that is none where one is excluded',
    [excluding(dns('secret.test'))],
    [names(dns('caf\xe9.test'))],
    X509V.UNSUPPORTED_NAME_SYNTAX,
  ],
  [
    'a DNS name with a space where one is excluded',
    [excluding(dns('secret.test'))],
    [names(dns('a b.test'))],
    X509V.UNSUPPORTED_NAME_SYNTAX,
  ],
  ['a DNS name that is none where nothing is excluded', [], [names(dns('caf\xe9.test'))]],
  [
    'a DNS name with an underscore where one is excluded',
    [excluding(dns('secret.test'))],
    [names(dns('my_host.test'))],
  ],
  [
    'a wildcard beside an excluded name',
    [excluding(dns('secret.other.test'), dns('a.b.wild.test'))],
    [names(dns('*.wild.test'))],
  ],
  ['a wildcard below which names are excluded', [excluding(dns('.secret.wild.test'))], [names(dns('*.wild.test'))]],
  [
    'an excluded directory name',
    [excluding(tlv(0xa4, organization(UTF8_STRING, 'Evil')))],
    [names(tlv(0xa4, organization(UTF8_STRING, 'Evil')))],
    X509V.EXCLUDED_VIOLATION,
  ],
];

const paths: CheckGroup = {
  title: 'paths by RFC 5280',
  checks: ROWS.map(([title, ca, leaf, verify]): Check => ({
    title: verify === undefined ? `accepts ${title}` : `refuses ${title}: ${x509VName(verify)}`,
    run: async (backend) => {
      const server = { identity: await under(ca, leaf) };
      if (verify === undefined) await connects(backend, {}, server);
      else await refuses(backend, {}, server, verify);
    },
  })),
};

const [NO_KEY_USAGE, NO_SUBJECT_KEY_IDENTIFIER] = [{ oid: '2.5.29.15' }, { oid: '2.5.29.14' }];

const profiles: CheckGroup = group('profiles', {
  'an intermediate without keyUsage is refused by rfc5280 alone': async (backend) => {
    const server = { identity: await under([NO_KEY_USAGE], []) };
    await connects(backend, {}, server);
    await connects(backend, { profile: 'compatible' }, server);
    await refuses(backend, { profile: 'rfc5280' }, server, X509V.CA_CERT_MISSING_KEY_USAGE);
  },
  'none asks an anchor for what RFC 5280 asks of a CA, whether it is given as a certificate or as a key': async (
    backend,
  ) => {
    const root = await issue(undefined, {
      subject: 'CN=bare root',
      ca: true,
      extensions: [NO_KEY_USAGE, NO_SUBJECT_KEY_IDENTIFIER, { oid: '2.5.29.35' }],
    });
    const identity = await issue(root, { names: LEAF_NAMES });
    const subject = commonName('bare root');
    for (const anchor of [root.certificate, { subject, spki: root.spki }]) {
      for (const profile of ['compatible', 'rfc5280'] as const)
        await connects(backend, { trustAnchors: [anchor], profile }, { identity });
    }
  },
  'that an engine does not have are a TypeError that names those it has': async (backend) => {
    const missing = (['compatible', 'rfc5280', 'webpki'] as const).filter(
      (profile) => !backend.supported.profiles.includes(profile),
    );
    for (const profile of missing) {
      assert.throws(
        () => backend.createContext({ profile }),
        (error) => error instanceof TypeError && /^profile: .*compatible, rfc5280/.test(error.message),
      );
    }
    await Promise.resolve();
  },
});

const commonName = (name: string): Uint8Array => sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(UTF8_STRING, name))));
const BARE = 'CN=bare root';

const bareAnchors: CheckGroup = group('trust anchors that are a name and a key', {
  'are one when they are given twice, and lend nothing to those behind them': async (backend) => {
    const { spki } = await pki('root');
    const bare = { subject: commonName('bare root'), spki };
    const expired = await issue(undefined, { subject: 'CN=expired root', ca: true, from: -9, until: -1 });
    const identity = await issue(expired, { names: LEAF_NAMES });
    const trustAnchors = [bare, bare, expired.certificate];
    await refuses(backend, { trustAnchors }, { identity }, X509V.CERT_HAS_EXPIRED);
  },
  'whose parts are not whole are a TypeError': async (backend) => {
    const { spki } = await pki('root');
    const subject = commonName('bare root');
    const constraints = sequence(tlv(0xa1, sequence(dns('secret.test'))));
    for (const wrong of [
      tlv(0x05),
      new Uint8Array(),
      Buffer.concat([constraints, tlv(0x05)]),
      sequence(tlv(0xa1, tlv(0x05))),
    ]) {
      assert.throws(
        () => backend.createContext({ trustAnchors: [{ subject, spki, nameConstraints: wrong }] }),
        TypeError,
        Buffer.from(wrong).toString('hex'),
      );
    }
    for (const anchor of [
      { subject: Buffer.concat([subject, tlv(0x05)]), spki },
      { subject, spki: Buffer.concat([spki, tlv(0x05)]) },
    ])
      assert.throws(() => backend.createContext({ trustAnchors: [anchor] }), TypeError);
  },
  'issue for an intermediate that names the issuer and serial number of their certificate': async (backend) => {
    const root = await issue(undefined, { subject: BARE, ca: true });
    const subject = commonName('bare root');
    const issuer = await issue(root, {
      subject: 'CN=names its issuer',
      ca: true,
      extensions: [{ oid: '2.5.29.35', value: sequence(tlv(0xa1, tlv(0xa4, subject)), tlv(0x82, '\x12\x34')) }],
    });
    const identity = await issue(issuer, { names: LEAF_NAMES });
    await connects(backend, { trustAnchors: [{ subject, spki: root.spki }] }, { identity });
  },
  'have no dates': async (backend) => {
    const root = await issue(undefined, { subject: BARE, ca: true });
    const identity = await issue(root, { names: LEAF_NAMES, from: -25_000, until: -20_000 });
    const anchor = { subject: commonName('bare root'), spki: root.spki };
    await connects(backend, { trustAnchors: [anchor], now: () => Date.now() - 22_000 * 86_400_000 }, { identity });
  },
  'of one name and key trust what one of them does': async (backend) => {
    const root = await issue(undefined, { subject: BARE, ca: true });
    const identity = await issue(root, { names: LEAF_NAMES });
    const free = { subject: commonName('bare root'), spki: root.spki };
    const bound = { ...free, nameConstraints: sequence(tlv(0xa1, sequence(dns('server.test')))) };
    await refuses(backend, { trustAnchors: [bound] }, { identity }, X509V.EXCLUDED_VIOLATION);
    for (const trustAnchors of [
      [bound, free],
      [free, bound],
    ])
      await connects(backend, { trustAnchors }, { identity });
  },
  'of one name differ by their keys': async (backend) => {
    const roots = await Promise.all([0, 1].map(() => issue(undefined, { subject: BARE, ca: true })));
    const trustAnchors = roots.map(({ spki }) => ({ subject: commonName('bare root'), spki }));
    for (const root of roots)
      await connects(backend, { trustAnchors }, { identity: await issue(root, { names: LEAF_NAMES }) });
    const stranger = await issue(undefined, { subject: BARE, ca: true });
    await refuses(backend, { trustAnchors }, { identity: await issue(stranger, { names: LEAF_NAMES }) }, undefined);
  },
});

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const numbers: CheckGroup = group('names and constraints in great number', {
  'are too many to compare': async (backend) => {
    const constraints = excluding(...many(700, (i) => dns(`b${i}`)));
    const upper = await issue(await pki('root'), { subject: 'CN=upper', ca: true, extensions: [constraints] });
    const issuer = await issue(upper, { subject: 'CN=lower', ca: true, extensions: [constraints] });
    const leaf = (count: number): Promise<Identity> =>
      issue(issuer, { subject: 'CN=leaf', extensions: [names(...many(count, (i) => dns(`a${i}`)))] });
    await connects(backend, {}, { identity: await leaf(600) });
    await refuses(backend, {}, { identity: await leaf(900) }, X509V.UNSPECIFIED);
  },
});

export const byTheBook: readonly CheckGroup[] = [paths, profiles, bareAnchors, numbers];
