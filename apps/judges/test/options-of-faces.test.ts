/**
 * A mistake in an option is told the same way wherever it is made: a TypeError that begins with the name of the option
 * (ADR 0101). A face that is missing here is one that may have a sentence of its own.
 */
import { Duplex } from 'node:stream';
import { bioPair, blockingBio, memoryBio, recordingBio, replayBio, sharedBioMemory } from '@ferrule/bio';
import { loadNative } from '@ferrule/native';
import { blockingConnect } from '@ferrule/node';
import { TlsConnector, tlsDuplex, tunnel } from '@ferrule/node/duplex';
import { dial, dialer } from '@ferrule/node/transports';
import { createPure } from '@ferrule/pure';
import { createQuic } from '@ferrule/pure/quic';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { starttls } from '@ferrule/starttls';
import { createSockets, openWebSocket, openWisp, webSocketDial, webSocketPipe, wispDial } from '@ferrule/web';
import { createFetch } from '@ferrule/web/fetch';
import { blockingDial, serveTls } from '@ferrule/web/worker';
import { rememberVerified, trustStore, validatePath } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { crlite } from '@ferrule/x509/crlite';
import { connect, connectOver, memorySessionCache } from 'ferrule';
import { describe, expect, it } from 'vitest';

type Face = (options: object) => unknown;

const pipe = { read: () => new Promise<null>(() => {}), write: () => Promise.resolve(), close: () => {} };
const host = 'server.test';
const relay = 'wss://relay.example/';
const { port2: port } = new MessageChannel();
const opens = (): Promise<typeof pipe> => Promise.resolve(pipe);
const native = loadNative();
const pure = createPure({ crypto: nodeCrypto });

/** All that `connect()` and the like have in common. */
const CONTEXTS: Readonly<Record<string, Face>> = {
  'connect()': (options) => connect({ host, ...options }),
  'connectOver()': (options) => connectOver(pipe, { host, ...options }),
  TlsConnector: (options) => new TlsConnector(options),
  'tlsDuplex()': (options) => tlsDuplex({ host, port: 443, ...options }),
  'createFetch()': (options) => createFetch({ dial: opens, ...options }),
  'createSockets()': (options) => createSockets({ dial: opens, ...options }),
  'serveTls()': (options) => serveTls(port, options),
  'native createContext()': (options) => native.ok && native.backend.createContext(options),
  'pure createContext()': (options) => pure.createContext(options),
  'createQuic()': (options) => createQuic({ crypto: nodeCrypto }, { alpn: ['h3'], ...options }),
};

const FACES: Readonly<Record<string, Face>> = {
  ...CONTEXTS,
  'connector.duplex()': (options) => new TlsConnector().duplex({ host, port: 443, ...options }),
  'tunnel()': (options) => tunnel(new TlsConnector(), { host, port: 443 }, options),
  'the target of tunnel()': (options) => tunnel(new TlsConnector(), { host, port: 443, ...options }),
  'blockingConnect()': (options) => blockingConnect({ host, port: 443, ...options }),
  'dial() of transports': (options) => dial('tcp://127.0.0.1:1', { host, port: 443 }, options),
  'socket of createSockets()': (options) => createSockets({ dial: opens }).connect('a.test:1', options),
  'startTls()': (options) =>
    createSockets({ dial: opens }).connect('a.test:1', { secureTransport: 'starttls' }).startTls(options),
  'wispDial()': (options) => wispDial({ relay, ...options }),
  'openWisp()': (options) => openWisp({ relay, ...options }),
  'webSocketDial()': (options) => webSocketDial({ relay, ...options }),
  'openWebSocket()': (options) => openWebSocket(relay, options),
  'webSocketPipe()': (options) => webSocketPipe({} as never, 'relay', options),
  'blockingDial()': (options) => blockingDial(port, { host, port: 443 }, options),
  'bioPair()': (options) => bioPair(1, options),
  'blockingBio()': (options) => blockingBio(sharedBioMemory(1), options),
  'memoryBio()': (options) => memoryBio(options),
  'recordingBio()': (options) => recordingBio(memoryBio(), () => {}, options),
  'replayBio()': (options) => replayBio([], options),
  'validatePath()': (options) =>
    validatePath({ chain: [], trustAnchors: trustStore([]), verifier: nodeVerifier, ...options }),
  'rememberVerified()': (options) => rememberVerified(nodeVerifier, options),
  'crlite()': (options) => crlite([new Uint8Array(1)], options),
  'starttls()': (options) => starttls('smtp', options),
};

/** What the face throws, or rejects with. */
async function refusal(face: Face, options: object): Promise<unknown> {
  try {
    const made = (await face(options)) as { destroy?: () => void } | undefined;
    if (made instanceof Duplex) made.on('error', () => {}).destroy();
    return 'nothing was thrown';
  } catch (error) {
    return error;
  }
}

