/**
 * @module The caller's functions, and all that they may do: a table of callbacks × behaviours, each with its rule.
 *
 * Asked (verify, onCertificateRequest, a Signer, now), one that fails refuses; told (onKeylog, onMessage, onSession),
 * one that fails costs no bytes. Neither is ever an acceptance, a hang, or an unhandled rejection.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import type { Backend, ContextOptions, Credential, Feature, PeerIdentity, Signer, Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError, type TlsErrorCode } from '@ferrule/result';
import type { Check, CheckGroup } from '../check.ts';
import { type Client, expectReturn } from '../client.ts';
import { pki } from '../pki/index.ts';
import { echo } from '../server/tls-server.ts';
import { scene } from './support.ts';

const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

/** A callback that is asked, given a body for it: what it is called with, and the connection where there is one. */
interface Asker {
  readonly name: string;
  readonly feature?: Feature;
  options(body: (...given: unknown[]) => unknown): Promise<ContextOptions>;
  /** What answers well. */
  good(backend: Backend): Promise<(...given: unknown[]) => unknown>;
  /** Of a failure that is not a TlsError. */
  readonly code: TlsErrorCode;
  /** Whether a promise may be given. */
  readonly later: boolean;
  readonly wrong: readonly unknown[];
}

const ASKERS: readonly Asker[] = [
  {
    name: 'verify',
    options: async (body) => ({ verify: body as () => boolean }),
    good: async () => () => true,
    code: 'CERT_REJECTED',
    later: true,
    wrong: [false, undefined, null, 1, 'true', {}, [], (): boolean => true],
  },
  {
    name: 'onCertificateRequest',
    options: async (body) => ({ onCertificateRequest: body as () => undefined }),
    good: async (backend) => {
      const credential = await credentialFor(backend);
      return () => credential;
    },
    code: 'ASYNC_OPERATION_FAILED',
    later: true,
    wrong: [
      null,
      1,
      'none',
      {},
      [],
      { chain: [] },
      { chain: [new Uint8Array(1)], key: 'key' },
      { chain: [new Uint8Array(1)], key: new Uint8Array(1) },
    ],
  },
  {
    name: 'Signer.sign',
    feature: 'external-signer',
    options: async (body) => ({
      credentials: [{ chain: (await pki('client')).chain, key: { schemes: [0x0403], sign: body as () => Uint8Array } }],
    }),
    good: async () => (await signer()).sign as (...given: unknown[]) => unknown,
    code: 'ASYNC_OPERATION_FAILED',
    later: true,
    wrong: [undefined, null, 1, 'signature', {}, new Uint8Array(0), new ArrayBuffer(64)],
  },
  {
    name: 'now',
    options: async (body) => ({ now: body as () => number }),
    good: async () => Date.now,
    code: 'CALLBACK_FAILED',
    later: false,
    wrong: [NaN, Infinity, -1e14, 1e15, undefined, null, '5', 5n, new Date(), Promise.resolve(5)],
  },
  {
    name: 'random',
    feature: 'seeded-random',
    options: async (body) => ({ random: body as (into: Uint8Array) => void }),
    good: async () => (into) => void crypto.getRandomValues(into as Uint8Array<ArrayBuffer>),
    code: 'CALLBACK_FAILED',
    later: false,
    wrong: [],
  },
];

/** One that every engine can use: some sign with none but somebody else's keys. */
async function credentialFor(backend: Backend): Promise<Credential> {
  const { chain, key } = await pki('client');
  return { chain, key: backend.features.has('external-signer') ? await signer() : key };
}

async function signer(): Promise<Signer> {
  const key = createPrivateKey({ key: Buffer.from((await pki('client')).key), format: 'der', type: 'pkcs8' });
  return { schemes: [0x0403], sign: (_scheme, message) => new Uint8Array(sign('sha256', message, key)) };
}

const mine = new Error('mine');
const throws = (error: unknown) => (): never => {
  throw error;
};

/**
 * A connection whose callback does this, in each version: the server asks for a certificate, so that all are called.
 */
async function play(
  backend: Backend,
  asker: Asker,
  body: (...given: unknown[]) => unknown,
  then: (client: Client) => Promise<unknown>,
): Promise<void> {
  for (const maxVersion of VERSIONS) {
    const options = await asker.options(body);
    await scene(
      backend,
      { server: { maxVersion, requestCert: true, rejectUnauthorized: false }, options },
      async ({ client }) => then(client),
    );
  }
}

