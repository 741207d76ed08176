/** @module Every row: the wrong servers with their arguments, orders that are not legal, floods, and certificates. */
import { Alert } from '@ferrule/result';
import { pki } from '@ferrule/conformance/pki';
import { POISON, type Behaviour } from '@ferrule/wrong-servers/behaviour';
import { BEHAVIOURS_12 } from '@ferrule/wrong-servers/behaviours12';
import { BEHAVIOURS_13 } from '@ferrule/wrong-servers/behaviours13';
import { BEHAVIOURS_RESUMED, GOOD_12, GOOD_13 } from '@ferrule/wrong-servers/behaviours-resumed';
import { BEHAVIOURS_RSA } from '@ferrule/wrong-servers/behaviours-rsa';
import { FLOODS, type Flood } from '@ferrule/wrong-servers/floods';
import {
  legalLength,
  ORDER_12,
  ORDER_13,
  STEPS_12,
  STEPS_13,
  type Order,
  type Step,
} from '@ferrule/wrong-servers/orders';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';
import { must12, must13, should12, should13 } from './argument.ts';
import { ARGUED_12 } from './arguments12.ts';
import { ARGUED_13 } from './arguments13.ts';
import { CERTIFICATE_ROWS } from './certificates.ts';
import type { Play, Row, Version } from './row.ts';

/** How a server of this version is made, and what it does before anything is wrong. */
type On<T> = (version: Version, server13: (s: Server13) => T, server12: (s: Server12) => T) => Row['play'];

const on: On<Script> =
  (version, server13, server12) =>
  (identity): Play => {
    if (version === 'TLSv1.3') {
      const peer = new Server13(identity);
      return { peer, script: server13(peer) };
    }
    const peer = new Server12(identity);
    return { peer, script: server12(peer) };
  };

const protocolRows = (version: Version, behaviours: readonly Behaviour[], argued: typeof ARGUED_13): Row[] =>
  behaviours.flatMap((behaviour): Row[] => {
    const argument = argued[behaviour.name];
    if (argument === undefined || behaviour.version !== version) return [];
    const { name, key, late, before } = behaviour;
    return [
      {
        title: `${version}: ${name}`,
        kind: 'protocol',
        version,
        ...argument,
        ...(late && { late: true }),
        ...(key && { identity: () => pki(key) }),
        ...(before && { expects: 'resumption' }),
        ...played(behaviour),
      },
    ];
  });

type Scripts<B = Behaviour> = B extends Behaviour ? Pick<B, 'version' | 'before' | 'script'> : never;

/** A type of the version for each: the scripts are of different servers. */
function played(behaviour: Scripts): Pick<Row, 'play' | 'before'> {
  if (behaviour.version === 'TLSv1.3') {
    const { before } = behaviour;
    return {
      play(identity, first): Play {
        const peer = new Server13(identity);
        return { peer, script: behaviour.script(peer, first instanceof Server13 ? first : peer) };
      },
      ...(before && { before: (identity) => playing(new Server13(identity), before) }),
    };
  }
  const { before } = behaviour;
  return {
    play(identity, first): Play {
      const peer = new Server12(identity);
      return { peer, script: behaviour.script(peer, first instanceof Server12 ? first : peer) };
    },
    ...(before && { before: (identity) => playing(new Server12(identity), before) }),
  };
}

const playing = <S extends Play['peer']>(peer: S, script: (peer: S) => Script): Play => ({
  peer,
  script: script(peer),
});

/** The shortest way through the handshake, from whose every state each message that is illegal there is sent. */
const WAY_13 = ['ServerHello', 'EncryptedExtensions', 'Certificate', 'CertificateVerify', 'Finished'];
const WAY_12 = ['ServerHello', 'Certificate', 'ServerKeyExchange', 'ServerHelloDone', 'ChangeCipherSpec', 'Finished'];

/** Legal where the client invites it (RFC 9846 section 4.7.2), and a row of its own where it does not. */
const LEFT_OUT = 'TLSv1.3, order: CertificateRequest after Finished';

function orderRows<S extends Peer & { clientHello(): Script; goOn(): Script }>(
  version: Version,
  order: Order,
  steps: readonly Step<S>[],
  way: readonly string[],
  make: (...args: Parameters<Row['play']>) => S,
): Row[] {
  return [...way.keys(), way.length].flatMap((length): Row[] => {
    const before = way.slice(0, length);
    return steps.flatMap((step): Row[] => {
      if (legalLength(order, [...before, step.name]) > length) return [];
      const where = before.at(-1) === undefined ? 'in place of ServerHello' : `after ${before.at(-1) ?? ''}`;
      const title = `${version}, order: ${step.name} ${where}`;
      if (title === LEFT_OUT) return [];
      const argument =
        version === 'TLSv1.3'
          ? must13('medium', '4', Alert.unexpected_message)
          : must12('medium', '7.3', Alert.unexpected_message);
      return [
        {
          title,
          kind: 'order',
          version,
          ...argument,
          ...(length === way.length && { late: true }),
          play(identity): Play {
            const peer = make(identity);
            return { peer, script: inOrder(peer, steps, before, step) };
          },
        },
      ];
    });
  });
}

