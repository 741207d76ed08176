/**
 * @module OpenSSL's names of cipher suites, groups and signature algorithms, and its lists of them (openssl-ciphers(1),
 * SSL_CTX_set1_curves_list(3), SSL_CTX_set1_sigalgs_list(3)), as IANA code points.
 */
import type { Backend } from '@ferrule/contract';
import { cipherSuiteName } from '@ferrule/result/names';
import { CipherSuiteId } from '@ferrule/result/numbers';
import { OPENSSL_SUITES_12, opensslSuiteName } from '../suite-names.ts';

interface Suite {
  readonly id: number;
  readonly name: string;
  readonly iana: string;
  /** The words of a cipher list that select it. */
  readonly words: ReadonlySet<string>;
  /** Key size, for `@STRENGTH`. */
  readonly bits: number;
}

const suite = (id: number, bits: number, words: string): Suite => ({
  id,
  name: opensslSuiteName(id),
  iana: cipherSuiteName(id),
  bits,
  words: new Set(words.split(' ')),
});

const EC = 'ECDHE kECDHE EECDH kEECDH ECDH AEAD TLSv1.2 HIGH ALL DEFAULT';
const ECDSA = `${EC} ECDSA aECDSA`;
const RSA = `${EC} aRSA`;

/** What openssl-ciphers(1) selects them by: bits of the key, and words. */
const WORDS: Readonly<Record<number, readonly [bits: number, words: string]>> = {
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]: [
    256,
    `${ECDSA} AES AES256 AESGCM SHA384 SUITEB192 SUITEB128 SUITEB128C2`,
  ],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]: [256, `${RSA} AES AES256 AESGCM SHA384`],
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]: [256, `${ECDSA} CHACHA20`],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]: [256, `${RSA} CHACHA20`],
  [CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]: [
    128,
    `${ECDSA} AES AES128 AESGCM SHA256 SUITEB128 SUITEB128ONLY`,
  ],
  [CipherSuiteId.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]: [128, `${RSA} AES AES128 AESGCM SHA256`],
};

const SUITES_12: readonly Suite[] = [...OPENSSL_SUITES_12.keys()].flatMap((id) => {
  const row = WORDS[id];
  return row === undefined ? [] : [suite(id, ...row)];
});

const SUITES_13: ReadonlyMap<string, number> = new Map(
  [
    CipherSuiteId.TLS_AES_256_GCM_SHA384,
    CipherSuiteId.TLS_CHACHA20_POLY1305_SHA256,
    CipherSuiteId.TLS_AES_128_GCM_SHA256,
  ].map((id) => [cipherSuiteName(id), id]),
);

/**
 * The code points of a cipher list that the engine supports, most preferred first: for TLS 1.3 the named suites, or all
 * if none is named; for TLS 1.2 those the rest of the list selects. Words that select nothing are ignored, as in
 * OpenSSL.
 */
export function cipherSuitesOf(list: string, { supported }: Backend): readonly number[] {
  // openssl-ciphers(1): an @ command needs no separator before it
  const parts = list.split(/[:;, ]+|(?=@)/).filter((part) => part !== '');
  const named13 = parts.flatMap((part) => SUITES_13.get(part) ?? []);
  const rest = parts.filter((part) => !part.startsWith('TLS_'));
  // SSL_CTX_set_ciphersuites(3) and SSL_CTX_set_cipher_list(3) are two lists; a string with no entry for one leaves it
  // unchanged
  const suites13 = named13.length > 0 ? named13 : rest.length === parts.length ? [...SUITES_13.values()] : [];
  const suites12 = rest.length > 0 ? selected(rest) : [];
  return [...suites13, ...suites12].filter((id) => supported.cipherSuites.includes(id));
}

function selected(parts: readonly string[]): readonly number[] {
  let list: Suite[] = [];
  const killed = new Set<Suite>();
  for (const part of parts) {
    if (part === '@STRENGTH') list = list.toSorted((a, b) => b.bits - a.bits);
    if (part.startsWith('@')) continue;
    const [, sign, words = ''] = /^([!+-]?)(.*)$/.exec(part) ?? [];
    const matching = SUITES_12.filter((each) => matches(each, words));
    if (sign === '!') for (const each of matching) killed.add(each);
    if (sign === '!' || sign === '-') list = list.filter((each) => !matching.includes(each));
    else if (sign === '+')
      list = [...list.filter((each) => !matching.includes(each)), ...list.filter((each) => matching.includes(each))];
    else list = [...list, ...matching.filter((each) => !list.includes(each) && !killed.has(each))];
  }
  return list.map(({ id }) => id);
}

