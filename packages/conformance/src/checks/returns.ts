/** @module The return table of `Ssl`, row by row, and that a failure stays. */
import assert from 'node:assert/strict';
import { type TlsErrorCode, SslErrorCode } from '@ferrule/result';
import { atOnce, type Check, type CheckGroup, group } from '../check.ts';
import { Client, expectReturn } from '../client.ts';
import { pki } from '../pki/index.ts';
import { ScriptedPeer } from '../server/peer.ts';
import { scene, socketScene } from './support.ts';

/** The handshake has been begun, or is done. */
async function begun(client: Client, isEstablished: boolean): Promise<void> {
  const { ssl } = client;
  if (isEstablished) await client.established();
  else while (ssl.getError(ssl.connect()) === SslErrorCode.wantAsync) await ssl.asyncReady;
}

/** What has come is read, and ends the connection. */
async function readFails(client: Client, code: TlsErrorCode): Promise<void> {
  const { ssl } = client;
  const read = (): number => ssl.read(new Uint8Array(1));
  let ret = read();
  for (let i = 0; i < 10 && ret < 0 && ssl.failure === undefined; i++) {
    await ssl.asyncReady;
    ret = read();
  }
  expectReturn(ssl, ret, -1, SslErrorCode.ssl);
  assert.equal(client.failure().error.code, code);
}

const alertRecord = (level: number, description: number): Uint8Array =>
  new Uint8Array([21, 3, 3, 0, 2, level, description]);

