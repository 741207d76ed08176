/**
 * @module Key exchange in the flow (RFC 9846 section 4.3.8, RFC 8422): key shares and what comes of them belong to the
 * connection.
 */
import type { Group, KeyShare } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { Secret } from '../keys/secret.ts';
import { fail } from '../reason.ts';
import { settle, type Steps } from '../wait.ts';

/** A share of ours. `label` names the step. */
export function* keyShare(effects: Effects, label: string, group: Group): Steps<KeyShare> {
  const { secrets } = effects;
  const share = group.keyShare(effects.config.random);
  // One that is made while the connection is disposed of is wiped when it comes.
  return yield* settle(
    effects,
    label,
    share instanceof Promise ? share.then((made) => secrets.hold(made)) : secrets.hold(share),
  );
}

/** The shared secret of `share` with the server's. @throws TlsError BAD_KEY_SHARE */
export function* sharedSecret(effects: Effects, group: Group, share: KeyShare, peer: Uint8Array): Steps<Secret> {
  const { secrets } = effects;
  const take = (bytes: Uint8Array | null): Secret | null => bytes && Secret.take(bytes, secrets);
  const derived = share.derive(peer);
  const secret = yield* settle(
    effects,
    `derive the shared secret of ${group.name}`,
    derived instanceof Promise ? derived.then(take) : take(derived),
  );
  if (secret === null) throw fail('BAD_KEY_SHARE', `the server's share of ${group.name} is not a valid one`);
  return secret;
}
