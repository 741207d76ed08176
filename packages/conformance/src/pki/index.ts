/** @module @ferrule/conformance/pki: a test PKI made on the spot, each certificate when it is first asked for. */
import { type Identity, issue, type KeyKind } from './issue.ts';

export { LOGGED, makeCrliteFilter, SEEN } from './crlite.ts';
export { oid, sequence, tlv } from './der.ts';
export {
  certify,
  type ExtensionOption,
  type Identity,
  issue,
  type IssueOptions,
  type KeyKind,
  toPem,
} from './issue.ts';
export { issueMlDsa, type MlDsaIdentity, type MlDsaLevel, type Presented } from './ml-dsa.ts';
export { type CrlOptions, makeCrl, makeOcspResponse, type OcspOptions } from './revocation.ts';

/** The names that every good leaf has. */
export const LEAF_NAMES: readonly string[] = ['server.test', '*.wild.test', 'localhost', '127.0.0.1', '::1'];

/**
 * Each certificate that {@link pki} can make. `underFalseCa` was issued by one that is not a CA but signs; nobody knows
 * the root of `unknownRoot`.
 */
export type PkiName =
  | 'root'
  | 'otherRoot'
  | 'intermediate'
  | KeyKind
  | 'wrongName'
  | 'expired'
  | 'notYetValid'
  | 'clientPurpose'
  | 'revoked'
  | 'selfSigned'
  | 'underFalseCa'
  | 'unknownRoot'
  | 'underExpiredIntermediate'
  | 'client'
  | 'client-rsa'
  | 'client-rsa-pss-sha384'
  | 'client-ed25519'
  | 'unknownClient';

const RECIPES: Readonly<Record<PkiName, () => Promise<Identity>>> = {
  root: () => issue(undefined, { subject: 'CN=ferrule test root', ca: true }),
  otherRoot: () => issue(undefined, { subject: 'CN=ferrule other root', ca: true }),
  intermediate: async () => issue(await pki('root'), { subject: 'CN=ferrule test intermediate', ca: true }),
  rsa: () => leaf({ kind: 'rsa' }),
  'rsa-pss': () => leaf({ kind: 'rsa-pss' }),
  'rsa-pss-sha384': () => leaf({ kind: 'rsa-pss-sha384' }),
  p256: () => leaf({ kind: 'p256' }),
  p384: () => leaf({ kind: 'p384' }),
  p521: () => leaf({ kind: 'p521' }),
  ed25519: () => leaf({ kind: 'ed25519' }),
  'rsa-1024': () => leaf({ kind: 'rsa-1024' }),
  wrongName: () => leaf({ names: ['other.test', 'another.test'] }),
  expired: () => leaf({ from: -30, until: -1 }),
  notYetValid: () => leaf({ from: 1, until: 30 }),
  clientPurpose: () => leaf({ purpose: 'clientAuth' }),
  revoked: () => leaf({}),
  selfSigned: () => issue(undefined, { names: LEAF_NAMES }),
  underFalseCa: async () =>
    issue(await issue(await pki('root'), { subject: 'CN=ferrule no CA', signs: true, purpose: 'none' }), {
      names: LEAF_NAMES,
    }),
  unknownRoot: async () => issue(await pki('otherRoot'), { names: LEAF_NAMES }),
  underExpiredIntermediate: async () =>
    issue(
      await issue(await pki('root'), { subject: 'CN=ferrule expired intermediate', ca: true, from: -30, until: -1 }),
      {
        names: LEAF_NAMES,
      },
    ),
  client: () => client('p256'),
  'client-rsa': () => client('rsa'),
  'client-rsa-pss-sha384': () => client('rsa-pss-sha384'),
  'client-ed25519': () => client('ed25519'),
  unknownClient: async () => issue(await pki('otherRoot'), { subject: 'CN=stranger', purpose: 'clientAuth' }),
};

const made = new Map<PkiName, Promise<Identity>>();

/** The test certificate of that name; made once per process. */
export function pki(name: PkiName): Promise<Identity> {
  let identity = made.get(name);
  if (identity === undefined) made.set(name, (identity = RECIPES[name]()));
  return identity;
}

const leaf = async (options: Parameters<typeof issue>[1]): Promise<Identity> =>
  issue(await pki('intermediate'), { subject: 'CN=leaf', names: LEAF_NAMES, ...options });
const client = async (kind: KeyKind): Promise<Identity> =>
  issue(await pki('intermediate'), { subject: 'CN=client', kind, purpose: 'clientAuth' });