const refusedWith =
  (code: TlsErrorCode, cause?: unknown) =>
  async (client: Client): Promise<void> => {
    const { ret, error } = await client.refused();
    assert.deepEqual([ret, error.code], [-1, code], error.message);
    if (cause !== undefined) assert.equal(error.cause, cause);
    assert.notEqual(error.verify?.code, 0);
    if (code === 'CERT_REJECTED') assert.notEqual(client.ssl.verifyResult, 0);
    assert.equal(client.ssl.established, false);
  };

/** What a call does while a callback of the same connection is asked. */
const reenter = (ssl: Ssl): string[] =>
  [
    () => ssl.connect(),
    () => ssl.read(new Uint8Array(1)),
    () => ssl.write(new Uint8Array(1)),
    () => ssl.writeEarlyData(new Uint8Array(1)),
    () => ssl.shutdown(),
    () => ssl.keyUpdate(true),
  ].map((call) => {
    try {
      return `returned ${call()}`;
    } catch (error) {
      return error instanceof TypeError ? 'TypeError' : String(error);
    }
  });

function asked(asker: Asker): readonly Check[] {
  const { name, feature, code, later, wrong, good } = asker;
  const check = (title: string, run: Check['run']): Check => ({
    title: `${name} ${title}`,
    run,
    ...(feature && { feature }),
  });
  const at = (client: Client) => (): number => client.ssl.connect();
  const checks = [
    check(`that throws is ${code}`, (backend) => play(backend, asker, throws(mine), refusedWith(code, mine))),
    check('that throws nothing is a refusal all the same', (backend) =>
      play(backend, asker, throws(undefined), refusedWith(code)),
    ),
    ...wrong.map((answer, i) =>
      check(`that answers with the wrong type is refused (${i + 1}: ${typeof answer})`, (backend) =>
        play(backend, asker, () => answer, refusedWith(code)),
      ),
    ),
    check(
      'that throws the failure of another connection, whose peer sent an alert, is -1 and no end by the rules',
      (backend) =>
        play(
          backend,
          asker,
          throws(new TlsError('PEER_ALERT', undefined, { alert: { description: 0, origin: 'peer' } })),
          async (client) => {
            const { ret } = await client.refused();
            assert.equal(ret, -1);
          },
        ),
    ),
    check('may dispose of the connection, and then throw', (backend) => {
      let current: Ssl | undefined;
      return play(
        backend,
        asker,
        (...given) => {
          connectionOf(given)?.dispose();
          current?.dispose();
          throw mine;
        },
        async (client) => {
          current = client.ssl;
          expectReturn(client.ssl, await client.connect(), -1, SslErrorCode.ssl);
          assert.equal(client.failure().error.code, 'DISPOSED');
        },
      );
    }),
    check('may call nothing that moves bytes of its own connection', async (backend) => {
      const answer = await good(backend);
      let current: Ssl | undefined;
      let results: string[] = [];
      await play(
        backend,
        asker,
        (...given) => {
          results = current === undefined ? [] : reenter(current);
          return answer(...given);
        },
        async (client) => {
          current = client.ssl;
          await client.established();
          assert.deepEqual(results, ['TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError']);
        },
      );
    }),
  ];
  if (!later) return checks;
  return [
    ...checks,
    check(`whose promise is rejected is ${code}`, (backend) =>
      play(backend, asker, () => Promise.reject(mine), refusedWith(code, mine)),
    ),
    check('that gives a thenable whose then throws is refused', (backend) =>
      play(backend, asker, () => Object.defineProperty({}, 'then', { get: throws(mine) }), refusedWith(code, mine)),
    ),
    check('whose promise has the wrong type is refused', (backend) =>
      play(backend, asker, () => Promise.resolve(wrong[1]), refusedWith(code)),
    ),
    check('that never answers is waited for, until the connection is disposed of', (backend) =>
      play(
        backend,
        asker,
        () => new Promise(() => undefined),
        async (client) => {
          await untilAsked(client);
          client.ssl.dispose();
          expectReturn(client.ssl, at(client)(), -1, SslErrorCode.ssl);
          assert.equal(client.ssl.asyncReady, undefined);
        },
      ),
    ),
    check('that disposes of the connection and is rejected later is no unhandled rejection', async (backend) => {
      const heard: unknown[] = [];
      const hear = (reason: unknown): void => void heard.push(reason);
      process.on('unhandledRejection', hear);
      try {
        await play(
          backend,
          asker,
          (...given) => {
            connectionOf(given)?.dispose();
            return new Promise((_, reject) => setImmediate(() => reject(mine)));
          },
          async (client) => {
            expectReturn(client.ssl, await client.connect(), -1, SslErrorCode.ssl);
            for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
          },
        );
        assert.deepEqual(heard, []);
      } finally {
        process.off('unhandledRejection', hear);
      }
    }),
    check('is given its connection as its last argument', async (backend) => {
      const seen: unknown[] = [];
      await play(
        backend,
        asker,
        (...given) => {
          seen.push(given.at(-1));
          throw mine;
        },
        async (client) => {
          await client.refused();
          assert.equal(seen.at(-1), client.ssl);
        },
      );
    }),
  ];
}

