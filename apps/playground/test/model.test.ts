/** What the page shows, computed without a page. */
import { pki } from '@ferrule/conformance/pki';
import { certificatesOf } from 'ferrule';
import { follow } from '@ferrule/pure/trace';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { parseCertificate } from '@ferrule/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehaviourId, BEHAVIOURS } from '../src/behaviours.ts';
import type { Progress } from '../src/model/attempt.ts';
import { shownChain } from '../src/model/chain.ts';
import { flightsOf } from '../src/model/flights.ts';
import { serverChoice } from '../src/model/negotiated.ts';
import { shownSecrets } from '../src/model/secrets.ts';
import { parseTarget, TargetError } from '../src/model/target.ts';
import { verdictOf } from '../src/model/verdict.ts';
import { type Scene, scene } from './support.ts';

let here: Scene;
beforeAll(async () => {
  here = await scene();
});
afterAll(() => here.close());

const followed = ({ events, keylog }: Progress): ReturnType<typeof follow> =>
  follow(events, { crypto: nobleCrypto, keylog: keylog.map(({ line }) => line) });

describe('a connection', () => {
  it('is flights of messages, in order, all decrypted', async () => {
    const progress = await here.connect();
    const flights = flightsOf(followed(progress));
    expect(flights.map(({ direction }) => direction).slice(0, 4)).toEqual(['sent', 'received', 'sent', 'received']);
    expect(flights[1]?.items.map(({ name, protection }) => `${name} ${protection}`)).toEqual([
      'ServerHello clear',
      'ChangeCipherSpec clear',
      'EncryptedExtensions encrypted',
      'Certificate encrypted',
      'CertificateVerify encrypted',
      'Finished encrypted',
    ]);
    const items = flights.flatMap((flight) => flight.items);
    expect(items.filter(({ protection }) => protection === 'sealed')).toEqual([]);
    expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
    const times = items.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const passed = progress.events.reduce((sum, event) => sum + ('bytes' in event ? event.bytes.length : 0), 0);
    expect(flights.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(passed);
  });

  it.each(['1.3', '1.2'] as const)(
    'of TLS %s says what the server chose, and has secrets with their purpose',
    async (offer) => {
      const progress = await here.connect({ offer, provider: 'noble' });
      const choice = serverChoice(followed(progress));
      expect(choice).toMatchObject({
        version: progress.info?.version,
        cipherSuiteName: progress.info?.cipherSuite.name,
      });
      const secrets = shownSecrets(progress.keylog, progress.crypto, choice?.cipherSuite);
      expect(new Set(secrets.map(({ label, keys }) => [label, keys?.key.length, keys?.iv.length]))).toEqual(
        new Set<unknown>(
          offer === '1.2'
            ? [['CLIENT_RANDOM', undefined, undefined]]
            : [
                ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 64, 24],
                ['SERVER_HANDSHAKE_TRAFFIC_SECRET', 64, 24],
                ['CLIENT_TRAFFIC_SECRET_0', 64, 24],
                ['SERVER_TRAFFIC_SECRET_0', 64, 24],
                ['EXPORTER_SECRET', undefined, undefined],
              ],
        ),
      );
      expect(secrets.every(({ what }) => what.endsWith('.'))).toBe(true);
    },
  );

  it('that is not allowed by the relay is told as such', async () => {
    const progress = await here.connect({ host: 'elsewhere.example' });
    expect(verdictOf(progress, 'elsewhere.example', undefined, undefined)).toMatchObject({
      kind: 'refused',
      code: 'PROXY_REFUSED',
      check: undefined,
    });
  });

  it('that was to be caught and was is told with what was done, which check it was, and the alert', async () => {
    const behaviour = BEHAVIOURS.find(({ id }) => id === 'unknown-ca')!;
    expect(verdictOf(await here.connect({ behaviour: 'unknown-ca' }), 'localhost', behaviour, 'TLSv1.3')).toEqual({
      kind: 'caught',
      title: 'Caught: certificate of an unknown CA',
      sentences: [behaviour.what, expect.stringMatching(/^The chain ends in CN=Some Other Root.*\.$/)],
      code: 'CERT_UNTRUSTED_ROOT',
      alert: 'unknown_ca (48), sent by this page',
      check: { check: 'The chain ends in a root that is trusted.', section: { rfc: 5280, section: '6.1.1' } },
    });
  });

  it('that ends otherwise than the behaviour should is not called caught', async () => {
    const progress = await here.connect({ behaviour: 'expired' });
    const other = { id: 'wrong-name', by: 'server', title: 'Other', what: '', code: 'CERT_NAME_MISMATCH' } as const;
    expect(verdictOf(progress, 'localhost', other, undefined).kind).toBe('missed');
    expect(verdictOf(await here.connect(), 'localhost', other, undefined).kind).toBe('missed');
  });
});