const rows: CheckGroup = group('the return table', {
  'established is 1 / NONE, and there is no failure': (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl } = await client.established();
      expectReturn(ssl, 1, 1, SslErrorCode.none);
      assert.equal(ssl.failure, undefined);
    }),
  'an empty read BIO is -1 / WANT_READ': atOnce((backend) =>
    scene(backend, {}, ({ client: { ssl } }) => {
      expectReturn(ssl, ssl.connect(), -1, SslErrorCode.wantRead);
      return Promise.resolve();
    }),
  ),
  'a full write BIO is -1 / WANT_WRITE': atOnce((backend) =>
    scene(backend, { bioSize: 17 }, ({ client: { ssl } }) => {
      expectReturn(ssl, ssl.connect(), -1, SslErrorCode.wantWrite);
      return Promise.resolve();
    }),
  ),
  "the peer's fatal alert during the handshake is 0 / SSL with PEER_ALERT and the alert": async (backend) => {
    const client = await Client.make(backend, new ScriptedPeer(alertRecord(2, 40)));
    expectReturn(client.ssl, await client.connect(), 0, SslErrorCode.ssl);
    const { ret, code, error } = client.failure();
    assert.deepEqual([ret, code, error.code], [0, SslErrorCode.ssl, 'PEER_ALERT']);
    assert.deepEqual({ ...error.alert }, { description: 40, name: 'handshake_failure', level: 2, origin: 'peer' });
  },
  "the peer's close_notify during the handshake is 0 / SSL with PEER_ALERT": async (backend) => {
    const client = await Client.make(backend, new ScriptedPeer(alertRecord(1, 0)));
    expectReturn(client.ssl, await client.connect(), 0, SslErrorCode.ssl);
    assert.deepEqual([client.failure().error.code, client.failure().error.alert?.name], ['PEER_ALERT', 'close_notify']);
  },
  'a client certificate that is missed in TLS 1.3 is a fatal alert after the handshake: 1, then read() is -1 / SSL with PEER_ALERT':
    (backend) =>
      socketScene(backend, { server: { requestCert: true } }, async ({ client, server }) => {
        await client.established();
        await client.readEnd();
        expectReturn(client.ssl, -1, -1, SslErrorCode.ssl);
        const { ret, error } = client.failure();
        assert.deepEqual(
          [ret, error.code, error.alert?.name, error.alert?.origin],
          [-1, 'PEER_ALERT', 'certificate_required', 'peer'],
        );
        assert.equal(server.errors.length > 0, true);
      }),
  'what we refuse is -1 / SSL, and the alert is in the write BIO': async (backend) =>
    scene(backend, { server: { identity: await pki('selfSigned') } }, async ({ client, server }) => {
      expectReturn(client.ssl, await client.connect(), -1, SslErrorCode.ssl);
      assert.equal(await server.alert(), client.failure().error.alert?.description);
    }),
  'what we refuse behind close_notify is told without an alert: none is sent (RFC 9846 section 6.1)': async (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl, net } = await client.established();
      assert.equal(await client.call(() => ssl.shutdown()), 0);
      await client.peer.flush(net);
      net.write(Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40)));
      expectReturn(ssl, await client.call(() => ssl.read(new Uint8Array(1))), -1, SslErrorCode.ssl);
      assert.deepEqual([client.failure().error.code, client.failure().error.alert], ['BAD_RECORD_MAC', undefined]);
      assert.equal(net.pending, 0);
    }),
  'what is settled when the server is refused can be asked for': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(
        backend,
        { server: { identity: await pki('selfSigned'), maxVersion, ciphers: SUITES } },
        async ({ client }) => {
          await client.refused();
          const { version, cipherSuite } = client.ssl;
          assert.deepEqual([version, cipherSuite], [maxVersion, maxVersion === 'TLSv1.3' ? 0x1302 : 0xc02c]);
        },
      );
    }
  },
  'a transport that fails during the handshake is -1 / SYSCALL with TRANSPORT_ERROR and its cause': atOnce((backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl, net } = client;
      ssl.connect();
      const cause = new Error('ECONNRESET');
      net.fail(cause);
      expectReturn(ssl, ssl.connect(), -1, SslErrorCode.syscall);
      const { code, error } = client.failure();
      assert.deepEqual([code, error.code, error.cause], [SslErrorCode.syscall, 'TRANSPORT_ERROR', cause]);
      await Promise.resolve();
    }),
  ),
  'a transport that fails later is -1 / SYSCALL, for read() and for write()': async (backend) => {
    for (const operation of ['read', 'write'] as const) {
      await scene(backend, {}, async ({ client }) => {
        const { ssl, net } = await client.established();
        // What the server had sent before, tickets for example, may still be read
        net.fail(new Error('gone'));
        let ret = ssl[operation](new Uint8Array(1));
        for (let i = 0; i < 10 && ssl.getError(ret) === SslErrorCode.wantRead; i++)
          ret = ssl[operation](new Uint8Array(1));
        expectReturn(ssl, ret, -1, SslErrorCode.syscall);
        assert.equal(client.failure().error.code, 'TRANSPORT_ERROR');
      });
    }
  },
  'what came before the transport failed is judged, though the alert can no longer leave': async (backend) => {
    const wrong = [
      // A ClientHello of the server
      { isEstablished: false, record: [22, 3, 3, 0, 4, 1, 0, 0, 0], code: 'UNEXPECTED_MESSAGE' },
      { isEstablished: true, record: [23, 3, 3, 0, 32, ...new Uint8Array(32)], code: 'BAD_RECORD_MAC' },
    ] as const;
    for (const { isEstablished, record, code } of wrong) {
      await scene(backend, {}, async ({ client }) => {
        const { net } = client;
        await begun(client, isEstablished);
        net.write(Uint8Array.from(record));
        net.fail(new Error('gone'));
        await readFails(client, code);
      });
    }
  },
  'an end that came before the transport failed stays an end, during the handshake and after it': async (backend) => {
    for (const isEstablished of [false, true]) {
      await scene(backend, {}, async ({ client }) => {
        const { net } = client;
        await begun(client, isEstablished);
        net.shutdownWrite();
        net.fail(new Error('gone'));
        await readFails(client, 'UNEXPECTED_EOF');
      });
    }
  },
  'the same failure comes from every operation, for ever, and nothing more is sent': async (backend) =>
    scene(backend, { server: { identity: await pki('selfSigned') } }, async ({ client }) => {
      const { ssl, net } = client;
      const failure = await client.refused();
      for (const operation of [
        () => ssl.connect(),
        () => ssl.doHandshake(),
        () => ssl.read(new Uint8Array(1)),
        () => ssl.write(new Uint8Array(1)),
        () => ssl.shutdown(),
      ]) {
        expectReturn(ssl, operation(), failure.ret, SslErrorCode.ssl);
        assert.equal(ssl.failure, failure, 'the same object');
        assert.equal(net.pending, 0);
      }
      assert.equal(ssl.shutdownState & 2, 0);
      assert.ok(Object.isFrozen(failure));
    }),
  'a failure with 0 stays 0': async (backend) => {
    const client = await Client.make(backend, new ScriptedPeer(alertRecord(2, 40)));
    await client.connect();
    expectReturn(client.ssl, client.ssl.connect(), 0, SslErrorCode.ssl);
    expectReturn(client.ssl, client.ssl.doHandshake(), 0, SslErrorCode.ssl);
  },
});

