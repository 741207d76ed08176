/**
 * @module TLS 1.3 as a server would speak it (RFC 9846 section 2, figure 1), one step a method, each with ways to be
 * wrong.
 */
import type { Identity } from '@ferrule/conformance/pki';
import {
  earlySecret,
  finishedMac,
  nextTrafficSecret,
  resumptionPsk,
  Secret,
  trafficKeys,
  type HandshakeStage,
  type MainStage,
} from '@ferrule/pure/keys';
import {
  decodeClientHello,
  decodeExtensions,
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateVerify,
  encodeEncryptedExtensions,
  encodeExtensions,
  encodeFinished,
  encodeKeyUpdate,
  encodeNewSessionTicket,
  encodeServerHello,
  HandshakeType,
  HELLO_RETRY_REQUEST_RANDOM,
  type CertificateEntry,
  type ClientHello,
  type ClientHelloExtensions,
  type Extension,
  type NewSessionTicket,
  type ServerHello,
} from '@ferrule/pure/wire';
import type { CipherSuite, KeyShare } from '@ferrule/pure';
import { concat } from '@ferrule/result/bytes';
import { offeredOf, offers13 } from './offer.ts';
import { NotApplicable, Peer, signAs, type Script } from './peer.ts';

const CONTEXT = 'TLS 1.3, server CertificateVerify';

export interface ServerHelloTwist extends Partial<ServerHello> {
  /** In place of ours. */
  readonly share?: { readonly group: number; readonly keyExchange: Uint8Array };
  readonly add?: readonly Extension[];
  /** Select this identity, and derive from this PSK. */
  readonly psk?: { readonly selected: number; readonly key: Uint8Array };
  /** Leave the handshake keys as they are: nothing after it will be readable. */
  readonly withoutKeys?: boolean;
  /** Go on reading early data. */
  readonly early?: boolean;
}

export class Server13 extends Peer {
  readonly identity: Identity;
  hello!: ClientHello;
  offered!: ClientHelloExtensions;
  cipher!: CipherSuite;
  // Before their time, secrets are zeros: what is sent out of order is well-formed and worthless.
  clientHandshakeSecret: Secret = Secret.copyOf(new Uint8Array(32));
  serverHandshakeSecret: Secret = Secret.copyOf(new Uint8Array(32));
  clientSecret: Secret = Secret.copyOf(new Uint8Array(32));
  serverSecret: Secret = Secret.copyOf(new Uint8Array(32));
  #handshake: HandshakeStage | undefined;
  #main: MainStage | undefined;
  #requested = false;

  constructor(identity: Identity) {
    super();
    this.identity = identity;
  }

  /** ClientHello; the first share that is not a hybrid is the one that we answer. */
  *clientHello(): Script {
    this.past.delete('retry');
    const { body } = yield* this.message(HandshakeType.client_hello);
    this.hello = decodeClientHello(body);
    this.offered = decodeExtensions('clientHello', this.hello.extensions);
    if (!offers13(this)) throw new NotApplicable('the client does not offer TLS 1.3');
    this.cipher ??= this.suite(offeredOf(this.hello.cipherSuites, [0x1301, 0x1302, 0x1303]));
    this.transcript.start(this.cipher.hash);
  }