describe('a chain', () => {
  /** `role check: verdict code`, of what did not pass. */
  const judged = async (behaviour?: BehaviourId): Promise<readonly string[]> => {
    const { chain, crypto } = await here.connect(behaviour && { behaviour });
    const shown = await shownChain({
      chain,
      crypto: crypto!,
      anchors: certificatesOf(here.ca),
      host: 'localhost',
      now: Date.now(),
    });
    expect(shown.at(-1)?.role).toBe('server');
    return shown.flatMap(({ role, checks }) =>
      checks
        .filter(({ verdict }) => verdict !== 'passed')
        .map(({ check, verdict, code }) => `${role}: ${check}: ${verdict} ${code ?? ''}`.trim()),
    );
  };

  it('that is in order has no failed check', async () => expect(await judged()).toEqual([]));

  it.each<[BehaviourId, readonly string[]]>([
    ['wrong-name', ['server: For this host: failed CERT_NAME_MISMATCH']],
    ['expired', ['server: Valid today: failed CERT_EXPIRED']],
    ['unknown-ca', ['intermediate: Trusted by you: failed CERT_UNTRUSTED_ROOT']],
    ['self-signed', ['server: Trusted by you: failed CERT_SELF_SIGNED']],
    ['missing-intermediate', ['server: Trusted by you: failed CERT_MISSING_INTERMEDIATE']],
    ['client-certificate', ['server: For TLS servers: failed CERT_PURPOSE']],
  ])('of %s fails where it should, and nowhere else', async (behaviour, expected) => {
    expect(await judged(behaviour)).toEqual(expected);
  });
});

describe('a chain with an expired intermediate', () => {
  it('does not pass for what is below it', async () => {
    const shown = await shownChain({
      chain: (await pki('underExpiredIntermediate')).chain,
      crypto: nobleCrypto,
      anchors: [(await pki('root')).certificate],
      host: 'server.test',
      now: Date.now(),
    });
    expect(
      shown.map(({ role, checks }) => [role, checks.find(({ check }) => check === 'Valid today')?.verdict]),
    ).toEqual([
      ['root', 'passed'],
      ['intermediate', 'failed'],
      ['server', 'unknown'],
    ]);
  });

  it('that is trusted by the name and key of its root shows that root, too', async () => {
    const { certificate } = await pki('root');
    const { subject, spki } = parseCertificate(certificate);
    const question = { crypto: nobleCrypto, host: 'server.test', now: Date.now(), chain: (await pki('p256')).chain };
    const trusted = await shownChain({ ...question, anchors: [{ subject, spki }] });
    expect(trusted.map(({ role, facts }) => [role, facts?.key])).toEqual([
      ['root', undefined],
      ['intermediate', 'P-256'],
      ['server', 'P-256'],
    ]);
    const checks = trusted.map((each) => each.checks.map(({ check, verdict }) => `${check}: ${verdict}`));
    expect(checks[0]).toEqual(['Trusted by you: passed']);
    expect(checks[1]).toEqual([
      'Signed by its issuer, which is a CA: passed',
      'Valid today: passed',
      'Strong key and hash: passed',
    ]);
    // The right name and another key
    const other = await shownChain({ ...question, anchors: [{ subject, spki: (await pki('otherRoot')).spki }] });
    expect(other[0]?.checks[0]).toMatchObject({ check: 'Trusted by you', verdict: 'failed' });
  });

  it('is empty where nothing can be read', async () => {
    const question = { crypto: nobleCrypto, anchors: [], host: 'server.test', now: Date.now() };
    expect(await shownChain({ ...question, chain: [] })).toEqual([]);
    expect(await shownChain({ ...question, chain: [Uint8Array.of(1, 2, 3)] })).toEqual([]);
  });
});

describe('what a person types', () => {
  it.each([
    ['example.org', 'example.org', 443],
    [' example.org:8443 ', 'example.org', 8443],
    ['https://example.org/path?x', 'example.org', 443],
    ['https://example.org:8443', 'example.org', 8443],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
  ])('%j is a host and a port', (text, host, port) => expect(parseTarget(text)).toEqual({ host, port }));

  it.each([
    '',
    'not a host',
    'example.org:',
    'example.org:0',
    'example.org:65536',
    '::1',
    'ftp://example.org',
    'a:b:c',
  ])('%j is refused, with a reason', (text) => {
    expect(() => parseTarget(text)).toThrow(TargetError);
  });
});
