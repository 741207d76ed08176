/** What is said of an outcome, and of clients that are wrong themselves. */
import { Alert } from '@ferrule/result';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect as connectTls } from 'node:tls';
import type { Client } from '../src/command.ts';
import { judge, type Outcome, type Row, type Seen } from '../src/row.ts';
import { ROWS } from '../src/rows.ts';
import { run, Unhealthy, type Result } from '../src/run.ts';
import { authority, backends, engineClient, scratch } from './support.ts';

const fileAt = scratch();

const ROW = {
  version: 'TLSv1.3',
  rule: 'must',
  alerts: [Alert.decrypt_error],
} as const satisfies Parameters<typeof judge>[0];
const SEEN: Seen = { connections: 1, begun: true, alerts: [], unreadable: false, data: false, closed: true };
const outcome = (seen: Partial<Seen>, rest: Partial<Outcome> = {}): Outcome => ({
  exit: 1,
  hung: false,
  printed: false,
  ...rest,
  seen: { ...SEEN, ...seen },
});

describe('a verdict', () => {
  it.each<[name: string, row: Partial<Row>, Outcome, verdict: string, fault: boolean]>([
    ['a refusal with the alert', {}, outcome({ alerts: [Alert.decrypt_error] }), 'right', false],
    ['a refusal with another alert', {}, outcome({ alerts: [Alert.internal_error] }), 'other alert', false],
    ['a refusal without an alert', {}, outcome({}), 'silent', false],
    ['a goodbye in place of an alert', {}, outcome({ alerts: [Alert.close_notify] }), 'silent', false],
    ['a refusal that could not be deciphered', {}, outcome({ unreadable: true }), 'right', false],
    ['no alert where any will do', { alerts: 'any' }, outcome({}), 'right', false],
    ['an end with 0', {}, outcome({ alerts: [Alert.decrypt_error] }, { exit: 0 }), 'accepted', true],
    ['an end with 0 where an RFC says SHOULD', { rule: 'should' }, outcome({}, { exit: 0 }), 'accepted', false],
    ['an end with 0 before anything was wrong', {}, outcome({ begun: false }, { exit: 0 }), 'not applicable', false],
    ['what must not be read, printed', {}, outcome({}, { printed: true }), 'accepted', true],
    ['data, sent by a client of TLS 1.3', {}, outcome({ data: true }), 'accepted', true],
    ['data, before a fault that comes later', { late: true }, outcome({ data: true }), 'silent', false],
    ['data before Finished of TLS 1.2', { version: 'TLSv1.2' }, outcome({ data: true }), 'silent', false],
    ['no end', {}, outcome({}, { exit: null, hung: true }), 'hang', true],
    ['no end yet', {}, outcome({ closed: false }, { exit: null, hung: true }), 'not applicable', false],
    [
      'no end of a client that connects again and again',
      {},
      outcome({ connections: 3 }, { exit: null, hung: true }),
      'not applicable',
      false,
    ],
    ['a hello without room', {}, outcome({ notApplicable: 'no ALPN' }, { exit: 0 }), 'not applicable', false],
    ['no connection', {}, outcome({ connections: 0 }), 'not applicable', false],
  ])('of %s', (_, row, given, verdict, fault) => {
    expect(judge({ ...ROW, ...row }, given)).toMatchObject({ verdict, fault });
  });
});

const judged = async (client: Client, only: string): Promise<readonly Result[]> =>
  run({
    rows: ROWS.filter(({ title }) => title.includes(only)),
    client,
    files: await authority(fileAt),
    timeout: 4000,
    signal: new AbortController().signal,
  });

/** Node's own, with the switch that so many turn off. */
const careless: Client = ({ host, port }) =>
  new Promise((resolve) => {
    let output = '';
    const socket = connectTls({ host, port, servername: 'localhost', rejectUnauthorized: false }, () =>
      socket.write('GET / HTTP/1.1\r\n\r\n'),
    );
    socket
      .on('data', (data) => (output += data.toString()))
      .on('error', () => resolve({ exit: 1, hung: false, output }))
      .on('close', () => resolve({ exit: output === '' ? 1 : 0, hung: false, output }));
  });

describe('a client', () => {
  it('that verifies nothing is accused of every certificate that it can decipher', { timeout: 60_000 }, async () => {
    const results = await judged(careless, 'TLSv1.3, certificate: a');
    const sound = results.filter(({ row, verdict }) => verdict !== 'accepted' && row.expects === undefined);
    expect(sound.map(({ row }) => row.title)).toEqual([]);
    expect(results.some(({ fault }) => fault)).toBe(true);
  });

  it(
    'that finds every signature good is accused of those that are not, and of nothing else',
    { timeout: 60_000 },
    async () => {
      const verifier = { ...nodeCrypto.verifier, verify: () => true };
      const results = await judged(engineClient(createPure({ crypto: { ...nodeCrypto, verifier } })), 'one bit');
      expect(results.map(({ row, verdict }) => `${verdict}: ${row.title}`)).toEqual([
        'accepted: TLSv1.3, certificate: a signature with one bit changed',
        'accepted: TLSv1.3, certificate: an intermediate whose signature has one bit changed',
        'accepted: TLSv1.2, certificate: a signature with one bit changed',
        'accepted: TLSv1.2, certificate: an intermediate whose signature has one bit changed',
        'accepted: TLSv1.3: a CertificateVerify with one bit changed',
        'right: TLSv1.3: a Finished with one bit changed',
        'accepted: TLSv1.3: an RSA signature with one bit changed',
        'accepted: TLSv1.2: a ServerKeyExchange with one bit of its signature changed',
        'right: TLSv1.2: a Finished with one bit changed',
        'accepted: TLSv1.2: an RSA signature with one bit changed',
      ]);
    },
  );

  it('that does not end is said to hang, and only then', { timeout: 60_000 }, async () => {
    const good = engineClient(backends.pure());
    const hanging: Client = async (place, signal) => {
      const ended = await good(place, signal);
      await delay(1200);
      return /expired/.test(ended.output) ? { ...ended, exit: null, hung: true } : ended;
    };
    const results = await judged(hanging, 'TLSv1.3, certificate: expired');
    expect(results).toMatchObject([{ verdict: 'hang', fault: true }]);
  });

  it('that has no TLS 1.2 is not judged by it', { timeout: 60_000 }, async () => {
    const { createContext, ...rest } = backends.pure();
    const only13 = engineClient({
      ...rest,
      createContext: (options) => createContext({ ...options, minVersion: 'TLSv1.3' }),
    });
    const results = await judged(only13, 'certificate: expired');
    expect(results.map(({ verdict, said }) => [verdict, said])).toEqual([
      ['right', 'refused with certificate_expired'],
      ['not applicable', 'the client does not offer TLS 1.2'],
    ]);
  });

  it.each<[string, Client, string]>([
    ['that does not connect', () => Promise.resolve({ exit: 1, hung: false, output: '' }), 'does not connect'],
    [
      'that fails without a reason',
      async (place, signal) => ({ ...(await engineClient(backends.pure())(place, signal)), exit: 1 }),
      'although a good server',
    ],
    [
      'that always ends with 0',
      async (place, signal) => ({ ...(await engineClient(backends.pure())(place, signal)), exit: 0 }),
      'ends with 0 although',
    ],
  ])('%s is not judged at all', { timeout: 60_000 }, async (_, client, said) => {
    await expect(judged(client, 'certificate: expired')).rejects.toThrow(said);
    await expect(judged(client, 'certificate: expired')).rejects.toBeInstanceOf(Unhealthy);
  });
});