const connectionOf = (given: readonly unknown[]): Ssl | undefined =>
  given.length > 1 ? (given.at(-1) as Ssl) : undefined;

/** connect() until it waits for the caller. */
async function untilAsked(client: Client): Promise<void> {
  for (;;) {
    const ret = client.ssl.connect();
    const why = client.ssl.getError(ret);
    const { asyncReady } = client.ssl;
    await client.flush();
    if (why === SslErrorCode.wantRead) await client.peer.fill(client.net);
    else if (why === SslErrorCode.wantAsync) {
      // An engine that computes later waits for itself, too.
      const waited = await Promise.race([
        asyncReady?.then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, 100, false)),
      ]);
      if (waited === false) return;
    } else if (why !== SslErrorCode.wantWrite) {
      assert.ok(why === SslErrorCode.wantRetryVerify || why === SslErrorCode.wantX509Lookup, `getError ${why}`);
      return;
    }
  }
}

/** Whatever an error says, it refuses. */
const refusals: CheckGroup = {
  title: 'what a verify function throws is a refusal, whatever it says',
  checks: [0, 2 ** 31, 2 ** 32, -1, 0.5, NaN, '18', null, {}].map((code): Check => ({
    title: `with the X509_V code ${typeof code === 'string' ? `'${code}'` : (JSON.stringify(code) ?? String(code))} (${String(code)})`,
    run: async (backend) => {
      for (const later of [false, true]) {
        for (const maxVersion of VERSIONS) {
          const error = new TlsError('CERT_PIN_MISMATCH', 'mine', { verify: { code: code as number } });
          const verify = (): Promise<boolean> => (later ? Promise.reject(error) : throws(error)());
          await scene(backend, { server: { maxVersion }, options: { verify } }, async ({ client, server }) => {
            const failure = await client.refused();
            assert.deepEqual(
              [failure.ret, failure.error.code, failure.error.message, failure.error.verify?.code],
              [-1, 'CERT_PIN_MISMATCH', 'mine', 50],
            );
            assert.equal(client.ssl.verifyResult, 50);
            assert.equal(await server.alert(), 42);
          });
        }
      }
    },
  })),
};

/** An observer, given a body for it. */
const OBSERVERS: Readonly<Record<string, (body: (...given: unknown[]) => unknown) => ContextOptions>> = {
  onKeylog: (body) => ({ onKeylog: body as () => void }),
  onMessage: (body) => ({ onMessage: body as () => void }),
  onSession: (body) => ({ onSession: body as () => void }),
};

