/** @module What the ServerHello says, of a connection that may never be established. */
import type { TlsVersion } from '@ferrule/contract';
import type { Field, Happening } from '@ferrule/pure/trace';

export interface ServerChoice {
  readonly version: TlsVersion;
  readonly cipherSuite: number;
  /** For people: `TLS_AES_128_GCM_SHA256`. */
  readonly cipherSuiteName: string;
  /** Of TLS 1.3. */
  readonly keyShare: string | undefined;
}

/** `undefined` until there is a ServerHello. */
export function serverChoice(happenings: readonly Happening[]): ServerChoice | undefined {
  for (const happening of happenings) {
    const hello = 'record' in happening ? happening.messages.find(({ name }) => name === 'ServerHello') : undefined;
    const suite = hello && named(hello.fields, 'cipher_suite');
    if (hello === undefined || suite === undefined) continue;
    const [high = 0, low = 0] = hello.bytes.subarray(suite.offset);
    return {
      version: named(hello.fields, 'selected_version')?.value === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2',
      cipherSuite: (high << 8) | low,
      cipherSuiteName: suite.value ?? '',
      keyShare: named(hello.fields, 'key_share')?.value,
    };
  }
  return undefined;
}

function named(fields: readonly Field[], name: string): Field | undefined {
  for (const field of fields) {
    const found = field.name === name ? field : named(field.fields ?? [], name);
    if (found !== undefined) return found;
  }
  return undefined;
}