/** The legal steps, each answered, and then one that is not. */
function* inOrder<S extends Peer & { clientHello(): Script }>(
  server: S,
  steps: readonly Step<S>[],
  before: readonly string[],
  wrong: Step<S>,
): Script {
  yield* server.clientHello();
  for (const name of before) {
    const step = steps.find((each) => each.name === name);
    step?.send(server);
    if (step?.await !== undefined) yield* step.await(server);
  }
  wrong.send(server);
}

/** No RFC has a number, so that none is asked for: whoever takes all of it is told how much that was. */
const floodRows = (): Row[] =>
  FLOODS.filter(({ options, deaf }) => options === undefined && deaf !== true).map((flood): Row => {
    const { version, most, name } = flood;
    return {
      title: `${version}, flood: ${name}`,
      kind: 'flood',
      version,
      ...(version === 'TLSv1.3' ? should13('low', 'no RFC has a limit') : should12('low', 'no RFC has a limit')),
      ...(name.startsWith('after the handshake') && { late: true }),
      play: on(
        version,
        (s) => flooding(s, flood, 2 * most),
        (s) => flooding(s, flood, 2 * most),
      ),
    };
  });

function* flooding(server: Server13 | Server12, flood: Flood, messages: number): Script {
  if (flood.version === 'TLSv1.3') yield* flood.begin(server as Server13);
  else yield* flood.begin(server as Server12);
  for (let number = 0; number < messages; number++)
    if (flood.version === 'TLSv1.3') flood.send(server as Server13, number);
    else flood.send(server as Server12, number);
}

/** What a good server does. */
export const healthy = (version: Version, host?: string): Row => ({
  title: `${version}: a healthy server`,
  kind: 'protocol',
  version,
  ...(version === 'TLSv1.3' ? must13('high', '2') : must12('high', '7.3')),
  late: true,
  ...(host !== undefined && { host }),
  play: on(
    version,
    (s) => s.handshake(),
    (s) => s.handshake(),
  ),
});

/** A server that hangs up before it says anything: what the command ends with then is what it ends with on failure. */
export const silent = (version: Version): Row => ({
  ...healthy(version),
  title: `${version}: a server that closes the connection`,
  closes: true,
  play: on(
    version,
    (s) => s.clientHello(),
    (s) => s.clientHello(),
  ),
});

/** A fatal alert in place of an answer: whoever reads at all sees it. */
export const alerting = (version: Version): Row => ({
  ...healthy(version),
  title: `${version}: a fatal alert after the handshake`,
  closes: true,
  play: on(
    version,
    (s) => thenAlert(s),
    (s) => thenAlert(s),
  ),
});

function* thenAlert(server: Server13 | Server12): Script {
  yield* server.handshake();
  server.sendAlert(2, Alert.internal_error);
}

/** A good server that takes up the session of another one. */
export const resuming = (version: Version): Row => ({
  ...healthy(version),
  title: `${version}: a healthy server that takes a session up`,
  ...(version === 'TLSv1.3' ? played({ version, ...GOOD_13 }) : played({ version, ...GOOD_12 })),
});

/** A page in the place of {@link POISON}, of the same kind. */
export const PAGE = 'hello\n';
export const ANSWER: string = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${PAGE.length}\r\n\r\n${PAGE}`;
export { POISON };

/** Every row, in the order in which they run. */
export const ROWS: readonly Row[] = [
  ...CERTIFICATE_ROWS,
  ...protocolRows('TLSv1.3', [...BEHAVIOURS_13, ...BEHAVIOURS_RSA, ...BEHAVIOURS_RESUMED], ARGUED_13),
  ...protocolRows('TLSv1.2', [...BEHAVIOURS_12, ...BEHAVIOURS_RSA, ...BEHAVIOURS_RESUMED], ARGUED_12),
  ...orderRows('TLSv1.3', ORDER_13, STEPS_13, WAY_13, (identity) => new Server13(identity)),
  ...orderRows('TLSv1.2', ORDER_12, STEPS_12, WAY_12, (identity) => new Server12(identity)),
  ...floodRows(),
];

/** What runs without `--all`: what an attacker gains most by. */
export const isShort = (row: Row): boolean => row.severity === 'high' || row.kind === 'certificate';