/** One of TLS 1.3 and one of TLS 1.2. */
const SUITES = 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384';

/** What peers that speak no TLS say, and what we call it. */
const NOT_TLS: readonly (readonly [title: string, says: string | Uint8Array, code: TlsErrorCode])[] = [
  ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'HTTP_REQUEST'],
  ['an HTTP server that answers in HTML alone', '<html><head><title>400</title></head></html>', 'HTTP_REQUEST'],
  ['an SMTP server', '220 mail.example ESMTP ready\r\n', 'PLAINTEXT_PEER'],
  ['a server whose greeting begins with a tab', '\t220 hello there\r\n', 'PLAINTEXT_PEER'],
  ['an IMAP server', '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', 'PLAINTEXT_PEER'],
  ['a POP3 server', '+OK ready\r\n', 'PLAINTEXT_PEER'],
  ['an FTP server', '220-Welcome\r\n220 ready\r\n', 'PLAINTEXT_PEER'],
  ['an SSH server', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'PLAINTEXT_PEER'],
  ['binary noise', new Uint8Array([0x80, 0x2e, 0x01, 0x00, 0x02, 0x00, 0x15, 0xff, 0xee]), 'WRONG_VERSION_NUMBER'],
  ['zeros', new Uint8Array(64), 'WRONG_VERSION_NUMBER'],
];

const foreignPeers: CheckGroup = {
  title: 'peers that speak no TLS',
  checks: [
    ...NOT_TLS.map(([title, says, code]): Check => ({
      title: `${title} is ${code}`,
      run: async (backend) => {
        for (const end of [true, false]) {
          const client = await Client.make(backend, new ScriptedPeer(says, { end }));
          const { ret, error } = await client.refused();
          assert.deepEqual([ret, error.code], [-1, code]);
          assert.ok(error.hint.length > 0);
        }
      },
    })),
    {
      title: 'a stranger is recognised byte by byte too',
      run: async (backend) => {
        const client = await Client.make(backend, new ScriptedPeer('HTTP/1.1 400 Bad Request\r\n'), { bioSize: 1 });
        assert.equal((await client.refused()).error.code, 'HTTP_REQUEST');
      },
    },
    {
      title: 'an end at once is UNEXPECTED_EOF',
      run: async (backend) => {
        const client = await Client.make(backend, new ScriptedPeer(''));
        const { code, message } = (await client.refused()).error;
        assert.deepEqual(
          [code, message],
          ['UNEXPECTED_EOF', 'The transport ended before the server had said anything.'],
        );
      },
    },
    {
      title: 'an end in the middle of a record header is told as one in the middle of the handshake',
      run: async (backend) => {
        for (const begun of ['\x16', '\x16\x03\x03', '\x16\x03\x03\x00\x50\x02']) {
          const client = await Client.make(backend, new ScriptedPeer(begun));
          const { code, message } = (await client.refused()).error;
          assert.deepEqual([code, message], ['UNEXPECTED_EOF', 'The transport ended in the middle of the handshake.']);
        }
      },
    },
    {
      title: 'noise after a good ClientHello never makes anything but a typed error or a wait',
      run: async (backend) => {
        for (let seed = 0; seed < 64; seed++) {
          const noise = Uint8Array.from(
            { length: 5 + ((seed * 37) % 300) },
            (_, i) => (seed * 131 + i * i * 17 + (i >> 2)) & 0xff,
          );
          noise.set([
            [20, 21, 22, 23, 24][seed % 5] as number,
            3,
            seed % 4,
            0,
            noise.length - 5 > 255 ? 255 : noise.length - 5,
          ]);
          const client = await Client.make(backend, new ScriptedPeer(noise));
          assert.ok((await client.connect()) <= 0);
          assert.ok(client.failure().error.code.length > 0);
        }
      },
    },
  ],
};

export const returns: readonly CheckGroup[] = [rows, foreignPeers];
