/** @module Which of two things that are wrong with a server is told: the same one on every engine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ContextOptions } from '@ferrule/contract';
import type { TlsErrorCode } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { ExtensionOid, sequence, tlv } from '../pki/der.ts';
import { type ExtensionOption, type Identity, issue, LEAF_NAMES, makeOcspResponse, pki } from '../pki/index.ts';
import type { TestServerOptions } from '../server/tls-server.ts';
import { scene } from './support.ts';

interface Defect {
  readonly code: TlsErrorCode;
  readonly host?: string;
  readonly until?: number;
  readonly extensions?: readonly ExtensionOption[];
  /** Of the intermediate. */
  readonly above?: readonly ExtensionOption[];
  readonly options?: ContextOptions;
  readonly staple?: 'revoked';
}

const MISSING: Defect = { code: 'CERT_OCSP_MISSING', options: { ocsp: 'require' } };

/** Times come first of what OpenSSL looks at here; what it does not look at follows, and the staple comes last. */
const IN_ORDER: Readonly<Record<string, Defect>> = {
  'another name': { code: 'CERT_NAME_MISMATCH', host: 'other.test' },
  expired: { code: 'CERT_EXPIRED', until: -0.5 },
  'no policy that the intermediate requires': {
    code: 'CERT_INVALID',
    above: [{ oid: ExtensionOid.policy_constraints, critical: true, value: sequence(tlv(0x80, '\0')) }],
  },
  'revoked, as a filter has it': {
    code: 'CERT_REVOKED',
    options: { revocation: { crlite: { check: () => 'revoked' } } },
  },
  'a key that only enciphers': {
    code: 'CERT_PURPOSE',
    extensions: [{ oid: ExtensionOid.key_usage, critical: true, value: tlv(0x03, '\x05\x20') }],
  },
  'not pinned': { code: 'CERT_PIN_MISMATCH', options: { pins: [new Uint8Array(32)] } },
  'no staple': MISSING,
  'revoked, as the staple has it': { code: 'CERT_REVOKED', options: { ocsp: 'require' }, staple: 'revoked' },
};

interface Wrong {
  readonly server: TestServerOptions;
  readonly options: ContextOptions;
  readonly host: string;
  readonly issuer: Identity;
}

async function wrong(...defects: readonly Defect[]): Promise<Wrong> {
  const all = Object.assign({}, ...defects) as Defect;
  const issuer = await issue(await pki('root'), {
    subject: 'CN=of several defects',
    ca: true,
    extensions: all.above ?? [],
  });
  const { until, extensions = [] } = all;
  const identity = await issue(issuer, { names: LEAF_NAMES, extensions, ...(until !== undefined && { until }) });
  const staple = all.staple && makeOcspResponse(identity, issuer, { status: all.staple });
  return {
    server: { identity, ...(staple && { ocspResponse: staple }) },
    options: Object.assign({}, ...defects.map(({ options }) => options)) as ContextOptions,
    host: all.host ?? 'server.test',
    issuer,
  };
}

const names = Object.keys(IN_ORDER);

export const severalDefects: readonly CheckGroup[] = [
  group(
    'several defects of a server',
    {
      ...Object.fromEntries(
        names.map((name, at) => [
          `${name}: told first of what follows in the order`,
          async (backend) => {
            const first = IN_ORDER[name] as Defect;
            const others = names.slice(at).filter((other) => !(first === MISSING && IN_ORDER[other]?.staple));
            for (const [i, other] of others.entries()) {
              const { server, options, host } = await wrong(IN_ORDER[other] as Defect, first);
              // Node's server has no suite of TLS 1.2 for a key that only enciphers.
              const only13 = i % 2 === 0 || [name, other].includes('a key that only enciphers');
              const maxVersion = only13 ? 'TLSv1.3' : 'TLSv1.2';
              await scene(backend, { server, host, options: { ...options, maxVersion } }, async ({ client }) => {
                assert.equal((await client.refused()).error.code, first.code, other);
                assert.equal(client.ssl.verifiedChain, undefined, other);
              });
            }
          },
        ]),
      ),
      "of which the staple is one: a pin of the path holds all the same with verify: 'none'": async (backend) => {
        const { server, options, issuer } = await wrong(MISSING);
        for (const key of [issuer, await pki('root')]) {
          const pins = [createHash('sha256').update(key.spki).digest()];
          await scene(backend, { server, options: { ...options, verify: 'none', pins } }, ({ client }) =>
            client.established(),
          );
        }
      },
    },
    'revocation-filter',
  ),
];
