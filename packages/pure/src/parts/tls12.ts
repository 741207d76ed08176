/** @module @ferrule/pure/parts/tls12: TLS 1.2. A bundle that leaves it out speaks TLS 1.3 alone (`parts/none.ts`). */
import { client12 } from '../flow/client12.ts';

export interface Tls12 {
  readonly client12: typeof client12;
}

/** `undefined` in a bundle that has left it out. */
export const tls12: Tls12 | undefined = { client12 };
