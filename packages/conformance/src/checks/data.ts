/**
 * @module Application data, its end, and everything between: read, write, half-close, shutdown, truncation, KeyUpdate.
 */
import assert from 'node:assert/strict';
import type { TraceMessage } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { atOnce, type CheckGroup, group } from '../check.ts';
import { expectReturn } from '../client.ts';
import { echo } from '../server/tls-server.ts';
import { pattern, scene } from './support.ts';

const transfer: CheckGroup = group('application data', {
  'comes back unchanged, from one byte to many records': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      await client.established();
      echo(await server.accepted());
      for (const length of [1, 2, 255, 16_383, 16_384, 16_385, 100_000]) await client.echo(pattern(length));
    }),
  'comes back unchanged over TLS 1.2': (backend) =>
    scene(backend, { server: { maxVersion: 'TLSv1.2' } }, async ({ client, server }) => {
      await client.established();
      echo(await server.accepted());
      for (const length of [1, 16_384, 100_000]) await client.echo(pattern(length));
    }),
  'read() without data is -1 / WANT_READ, and pending counts what a read() would give': (backend) =>
    scene(backend, {}, async ({ client, server, wire }) => {
      const { ssl } = await client.established();
      expectReturn(ssl, await client.call(() => ssl.read(new Uint8Array(10))), -1, SslErrorCode.wantRead);
      (await server.accepted()).write('hello');
      await wire.fill(client.net);
      // Tickets come first
      const take = (): Promise<number> => client.call(() => ssl.read(new Uint8Array(2)));
      let n = await take();
      for (; n <= 0; n = await take()) await wire.fill(client.net);
      assert.equal(n, 2);
      assert.equal(ssl.pending, 3);
      assert.equal(ssl.read(new Uint8Array(10)), 3);
      assert.equal(ssl.pending, 0);
    }),
  'write() into a full BIO takes part or is -1 / WANT_WRITE, and nothing is lost or doubled': atOnce((backend) =>
    scene(backend, { bioSize: 3000 }, async ({ client, server }) => {
      await client.established();
      const socket = await server.accepted();
      const got: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => got.push(chunk));
      const data = pattern(50_000);
      await client.send(data);
      await client.shutdown();
      if (!socket.readableEnded) await new Promise((resolve) => socket.once('end', resolve));
      assert.deepEqual(Buffer.concat(got), Buffer.from(data));
    }),
  ),
  'write() goes on taking until the BIO is full, then it is -1 / WANT_WRITE, and what it took arrives': atOnce(
    (backend) =>
      scene(backend, { bioSize: 3000 }, async ({ client, server }) => {
        const { ssl } = await client.established();
        const socket = await server.accepted();
        const data = pattern(50_000);
        let taken = 0;
        let ret = ssl.write(data);
        for (; ret > 0; ret = ssl.write(data.subarray(taken))) taken += ret;
        expectReturn(ssl, ret, -1, SslErrorCode.wantWrite);
        const rest = client.send(data.subarray(taken));
        const got: Buffer[] = [];
        for await (const chunk of socket) {
          got.push(chunk as Buffer);
          if (got.reduce((sum, { length }) => sum + length, 0) === data.length) break;
        }
        await rest;
        assert.deepEqual(Buffer.concat(got), Buffer.from(data));
      }),
  ),
  'an empty array is a TypeError for read() and for write()': (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl } = await client.established();
      assert.throws(() => ssl.read(new Uint8Array(0)), TypeError);
      assert.throws(() => ssl.write(new Uint8Array(0)), TypeError);
      await client.established();
    }),
  'arguments that are not byte arrays are TypeErrors': (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl } = await client.established();
      for (const wrong of ['text', undefined, null, 5, [1, 2], {}] as unknown as Uint8Array[]) {
        assert.throws(() => ssl.read(wrong), TypeError);
        assert.throws(() => ssl.write(wrong), TypeError);
      }
    }),
  'read() and write() before the handshake are refused, or carry it out, but never send plaintext': (backend) =>
    scene(backend, {}, async ({ client: { ssl, net } }) => {
      const ret = ssl.write(new TextEncoder().encode('in the clear'));
      assert.ok(ret < 0);
      assert.ok(!Buffer.from(net.nread0()).includes('in the clear'));
    }),
});

