/** Whatever is asked of it, the relay answers, and goes on. */
import { openWisp } from '@ferrule/web';
import { expect, it } from 'vitest';
import { startRelay } from '../src/relay.ts';
import { later, upgrade, ws } from './support.ts';

it.each([
  '/%',
  '//',
  '///x:1',
  '/%ff:1',
  '/db.example.org:99999',
  '/db.example.org:0',
  '/db.example.org:123456',
  '/?address=db.example.org:99999',
  '/?address=%',
  '/?address=',
  '/:1',
  '/[::1:1',
  '/::1:1',
  'http://[/',
  '*',
])('%s is answered with 400', async (target) => {
  const relay = await startRelay({ allow: ['db.example.org:*'] });
  later(() => relay.close());
  expect(await upgrade(relay, target)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  expect(relay.counts).toMatchObject({ clients: 0, streams: 0, refused: 1 });
  // And it is there for the next one
  (await openWisp({ relay: relay.url, ...ws })).close();
});

it('a handshake that is none is answered with 400', async () => {
  const relay = await startRelay({ allow: ['db.example.org:*'] });
  later(() => relay.close());
  expect(await upgrade(relay, '/', 'Sec-WebSocket-Version: 99\r\n')).toMatch(/^HTTP\/1.1 400 /);
  expect(await upgrade(relay, '/', 'Sec-WebSocket-Protocol: ,,\r\n')).toMatch(/^HTTP\/1.1 400 /);
});
