/**
 * @module A client of the pure engine before a server made of the engine's own parts: what no real server can be
 * brought to do.
 */
import { bioPair, type Bio, type PairedBio } from '@ferrule/bio';
import { type Identity, type MlDsaIdentity, pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Ssl, TlsSession } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { expect } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { Aead, CryptoProvider } from '../src/crypto/provider.ts';
import { createPure } from '../src/index.ts';
import { Server13 } from './server13.ts';

export const root: Uint8Array = (await pki('root')).certificate;
export const leaf: Awaited<ReturnType<typeof pki>> = await pki('p256');
export const KEY_UPDATE = 24;

export interface Scene {
  readonly ssl: Ssl;
  readonly server: Server13;
  readonly net: PairedBio;
  readonly sessions: TlsSession[];
}

export interface Setting {
  readonly host?: string;
  readonly session?: TlsSession | undefined;
  readonly crypto?: CryptoProvider;
  /** Of the server. */
  readonly identity?: Identity | MlDsaIdentity;
  /** Bytes that the write BIO takes until there is more room. */
  readonly gate?: { room: number };
}

export function scene(
  options: ContextOptions = {},
  { host = 'server.test', session, crypto = nodeCrypto, identity = leaf, gate }: Setting = {},
): Scene {
  const sessions: TlsSession[] = [];
  const ssl = createPure({ crypto })
    .createContext({
      trustAnchors: [root],
      cipherSuites: [0x1301],
      groups: [29, 23],
      onSession: (each) => void sessions.push(each),
      ...options,
    })
    .newConnection();
  const [bio, net] = bioPair(1 << 18);
  ssl.setBio(bio, gate === undefined ? bio : gated(bio, gate));
  ssl.setHost(host);
  if (session !== undefined) ssl.setSession(session);
  return { ssl, server: new Server13(net, identity), net, sessions };
}

/** What a connection needs of a write BIO, with room for so much. */
export function gated(bio: Bio, gate: { room: number }): Bio {
  const nwrite0 = (atLeast?: number): Uint8Array => bio.nwrite0(atLeast).subarray(0, gate.room);
  const nwrite = (n: number): void => {
    gate.room -= n;
    bio.nwrite(n);
  };
  return { nwrite0, nwrite, error: undefined } satisfies Partial<Bio> as Partial<Bio> as Bio;
}

/** node:crypto, whose AEADs answer later. */
export function laterCrypto(): CryptoProvider {
  const later = (aead: Aead): Aead => {
    if (!aead.sync) return aead;
    return {
      sync: false,
      depth: 4,
      seal: async (nonce, aad, plain) => aead.seal(nonce, aad, plain.slice(), new Uint8Array(plain.length + 16)),
      open: async (nonce, aad, cipher) => aead.open(nonce, aad, cipher.slice(), new Uint8Array(cipher.length)),
      dispose: () => aead.dispose(),
    };
  };
  const suites = nodeCrypto.suites.map((suite) => ({
    ...suite,
    aead: { ...suite.aead, key: (key: Uint8Array) => later(suite.aead.key(key)) },
  }));
  return { ...nodeCrypto, synchronous: false, suites };
}

/** connect() up to the point where it waits for the server. */
export function begin({ ssl, server }: Scene): void {
  expect([ssl.connect(), ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
  server.readHello();
}

/** A full handshake. */
export function establish(options: ContextOptions = {}, setting: Setting = {}): Scene {
  const it = scene(options, setting);
  begin(it);
  it.server.answer();
  it.server.encryptedExtensions();
  it.server.authenticate();
  it.server.finish();
  expect(it.ssl.connect(), it.ssl.failure?.error.message).toBe(1);
  it.server.readFlight();
  return it;
}

/** A session that allows early data, and its PSK. */
export function earlySession(options: ContextOptions = {}): { session: TlsSession; psk: Uint8Array } {
  const { ssl, server, sessions } = establish(options);
  const { message, psk } = server.ticket(64);
  server.put(22, message);
  ssl.read(new Uint8Array(1));
  return { session: sessions[0] as TlsSession, psk };
}

/** The failure of an operation that must fail, and the alert that the server gets. */
export function refusal({ ssl, server }: Scene, operation: () => number): string {
  expect(operation()).toBe(-1);
  const failure = ssl.failure?.error;
  const alert = server.record();
  return `${failure?.code} ${alert?.type === 21 ? alert.content[1] : 'none'}`;
}

export function repeat(times: number, act: () => void): void {
  for (let i = 0; i < times; i++) act();
}

export const read = (ssl: Ssl): number => ssl.read(new Uint8Array(64));
