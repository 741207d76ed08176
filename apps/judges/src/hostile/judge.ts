/** @module One engine against one wrong server, and whether what came of it is right. */
import { pki } from '@ferrule/conformance/pki';
import type { Backend, TlsSession } from '@ferrule/contract';
import { Alert } from '@ferrule/result';
import { POISON, type Behaviour, type Verdict } from '@ferrule/wrong-servers/behaviour';
import { BEHAVIOURS_12 } from '@ferrule/wrong-servers/behaviours12';
import { BEHAVIOURS_13 } from '@ferrule/wrong-servers/behaviours13';
import { BEHAVIOURS_RSA } from '@ferrule/wrong-servers/behaviours-rsa';
import { BEHAVIOURS_RESUMED } from '@ferrule/wrong-servers/behaviours-resumed';
import { converse, type Observed } from './exchange.ts';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

export const BEHAVIOURS: readonly Behaviour[] = [
  ...BEHAVIOURS_13,
  ...BEHAVIOURS_12,
  ...BEHAVIOURS_RSA,
  ...BEHAVIOURS_RESUMED,
];

export async function observe(backend: Backend, behaviour: Behaviour): Promise<Observed> {
  const identity = await pki(behaviour.key ?? 'p256');
  const trustAnchors = [(await pki('root')).certificate];
  const sessions: TlsSession[] = [];
  const version = behaviour.version === 'TLSv1.2' ? { maxVersion: behaviour.version } : {};
  const context = backend.createContext({
    trustAnchors,
    ...version,
    onSession: (session) => void sessions.push(session),
    ...behaviour.options,
  });
  const play = async <S extends Peer>(
    make: () => S,
    before: ((server: S) => Script) | undefined,
    script: (server: S, first: S) => Script,
    early?: string,
  ): Promise<Observed> => {
    const [first, server] = [make(), make()];
    if (before !== undefined) {
      const { code, established } = await converse(context, first, closing(first, before(first)));
      if (!established || code !== undefined || sessions.length !== 1)
        throw new Error(`the first connection gave ${sessions.length} sessions and ended in ${code ?? 'nothing'}`);
    }
    return await converse(context, server, script(server, first), { session: sessions[0], early });
  };
  try {
    if (behaviour.version === 'TLSv1.3')
      return await play(
        () => new Server13(identity),
        behaviour.before,
        behaviour.script.bind(behaviour),
        behaviour.early,
      );
    return await play(() => new Server12(identity), behaviour.before, behaviour.script.bind(behaviour));
  } finally {
    context.dispose();
  }
}

function* closing(server: Peer, script: Script): Script {
  yield* script;
  server.sendAlert(1, Alert.close_notify);
}

/** Why an observation is not what the behaviour asks for; `undefined` when it is. */
export function fault(
  behaviour: Behaviour,
  observed: Observed,
  expect: Verdict = behaviour.expect,
): string | undefined {
  if (observed.leaked.includes(POISON)) return 'the reader was given poisoned data';
  if (behaviour.late !== true && observed.established) return 'the connection was established';
  if (observed.code !== expect.code) return `code ${observed.code ?? 'none'}, expected ${expect.code}`;
  if (observed.alert !== expect.alert) return `alert ${observed.alert}, expected ${expect.alert ?? 'none'}`;
  return undefined;
}
