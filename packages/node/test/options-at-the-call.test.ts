/** What was given at the call counts: each face loads its engine later, and the caller may go on with its objects. */
import { once } from 'node:events';
import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer } from '@ferrule/conformance/server';
import type { Credential } from '@ferrule/contract';
import { connect } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector, tlsDuplex, type TlsDuplex } from '@ferrule/node/duplex';

interface Call {
  readonly backend: 'native' | 'pure';
  readonly credentials: readonly Credential[];
  readonly ca: readonly Uint8Array[];
  readonly alpn: string[];
}

/** Calls with the options, then ruins them, and tells which protocol was spoken and, as far as it can, as whom. */
type Face = (options: Call, ruin: () => void) => Promise<{ credential?: Credential | undefined; alpn: unknown }>;

let server: TestServer;
let port: number;
beforeAll(async () => {
  server = await TestServer.make({ requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['echo', 'other'] });
  port = await server.listen();
});
afterAll(() => server.close());

const where = (): { host: string; port: number; servername: string } => ({
  host: '127.0.0.1',
  port,
  servername: 'server.test',
});

async function over(duplex: TlsDuplex): Promise<void> {
  duplex.resume().end();
  await once(duplex, 'close');
}

const faces: Readonly<Record<string, Face>> = {
  async 'connect()'(options, ruin) {
    const connecting = connect({ ...where(), ...options });
    ruin();
    const connection = await connecting;
    const told = { alpn: connection.info.alpn };
    await connection.close();
    return told;
  },
  async TlsConnector(options, ruin) {
    const connector = new TlsConnector(options);
    ruin();
    const duplex = connector.duplex(where());
    await once(duplex, 'secureConnect');
    const told = { credential: duplex.ssl?.clientCredential, alpn: duplex.alpnProtocol };
    await over(duplex);
    await connector.dispose();
    return told;
  },
  async 'tlsDuplex()'(options, ruin) {
    const duplex = tlsDuplex({ ...options, ...where() });
    ruin();
    await once(duplex, 'secureConnect');
    const told = { credential: duplex.ssl?.clientCredential, alpn: duplex.alpnProtocol };
    await over(duplex);
    return told;
  },
};

describe.each(['native', 'pure'] as const)('with the %s engine', (backend) => {
  it.each(Object.entries(faces))('%s goes by what it was given, whatever becomes of it', async (_name, face) => {
    const { chain, key } = await pki('client');
    const credential = { chain: chain.map((each) => each.slice()), key: key.slice() };
    const options: Call = {
      backend,
      credentials: [credential],
      ca: [(await pki('root')).certificate.slice()],
      alpn: ['echo'],
    };
    const told = face(options, () => {
      credential.key.fill(0);
      for (const bytes of [...credential.chain, ...options.ca]) bytes.fill(0);
      credential.chain.length = 0;
      options.alpn[0] = 'other';
    });
    const socket = await server.accepted();
    echo(socket);
    const peer = (socket.getPeerCertificate().subject as { CN?: string } | undefined)?.CN;
    const { credential: used = credential, alpn } = await told;
    expect(alpn).toBe('echo');
    // The caller's own object
    expect(used).toBe(credential);
    expect(peer).toBe('client');
  });
});

describe('an option that has no effect beside another', () => {
  it.each<[string, object]>([
    ['ca', { ca: [], verify: () => true }],
    ['trustAnchors', { trustAnchors: [new Uint8Array([0x30, 0])], verify: () => true }],
    [
      'credentials',
      { credentials: [{ chain: [new Uint8Array(1)], key: new Uint8Array(1) }], onCertificateRequest: () => undefined },
    ],
    ['echUnusable', { echUnusable: 'omit' }],
  ])('%s is refused by name when the connector is made, and by connect()', async (name, options) => {
    const message = new RegExp(`^${name}: has no effect beside `);
    expect(() => new TlsConnector(options)).toThrow(message);
    expect(() => tlsDuplex({ ...where(), ...options })).toThrow(message);
    await expect(connect({ ...where(), ...options })).rejects.toThrow(message);
  });

  it('tlsDuplex() refuses noDelay beside a path', () => {
    expect(() => tlsDuplex({ path: '/nowhere', servername: 'server.test', noDelay: true })).toThrow(
      'noDelay: has no effect beside `path`',
    );
  });

  it.each([{ port: 443 }, { family: 4 as const }, { localAddress: '127.0.0.1' }, { noDelay: true }])(
    'connect() refuses %o beside a path',
    async (option) => {
      const name = Object.keys(option)[0] ?? '';
      await expect(connect({ path: '/nowhere', host: 'server.test', ...option })).rejects.toThrow(
        new RegExp(`^${name}: has no effect beside .path.`),
      );
    },
  );
});
