/** What tests of adapters share: a connector, and servers that it accepts or refuses and that record what they are sent. */
import { pki } from '@ferrule/conformance/pki';
import { afterEach } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

export interface Scene {
  /** PEM of the root that `connector` trusts. */
  readonly ca: string;
  readonly connector: TlsConnector;
  readonly honest: Identity;
  readonly impostor: Identity;
  /** Closed after the test. */
  readonly servers: Recorder[];
  /** A server of that library's protocol. */
  readonly serverFor: (
    name: string,
    options?: { readonly offers?: boolean; readonly until?: string },
  ) => Promise<Recorder>;
}

/** Of one file of tests. */
export async function scene(): Promise<Scene> {
  const [root, leaf, stranger] = [await pki('root'), await pki('p256'), await pki('selfSigned')];
  const ca = root.certificatePem;
  const honest = { key: leaf.keyPem, cert: leaf.chainPem };
  const impostor = { key: stranger.keyPem, cert: stranger.chainPem };
  const servers: Recorder[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  return {
    ca,
    connector: new TlsConnector({ ca }),
    honest,
    impostor,
    servers,
    serverFor: async (name, { offers = true, until = SECRET } = {}) => {
      const use = USES[name];
      if (use === undefined) throw new Error(`no use of ${name}`);
      const server = await record({
        identity: offers ? honest : undefined,
        tls: use.tls,
        talk: (admits) => use.talk(admits),
        until,
      });
      servers.push(server);
      return server;
    },
  };
}
