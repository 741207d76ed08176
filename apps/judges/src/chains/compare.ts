/** @module What of the verdicts about one chain does not agree. */
import type { Verdict } from './engines.ts';
import { KNOWN, type KnownDisagreement } from './known.ts';

/** Each is looked for by itself, and reduced by itself. */
export type Kind =
  /** The engines differ. */
  | 'native accepts, pure refuses'
  | 'pure accepts, native refuses'
  | 'engines refuse with other codes'
  | 'engines refuse with other X509_V'
  /** @ferrule/x509 by itself, and in the pure engine. */
  | 'x509 is not pure'
  /** Pure beside other makers' verifiers. */
  | 'OpenSSL and Go accept, pure refuses'
  | 'pure accepts, nobody else';

export type Judge = 'x509' | 'pure' | 'native' | 'openssl' | 'go' | 'pyca';
export type Verdicts = Readonly<Partial<Record<Judge, Verdict>>>;

export function disagreements({ x509, pure, native, openssl, go, pyca }: Verdicts): Kind[] {
  const kinds: Kind[] = [];
  if (native !== undefined && pure !== undefined) {
    if (native.accepts !== pure.accepts)
      kinds.push(native.accepts ? 'native accepts, pure refuses' : 'pure accepts, native refuses');
    else if (native.code !== pure.code) kinds.push('engines refuse with other codes');
    else if (native.verify !== pure.verify) kinds.push('engines refuse with other X509_V');
  }
  if (
    x509 !== undefined &&
    pure !== undefined &&
    (x509.accepts !== pure.accepts || x509.code !== pure.code || x509.verify !== pure.verify)
  )
    kinds.push('x509 is not pure');
  if (pure?.accepts === false && openssl?.accepts === true && go?.accepts === true)
    kinds.push('OpenSSL and Go accept, pure refuses');
  const others = [openssl, go, pyca].filter((each) => each !== undefined);
  if (pure?.accepts === true && others.length > 1 && others.every(({ accepts }) => !accepts))
    kinds.push('pure accepts, nobody else');
  return kinds;
}

/** The row of the table that explains a disagreement in its smallest form. */
export const explanation = (kind: Kind, title: string, verdicts: Verdicts): KnownDisagreement | undefined =>
  KNOWN.find(({ kinds, explains }) => kinds.includes(kind) && explains(title, verdicts));
