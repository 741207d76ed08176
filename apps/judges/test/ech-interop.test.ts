/**
 * Encrypted ClientHello with Go's crypto/tls, where the toolchain is installed: accepted, rejected, retried, with each
 * provider.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@ferrule/conformance';
import { issue, pki } from '@ferrule/conformance/pki';
import { SocketPeer } from '@ferrule/conformance/server';
import type { ContextOptions, Ssl, TlsSession } from '@ferrule/contract';
import type { TlsError } from '@ferrule/result';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { createPure } from '@ferrule/pure';
import { output, start, type Started } from '../src/interop/process.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

const directory = await mkdtemp(`${tmpdir()}/ech-`);
const built = await output('go', [
  'build',
  '-o',
  `${directory}/server`,
  fileURLToPath(new URL('../src/interop/ech_server.go', import.meta.url)),
]);
if (built === undefined) console.log('skipped: no Go toolchain with Encrypted ClientHello');
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Answer {
  readonly ssl: Ssl;
  readonly ret: number;
  /** What the server says that it saw. */
  readonly text: string;
  readonly sessions: readonly TlsSession[];
}

describe.skipIf(built === undefined).each([nodeCrypto, nobleCrypto, await createWebCrypto()])(
  'ECH with Go, and $name',
  (provider) => {
    const backend = createPure({ crypto: provider });

    async function dial(port: number, options: ContextOptions, session?: TlsSession): Promise<Answer> {
      const sessions: TlsSession[] = [];
      const context = backend.createContext({
        trustAnchors: [(await pki('root')).certificate],
        onSession: (each) => sessions.push(each),
        ...options,
      });
      const peer = new SocketPeer(port);
      try {
        const client = await Client.make(backend, peer, { context, host: 'secret.test' });
        if (session !== undefined) client.ssl.setSession(session);
        const ret = await client.connect();
        let text = '';
        while (ret === 1 && !text.endsWith('\n')) text += await client.receiveText(1);
        return { ssl: client.ssl, ret, text, sessions };
      } finally {
        peer.destroy();
      }
    }
    const failureOf = ({ ssl }: Answer): TlsError | undefined => ssl.failure?.error;

    describe.each([
      ['in one round trip', []],
      ['with a HelloRetryRequest', ['-p256']],
    ] as const)('%s', (_name, flags) => {
      let server: Started;
      let list: Uint8Array;
      let stranger: Uint8Array;
      const retried = flags.length > 0;

      beforeAll(async () => {
        const { chainPem, keyPem } = await issue(await pki('intermediate'), {
          subject: 'CN=ech',
          names: ['secret.test', 'public.test'],
        });
        await writeFile(`${directory}/ech.pem`, chainPem);
        await writeFile(`${directory}/ech.key`, keyPem);
        server = await start(
          `${directory}/server`,
          ['-cert', `${directory}/ech.pem`, '-key', `${directory}/ech.key`, ...flags],
          /port (\d+)\n/,
        );
        [list, stranger] = (/list (\w+) stranger (\w+)/.exec(server.printed) ?? []).slice(1).map(hex) as [
          Uint8Array,
          Uint8Array,
        ];
      });
      afterAll(() => server.stop());

      it('is accepted, also when it resumes and when everything else is offered too', async () => {
        const first = await dial(server.port, { ech: list });
        expect(first.text).toBe('secret.test accepted=true resumed=false\n');
        expect(first.ssl).toMatchObject({ ech: 'accepted', helloRetryRequested: retried });
        const again = await dial(server.port, { ech: list }, first.sessions[0]);
        expect(again.text).toBe('secret.test accepted=true resumed=true\n');
        const all: ContextOptions = {
          ech: list,
          grease: true,
          alpn: ['h2', 'http/1.1'],
          groups: [0x11ec, 0x1d, 0x17],
          keyShares: [0x11ec, 0x1d],
          recordSizeLimit: 4000,
        };
        expect((await dial(server.port, all)).text).toBe('secret.test accepted=true resumed=false\n');
      });

      it('rejected ends in a failure once the public name is proved, with what to retry with', async () => {
        const resumable = (await dial(server.port, { ech: list })).sessions[0];
        for (const session of [undefined, resumable]) {
          const rejected = await dial(server.port, { ech: stranger }, session);
          expect(failureOf(rejected)).toMatchObject({
            code: 'ECH_REJECTED',
            alert: { name: 'ech_required', origin: 'local' },
          });
          expect(rejected.ssl.ech).toBe('rejected');
          expect(rejected.sessions).toEqual([]);
          expect(rejected.ssl.echRetryConfigs).toEqual(list);
        }
      });

      it('rejected by a server that cannot prove the public name tells of that, and gives nothing to retry with', async () => {
        const { chainPem, keyPem } = await pki('p256');
        await writeFile(`${directory}/other.pem`, chainPem);
        await writeFile(`${directory}/other.key`, keyPem);
        const other = await start(
          `${directory}/server`,
          ['-cert', `${directory}/other.pem`, '-key', `${directory}/other.key`, ...flags],
          /port (\d+)\n/,
        );
        try {
          const rejected = await dial(other.port, { ech: list });
          expect(failureOf(rejected)?.code).toBe('CERT_NAME_MISMATCH');
          expect(rejected.ssl.echRetryConfigs).toBeUndefined();
        } finally {
          await other.stop();
        }
      });

      it('logs what decrypts the inner hello, by the random on the wire', async () => {
        const lines: string[] = [];
        await dial(server.port, { ech: list, onKeylog: (line) => lines.push(line) });
        const [secret, config, ...others] = lines.map((line) => line.split(' '));
        expect([secret?.[0], config?.[0]]).toEqual(['ECH_SECRET', 'ECH_CONFIG']);
        expect(secret?.[1]).toBe(config?.[1]);
        expect(config?.[2]).toBe(Buffer.from(list.subarray(2)).toString('hex'));
        // The rest belongs to the inner handshake, whose random nobody else knows.
        expect(new Set(others.map(([, random]) => random)).size).toBe(1);
      });

      it('as GREASE goes through unnoticed', async () => {
        const greased = await dial(server.port, { ech: 'grease', grease: true });
        expect(greased.text).toBe('secret.test accepted=false resumed=false\n');
        expect(greased.ssl).toMatchObject({ ech: 'grease', echRetryConfigs: undefined });
      });
    });

    it('rejected by a server of TLS 1.2 ends in the same failure, with nothing to retry with', async () => {
      const server = await start(
        `${directory}/server`,
        ['-cert', `${directory}/ech.pem`, '-key', `${directory}/ech.key`, '-tls12'],
        /port (\d+)\n/,
      );
      try {
        const list = hex(/list (\w+)/.exec(server.printed)?.[1] ?? '');
        const rejected = await dial(server.port, { ech: list });
        expect(failureOf(rejected)).toMatchObject({ code: 'ECH_REJECTED', alert: { name: 'ech_required' } });
        expect(rejected.ssl.echRetryConfigs).toBeUndefined();
      } finally {
        await server.stop();
      }
    });
  },
);
