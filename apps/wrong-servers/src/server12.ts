/** @module TLS 1.2 as a server would speak it (RFC 5246 section 7.3), ECDHE with AEAD, one step a method. */
import type { Identity } from '@ferrule/conformance/pki';
import type { CipherSuite, KeyShare } from '@ferrule/pure';
import { extendedMasterSecret, keyBlock, Secret, verifyData, writeKeys } from '@ferrule/pure/keys';
import {
  decodeClientHello,
  decodeClientKeyExchange,
  decodeExtensions,
  encodeCertificate12,
  encodeCertificateRequest12,
  encodeExtensions,
  encodeFinished,
  encodeMessage,
  encodeNewSessionTicket12,
  encodeServerEcdhParameters,
  encodeServerHello,
  encodeServerKeyExchange,
  HandshakeType,
  type ClientHello,
  type ClientHelloExtensions,
  type Extension,
  type ServerHello,
} from '@ferrule/pure/wire';
import { concat } from '@ferrule/result/bytes';
import { offeredOf, offers12 } from './offer.ts';
import { NotApplicable, Peer, signAs, type Keys, type Script } from './peer.ts';

export interface ServerHello12Twist extends Partial<ServerHello> {
  readonly add?: readonly Extension[];
  /** Extensions left out, by code point. */
  readonly without?: readonly number[];
}

export class Server12 extends Peer {
  readonly identity: Identity;
  hello!: ClientHello;
  offered!: ClientHelloExtensions;
  cipher!: CipherSuite;
  // Before their time, secrets are zeros: what is sent out of order is well-formed and worthless.
  serverRandom: Uint8Array = new Uint8Array(32);
  readonly sessionId: Uint8Array = this.random(32);
  #share: KeyShare | undefined;
  #master: Secret = Secret.copyOf(new Uint8Array(48));
  #requested = false;
  #serverKeys: Keys | undefined;

  constructor(identity: Identity) {
    super();
    this.identity = identity;
  }