  helloRetryRequest(group: number | undefined, twist: ServerHelloTwist = {}): void {
    this.past.add('retry');
    if (this.hello.random !== this.#retried) this.transcript.replaceFirstHello();
    this.#retried = this.hello.random;
    this.send(
      encodeServerHello({
        legacyVersion: 0x0303,
        random: HELLO_RETRY_REQUEST_RANDOM,
        sessionId: this.hello.sessionId,
        cipherSuite: this.cipher.id,
        compressionMethod: 0,
        extensions: [
          ...encodeExtensions('helloRetryRequest', { supportedVersions: 0x0304, keyShare: group }),
          ...(twist.add ?? []),
        ],
        ...wireOnly(twist),
      }),
    );
  }
  #retried: Uint8Array | undefined;

  serverHello(twist: ServerHelloTwist = {}): void {
    // A hybrid share is answered by another kind of share than ours are.
    const theirs = this.offered.keyShare?.find(({ group }) =>
      this.provider.groups.some(({ id, kem }) => id === group && !kem),
    );
    if (theirs === undefined) throw new NotApplicable('the client sends no key share of X25519 or a NIST curve');
    const ours: KeyShare = this.keyShare(theirs.group);
    const shared = ours.derive(theirs.keyExchange);
    if (shared instanceof Promise || shared === null) throw new Error('no shared secret');
    const share = twist.share ?? { group: theirs.group, keyExchange: ours.publicKey };
    this.send(
      encodeServerHello({
        legacyVersion: 0x0303,
        random: this.random(32),
        sessionId: this.hello.sessionId,
        cipherSuite: this.cipher.id,
        compressionMethod: 0,
        extensions: [
          ...encodeExtensions('serverHello', {
            supportedVersions: 0x0304,
            keyShare: share,
            preSharedKey: twist.psk?.selected,
          }),
          ...(twist.add ?? []),
        ],
        ...wireOnly(twist),
      }),
    );
    // A second one changes nothing for us, so that the answer to it can be read.
    if (this.#handshake !== undefined || this.#main !== undefined) return;
    this.#handshake = earlySecret(this.cipher.hash, twist.psk && Secret.copyOf(twist.psk.key)).handshake(
      shared && Secret.take(shared),
    );
    const hash = this.transcript.digest();
    this.clientHandshakeSecret = this.#handshake.clientTraffic(hash);
    this.serverHandshakeSecret = this.#handshake.serverTraffic(hash);
    if (twist.withoutKeys === true) return;
    this.useWriteSecret(this.serverHandshakeSecret);
    if (twist.early !== true) this.useReadSecret(this.clientHandshakeSecret);
  }

  /** Read what the client says behind its ClientHello: early data under this PSK. */
  readEarly(psk: Uint8Array): void {
    this.useReadSecret(earlySecret(this.cipher.hash, Secret.copyOf(psk)).clientTraffic(this.transcript.digest()));
  }

  encryptedExtensions(extensions: readonly Extension[] = []): void {
    this.past.add('extensions');
    this.send(encodeEncryptedExtensions(extensions));
  }

  certificateRequest(
    extensions: readonly Extension[] = encodeExtensions('certificateRequest', {
      signatureAlgorithms: [0x0403, 0x0804],
    }),
    context: Uint8Array = new Uint8Array(0),
  ): void {
    this.#requested = true;
    this.send(encodeCertificateRequest({ context, extensions }));
  }

  certificate(
    chain: readonly Uint8Array[] = this.identity.chain,
    twist: { context?: Uint8Array; extensions?: CertificateEntry['extensions'] } = {},
  ): void {
    this.past.add('certificate');
    const entries = chain.map((data, index) => ({ data, extensions: index === 0 ? (twist.extensions ?? []) : [] }));
    this.send(encodeCertificate({ context: twist.context ?? new Uint8Array(0), entries }));
  }

  certificateVerify(
    twist: {
      algorithm?: number;
      context?: string;
      over?: Uint8Array;
      corrupt?: boolean;
      signature?: Uint8Array;
      sign?: (content: Uint8Array) => Uint8Array;
    } = {},
  ): void {
    this.past.add('verify');
    const own = this.identity.privateKey.asymmetricKeyType === 'rsa' ? 0x0804 : 0x0403;
    const { algorithm = own, sign = (message) => signAs(own, this.identity.privateKey, message) } = twist;
    const content = concat([
      new Uint8Array(64).fill(0x20),
      Buffer.from(`${twist.context ?? CONTEXT}\0`),
      twist.over ?? this.transcript.digest(),
    ]);
    const signature = twist.signature ?? sign(content);
    if (twist.corrupt === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    this.send(encodeCertificateVerify({ algorithm, signature }));
  }

  /** The server's Finished; application keys for writing from then on. */
  finished(twist: { corrupt?: boolean; length?: number; trailing?: Uint8Array } = {}): void {
    this.past.add('finished');
    const mac = finishedMac(this.cipher.hash, this.serverHandshakeSecret, this.transcript.digest());
    if (twist.corrupt === true) mac[0] = (mac[0] ?? 0) ^ 1;
    const message = encodeFinished(mac.subarray(0, twist.length ?? mac.length));
    this.transcript.add(message);
    this.sendHandshake(concat([message, twist.trailing ?? new Uint8Array(0)]));
    if (this.#handshake === undefined) return;
    this.#main = this.#handshake.main();
    this.#handshake = undefined;
    const hash = this.transcript.digest();
    this.clientSecret = this.#main.clientTraffic(hash);
    this.serverSecret = this.#main.serverTraffic(hash);
    this.useWriteSecret(this.serverSecret);
  }

  /** EncryptedExtensions to Finished, as they should be. */
  flight(extensions: readonly Extension[] = []): void {
    this.encryptedExtensions(extensions);
    this.certificate();
    this.certificateVerify();
    this.finished();
  }

  /** A whole handshake, as it should be. */
  *handshake(): Script {
    yield* this.clientHello();
    this.serverHello();
    this.flight();
    yield* this.clientFinished();
  }

  /** The client's Certificate, if one was asked for; it is an empty one. */
  *clientCertificate(): Script {
    if (this.#requested) yield* this.message(HandshakeType.certificate);
  }

  *clientFinished(): Script {
    const expected = finishedMac(this.cipher.hash, this.clientHandshakeSecret, this.transcript.digest());
    const { body } = yield* this.message(HandshakeType.finished);
    if (!Buffer.from(body).equals(expected)) throw new Error("the client's Finished is wrong");
    this.useReadSecret(this.clientSecret);
    this.past.add('clientFinished');
  }

  /** What the handshake still lacks, as it should be: for a client that let everything so far pass. */
  *goOn(): Script {
    const { past } = this;
    if (past.has('retry')) yield* this.clientHello();
    if (this.#handshake === undefined && this.#main === undefined) this.serverHello();
    if (!past.has('finished')) {
      if (!past.has('extensions')) this.encryptedExtensions();
      if (!past.has('certificate')) this.certificate();
      if (!past.has('verify')) this.certificateVerify();
      this.finished();
    }
    if (!past.has('clientFinished')) {
      yield* this.clientCertificate();
      yield* this.clientFinished();
    }
  }

  /** The PSK of the last ticket that was sent. */
  ticketPsk: Uint8Array = new Uint8Array(32);

  newSessionTicket(twist: Partial<NewSessionTicket> = {}): Uint8Array {
    const nonce = twist.nonce ?? Uint8Array.of(1);
    const ticket = { lifetime: 7200, ageAdd: 1, nonce, ticket: Buffer.from('ticket'), extensions: [], ...twist };
    this.sendHandshake(encodeNewSessionTicket(ticket));
    const secret = this.#main?.resumption(this.transcript.digest()) ?? this.serverSecret;
    this.ticketPsk = resumptionPsk(this.cipher.hash, secret, nonce).bytes;
    return this.ticketPsk;
  }

  /** KeyUpdate, and the new keys. */
  keyUpdate(requestPeer: boolean): void {
    this.sendHandshake(encodeKeyUpdate(requestPeer));
    if (this.#main === undefined) return;
    this.serverSecret = nextTrafficSecret(this.cipher.hash, this.serverSecret);
    this.useWriteSecret(this.serverSecret);
  }

  useWriteSecret(secret: Secret): void {
    this.writeWith({ suite: this.cipher, version: 'TLSv1.3', ...trafficKeys(this.cipher, secret) });
  }
  useReadSecret(secret: Secret): void {
    this.readWith({ suite: this.cipher, version: 'TLSv1.3', ...trafficKeys(this.cipher, secret) });
  }
}

/** The fields of a ServerHello that a twist sets outright. */
function wireOnly({
  share: _share,
  add: _add,
  psk: _psk,
  withoutKeys: _withoutKeys,
  early: _early,
  ...fields
}: ServerHelloTwist): Partial<ServerHello> {
  return fields;
}
