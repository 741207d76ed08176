import { createHash, randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { openWisp, webSocketDial, wispDial } from '@ferrule/web';
import { connectOver } from 'ferrule';
import { describe, expect, it } from 'vitest';
import { connectBy, echoBehindRelay, later, readExactly, ws } from './support.ts';

const credentials = { username: 'ada', password: 'countess' };
const passwords = new Map([['ada', 'countess']]);

describe('TLS through the relay', () => {
  it.each([
    ['wsproxy', (relay: string) => webSocketDial({ relay, address: 'wsproxy', ...ws })],
    ['neon', (relay: string) => webSocketDial({ relay: `${relay}v2`, address: 'neon', ...ws })],
    ['a template', (relay: string) => webSocketDial({ relay: `${relay}{host}:{port}`, ...ws })],
    ['Wisp 1', (relay: string) => wispDial({ relay, ...ws })],
    ['Wisp 2', (relay: string) => wispDial({ relay, version: 2, ...ws })],
  ])('goes both ways and ends in order: %s', async (_what, dialOf) => {
    const { relay, to } = await echoBehindRelay();
    const connection = await connectBy(dialOf(relay.url), to);
    const sent = randomBytes(200_000);
    const [got] = await Promise.all([readExactly(connection, sent.length), connection.write(sent)]);
    expect(sent.equals(got)).toBe(true);
    await connection.close();
  });

  it('8 streams of one Wisp connection carry 64 MiB down and up, and none waits for the others', async () => {
    const { relay, to } = await echoBehindRelay();
    const dial = wispDial({ relay: relay.url, version: 2, ...ws });
    later(() => dial.close());
    const size = 8 * 1024 * 1024;
    const progress = new Array<number>(8).fill(0);
    let least = 1;
    await Promise.all(
      progress.map(async (_, i) => {
        const connection = await connectBy(dial, to);
        const piece = randomBytes(64 * 1024);
        const [up, down] = [createHash('sha256'), createHash('sha256')];
        const writing = (async () => {
          for (let at = 0; at < size; at += piece.length) {
            up.update(piece);
            await connection.write(piece);
          }
        })();
        const into = new Uint8Array(256 * 1024);
        for (let at = 0; at < size;) {
          const n = await connection.read(into);
          down.update(into.subarray(0, n));
          progress[i] = at += n;
          // When the first is half-way, all have begun
          if (at >= size / 2 && at - n < size / 2) least = Math.min(least, Math.min(...progress) / size);
        }
        await writing;
        expect(down.digest('hex')).toBe(up.digest('hex'));
      }),
    );
    expect(least).toBeGreaterThan(0);
    expect(relay.counts).toMatchObject({ clients: 1, streams: 8, refused: 0 });
  }, 120_000);

  it('a connection that is lost is made again for the next stream', async () => {
    const { relay, to } = await echoBehindRelay();
    const dial = wispDial({ relay: relay.url, ...ws });
    const first = await connectBy(dial, to);
    dial.close();
    await expect(first.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'ABORTED' });
    const second = await connectBy(dial, to);
    later(() => dial.close());
    await second.write(new Uint8Array(3));
    expect(await readExactly(second, 3)).toEqual(new Uint8Array(3));
  });
});

describe('what the relay refuses, and how the client is told', () => {
  it('a destination that is not allowed', async () => {
    const { relay } = await echoBehindRelay();
    const elsewhere = { host: '127.0.0.1', port: 9 };
    await expect(wispDial({ relay: relay.url, version: 2, ...ws })(elsewhere)).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      message: expect.stringContaining('does not allow') as string,
    });
    const pipe = await wispDial({ relay: relay.url, ...ws })(elsewhere);
    await expect(connectOver(pipe, { host: 'server.test' })).rejects.toMatchObject({ code: 'PROXY_REFUSED' });
    const raw = webSocketDial({ relay: relay.url, address: 'wsproxy', ...ws });
    await expect(raw(elsewhere)).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
    expect(relay.counts.refused).toBe(3);
  });

  it('a server that refuses', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { relay } = await echoBehindRelay({ allow: ['127.0.0.1:*'] });
    const dial = wispDial({ relay: relay.url, version: 2, ...ws });
    await expect(dial({ host: '127.0.0.1', port })).rejects.toThrow(
      'the server refused the connection of the relay (0x44)',
    );
    const raw = await webSocketDial({ relay: relay.url, address: 'wsproxy', ...ws })({ host: '127.0.0.1', port });
    await expect(connectOver(raw, { host: 'server.test' })).rejects.toMatchObject({
      code: 'TRANSPORT_ERROR',
      message: expect.stringContaining('refused') as string,
    });
  });

  it.each([
    ['no password', {}, 'PROXY_CLOSED|PROXY_AUTHENTICATION_REQUIRED'],
    ['no password, version 2', { version: 2 as const }, 'PROXY_AUTHENTICATION_REQUIRED'],
    ['a wrong password', { credentials: { ...credentials, password: 'x' } }, 'PROXY_AUTHENTICATION_REQUIRED'],
    ['an unknown user', { credentials: { ...credentials, username: 'eve' } }, 'PROXY_AUTHENTICATION_REQUIRED'],
  ])('%s', async (_what, options, code) => {
    const { relay } = await echoBehindRelay({ passwords });
    const error: unknown = await openWisp({ relay: relay.url, ...options, ...ws }).catch((reason: unknown) => reason);
    expect((error as { code?: string }).code).toMatch(new RegExp(`^(?:${code})$`));
  });

  it('nobody who knows the password', async () => {
    const { relay, to } = await echoBehindRelay({ passwords });
    const connection = await connectBy(wispDial({ relay: relay.url, credentials, ...ws }), to);
    await connection.write(new Uint8Array(3));
    expect(await readExactly(connection, 3)).toEqual(new Uint8Array(3));
    await expect(
      webSocketDial({ relay: relay.url, address: 'wsproxy', ...ws })(to),
      'raw connections have no password',
    ).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
  });

  it('more streams, clients and bytes than its limits', async () => {
    const { relay, to } = await echoBehindRelay({ limits: { streams: 1, clients: 1, bytes: 100_000 } });
    const dial = wispDial({ relay: relay.url, version: 2, ...ws });
    const connection = await connectBy(dial, to);
    await expect(dial(to)).rejects.toThrow('0x49');
    await expect(openWisp({ relay: relay.url, ...ws })).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
    await connection.write(new Uint8Array(200_000)).catch(() => {});
    await expect(readExactly(connection, 200_000)).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
  });
});

it('the health page says what is under way; close() lets what is under way end, and takes nobody new', async () => {
  const { relay, to } = await echoBehindRelay();
  const dial = wispDial({ relay: relay.url, ...ws });
  const connection = await connectBy(dial, to);
  const health = await (await fetch(`http://127.0.0.1:${relay.port}/health`)).json();
  expect(health).toMatchObject({ ok: true, clients: 1, streams: 1, refused: 0 });
  const closing = relay.close(60_000);
  await connection.write(new Uint8Array(3));
  expect(await readExactly(connection, 3)).toEqual(new Uint8Array(3));
  await expect(openWisp({ relay: relay.url, ...ws })).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
  dial.close();
  await closing;
});
