/** @module What the rows of TLS 1.3 have in common: where the trouble starts, and the refusals that many expect. */
import { Alert } from '@ferrule/result';
import type { Behaviour, Verdict } from './behaviour.ts';
import type { Script } from './peer.ts';
import type { Server13 } from './server13.ts';

export const refusal = (code: Verdict['code'], alert: number | null): Verdict => ({ code, alert });
export const UNEXPECTED: Verdict = refusal('UNEXPECTED_MESSAGE', Alert.unexpected_message);
export const UNEXPECTED_RECORD: Verdict = refusal('UNEXPECTED_RECORD', Alert.unexpected_message);
export const FORGED: Verdict = refusal('BAD_RECORD_MAC', Alert.bad_record_mac);
export const NOT_OFFERED: Verdict = refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension);
export const WRONG_SUITE: Verdict = refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter);
export const BAD_RETRY: Verdict = refusal('BAD_HELLO_RETRY_REQUEST', Alert.illegal_parameter);
export const DECODE: Verdict = refusal('DECODE_ERROR', Alert.decode_error);

/** A row whose trouble starts after ClientHello. */
export const hello = (
  name: string,
  expect: Verdict,
  act: (s: Server13) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  ...(options && { options }),
  *script(s): Script {
    yield* s.clientHello();
    act(s);
  },
});
/** A row whose trouble starts after a good ServerHello. */
export const flight = (
  name: string,
  expect: Verdict,
  act: (s: Server13) => void,
  options?: Behaviour['options'],
): Behaviour =>
  hello(
    name,
    expect,
    (s) => {
      s.serverHello();
      act(s);
    },
    options,
  );
/** A row whose trouble starts after a whole good handshake. */
export const after = (
  name: string,
  expect: Verdict,
  act: (s: Server13) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  late: true,
  ...(options && { options }),
  *script(s): Script {
    yield* s.handshake();
    act(s);
  },
});