const matches = (each: Suite, words: string): boolean =>
  each.name === words || each.iana === words || words.split('+').every((word) => each.words.has(word));

/** `@SECLEVEL=n` of a cipher list; SSL_CTX_set_security_level(3). */
export function securityLevelOf(list: string): number | undefined {
  const [, level] = /@SECLEVEL=([0-5])/.exec(list) ?? [];
  return level === undefined ? undefined : Number(level);
}

const GROUPS: ReadonlyMap<string, number> = new Map([
  ...['P-256', 'PRIME256V1', 'SECP256R1'].map((name) => [name, 0x0017] as const),
  ...['P-384', 'SECP384R1'].map((name) => [name, 0x0018] as const),
  ...['P-521', 'SECP521R1'].map((name) => [name, 0x0019] as const),
  ['X25519', 0x001d],
  ['X448', 0x001e],
  ['SECP256R1MLKEM768', 0x11eb],
  ['X25519MLKEM768', 0x11ec],
  ['SECP384R1MLKEM1024', 0x11ed],
]);

/**
 * The groups of a list of curves, `undefined` for `auto`.
 * @throws TypeError for an unsupported one: dropping it would change what the caller asked for.
 */
export function groupsOf(list: string, { supported, engine }: Backend): readonly number[] | undefined {
  if (list === 'auto') return undefined;
  return list.split(':').map((name) => {
    const id = GROUPS.get(name.toUpperCase());
    if (id === undefined || !supported.groups.includes(id))
      throw new TypeError(
        `ecdhCurve: ${name} is not a group of this engine (${engine}); it has ${known(supported.groups)}`,
      );
    return id;
  });
}

const known = (ids: readonly number[]): string =>
  ids.flatMap((id) => [...GROUPS].find(([, each]) => each === id)?.[0] ?? []).join(', ');

const SCHEMES: ReadonlyMap<string, number> = new Map([
  ['RSA+SHA256', 0x0401],
  ['RSA+SHA384', 0x0501],
  ['RSA+SHA512', 0x0601],
  ['ECDSA+SHA256', 0x0403],
  ['ECDSA+SHA384', 0x0503],
  ['ECDSA+SHA512', 0x0603],
  ['RSA-PSS+SHA256', 0x0804],
  ['RSA-PSS+SHA384', 0x0805],
  ['RSA-PSS+SHA512', 0x0806],
  ['RSA_PKCS1_SHA256', 0x0401],
  ['RSA_PKCS1_SHA384', 0x0501],
  ['RSA_PKCS1_SHA512', 0x0601],
  ['ECDSA_SECP256R1_SHA256', 0x0403],
  ['ECDSA_SECP384R1_SHA384', 0x0503],
  ['ECDSA_SECP521R1_SHA512', 0x0603],
  ['RSA_PSS_RSAE_SHA256', 0x0804],
  ['RSA_PSS_RSAE_SHA384', 0x0805],
  ['RSA_PSS_RSAE_SHA512', 0x0806],
  ['RSA_PSS_PSS_SHA256', 0x0809],
  ['RSA_PSS_PSS_SHA384', 0x080a],
  ['RSA_PSS_PSS_SHA512', 0x080b],
  ['ED25519', 0x0807],
  ['ED448', 0x0808],
]);

/** @throws TypeError for an algorithm that the engine does not support. */
export function signatureSchemesOf(list: string, { supported, engine }: Backend): readonly number[] {
  return [
    ...new Set(
      list.split(':').map((name) => {
        const id = SCHEMES.get(name.toUpperCase().replace(/^PSS\+/, 'RSA-PSS+'));
        if (id === undefined || !supported.signatureAlgorithms.includes(id))
          throw new TypeError(
            `sigalgs: ${name} is not a signature algorithm of this engine (${engine}): it has those of RFC 9846 section 4.3.3 with SHA-256 and longer`,
          );
        return id;
      }),
    ),
  ];
}
