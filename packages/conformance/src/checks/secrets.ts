/**
 * @module What both ends must agree on and nobody else may know: exporters, channel bindings, key log; and the message
 * trace.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Ssl, TraceMessage } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { parseClientHello } from '../hello.ts';
import { scene } from './support.ts';

const exporters: CheckGroup = group('exporters', {
  'give both sides the same bytes, with and without context, in each version': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(backend, { server: { maxVersion } }, async ({ client, server }) => {
        const { ssl } = await client.established();
        const socket = await server.accepted();
        for (const [label, context, length] of [
          ['EXPERIMENTAL ferrule', undefined, 32],
          ['EXPERIMENTAL ferrule', new Uint8Array(0), 32],
          ['EXPERIMENTAL ferrule', new TextEncoder().encode('context'), 77],
          ['another label', new Uint8Array(100), 1],
        ] as const) {
          // The declaration forgets that the context may be absent
          const theirs = socket.exportKeyingMaterial(length, label, (context && Buffer.from(context)) as Buffer);
          assert.deepEqual(
            Buffer.from(ssl.exportKeyingMaterial(label, context, length)),
            theirs,
            `${maxVersion} ${label} ${length}`,
          );
        }
      });
    }
  },
  'give out nothing of TLS 1.2 for a label that begins with one of TLS': (backend) =>
    scene(backend, { server: { maxVersion: 'TLSv1.2' } }, async ({ client }) => {
      const { ssl } = await client.established();
      for (const label of [
        'client finished',
        'master secret',
        'extended master secret',
        'key expansion',
        'key expansions',
        'server finished!',
      ]) {
        assert.throws(() => ssl.exportKeyingMaterial(label, undefined, 32), TypeError, label);
      }
      assert.equal(ssl.exportKeyingMaterial('a key expansion', undefined, 32).length, 32);
    }),
  'are TypeErrors before the handshake is done and for lengths that cannot be': (backend) =>
    scene(backend, {}, async ({ client }) => {
      assert.throws(() => client.ssl.exportKeyingMaterial('label', undefined, 32), TypeError);
      const { ssl } = await client.established();
      for (const length of [0, -1, 1.5, Number.NaN, 65_536, 255 * 48 + 1])
        assert.throws(() => ssl.exportKeyingMaterial('label', undefined, length), TypeError, String(length));
    }),
});

/** Nothing may be derived from secrets that are gone: the failure is thrown, whatever is asked for. */
function expectNoSecrets(ssl: Ssl, code: string): void {
  assert.equal(ssl.failure?.error.code, code);
  assert.throws(() => ssl.exportKeyingMaterial('label', undefined, 32), { code });
  assert.throws(() => ssl.exportKeyingMaterial('label', new Uint8Array(0), 32), { code });
  for (const type of ['tls-exporter', 'tls-server-end-point'] as const)
    assert.throws(() => ssl.channelBinding(type), { code });
  if (ssl.exportEarlyKeyingMaterial !== undefined)
    assert.throws(() => ssl.exportEarlyKeyingMaterial?.('label', undefined, 32), { code });
}

const gone: CheckGroup = group('secrets that are gone', {
  'are not derived from after dispose()': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(backend, { server: { maxVersion } }, async ({ client }) => {
        const { ssl } = await client.established();
        ssl.dispose();
        expectNoSecrets(ssl, 'DISPOSED');
      });
    }
  },
  'are not derived from after a record that does not open': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(backend, { server: { maxVersion } }, async ({ client }) => {
        const { ssl } = await client.established();
        client.net.write(new Uint8Array([23, 3, 3, 0, 40, ...new Uint8Array(40)]));
        assert.equal(await client.call(() => ssl.read(new Uint8Array(1))), -1);
        expectNoSecrets(ssl, 'BAD_RECORD_MAC');
        ssl.dispose();
        assert.throws(() => ssl.exportKeyingMaterial('label', undefined, 32), TlsError);
      });
    }
  },
  'are not derived from after the transport ended': (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl } = await client.established();
      client.net.shutdownWrite();
      assert.equal(await client.call(() => ssl.read(new Uint8Array(1))), -1);
      expectNoSecrets(ssl, 'UNEXPECTED_EOF');
    }),
  'are not derived from before the handshake was done, either': (backend) =>
    scene(backend, {}, async ({ client }) => {
      client.ssl.dispose();
      expectNoSecrets(client.ssl, 'DISPOSED');
    }),
});

