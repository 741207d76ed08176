/** What the client of @ferrule/node/tls refuses, and that the message says why. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import nodeTls from 'node:tls';
import { expect, describe, it } from 'vitest';
import { connect, createSecureContext, TLS_OPTIONS, TLSSocket, type TlsConnectOptions } from './index.ts';

describe('what is refused', () => {
  it.each([
    [{ maxVersion: 'TLSv1.1' }, /maxVersion: TLSv1.1 is not supported: RFC 8996/],
    [{ secureProtocol: 'TLSv1_method' }, /secureProtocol: TLSv1_method: TLS 1.0 and 1.1/],
    [{ truncation: 'never' }, /truncation: never/],
    [{ secureContext: nodeTls.createSecureContext() }, /secureContext: it was made by node:tls itself/],
  ])('%o throws, and the message says why', (options, message) => {
    expect(() => connect({ port: 1, ...options } as TlsConnectOptions)).toThrow(message);
  });

  it('suites that no engine has fail the connection with the reason', async () => {
    const socket = connect({
      port: 1,
      socket: duplexPair()[0],
      ca: [],
      ciphers: 'AES256-SHA',
      backend: 'pure',
      maxVersion: 'TLSv1.2',
    });
    expect(((await once(socket, 'error')) as [Error])[0].message).toMatch(
      /ciphers: 'AES256-SHA' leaves no suite.*forward secrecy/,
    );
  });

  it('a key of `pskCallback` that is too short, or an invalid identity, is reported by name', async () => {
    const told = async (psk: { psk: Buffer; identity: string }): Promise<unknown> => {
      const socket = connect({ port: 1, socket: duplexPair()[0], backend: 'pure', pskCallback: () => psk });
      const [error] = (await once(socket, 'error')) as [Error & { readonly code?: string }];
      return [error.code, error.message];
    };
    expect(await told({ psk: Buffer.alloc(15), identity: 'me' })).toEqual([
      'ERR_INVALID_ARG_VALUE',
      'pskCallback: must be at least 16 bytes (RFC 9257 section 6), this one has 15',
    ]);
    expect(await told({ psk: Buffer.alloc(16), identity: '' })).toEqual([
      'ERR_INVALID_ARG_VALUE',
      'pskCallback: must be a Uint8Array that is not empty',
    ]);
  });

  it("Node's own judgement of options is passed on", () => {
    expect(() => createSecureContext({ cert: 'no PEM' })).toThrow(/PEM/);
    expect(() => connect({ port: 1, ALPNProtocols: ['x'.repeat(256)] })).toThrow(/byte length of the protocol/);
    expect(() => connect({ port: 70_000 })).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }) as Error);
  });

  it.each([undefined, null, 1, true, {}, Object.create(null), () => 1, Symbol('x'), 12n, new Map()])(
    'an argument of the wrong type is told as node:tls tells it: %o',
    (value) => {
      const said = (socket: { setServername(name: string): void; destroy(): unknown }): string => {
        try {
          socket.setServername(value as string);
        } catch (error) {
          return `${(error as { readonly code?: string }).code}: ${(error as Error).message}`;
        } finally {
          socket.destroy();
        }
        return 'nothing';
      };
      const theirs = new nodeTls.TLSSocket(duplexPair()[0] as Socket);
      expect(said(new TLSSocket(null, { backend: 'pure' }))).toBe(said(theirs as never));
    },
  );

  it.each([
    ['servername', Buffer.from('server.test')],
    ['session', {}],
  ])('a %s of another type is ERR_INVALID_ARG_TYPE', (name, value) => {
    expect(() => connect({ port: 1, backend: 'pure', [name]: value } as TlsConnectOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error,
    );
  });

  it('the table has a row with a sentence for each option', () => {
    for (const [name, { how }] of Object.entries(TLS_OPTIONS)) expect([name, /\.$/.test(how)]).toEqual([name, true]);
  });
});