  get #isRsa(): boolean {
    return this.identity.privateKey.asymmetricKeyType === 'rsa';
  }

  /** Good for {@link useMaster} of another server. */
  get master(): Secret {
    return this.#master;
  }

  *clientHello(): Script {
    const { body } = yield* this.message(HandshakeType.client_hello);
    this.hello = decodeClientHello(body);
    this.offered = decodeExtensions('clientHello', this.hello.extensions);
    if (!offers12(this)) throw new NotApplicable('the client does not offer TLS 1.2');
    if (this.offered.extendedMasterSecret !== true)
      throw new NotApplicable('the client does not offer the extended master secret');
    this.cipher ??= this.suite(
      offeredOf(this.hello.cipherSuites, this.#isRsa ? [0xc02f, 0xc030, 0xcca8] : [0xc02b, 0xc02c, 0xcca9]),
    );
    this.transcript.start(this.cipher.hash);
  }

  serverHello(twist: ServerHello12Twist = {}): void {
    this.past.add('hello');
    const { add = [], without = [], ...fields } = twist;
    this.serverRandom = twist.random ?? this.random(32);
    const usual = encodeExtensions('serverHello12', {
      extendedMasterSecret: true,
      renegotiationInfo: new Uint8Array(0),
    });
    this.send(
      encodeServerHello({
        legacyVersion: 0x0303,
        random: this.serverRandom,
        sessionId: this.sessionId,
        cipherSuite: this.cipher.id,
        compressionMethod: 0,
        extensions: [...usual.filter(({ type }) => !without.includes(type)), ...add],
        ...fields,
      }),
    );
  }

  certificate(chain: readonly Uint8Array[] = this.identity.chain): void {
    this.past.add('certificate');
    this.send(encodeCertificate12(chain));
  }

  serverKeyExchange(
    twist: {
      group?: number;
      publicKey?: Uint8Array;
      algorithm?: number;
      corrupt?: boolean;
      over?: Uint8Array;
      sign?: (signed: Uint8Array) => Uint8Array;
    } = {},
  ): void {
    this.past.add('exchange');
    const usual = this.offered.supportedGroups?.find((id) => id === 0x001d || id === 0x0017) ?? 0x0017;
    const group = twist.group ?? usual;
    const share = this.keyShare(this.provider.groups.some(({ id }) => id === group) ? group : usual);
    this.#share = share;
    const parameters = encodeServerEcdhParameters(group, twist.publicKey ?? share.publicKey);
    const signed = twist.over ?? concat([this.hello.random, this.serverRandom, parameters]);
    const pss = this.offered.signatureAlgorithms?.includes(0x0804) === true;
    const own = this.#isRsa ? (pss ? 0x0804 : 0x0401) : 0x0403;
    const { algorithm = own, sign = (message) => signAs(own, this.identity.privateKey, message) } = twist;
    const signature = sign(signed);
    if (twist.corrupt === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    this.send(
      encodeServerKeyExchange({
        parameters,
        group,
        publicKey: share.publicKey,
        algorithm,
        signature,
      }),
    );
  }

  certificateRequest(): void {
    this.#requested = true;
    this.send(
      encodeCertificateRequest12({ certificateTypes: [64, 1], signatureAlgorithms: [0x0403], authorities: [] }),
    );
  }

  serverHelloDone(): void {
    this.past.add('done');
    this.send(encodeMessage(HandshakeType.server_hello_done, () => undefined));
  }

  /** ServerHello to ServerHelloDone, as they should be. */
  flight(): void {
    this.serverHello();
    this.certificate();
    this.serverKeyExchange();
    this.serverHelloDone();
  }

  /** The client's Certificate, if one was asked for; it is an empty one. */
  *clientCertificate(): Script {
    if (this.#requested) yield* this.message(HandshakeType.certificate);
  }

  /** ClientKeyExchange, and the keys that follow from it. */
  *clientKeyExchange(): Script {
    const { body } = yield* this.message(HandshakeType.client_key_exchange);
    const premaster = this.#share?.derive(decodeClientKeyExchange(body));
    if (premaster instanceof Promise || premaster === null || premaster === undefined)
      throw new Error('no premaster secret');
    this.past.add('keys');
    this.useMaster(extendedMasterSecret(this.cipher.hash, Secret.take(premaster), this.transcript.digest()));
  }

  /** The keys of this master secret; that of a session is how a handshake resumes (section 7.3, figure 2). */
  useMaster(master: Secret): void {
    this.#master = master;
    const block = keyBlock(this.cipher, this.#master, this.hello.random, this.serverRandom);
    this.#serverKeys = { suite: this.cipher, version: 'TLSv1.2', ...writeKeys(this.cipher, block, 'server') };
    this.readWith({ suite: this.cipher, version: 'TLSv1.2', ...writeKeys(this.cipher, block, 'client') });
  }

  *clientFinished(): Script {
    const expected = verifyData(this.cipher.hash, this.#master, 'client', this.transcript.digest());
    const { body } = yield* this.message(HandshakeType.finished);
    if (!Buffer.from(body).equals(expected)) throw new Error("the client's Finished is wrong");
    this.past.add('clientFinished');
  }

  newSessionTicket(lifetimeHint = 7200, ticket: Uint8Array = Buffer.from('ticket')): void {
    this.send(encodeNewSessionTicket12({ lifetimeHint, ticket }));
  }

  /** Keys from the master secret of an earlier connection, whose session id the ServerHello has echoed. */
  resume(first: Server12): void {
    this.past.add('keys');
    this.useMaster(first.#master);
  }

  /** Turn on our keys; the change_cipher_spec itself is sent with `sendChangeCipherSpec`. */
  useKeys(): void {
    this.past.add('changed');
    this.writeWith(this.#serverKeys);
  }

  finished(twist: { corrupt?: boolean; length?: number } = {}): void {
    this.past.add('finished');
    const data = verifyData(this.cipher.hash, this.#master, 'server', this.transcript.digest());
    if (twist.corrupt === true) data[0] = (data[0] ?? 0) ^ 1;
    // Into the transcript: where a session is resumed, the client's Finished covers ours.
    this.send(encodeFinished(data.subarray(0, twist.length ?? data.length)));
  }

  /** change_cipher_spec and Finished, as they should be. */
  finish(): void {
    this.sendChangeCipherSpec();
    this.useKeys();
    this.finished();
  }

  /** As `goOn()` of TLS 1.3. */
  *goOn(): Script {
    const { past } = this;
    if (!past.has('keys')) {
      if (!past.has('hello')) this.serverHello();
      if (!past.has('certificate')) this.certificate();
      if (!past.has('exchange')) this.serverKeyExchange();
      if (!past.has('done')) this.serverHelloDone();
      yield* this.clientCertificate();
      yield* this.clientKeyExchange();
    }
    if (!past.has('clientFinished')) yield* this.clientFinished();
    if (!past.has('finished')) {
      if (!past.has('changed')) {
        this.sendChangeCipherSpec();
        this.useKeys();
      }
      this.finished();
    }
  }

  *handshake(): Script {
    yield* this.clientHello();
    this.flight();
    yield* this.clientKeyExchange();
    yield* this.clientFinished();
    this.finish();
  }
}
