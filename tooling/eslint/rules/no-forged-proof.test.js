import { noForgedProof } from './no-forged-proof.js';
import { tester } from './tester.js';

const prelude = `
  class ChainProof { protected readonly chain = true; }
  export type ChainVerified = ChainProof;
  export class PublicProof { readonly of = 1; }
  declare const value: unknown;
`;
const valid = (name, code) => ({ name, code: prelude + code });
const invalid = (name, code, messageId = 'forged') => ({ name, code: prelude + code, errors: [{ messageId }] });

tester.run('no-forged-proof', noForgedProof, {
  valid: [
    valid('made by its module', 'export const check = (): ChainVerified => new ChainProof();'),
    valid('another type', 'export const n = value as number;'),
    valid('a class that everybody may make', 'export const p = value as PublicProof;'),
  ],
  invalid: [
    invalid('out of nothing', 'export const forged = {} as ChainVerified;'),
    invalid('by way of unknown', 'export const forged = value as unknown as ChainVerified;'),
    invalid('by its class', 'export const forged = <ChainProof>value;'),
    invalid('or none', 'export const forged = value as ChainVerified | undefined;'),
    invalid('out of never', 'export const forged: ChainVerified = value as never;', 'never'),
  ],
});
