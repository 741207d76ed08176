/** @module @ferrule/pure/parts/client-certificates: credentials and their signatures; see `parts/none.ts`. */
import { checkCredentials, chooseCredential, signCertificateVerify } from '../auth/sign.ts';

export interface ClientCertificates {
  readonly checkCredentials: typeof checkCredentials;
  readonly chooseCredential: typeof chooseCredential;
  readonly signCertificateVerify: typeof signCertificateVerify;
}

/** `undefined` in a bundle that has left it out. */
export const clientCertificates: ClientCertificates | undefined = {
  checkCredentials,
  chooseCredential,
  signCertificateVerify,
};
