import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import { finish, testEffects } from '../../test/effects.ts';
import { parseOptions } from '../context.ts';
import { nodeCrypto } from '../crypto/node.ts';
import { Secret } from '../keys/secret.ts';
import {
  allowsEarlyData,
  binder,
  continueSession,
  fits,
  knownPeer,
  obfuscatedTicketAge,
  offeringOf,
  pskOffers,
  retriedPsks,
} from './resume.ts';
import { fieldsOf, Session, type SessionFields } from './session.ts';

const NOW = 1_700_000_050_000;
const { spki } = await pki('p256');
const configOf = (options: ContextOptions = {}) => parseOptions(nodeCrypto, { now: () => NOW, ...options });
const on = (config: ReturnType<typeof configOf>) => ({ config, quic: undefined });
const sessionOf = (changes: Partial<SessionFields> = {}, options: ContextOptions = {}): Session =>
  new Session(
    {
      version: 'TLSv1.3',
      cipherSuite: 0x1301,
      host: 'server.test',
      alpn: undefined,
      binding: offeringOf(configOf(options)).binding,
      receivedAt: NOW - 50_000,
      expiresAt: NOW + 50_000,
      secret: Secret.copyOf(new Uint8Array(32).fill(2)),
      ticket: new Uint8Array(8),
      sessionId: new Uint8Array(0),
      ageAdd: 0xffffffff,
      maxEarlyData: 100,
      extendedMasterSecret: true,
      group: 29,
      peerSignatureAlgorithm: 0x0403,
      peerCertificates: [],
      peerRawPublicKey: undefined,
      verifiedChain: undefined,
      verifyResult: 0,
      ocspResponse: undefined,
      signedCertificateTimestamps: undefined,
      ...changes,
    },
    nodeCrypto.hashes.sha256,
  );

describe('a session fits a connection', () => {
  it('to the same host under the same rules of trust, while it lives', () => {
    expect(fits(sessionOf(), on(configOf()), 'server.test')).toBe(true);
  });

  it('never to another host, nor to none', () => {
    expect(fits(sessionOf(), on(configOf()), 'other.test')).toBe(false);
    expect(fits(sessionOf(), on(configOf()), undefined)).toBe(false);
  });

  it.each<[string, ContextOptions]>([
    ['verify', { verify: 'none' }],
    ['a verify function', { verify: () => true }],
    ['pins', { pins: [new Uint8Array(32)] }],
    ['trustAnchors', { trustAnchors: [new Uint8Array([0x30, 0])] }],
    ['ocsp', { ocsp: 'require' }],
    ['securityLevel', { securityLevel: 3 }],
    ['rawPublicKeys', { rawPublicKeys: [spki] }],
    ['extendedMasterSecret', { extendedMasterSecret: 'allow' }],
  ])('never across a change of %s', (_name, options) => {
    expect(fits(sessionOf({}, options), on(configOf()), 'server.test')).toBe(false);
    expect(fits(sessionOf(), on(configOf(options)), 'server.test')).toBe(false);
    expect(fits(sessionOf({}, options), on(configOf(options)), 'server.test')).toBe(true);
  });

  it('neither after its end nor long before its beginning', () => {
    expect(fits(sessionOf({ expiresAt: NOW }), on(configOf()), 'server.test')).toBe(false);
    expect(fits(sessionOf({ receivedAt: NOW + 120_000 }), on(configOf()), 'server.test')).toBe(false);
  });

  it('of TLS 1.3 with any suite of its hash, of TLS 1.2 with its own suite only', () => {
    expect(fits(sessionOf(), on(configOf({ cipherSuites: [0x1303] })), 'server.test')).toBe(true);
    expect(fits(sessionOf(), on(configOf({ cipherSuites: [0x1302] })), 'server.test')).toBe(false);
    const tls12 = { version: 'TLSv1.2', cipherSuite: 0xc02b } as const;
    expect(fits(sessionOf(tls12), on(configOf({ cipherSuites: [0xc02b] })), 'server.test')).toBe(true);
    expect(fits(sessionOf(tls12), on(configOf({ cipherSuites: [0xcca9] })), 'server.test')).toBe(false);
    expect(fits(sessionOf(tls12), on(configOf({ minVersion: 'TLSv1.3' })), 'server.test')).toBe(false);
  });
});

