/** Whom the relay connects to: nothing but what a rule names, however it is written and wherever DNS leads. */
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { openWisp } from '@ferrule/web';
import { describe, expect, it } from 'vitest';
import { startRelay } from '../src/relay.ts';
import { AllowList, parseTarget, type Resolve, targetOf } from '../src/targets.ts';
import { later, upgrade, ws } from './support.ts';

describe('targetOf()', () => {
  it.each([
    ['DB.Example.ORG', 'db.example.org'],
    ['_db.x-1.example', '_db.x-1.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['0:0:0:0:0:0:0:1', '::1'],
  ])('%s is %s', (text, host) => {
    expect(targetOf(text, 1)).toEqual({ host, port: 1 });
  });

  it.each([
    '127.0.0.1\0.example.org',
    '127.0.0.1%.example.org',
    '::ffff:127.0.0.1%.example.org',
    'fe80::1%eth0',
    '127.0.0.1 .example.org',
    '127.0.0.1/.example.org',
    '127.0.0.1#.example.org',
    '[127.0.0.1].example.org',
    '[::1]',
    '.example.org',
    '*.example.org',
    'db..example.org',
    '-db.example.org',
    'db.example.org\n',
    '\uff44b.example.org',
    'localhost\0.example.org',
    `${'x'.repeat(64)}.example.org`,
    'x.'.repeat(127),
    '127.1',
    '2130706433',
    '0x7f000001',
    '010.0.0.1',
    '',
  ])('%j is neither a name nor an address', (host) => {
    expect(targetOf(host, 443)).toBeUndefined();
  });

  it.each([0, 65_536, 99_999, 1.5, Number.NaN])('%d is no port', (port) => {
    expect(targetOf('db.example.org', port)).toBeUndefined();
  });

  it.each(['::1:443', '[db]:443', '[::1]', 'db:443:1', 'db:', 'db:*', 'db:99999', ':443'])(
    '%s is no target',
    (text) => {
      expect(parseTarget(text)).toBeUndefined();
    },
  );

  it('brackets are those of an IPv6 address', () => {
    expect(parseTarget('[::1]:443')).toEqual({ host: '::1', port: 443 });
  });
});

describe('rules', () => {
  const allows = (rule: string, host: string, port = 443): boolean =>
    new AllowList([rule], false).allows({ host, port });

  it.each([
    ['db.example.org:443', 'db.example.org'],
    ['*.Example.org:*', 'a.b.example.org'],
    ['[0::1]:443', '::1'],
  ])('%s allows %s', (rule, host) => {
    expect(allows(rule, host)).toBe(true);
  });

  it.each([
    ['*.example.org:443', 'example.org'],
    ['*.example.org:443', 'badexample.org'],
    ['db.example.org:444', 'db.example.org'],
  ])('%s does not allow %s', (rule, host) => {
    expect(allows(rule, host)).toBe(false);
  });

  it.each([
    'example.org',
    'example.org:70000',
    'example.org:0',
    ':443',
    'http://x:1',
    '*:*:1',
    '*:443',
    '*.127.0.0.1:1',
  ])('%s is no rule', async (rule) => {
    await expect(startRelay({ allow: [rule] })).rejects.toThrow(/^allow: /);
  });
});

describe('a name leads', () => {
  const found = async (
    rules: readonly string[],
    name: string,
    addresses: readonly string[],
    isPrivateAllowed = false,
  ) => {
    const resolve: Resolve = (_name, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    return new Promise((done) =>
      new AllowList(rules, isPrivateAllowed, resolve).lookup(443)(name, { all: true }, (error, answer) =>
        done(error?.code ?? (answer as { address: string }[]).map(({ address }) => address)),
      ),
    );
  };

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.8.9.10',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    'fd00::1',
    'fe80::1%eth0',
    'ff02::1',
  ])('not to %s, unless a rule names it or the option says so', async (address) => {
    const rules = ['*.example.org:443'];
    expect(await found(rules, 'a.example.org', [address])).toBe('ERELAYBLOCKED');
    expect(await found(rules, 'a.example.org', [address, '192.0.2.1'])).toEqual(['192.0.2.1']);
    expect(await found(rules, 'a.example.org', [address], true)).toEqual([address]);
    const bare = address.replace(/%.*/, '');
    const own = bare.includes(':') ? `[${bare}]:443` : `${bare}:443`;
    expect(await found([...rules, own], 'a.example.org', [address])).toEqual([address]);
  });

  it('to any other', async () => {
    const addresses = ['192.0.2.1', '2001:db8::1', '64:ff9b::808:808'];
    expect(await found(['a.example.org:443'], 'a.example.org', addresses)).toEqual(addresses);
  });

  it('to loopback alone where it is localhost', async () => {
    expect(await found(['localhost:*'], 'localhost', ['::1', '127.0.0.1'])).toEqual(['::1', '127.0.0.1']);
    expect(await found(['localhost:*'], 'localhost', ['10.0.0.1'])).toBe('ERELAYBLOCKED');
    expect(await found(['localhost.example.org:*'], 'localhost.example.org', ['::1'])).toBe('ERELAYBLOCKED');
  });
});

describe('what is really connected to', () => {
  it.each([
    ['a.example.org', false, 0],
    ['a.example.org', true, 1],
    ['localhost', false, 1],
  ])('%s, private addresses allowed: %s', async (host, allowPrivate, connections) => {
    let count = 0;
    const server = createServer((socket) => {
      count++;
      socket.on('error', () => {}).end('S');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    later(() => server.close());
    const { port } = server.address() as AddressInfo;
    const relay = await startRelay({
      allow: [`*.example.org:${port}`, `localhost:${port}`],
      allowPrivate,
      resolve: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    later(() => relay.close());
    const wisp = await openWisp({ relay: relay.url, version: 2, ...ws });
    later(() => wisp.close());
    const opened = wisp.open({ host, port });
    if (connections === 1) await opened;
    else {
      await expect(opened).rejects.toMatchObject({ code: 'PROXY_REFUSED' });
      await expect(opened).rejects.toThrow('does not allow');
      expect(relay.counts.refused).toBe(1);
    }
    expect(count).toBe(connections);
  });

  it('nothing that Wisp or a URL asks for by a name that is none', async () => {
    const relay = await startRelay({
      allow: ['*.example.org:*'],
      resolve: () => {
        throw new Error('looked up');
      },
    });
    later(() => relay.close());
    const wisp = await openWisp({ relay: relay.url, version: 2, ...ws });
    later(() => wisp.close());
    for (const host of ['127.0.0.1\0.example.org', '127.0.0.1%.example.org', '::1%.example.org'])
      await expect(wisp.open({ host, port: 1 })).rejects.toThrow('0x41');
    expect(await upgrade(relay, '/127.0.0.1%00.example.org:1')).toMatch(/^HTTP\/1.1 400 /);
    expect(await upgrade(relay, '/?address=127.0.0.1%25.example.org:1')).toMatch(/^HTTP\/1.1 400 /);
  });
});
