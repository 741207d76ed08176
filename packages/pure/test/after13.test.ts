/** What a TLS 1.3 server may say after the handshake, and how much of it. */
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Credential, Signer } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import * as wire from '../src/wire/index.ts';
import { KEY_UPDATE, type Scene, scene, begin, establish, refusal, repeat, read } from './scene.ts';

describe('KeyUpdate', () => {
  it('of the server is followed, and answered once before we write', () => {
    const { ssl, server } = establish();
    server.updateKeys(true);
    server.updateKeys(true);
    server.put(23, new Uint8Array([1]));
    expect(read(ssl)).toBe(1);
    expect(server.record()).toBeUndefined();
    ssl.write(new Uint8Array([2]));
    expect(server.messages()[0]?.[0]).toBe(KEY_UPDATE);
    server.followKeys();
    expect(server.record()?.content).toEqual(new Uint8Array([2]));
  });

  it('of ours is in force at once', () => {
    const { ssl, server } = establish();
    expect(ssl.keyUpdate(false)).toBe(1);
    ssl.write(new Uint8Array([3]));
    expect(server.messages()[0]).toEqual(wire.encodeKeyUpdate(false));
    server.followKeys();
    expect(server.record()?.content).toEqual(new Uint8Array([3]));
  });

  it('is counted in a row, which data ends', () => {
    const { ssl, server } = establish({ limits: { keyUpdatesInARow: 2 } });
    repeat(3, () => {
      server.updateKeys();
      server.updateKeys();
      server.put(23, new Uint8Array([1]));
      expect(read(ssl)).toBe(1);
    });
  });

  it('is counted on past empty records, which are not data', () => {
    const it = establish({ limits: { keyUpdatesInARow: 4, emptyRecordsInARow: 4 } });
    repeat(20, () => {
      it.server.updateKeys();
      it.server.put(23, new Uint8Array(0));
    });
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_KEY_UPDATES 10');
  });

  it('must end its record', () => {
    const it = establish();
    it.server.put(22, new Uint8Array([...wire.encodeKeyUpdate(false), 4]));
    expect(refusal(it, () => read(it.ssl))).toBe('EXCESS_HANDSHAKE_DATA 10');
  });
});

describe('authentication after the handshake', () => {
  it('sends certificate, signature and Finished in answer to each request', async () => {
    const client = await pki('client');
    const it = establish({ postHandshakeAuth: true, credentials: [{ chain: client.chain, key: client.key }] });
    for (const context of [new Uint8Array([1]), new Uint8Array([2, 2])]) {
      it.server.put(22, it.server.certificateRequest(context));
      expect(read(it.ssl)).toBe(-1);
      const [certificate, verify, finished] = it.server.messages();
      expect([certificate?.[0], verify?.[0], finished?.[0]]).toEqual([11, 15, 20]);
      expect(wire.decodeCertificate(certificate?.subarray(4) as Uint8Array).context).toEqual(context);
    }
    expect(it.ssl.clientCredential?.chain).toEqual(client.chain);
  });

  it('lets data pass while the signer thinks, but never between its messages', async () => {
    const client = await pki('client');
    let answer: (signature: Uint8Array) => void = () => undefined;
    const signer: Signer = { schemes: [0x0403], sign: () => new Promise((resolve) => (answer = resolve)) };
    const it = establish({ postHandshakeAuth: true, credentials: [{ chain: client.chain, key: signer }] });
    it.server.put(22, it.server.certificateRequest(new Uint8Array([1])));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantAsync]);
    const ready = it.ssl.asyncReady;
    expect([it.ssl.write(new Uint8Array([7])), it.ssl.connect()]).toEqual([1, 1]);
    expect(it.server.record()?.content).toEqual(new Uint8Array([7]));
    answer(new Uint8Array(70));
    await ready;
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
    expect(it.server.messages().map(([type]) => type)).toEqual([11, 15, 20]);
  });

  it('never follows close_notify: an answer that still waits for the caller is none any more', async () => {
    const client = await pki('client');
    let answer: (credential: Credential | undefined) => void = () => undefined;
    const onCertificateRequest = (): Promise<Credential | undefined> => new Promise((resolve) => (answer = resolve));
    const it = establish({ postHandshakeAuth: true, onCertificateRequest });
    it.server.put(22, it.server.certificateRequest(new Uint8Array([1])));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantX509Lookup]);
    expect(it.ssl.shutdown()).toBe(0);
    expect(it.server.record()).toMatchObject({ type: 21 });
    answer({ chain: client.chain, key: client.key });
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 3; i++)
      expect([read(it.ssl), it.ssl.getError(-1), it.ssl.asyncReady]).toEqual([-1, SslErrorCode.wantRead, undefined]);
    expect(it.server.record()).toBeUndefined();
  });

  it('answers one request after the other, and reads on once the answer has gone', async () => {
    const client = await pki('client');
    let asked = 0;
    const onCertificateRequest = (): { chain: readonly Uint8Array[]; key: Uint8Array } => {
      asked++;
      return { chain: client.chain, key: client.key };
    };
    const gate = { room: 1 << 16 };
    const it = establish({ postHandshakeAuth: true, onCertificateRequest }, { gate });
    gate.room = 100;
    repeat(3, () => it.server.put(22, it.server.certificateRequest(new Uint8Array([1]))));
    it.server.put(23, new Uint8Array([5]));
    for (let i = 0; i < 5; i++) expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantWrite]);
    expect(asked).toBe(1);
    gate.room = 1 << 16;
    expect(read(it.ssl)).toBe(1);
    expect(asked).toBe(3);
    repeat(3, () => expect(it.server.messages().map(([type]) => type)).toEqual([11, 15, 20]));
  });

  it('that was not offered is refused', () => {
    const it = establish();
    it.server.put(22, it.server.certificateRequest(new Uint8Array([1])));
    expect(refusal(it, () => read(it.ssl))).toBe('UNEXPECTED_MESSAGE 10');
  });
});

