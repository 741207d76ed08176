/** @module What `scan` asks about, and what is thought of it. */
import { Version } from '@ferrule/pure/wire';
import { cipherSuiteName, everyCipherSuite, groupName, signatureSchemeName } from '@ferrule/result/names';
import { type Reason, strengthOf, weaknessesOfGroup, weaknessesOfSignature, weaknessesOfSuite } from './findings.ts';
import type { Thing } from './scanned.ts';

/** SSL 3.0 to TLS 1.1 have neither AEADs nor a choice of hash. */
export function suitesFor(version: number): readonly number[] {
  if (version === Version.tls13) return everyCipherSuite().tls13;
  return version === Version.tls12
    ? everyCipherSuite().tls12
    : everyCipherSuite().tls12.filter((suite) => !/GCM|CCM|POLY1305|SHA(256|384)$/.test(cipherSuiteName(suite)));
}

export const isEcdhe = (suite: number): boolean => /^TLS_ECDHE_/.test(cipherSuiteName(suite));
export const isDhe = (suite: number): boolean => /^TLS_DHE_/.test(cipherSuiteName(suite));
export const isSigned = (suite: number): boolean => isEcdhe(suite) || isDhe(suite);

/** Of the certificate that the suite needs; `undefined` for those without one. */
export const keyOf = (suite: number): string | undefined =>
  /^TLS_(?:(?:EC)?DHE?_)?(RSA|ECDSA|DSS)_(?:EXPORT\w*_)?WITH/.exec(cipherSuiteName(suite))?.[1];

const thingOf =
  (nameOf: (code: number) => string, weaknesses: (name: string) => readonly Reason[]) =>
  (code: number): Thing => {
    const name = nameOf(code);
    return { code, name, strength: strengthOf(weaknesses(name)) };
  };

export const suiteThing: (code: number) => Thing = thingOf(cipherSuiteName, weaknessesOfSuite);
export const groupThing: (code: number) => Thing = thingOf(groupName, weaknessesOfGroup);
export const schemeThing: (code: number) => Thing = thingOf(signatureSchemeName, weaknessesOfSignature);