function told(name: string, optionsOf: (body: (...given: unknown[]) => unknown) => ContextOptions): readonly Check[] {
  /** Handshake, and what comes behind it, until something fails. */
  const run = async (
    backend: Backend,
    body: (...given: unknown[]) => unknown,
    then: (client: Client, text: string) => Promise<unknown>,
  ): Promise<void> => {
    for (const maxVersion of VERSIONS) {
      await scene(backend, { server: { maxVersion }, options: optionsOf(body) }, async ({ client, server }) => {
        let text = '';
        let ret = await client.connect();
        if (ret > 0) {
          (await server.accepted()).end('decrypted');
          const into = new Uint8Array(4);
          for (
            ret = await client.run(() => client.ssl.read(into));
            ret > 0;
            ret = await client.run(() => client.ssl.read(into))
          ) {
            text += new TextDecoder().decode(into.subarray(0, ret));
          }
        }
        await then(client, text);
      });
    }
  };
  const fails = async (client: Client): Promise<void> => {
    const { ret, error } = client.failure();
    assert.deepEqual([ret, error.code, error.cause], [-1, 'CALLBACK_FAILED', mine]);
    assert.match(error.message, new RegExp(name));
    await Promise.resolve();
  };
  return [
    {
      title: `${name} that throws is CALLBACK_FAILED, and names it`,
      run: (backend) => run(backend, throws(mine), fails),
    },
    {
      title: `${name} whose promise is rejected is CALLBACK_FAILED, and no unhandled rejection`,
      run: (backend) => run(backend, () => Promise.reject(mine), fails),
    },
    {
      title: `${name} that throws costs nothing of what was decrypted with it`,
      run: async (backend) => {
        let armed = false;
        const body = (): void => {
          if (armed) throw mine;
        };
        await scene(backend, { options: optionsOf(body) }, async ({ client, server, wire }) => {
          await client.established();
          const socket = await server.accepted();
          // Tickets, data and an alert stand in the BIO before anything is read.
          socket.end('decrypted');
          for (let turn = 0; turn < 20; turn++) {
            wire.pour(client.net);
            await new Promise((resolve) => setImmediate(resolve));
          }
          armed = true;
          const into = new Uint8Array(4);
          let text = '';
          let ret = await client.run(() => client.ssl.read(into));
          for (; ret > 0; ret = await client.run(() => client.ssl.read(into)))
            text += new TextDecoder().decode(into.subarray(0, ret));
          if (ret === 0) assert.equal(client.ssl.getError(0), SslErrorCode.zeroReturn);
          else assert.equal(client.failure().error.code, 'CALLBACK_FAILED');
          // With asynchronous cryptography the ticket is alone in its operation, which fails before there are bytes.
          if (backend.features.has('synchronous') || text !== '') assert.equal(text, 'decrypted');
        });
      },
    },
    {
      title: `${name} may call its connection, and changes nothing of what the operation returns`,
      run: async (backend) => {
        const body = (...given: unknown[]): void => {
          const ssl = given.at(-1) as Ssl;
          if (!ssl.established) return;
          assert.equal(ssl.connect(), 1);
          ssl.getError(ssl.write(Uint8Array.of(0x61)));
        };
        await scene(backend, { options: optionsOf(body) }, async ({ client, server }) => {
          await client.established();
          echo(await server.accepted());
          const bytes = await client.run(() => client.ssl.write(Uint8Array.of(0x62)));
          assert.equal(bytes, 1);
          while (!(await client.receiveText(1)).includes('b'));
          assert.equal(client.ssl.failure, undefined);
        });
      },
    },
  ];
}

const changes: CheckGroup = {
  title: 'a callback that changes what it is given',
  checks: [
    {
      title: 'changes nothing about the connection',
      run: async (backend) => {
        const wipe = (value: unknown): void => {
          if (value instanceof Uint8Array) value.fill(0);
          else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) wipe(each);
        };
        const credential = await credentialFor(backend);
        const options: ContextOptions = {
          verify: (peer: PeerIdentity) => (wipe(peer), true),
          onCertificateRequest: (request) => (wipe(request.authorities), credential),
          onMessage: (message) => wipe(message),
        };
        for (const maxVersion of VERSIONS) {
          await scene(
            backend,
            { server: { maxVersion, requestCert: true, rejectUnauthorized: false }, options },
            async ({ client, server }) => {
              await client.established();
              assert.deepEqual(
                Buffer.from(client.ssl.peerCertificates[0] ?? []),
                Buffer.from(server.identity.certificate),
              );
              echo(await server.accepted());
              await client.echo('all the same');
            },
          );
        }
      },
    },
  ],
};

export const callbackTable: readonly CheckGroup[] = [
  { title: 'callbacks that are asked', checks: ASKERS.flatMap(asked) },
  refusals,
  {
    title: 'callbacks that are told',
    checks: Object.entries(OBSERVERS).flatMap(([name, optionsOf]) => told(name, optionsOf)),
  },
  changes,
];