describe('limits', () => {
  it.each<[string, ContextOptions, (it: Scene) => void, string]>([
    [
      'handshakeBytes',
      { limits: { handshakeBytes: 512 } },
      ({ server }) => server.authenticate(),
      'EXCESSIVE_MESSAGE_SIZE 47',
    ],
    ['chainLength', { limits: { chainLength: 1 } }, ({ server }) => server.authenticate(), 'CERT_CHAIN_TOO_LONG 48'],
    [
      'warning alerts',
      {},
      ({ server }) => repeat(5, () => server.put(21, new Uint8Array([1, 90]))),
      'TOO_MANY_WARNING_ALERTS 10',
    ],
    ['a record', {}, ({ server }) => server.put(22, new Uint8Array(16_384), 1), 'RECORD_TOO_LARGE 22'],
  ])('of %s hold', (_name, options, push, expected) => {
    const it = scene(options);
    begin(it);
    it.server.answer();
    it.server.encryptedExtensions();
    push(it);
    expect(refusal(it, () => it.ssl.connect())).toBe(expected);
  });

  it('of emptyRecordsInARow hold', () => {
    const it = establish({ limits: { emptyRecordsInARow: 3 } });
    repeat(4, () => it.server.put(23, new Uint8Array(0)));
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_EMPTY_RECORDS 10');
  });

  it('of keyUpdatesInARow hold', () => {
    const it = establish({ limits: { keyUpdatesInARow: 4 } });
    repeat(5, () => it.server.updateKeys());
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_KEY_UPDATES 10');
  });

  it('of tickets hold: what comes after is read and dropped', () => {
    const it = establish({ limits: { tickets: 2 } });
    repeat(5, () => it.server.put(22, it.server.ticket().message));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
    expect(it.sessions).toHaveLength(2);
  });

  it('of tickets in a row hold, which data ends', () => {
    const it = establish();
    const { message } = it.server.ticket();
    repeat(64, () => it.server.put(22, message));
    it.server.put(23, new Uint8Array([1]));
    expect(read(it.ssl)).toBe(1);
    repeat(65, () => it.server.put(22, message));
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_MESSAGES 10');
  });

  it('of certificate requests in a row hold', () => {
    const it = establish({ postHandshakeAuth: true });
    repeat(9, () => it.server.put(22, it.server.certificateRequest(new Uint8Array([1]))));
    expect(read(it.ssl)).toBe(-1);
    expect(it.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
    repeat(8, () => expect(it.server.messages().map(([type]) => type)).toEqual([11, 20]));
    expect(it.server.record()?.content).toEqual(new Uint8Array([2, 10]));
  });

  it('of messages after the handshake hold', () => {
    const it = establish();
    it.server.put(22, new Uint8Array([4, 2, 0, 1, ...new Uint8Array(100)]));
    expect(refusal(it, () => read(it.ssl))).toBe('EXCESSIVE_MESSAGE_SIZE 47');
  });

  it('of messages after the handshake leave room for a ticket of more than a record', () => {
    const it = establish();
    const message = new Uint8Array(4 + 4 + 4 + 1 + 2 + 40_000 + 2);
    message.set([4, 0, 0x9c, 0x4d, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0x9c, 0x40]);
    for (let at = 0; at < message.length; at += 16_384) it.server.put(22, message.subarray(at, at + 16_384));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
    expect(it.sessions).toHaveLength(1);
  });
});
