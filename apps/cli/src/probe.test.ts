import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { everyCipherSuite, everyGroup, everySignatureScheme } from '@ferrule/result/names';
import { parseCertificate } from '@ferrule/x509';
import { TlsError, type Transport, type TransportSink } from 'ferrule';
import { afterAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type Question } from './probe.ts';

const { keyPem: key, chainPem: cert } = await pki('p256');
const server = createServer({ key, cert }).on('tlsClientError', () => {});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => void server.close());

const signal = new AbortController().signal;
const question = (version: number, more: Partial<Question> = {}): Question => ({
  version,
  cipherSuites: everyCipherSuite()[version === 0x0304 ? 'tls13' : 'tls12'],
  groups: everyGroup(),
  signatureAlgorithms: everySignatureScheme(),
  until: 'authentication',
  name: 'server.test',
  ...more,
});

/** A server that says `bytes`, and then nothing more. */
function saying(bytes: Uint8Array): Transport {
  let sink: TransportSink | undefined;
  return {
    name: 'test',
    start: (given) => (sink = given),
    send: (_hello, done) => {
      done();
      sink?.data(bytes);
      sink?.end();
    },
    resume: () => {},
    end: () => {},
    destroy: () => {},
  };
}

/** The real one, and what it says. */
function listening(heard: Buffer[]): Transport {
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  return {
    name: 'test',
    start: (sink) =>
      void socket
        .on('data', (chunk: Buffer) => {
          heard.push(chunk);
          sink.data(chunk);
        })
        .on('end', () => sink.end())
        .on('error', (error) => sink.failed(error)),
    send: (bytes, done) => void socket.write(bytes, () => done()),
    resume: () => {},
    end: () => {},
    destroy: () => void socket.destroy(),
  };
}

describe('a question to a server', () => {
  it.each([
    ['TLS 1.2', question(0x0303)],
    ['TLS 1.3', question(0x0304, { shares: [29], groups: [29], cipherSuites: [0x1301, 0x1302, 0x1303] })],
  ])('brings what it chose, its certificate and how it signed: %s', async (_version, asked) => {
    const answer = await ask(listening([]), asked, 5000, signal);
    expect(answer).toMatchObject({ kind: 'taken', choice: { signatureAlgorithm: 0x0403, group: expect.any(Number) } });
    if (answer.kind === 'taken') expect(parseCertificate(answer.choice.chain[0]!).subjectAltName).toHaveLength(5);
  });

  it('tells whether the random of ServerHello has the sentinel of a newer version', async () => {
    const heard: Buffer[] = [];
    const with12 = await ask(listening(heard), question(0x0303), 5000, signal);
    expect(with12).toMatchObject({ choice: { sentinel: true } });
    const said = Buffer.concat(heard);
    said.fill(0x2a, said.indexOf('DOWNGRD'), said.indexOf('DOWNGRD') + 8);
    expect(await ask(saying(said), question(0x0303), 5000, signal)).toMatchObject({ choice: { sentinel: false } });
  });

  it('without key shares brings a HelloRetryRequest, which will do', async () => {
    const answer = await ask(
      listening([]),
      question(0x0304, { shares: [], groups: [0x6399, 24], until: 'hello' }),
      5000,
      signal,
    );
    expect(answer).toMatchObject({ kind: 'taken', choice: { group: 24 } });
  });

  it('brings an alert as what it is', async () => {
    expect(await ask(listening([]), question(0x0300), 5000, signal)).toMatchObject({
      kind: 'refused',
      alert: expect.any(Number),
    });
  });

  it.each([
    ['TLS 1.2', question(0x0303)],
    ['TLS 1.3', question(0x0304, { shares: [], until: 'hello' })],
  ])(
    'ends in an answer, whatever the server sends: each byte of its flight changed, and each prefix of it: %s',
    async (_version, asked) => {
      const heard: Buffer[] = [];
      await ask(listening(heard), asked, 5000, signal);
      const flight = Buffer.concat(heard);
      const judge = async (bytes: Uint8Array): Promise<Answer['kind']> => {
        const answer = await ask(saying(bytes), asked, 5000, signal);
        if (answer.kind === 'unknown') expect(TlsError.is(answer.error)).toBe(true);
        return answer.kind;
      };
      expect(await judge(flight)).toBe('taken');
      for (let at = 0; at < flight.length; at++) {
        for (const value of [0, 0xff, flight[at]! ^ 1, flight[at]! ^ 0x80]) {
          const changed = Uint8Array.from(flight);
          changed[at] = value;
          await judge(changed);
        }
        expect(await judge(flight.subarray(0, at))).not.toBe('unknown');
      }
    },
  );
});
