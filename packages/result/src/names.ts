/**
 * @module @ferrule/result/names: IANA's names of what a peer may choose. Code points that an engine here supports are
 * in `numbers.ts`, all others in `texts/names.ts`. Suites of PSK, SRP and Kerberos, which need a shared secret, are
 * left out. Maps are built on first use.
 */
import {
  OTHER_EXTENSIONS,
  OTHER_GROUPS,
  OTHER_SCHEMES,
  OTHER_SUITES_12,
  OTHER_SUITES_13,
  VERSION_NAMES,
} from '@ferrule/result/texts';
import { hex16 } from './bytes.ts';
import { byPreference, GROUPS, SIGNATURE_SCHEMES, SUITES } from './preference.ts';
import { CipherSuiteId, ExtensionType, HandshakeType, isGrease, NamedGroup, SignatureScheme } from './numbers.ts';

/** `TLS_AES_128_GCM_SHA256`; hexadecimal if unknown, GREASE as such; the same below. */
export const cipherSuiteName = (code: number): string => nameIn((suites ??= suiteNames()), code);
/** `key_share` */
export const extensionName = (code: number): string =>
  nameIn((extensions ??= new Map([...spoken(ExtensionType), ...others(OTHER_EXTENSIONS)])), code);
/** `x25519` */
export const groupName = (code: number): string => nameIn((groups ??= groupNames()), code);
/** `ecdsa_secp256r1_sha256` */
export const signatureSchemeName = (code: number): string => nameIn((schemes ??= schemeNames()), code);
/** `TLS 1.3` */
export const versionName = (code: number): string => nameIn((versions ??= others(VERSION_NAMES)), code);
/** The message of a HandshakeType, as RFC 9846 section 4 writes it: `ClientHello`; `message 99` if unknown. */
export function messageName(type: number): string {
  const [name] = Object.entries(HandshakeType).find(([, code]) => code === type) ?? [];
  return name?.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()) ?? `message ${type}`;
}

/** Every known suite, most preferred first: code points of TLS 1.3, and of all older versions. */
export function everyCipherSuite(): { readonly tls13: readonly number[]; readonly tls12: readonly number[] } {
  const codes = byPreference(SUITES, (suites ??= suiteNames()).keys()).filter((code) => !SIGNALS.includes(code));
  const isOf13 = (code: number): boolean => code >> 8 === 0x13 || Object.hasOwn(OTHER_SUITES_13, code);
  return { tls13: codes.filter(isOf13), tls12: codes.filter((code) => !isOf13(code)) };
}

/** Every known NamedGroup, most preferred first. */
export const everyGroup = (): readonly number[] => byPreference(GROUPS, (groups ??= groupNames()).keys());

/** Every known SignatureScheme, most preferred first. */
export const everySignatureScheme = (): readonly number[] =>
  byPreference(SIGNATURE_SCHEMES, (schemes ??= schemeNames()).keys());

type Names = ReadonlyMap<number, string>;
let suites: Names | undefined;
let extensions: Names | undefined;
let groups: Names | undefined;
let schemes: Names | undefined;
let versions: Names | undefined;

const nameIn = (names: Names, code: number): string =>
  names.get(code) ?? (isGrease(code) ? `GREASE ${hex16(code)}` : hex16(code));

const suiteNames = (): Names => new Map([...spoken(CipherSuiteId), ...others(OTHER_SUITES_13), ...OTHER_SUITES_12]);
const groupNames = (): Names => new Map([...spoken(NamedGroup), ...others(OTHER_GROUPS)]);
const schemeNames = (): Names => new Map([...spoken(SignatureScheme), ...others(OTHER_SCHEMES)]);

const spoken = (numbers: Readonly<Record<string, number>>): Names =>
  new Map(Object.entries(numbers).map(([name, code]) => [code, name]));
const others = (names: Readonly<Record<number, string>>): Names =>
  new Map(Object.entries(names).map(([code, name]) => [Number(code), name]));

/** Not suites: RFC 5746 section 3.3, RFC 7507. */
const SIGNALS: readonly number[] = [CipherSuiteId.TLS_EMPTY_RENEGOTIATION_INFO_SCSV, CipherSuiteId.TLS_FALLBACK_SCSV];