const only = (...names: readonly string[]): Readonly<Record<string, Face>> =>
  Object.fromEntries(names.map((name) => [name, FACES[name] as Face]));

const MILLISECONDS = 'must be a number of milliseconds from 0 to 2147483647, not';
const UNDER_WAY = only('connect()', 'connectOver()');
const SERVERS = only('connect()', 'connector.duplex()', 'tlsDuplex()', 'the target of tunnel()', 'blockingConnect()');
const NAMED = only('connect()', 'connector.duplex()', 'tlsDuplex()', 'the target of tunnel()');

describe.each<readonly [object, message: string, faces: Readonly<Record<string, Face>>]>([
  [{ bogus: 1 }, 'bogus: unknown option', FACES],
  [{ limits: { bogus: 1 } }, 'limits.bogus: unknown option', CONTEXTS],
  [{ limits: { tickets: 0 } }, 'limits.tickets: must be an integer from 1 to 9007199254740991, not 0', CONTEXTS],
  [{ verifyHost: 'no' }, 'verifyHost: must be a boolean, not "no"', CONTEXTS],
  [{ ocsp: 'of' }, 'ocsp: must be one of off, request, require, not "of"', CONTEXTS],
  [{ groups: 29 }, 'groups: must be an array, not 29', CONTEXTS],
  [{ onSession: {} }, 'onSession: must be a function, not [object Object]', CONTEXTS],
  [{ port: 0 }, 'port: must be an integer from 1 to 65535, not 0', SERVERS],
  [{ port: '443' }, 'port: must be an integer from 1 to 65535, not "443"', SERVERS],
  [{ host: '' }, 'host: must be a non-empty string, not ""', { ...SERVERS, ...UNDER_WAY }],
  [{ host: 1 }, 'host: must be a non-empty string, not 1', { ...SERVERS, ...UNDER_WAY }],
  [{ servername: '' }, 'servername: must be a non-empty string, not ""', NAMED],
  [{ servername: 'a b' }, 'servername: "a b" is neither a DNS name in A-labels (xn--…) nor an IP address', NAMED],
  [
    { host: 'a..b' },
    'host: "a..b" is neither a DNS name in A-labels (xn--…) nor an IP address',
    { ...NAMED, ...UNDER_WAY },
  ],
  [
    { signal: { addEventListener() {} } },
    'signal: must be an AbortSignal, not [object Object]',
    {
      ...NAMED,
      ...UNDER_WAY,
      ...only('createSockets()', 'dial() of transports'),
    },
  ],
  [
    { sessions: true },
    'sessions: must be a SessionCache (take, put), a Map, what has get and set as a Map has, or false, not true',
    only('connect()', 'connectOver()', 'TlsConnector', 'tlsDuplex()', 'createFetch()', 'createSockets()', 'serveTls()'),
  ],
  [
    { timeout: -1 },
    `timeout: ${MILLISECONDS} -1`,
    only('connect()', 'connectOver()', 'createFetch()', 'createSockets()', 'serveTls()'),
  ],
  [
    { handshakeTimeout: '1' },
    `handshakeTimeout: ${MILLISECONDS} "1"`,
    only('TlsConnector', 'connector.duplex()', 'tlsDuplex()'),
  ],
  [{ idleTimeout: -1 }, `idleTimeout: ${MILLISECONDS} -1`, only('createFetch()')],
  [{ noDelay: 1 }, 'noDelay: must be a boolean, not 1', SERVERS],
  [{ family: 5 }, 'family: must be one of 4, 6, not 5', only('connect()', 'blockingConnect()', 'dial() of transports')],
  [
    { dial: 1 },
    'dial: must be a function that opens a pipe, not 1',
    only('createFetch()', 'createSockets()', 'serveTls()'),
  ],
])('%j', (options, message, faces) => {
  it.each(Object.entries(faces))('of %s', async (_name, face) => {
    expect(await refusal(face, options)).toEqual(new TypeError(message));
  });
});

describe('sessions: false', () => {
  it.each(Object.entries(only('TlsConnector', 'createFetch()', 'createSockets()')))('is taken by %s', (_name, face) => {
    expect(() => face({ sessions: false })).not.toThrow();
  });
});

it('sizes and numbers beside options are told so, too', () => {
  expect(() => bioPair(0)).toThrow(new TypeError('size: must be an integer from 1 to 1073741824, not 0'));
  expect(() => sharedBioMemory(0)).toThrow(new TypeError('size: must be an integer from 1 to 1073741824, not 0'));
  expect(() => memorySessionCache(0)).toThrow(
    new TypeError('max: must be an integer from 1 to 9007199254740991, not 0'),
  );
  expect(() => dialer('socks5://proxy.example')({ host: '', port: 1 })).toThrow(
    new TypeError('host: must be a non-empty string, not ""'),
  );
});
