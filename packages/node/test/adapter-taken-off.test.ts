/**
 * What an adapter sets, taken off by an option of the same name beside it: nobody is told the secret but a server that
 * the connector takes. Node itself trusts the server here, so that what goes around would arrive.
 */
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { rows } from './adapter-rows.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { record, type Recorder } from './recorder.ts';

const trusted = (await pki('selfSigned')).certificate;
const leaf = await pki('p256');
const ca = (await pki('root')).certificatePem;
/** It trusts none of the servers: whoever hears the secret was reached without it. */
const connector = new TlsConnector({ trustAnchors: [trusted] });
const overHttp2 = new TlsConnector({ trustAnchors: [trusted], alpn: ['h2'] });

const servers: Recorder[] = [];

beforeEach(() => {
  const connect = tls.connect.bind(tls) as (...args: readonly unknown[]) => tls.TLSSocket;
  const trusting = (...args: readonly unknown[]): tls.TLSSocket =>
    connect(...args.map((each) => (typeof each === 'object' && each !== null ? { ...each, ca } : each)));
  vi.spyOn(tls, 'connect').mockImplementation(trusting as typeof tls.connect);
  syncBuiltinESMExports();
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe.each(Object.entries(rows(connector, overHttp2)))('%s', (_name, { use: name, ours, begin }) => {
  const keys = Object.keys(ours(1)).filter(
    (key) =>
      !['host', 'port', 'url', 'headers', 'auth', 'connect_timeout', 'user', 'password', 'database'].includes(key),
  );
  it.each(keys.flatMap((key) => [undefined, null, false].map((value) => [key, value] as const)))(
    '%s: %s',
    async (key, value) => {
      for (const isPlain of [false, true]) {
        const use = USES[name];
        if (use === undefined) throw new Error(`no use of ${name}`);
        const server = await record({
          identity: isPlain ? undefined : { key: leaf.keyPem, cert: leaf.chainPem },
          tls: use.tls,
          talk: (offers) => use.talk(offers),
          until: SECRET,
          ...(use.alpn && { alpn: use.alpn }),
        });
        servers.push(server);
        const attempt = async (): Promise<unknown> =>
          begin({ ...ours(server.port), [key]: value }, server.port, isPlain);
        await expect(attempt()).rejects.toThrow();
        const heard = server.secret() + server.plain();
        expect(heard).not.toContain(SECRET);
        expect(heard).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 12));
      }
    },
  );
});