const bindings: CheckGroup = group('channel bindings', {
  'tls-exporter is 32 bytes of the exporter EXPORTER-Channel-Binding (RFC 9266)': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      assert.equal(client.ssl.channelBinding('tls-exporter'), undefined);
      const { ssl } = await client.established();
      const theirs = (await server.accepted()).exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
      assert.deepEqual(Buffer.from(ssl.channelBinding('tls-exporter') ?? []), theirs);
    }),
  'tls-server-end-point is the hash of the certificate (RFC 5929 section 4)': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      const expected = createHash('sha256').update(server.identity.certificate).digest();
      assert.deepEqual(Buffer.from(ssl.channelBinding('tls-server-end-point') ?? []), expected);
    }),
});

/**
 * As OpenSSL tells of them. Our own keys of the handshake are told of when they are installed: with OpenSSL that is
 * behind the server's Finished.
 */
const ORDER = {
  'TLSv1.3': [
    'SERVER_HANDSHAKE_TRAFFIC_SECRET',
    'EXPORTER_SECRET',
    'SERVER_TRAFFIC_SECRET_0',
    'CLIENT_TRAFFIC_SECRET_0',
  ],
  'TLSv1.2': ['CLIENT_RANDOM'],
};

const keylog: CheckGroup = group('the key log', {
  'has the lines that the server writes': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const lines: string[] = [];
      await scene(
        backend,
        { server: { maxVersion }, options: { onKeylog: (line) => lines.push(line) } },
        async ({ client, server }) => {
          await client.established();
          await server.accepted();
          assert.deepEqual([...lines].sort(), [...server.keylog].sort());
          assert.ok(lines.every((line) => !line.includes('\n')));
          assert.deepEqual(
            lines.map((line) => line.split(' ')[0]).filter((label) => label !== 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'),
            ORDER[maxVersion],
          );
        },
      );
    }
  },
});

const trace: CheckGroup = group('the message trace', {
  'shows each handshake message of TLS 1.3, whole and decrypted, in order': async (backend) => {
    const messages: TraceMessage[] = [];
    await scene(backend, { options: { onMessage: (message) => messages.push(message) } }, async ({ client }) => {
      await client.established();
      const seen = messages
        .filter(({ contentType }) => contentType === 22)
        .map(({ direction, bytes }) => `${direction} ${bytes[0]}`);
      // ClientHello, ServerHello, EncryptedExtensions, Certificate, CertificateVerify, Finished, Finished
      assert.deepEqual(seen, [
        'sent 1',
        'received 2',
        'received 8',
        'received 11',
        'received 15',
        'received 20',
        'sent 20',
      ]);
      for (const { bytes, contentType } of messages) {
        if (contentType === 22) assert.equal(bytes.length, 4 + Buffer.from(bytes).readUIntBE(1, 3));
      }
      assert.equal(
        parseClientHello(messages.find(({ direction }) => direction === 'sent')?.bytes ?? new Uint8Array(0)).random
          .length,
        32,
      );
    });
  },
  'shows each handshake message of TLS 1.2, in order': async (backend) => {
    const messages: TraceMessage[] = [];
    await scene(
      backend,
      { server: { maxVersion: 'TLSv1.2' }, options: { onMessage: (message) => messages.push(message) } },
      async ({ client }) => {
        await client.established();
        const seen = messages
          .filter(({ contentType }) => contentType === 22)
          .map(({ direction, bytes }) => `${direction} ${bytes[0]}`);
        // ClientHello, ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, ClientKeyExchange, Finished,
        // NewSessionTicket, Finished
        assert.deepEqual(seen, [
          'sent 1',
          'received 2',
          'received 11',
          'received 12',
          'received 14',
          'sent 16',
          'sent 20',
          'received 4',
          'received 20',
        ]);
      },
    );
  },
  'shows alerts, sent and received': async (backend) => {
    const messages: TraceMessage[] = [];
    await scene(
      backend,
      { options: { onMessage: (message) => messages.push(message) } },
      async ({ client, server }) => {
        await client.established();
        const socket = await server.accepted();
        assert.equal(await client.call(() => client.ssl.shutdown()), 0);
        await client.peer.flush(client.net);
        socket.resume().end();
        await client.readEnd();
        const alerts = messages
          .filter(({ contentType }) => contentType === 21)
          .map(({ direction, bytes }) => [direction, ...bytes]);
        assert.deepEqual(alerts, [
          ['sent', 1, 0],
          ['received', 1, 0],
        ]);
      },
    );
  },
  'hands out copies, which later messages do not change': async (backend) => {
    const kept: { message: TraceMessage; then: string }[] = [];
    const onMessage = (message: TraceMessage): void =>
      void kept.push({ message, then: Buffer.from(message.bytes).toString('hex') });
    await scene(backend, { options: { onMessage } }, async ({ client }) => {
      await client.established();
      for (const { message, then } of kept) assert.equal(Buffer.from(message.bytes).toString('hex'), then);
    });
  },
});

export const secrets: readonly CheckGroup[] = [exporters, gone, bindings, keylog, trace];
