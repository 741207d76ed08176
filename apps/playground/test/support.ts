import type { WebSocketConstructor } from '@ferrule/web';
import { certificatesOf } from 'ferrule';
import { WebSocket } from 'ws';
import type { Behaviour, BehaviourId, Offer } from '../src/behaviours.ts';
import { startDemonstration } from '../src/demonstration.ts';
import { attempt, type AttemptOptions, type Progress } from '../src/model/attempt.ts';
import { startRelay } from '../src/relay.ts';

export interface Scene {
  /** Connects from here, as the page does. */
  connect(options?: Partial<AttemptOptions> & { readonly behaviour?: BehaviourId }): Promise<Progress>;
  readonly ca: string;
  /** URL of the relay. */
  readonly relay: string;
  /** `localhost:40001`, the honest server. */
  readonly target: string;
  close(): Promise<void>;
}

/** The demonstration server and a relay, without a page. */
export async function scene(): Promise<Scene> {
  const demonstration = await startDemonstration();
  const { host, ca, port, ports } = demonstration;
  const relay = await startRelay([port, ...Object.values(ports)].map((each) => `${host}:${each}`));
  return {
    ca,
    relay: relay.url,
    target: `${host}:${port}`,
    connect: ({ behaviour, ...options } = {}) =>
      attempt(
        {
          relay: relay.url,
          host,
          port: behaviour === undefined ? port : ports[behaviour],
          provider: 'tuned',
          offer: 'both',
          trustAnchors: certificatesOf(ca),
          // Node 20 has none of its own
          WebSocket: WebSocket as unknown as WebSocketConstructor,
          ...options,
        },
        () => {},
      ),
    close: async () => {
      await relay.close();
      demonstration.close();
    },
  };
}

/** The offers with which a behaviour can be tried. */
export const offersOf = ({ offers = ['both', '1.3', '1.2'] }: Behaviour): readonly Offer[] => offers;