describe('early data', () => {
  it('needs the very suite of the session and its application protocol, if it has one', () => {
    expect(allowsEarlyData(sessionOf(), configOf())).toBe(true);
    expect(allowsEarlyData(sessionOf({ maxEarlyData: 0 }), configOf())).toBe(false);
    expect(allowsEarlyData(sessionOf(), configOf({ cipherSuites: [0x1303] }))).toBe(false);
    expect(allowsEarlyData(sessionOf(), configOf({ alpn: ['h2'] }))).toBe(true);
    expect(allowsEarlyData(sessionOf({ alpn: 'h2' }), configOf({ alpn: ['http/1.1', 'h2'] }))).toBe(true);
    expect(allowsEarlyData(sessionOf({ alpn: 'h2' }), configOf())).toBe(false);
  });
});

describe('PSK offers', () => {
  it('tell the age of a ticket modulo 2^32', () => {
    expect(obfuscatedTicketAge(sessionOf(), NOW)).toBe(49_999);
    expect(obfuscatedTicketAge(sessionOf({ ageAdd: 5 }), NOW - 60_000)).toBe(5);
  });

  it("name the session before external keys, and after a HelloRetryRequest only those of the suite's hash", () => {
    const effects = testEffects({
      now: () => NOW,
      externalPsks: [{ identity: new Uint8Array([1]), key: new Uint8Array(32), hash: 'sha384' }],
    });
    const offers = pskOffers(effects, sessionOf());
    expect(offers.map(({ source }) => source.kind)).toEqual(['session', 'external']);
    expect(retriedPsks(offers, effects.config.provider.hashes.sha384, NOW).map(({ source }) => source.kind)).toEqual([
      'external',
    ]);
    expect(() => offers[0]?.early.binderKey('resumption')).toThrow(
      expect.objectContaining({ code: 'DISPOSED' }) as Error,
    );
    expect(pskOffers(effects, undefined).map(({ obfuscatedTicketAge: age }) => age)).toEqual([0]);
  });

  it('tell after a HelloRetryRequest how old the ticket is now', () => {
    const effects = testEffects({ now: () => NOW });
    const offers = pskOffers(effects, sessionOf({ ageAdd: 0 }));
    expect(
      [offers, retriedPsks(offers, effects.config.provider.hashes.sha256, NOW + 7)].map(
        ([offer]) => offer?.obfuscatedTicketAge,
      ),
    ).toEqual([50_000, 50_007]);
  });

  it('have their own copy of the key, which outlives the session', () => {
    const [session, hash] = [sessionOf(), new Uint8Array(32)];
    const [offer] = pskOffers(testEffects(), session);
    if (offer === undefined) throw new Error('an offer');
    const before = binder(offer, hash);
    fieldsOf(session).secret.dispose();
    expect(binder(offer, hash)).toEqual(before);
  });

  it('are wiped with the connection', () => {
    const effects = testEffects();
    const [offer] = pskOffers(effects, sessionOf());
    effects.secrets.dispose();
    expect(() => offer?.early.binderKey('resumption')).toThrow(expect.objectContaining({ code: 'DISPOSED' }) as Error);
    expect(() => offer?.early.handshake(undefined)).toThrow(expect.objectContaining({ code: 'DISPOSED' }) as Error);
  });

  it('bind differently by kind and by transcript', () => {
    const effects = testEffects({
      externalPsks: [{ identity: new Uint8Array([1]), key: new Uint8Array(32).fill(2), hash: 'sha256' }],
    });
    const [ticket, external] = pskOffers(effects, sessionOf());
    if (ticket === undefined || external === undefined) throw new Error('two offers');
    const hash = new Uint8Array(32);
    expect(binder(ticket, hash)).not.toEqual(binder(external, hash));
    expect(binder(ticket, hash)).not.toEqual(binder(ticket, new Uint8Array(32).fill(1)));
    expect(binder(ticket, hash)).toEqual(binder(ticket, hash));
  });
});

describe('a continued session', () => {
  it('tells again what the first handshake learned of the peer', async () => {
    const effects = testEffects();
    const certificate = new Uint8Array([1]);
    const peer = await finish(
      effects,
      knownPeer(effects, sessionOf({ peerCertificates: [certificate], verifyResult: 18 })),
    );
    if (peer === undefined) throw new Error('nobody');
    continueSession(effects, peer);
    expect(effects.negotiated.facts).toMatchObject({
      peerCertificates: [certificate],
      verifyResult: 18,
      peerSignatureAlgorithm: 0x0403,
    });
  });

  it('has its certificates verified anew where that is asked for, and is not to be offered when they do not pass', async () => {
    const effects = testEffects({ reverifyOnResumption: true });
    expect(
      await finish(effects, knownPeer(effects, sessionOf({ peerCertificates: [new Uint8Array([1])] }))),
    ).toBeUndefined();
    expect(effects.negotiated.facts).toEqual({});
  });
});
