/**
 * What fails before a library listens is told to the library, and does not end the process. Somebody between, who has
 * no key, can make it so: with one record of garbage behind the flight that ends the handshake, the connection is
 * established, and has failed, before the library hears of either.
 */
import { once } from 'node:events';
import net from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

const [HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA] = [22, 20, 23];
const GARBAGE = Buffer.concat([Buffer.from([APPLICATION_DATA, 3, 3, 0, 40]), Buffer.alloc(40, 0x61)]);

let ca: string;
let honest: Identity;
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeAll(async () => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  ca = root.certificatePem;
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
  process.on('uncaughtException', note);
});
afterAll(() => void process.off('uncaughtException', note));

const undo: (() => unknown)[] = [];
afterEach(async () => {
  uncaught.length = 0;
  for (const each of undo.splice(0)) await each();
});

async function between(server: Recorder): Promise<number> {
  const between = net.createServer((client) => {
    const upstream = net
      .connect(server.port, '127.0.0.1')
      .on('error', () => client.destroy())
      .on('close', () => client.destroy());
    client.on('error', () => undefined).on('close', () => upstream.destroy());
    client.pipe(upstream);
    let held = Buffer.alloc(0);
    upstream.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      const end = endOfHandshake(held);
      if (end === undefined) return;
      client.write(end === 0 ? held : Buffer.concat([held.subarray(0, end), GARBAGE, held.subarray(end)]));
      held = Buffer.alloc(0);
    });
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  undo.push(() => between.close());
  return (between.address() as net.AddressInfo).port;
}

/**
 * Where Finished ends, the record behind ChangeCipherSpec (RFC 5246 section 7.1); 0 where that is not in it,
 * `undefined` while it has not come whole.
 */
function endOfHandshake(said: Buffer): number | undefined {
  let changed = false;
  for (let at = 0; at < said.length;) {
    const type = said[at];
    if (type !== HANDSHAKE && type !== CHANGE_CIPHER_SPEC) return 0;
    if (at + 5 > said.length) return undefined;
    at += 5 + said.readUInt16BE(at + 3);
    if (at > said.length) return undefined;
    if (changed) return at;
    changed = type === CHANGE_CIPHER_SPEC;
  }
  return changed ? undefined : 0;
}

const engines = (['native', 'pure'] as const).map((name) => ({
  name,
  available: chooseBackend(name).then(
    () => true,
    () => false,
  ),
}));

describe.each(engines)('on the $name engine', async ({ name: backend, available }) => {
  describe.skipIf(!(await available)).each(Object.entries(USES))('%s', (_name, use) => {
    const connectorFor = (options: ConstructorParameters<typeof TlsConnector>[0] = {}): TlsConnector =>
      new TlsConnector({ backend, ca, ...(use.alpn && { alpn: use.alpn }), ...options });

    it('is told of a connection that has failed when it is established', async () => {
      const server = await record({
        identity: honest,
        tls: use.tls,
        talk: (offers) => use.talk(offers),
        until: SECRET,
        ...(use.alpn && { alpn: use.alpn }),
      });
      undo.push(() => server.close());
      await expect(use.begin(connectorFor({ maxVersion: 'TLSv1.2' }), await between(server)).over).rejects.toThrow();
      expect(uncaught).toEqual([]);
      expect(server.plain()).not.toContain(SECRET);
    });

    it('is told of a dial that throws', async () => {
      const dial = (): never => {
        throw new Error('no way there');
      };
      await expect((async (): Promise<unknown> => use.begin(connectorFor({ dial }), 1).over)()).rejects.toThrow();
      expect(uncaught).toEqual([]);
    });
  });
});
