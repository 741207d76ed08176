/**
 * @module The byte strings among a connection's facts. The caller gets private copies: changing them affects neither
 * the engine, nor a session, nor another connection.
 */
import { copyOf } from '@ferrule/result/arguments';
import type { Facts, Port } from './port.ts';

export type ByteFact =
  | 'peerCertificates'
  | 'peerRawPublicKey'
  | 'verifiedChain'
  | 'ocspResponse'
  | 'signedCertificateTimestamps'
  | 'echRetryConfigs';

type Bytes = Uint8Array | readonly Uint8Array[] | undefined;

/** When a fact is read. `settled`: it no longer changes. `disposed`: values read before are returned again. */
export type Moment = 'open' | 'settled' | 'disposed';

export class ByteFacts {
  readonly #port: Port;
  readonly #told = new Map<ByteFact, { readonly value: Bytes; readonly moment: Moment }>();

  constructor(port: Port) {
    this.#port = port;
  }

  /** Once settled, the same copy each time. */
  get<Name extends ByteFact>(name: Name, moment: Moment): Facts[Name] | undefined {
    const known = this.#told.get(name);
    if (known !== undefined && (known.moment !== 'open' || moment === 'disposed')) return known.value as Facts[Name];
    const value = copied(this.#port.fact(name));
    this.#told.set(name, { value, moment });
    return value as Facts[Name] | undefined;
  }
}

function copied(value: Bytes): Bytes {
  if (value === undefined || !Array.isArray(value)) return value && copyOf(value);
  return Object.freeze((value as readonly Uint8Array[]).map((each) => each.slice()));
}
