/**
 * A server that asks who we are after the handshake (RFC 9846 section 4.7.2), while the caller does not answer: what
 * may still be said, and that every end is reached (ADR 0102).
 */
import { once } from 'node:events';
import { pki } from '@ferrule/conformance/pki';
import { OpensslServer, PeerMissing } from '@ferrule/conformance/server';
import type { ContextOptions } from '@ferrule/contract';
import { connect } from 'ferrule';
import { afterAll, describe, expect, it } from 'vitest';
import { tlsDuplex } from '@ferrule/node/duplex';

const server = await OpensslServer.start([]).catch((error: unknown) => {
  if (!(error instanceof PeerMissing)) throw error;
  console.info(`skipped: ${error.message}`);
  return undefined;
});
afterAll(() => server?.close());

interface Given extends ContextOptions {
  readonly backend: 'native' | 'pure';
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly ca: Uint8Array;
}

describe.each(server === undefined ? [] : (['native', 'pure'] as const))('with the %s engine', (backend) => {
  const options = async (): Promise<{ asked: Promise<void>; answer(): void; given: Given }> => {
    let heard = (): void => {};
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => (heard = resolve));
    const answered = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    const given = {
      backend,
      host: '127.0.0.1',
      port: server?.port ?? 0,
      servername: 'server.test',
      ca: (await pki('root')).certificate,
      maxVersion: 'TLSv1.3',
      postHandshakeAuth: true,
      onCertificateRequest: () => (heard(), answered),
    } as const;
    return { asked, answer, given };
  };

  it('connect(): a write waits for the answer at most, and close() does not wait for it longer than it may', async () => {
    const { asked, given } = await options();
    const connection = await connect({ ...given, closeTimeout: 200 });
    const reading = connection.read(new Uint8Array(1)).catch((error: unknown) => error);
    server?.type('c\n');
    await asked;
    const written = connection.write(new TextEncoder().encode('hello')).then(
      () => 'written',
      (error: unknown) => error,
    );
    await connection.close();
    if (backend === 'pure') expect(await written).toBe('written');
    else
      expect(await written).toMatchObject({
        code: 'TIMEOUT',
        message: expect.stringMatching(/a callback of the caller/) as string,
      });
    await reading;
  });

  it('connect(): with nothing to write, close() says close_notify at once', async () => {
    const { asked, given } = await options();
    const connection = await connect(given);
    const reading = connection.read(new Uint8Array(1)).catch((error: unknown) => error);
    server?.type('c\n');
    await asked;
    await connection.close();
    await reading;
  });

  it('the Duplex: what was written goes once the answer is there, and end() after it', async () => {
    const { asked, answer, given } = await options();
    const duplex = tlsDuplex(given);
    duplex.resume();
    await once(duplex, 'secureConnect');
    server?.type('c\n');
    await asked;
    const word = `said-${backend}`;
    duplex.end(word);
    setTimeout(answer, 20);
    await once(duplex, 'finish');
    await server?.printed(word);
    duplex.destroy();
  });

  it('the Duplex: its timeout is told, and destroy() ends it with the write unsaid or said', async () => {
    const { asked, given } = await options();
    const duplex = tlsDuplex(given);
    duplex.resume();
    await once(duplex, 'secureConnect');
    server?.type('c\n');
    await asked;
    duplex.setTimeout(50);
    duplex.write('hello', () => undefined);
    await once(duplex, 'timeout');
    duplex.destroy();
    await once(duplex, 'close');
  });
});