const closing: CheckGroup = group('closing', {
  'shutdown() is 0 when close_notify has been sent and 1 when the other side has answered': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      const socket = await server.accepted();
      assert.equal(ssl.shutdownState, 0);
      const first = await client.call(() => ssl.shutdown());
      assert.equal(first, 0);
      assert.equal(ssl.shutdownState, 1);
      await client.peer.flush(client.net);
      socket.resume().end();
      assert.equal(await client.shutdown(), 1);
      assert.equal(ssl.shutdownState, 3);
    }),
  'shutdownState tells of our close_notify once the write BIO has all of it, and not while shutdown() is WANT_WRITE': (
    backend,
  ) =>
    scene(backend, { bioSize: 17 }, async ({ client, server }) => {
      const { ssl } = await client.established();
      (await server.accepted()).resume();
      const states: number[] = [];
      let ret = -1;
      for (let calls = 0; ret < 0; calls++) {
        ret = await client.call(() => ssl.shutdown());
        states.push(ssl.shutdownState);
        if (ret < 0) expectReturn(ssl, ret, -1, SslErrorCode.wantWrite);
        assert.ok(calls < 10, 'shutdown() makes no progress');
        await client.flush();
      }
      assert.ok(states.length > 1, 'close_notify cannot have fitted at once');
      assert.deepEqual(states, [...Array<number>(states.length - 1).fill(0), 1]);
    }),
  'after our close_notify the other side may go on sending (half-close)': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      const socket = await server.accepted();
      socket.resume();
      const ended = new Promise((resolve) => socket.once('end', resolve));
      assert.equal(await client.call(() => ssl.shutdown()), 0);
      await client.peer.flush(client.net);
      await ended;
      socket.write('still here');
      assert.equal(await client.receiveText(10), 'still here');
      socket.end();
      assert.equal(await client.readEnd(), 0);
      assert.equal(ssl.getError(0), SslErrorCode.zeroReturn);
      assert.equal(await client.call(() => ssl.shutdown()), 1);
    }),
  'write() after shutdown() is -1 / SSL with PROTOCOL_IS_SHUTDOWN': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      assert.equal(await client.call(() => ssl.shutdown()), 0);
      expectReturn(ssl, ssl.write(new Uint8Array(1)), -1, SslErrorCode.ssl);
      assert.equal(ssl.failure?.error.code, 'PROTOCOL_IS_SHUTDOWN');
      await server.accepted();
    }),
  "the other side's close_notify is 0 / ZERO_RETURN, each time, and writing may go on": (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      const socket = await server.accepted();
      socket.end('bye');
      assert.equal(await client.receiveText(3), 'bye');
      for (let i = 0; i < 3; i++) {
        assert.equal(await client.readEnd(), 0);
        assert.equal(ssl.getError(0), SslErrorCode.zeroReturn);
      }
      assert.equal(ssl.shutdownState, 2);
      const got = new Promise((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.toString())));
      await client.send('one more thing');
      assert.equal(await got, 'one more thing');
      assert.equal(await client.call(() => ssl.shutdown()), 1);
      assert.equal(ssl.failure, undefined);
    }),
  'an end without close_notify is -1 / SSL with UNEXPECTED_EOF, after everything that came': (backend) =>
    scene(backend, {}, async ({ client, server, wire }) => {
      const { ssl } = await client.established();
      (await server.accepted()).write('half a mess');
      assert.equal(await client.receiveText(11), 'half a mess');
      wire.cut();
      assert.equal(await client.readEnd(), -1);
      assert.equal(ssl.getError(-1), SslErrorCode.ssl);
      const { code, message } = client.failure().error;
      assert.deepEqual([code, message], ['UNEXPECTED_EOF', 'The transport ended without close_notify.']);
    }),
  'an end in the middle of the handshake is -1 / SSL with UNEXPECTED_EOF': (backend) =>
    scene(backend, { bioSize: 700 }, async ({ client, wire }) => {
      // A ClientHello with a key share of ML-KEM needs more than one go
      let ret: number;
      do {
        ret = await client.call(() => client.ssl.connect());
        await wire.flush(client.net);
      } while (client.ssl.getError(ret) === SslErrorCode.wantWrite);
      // A part of the server's flight
      await wire.fill(client.net);
      wire.cut();
      const failure = await client.refused();
      assert.deepEqual([failure.ret, failure.code, failure.error.code], [-1, SslErrorCode.ssl, 'UNEXPECTED_EOF']);
    }),
  'of the transport makes no alert, since none can leave': async (backend) => {
    const told: string[] = [];
    const onMessage = ({ direction, contentType }: TraceMessage): void => void told.push(`${direction} ${contentType}`);
    await scene(backend, { options: { onMessage } }, async ({ client, server, wire }) => {
      await client.established();
      echo(await server.accepted());
      await client.echo('before');
      wire.cut();
      assert.equal(await client.run(() => client.ssl.read(new Uint8Array(1))), -1);
      const { error } = client.failure();
      assert.deepEqual([error.code, error.alert], ['UNEXPECTED_EOF', undefined]);
      assert.ok(!told.includes('sent 21'), told.join(', '));
    });
  },
});

const keyUpdate: CheckGroup = group('KeyUpdate', {
  'that asks for an answer is sent though one that did not was given up while it waited': async (backend) => {
    const sent: number[] = [];
    const onMessage = ({ direction, contentType, bytes }: TraceMessage): void => {
      if (direction === 'sent' && contentType === 22 && bytes[0] === 24) sent.push(bytes[4] ?? -1);
    };
    await scene(
      backend,
      { bioSize: 7, server: { minVersion: 'TLSv1.3' }, options: { onMessage } },
      async ({ client, server }) => {
        await client.established();
        (await server.accepted()).resume();
        expectReturn(client.ssl, await client.call(() => client.ssl.keyUpdate(false)), -1, SslErrorCode.wantWrite);
        for (let turn = 0; turn < 50; turn++) await client.flush();
        await client.send('what it waited for has gone with this');
        assert.equal(await client.run(() => client.ssl.keyUpdate(true)), 1);
        assert.deepEqual(sent, [0, 1]);
        await client.send('and goes on');
      },
    );
  },
  'changes our keys, and the server reads on': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      echo(await server.accepted());
      await client.echo('before');
      assert.equal(await client.run(() => ssl.keyUpdate(false)), 1);
      await client.echo('after');
    }),
  'asks the other side too, and data goes on both ways, many times over': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      const { ssl } = await client.established();
      echo(await server.accepted());
      for (let i = 0; i < 5; i++) {
        assert.equal(await client.run(() => ssl.keyUpdate(true)), 1);
        await client.echo(pattern(20_000));
      }
    }),
  'is a TypeError before the handshake is done, and over TLS 1.2': async (backend) => {
    await scene(backend, { server: { maxVersion: 'TLSv1.2' } }, async ({ client }) => {
      assert.throws(() => client.ssl.keyUpdate(true), TypeError);
      await client.established();
      assert.throws(() => client.ssl.keyUpdate(true), TypeError);
    });
  },
});

export const data: readonly CheckGroup[] = [transfer, closing, keyUpdate];
