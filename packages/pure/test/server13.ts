/**
 * A TLS 1.3 server for tests, made of the engine's own wire, record and key code: one call a step, on the far end of a
 * BIO pair.
 */
import { sign } from 'node:crypto';
import type { Bio } from '@ferrule/bio';
import type { Identity, MlDsaIdentity } from '@ferrule/conformance/pki';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { CipherSuite, KeyShare } from '../src/crypto/provider.ts';
import { exporter13, type Exporter } from '../src/keys/exporter.ts';
import {
  earlySecret,
  finishedMac,
  nextTrafficSecret,
  resumptionPsk,
  trafficKeys,
  type HandshakeStage,
  type MainStage,
} from '../src/keys/schedule13.ts';
import { Secret } from '../src/keys/secret.ts';
import { Transcript } from '../src/keys/transcript.ts';
import { contentLength, Protection } from '../src/record/protect.ts';
import * as wire from '../src/wire/index.ts';
import { certificateVerifyContent } from '../src/auth/verify.ts';

/** One record, opened. */
export interface Received {
  readonly type: number;
  readonly content: Uint8Array;
}

export class Server13 {
  readonly suite: CipherSuite = nodeCrypto.suites[0] as CipherSuite;
  readonly transcript: Transcript = new Transcript();
  hello!: wire.ClientHello;
  offered!: wire.ClientHelloExtensions;
  serverSecret!: Secret;
  clientSecret!: Secret;
  earlyExporter!: Exporter;
  readonly #net: Bio;
  readonly #identity: Identity | MlDsaIdentity;
  #read: Protection | undefined;
  #write: Protection | undefined;
  #handshake!: HandshakeStage;
  #main!: MainStage;
  #clientTraffic!: Secret;
  #resumption: Secret | undefined;

  constructor(net: Bio, identity: Identity | MlDsaIdentity) {
    this.#net = net;
    this.#identity = identity;
  }

  /** The next record of the client; `undefined` when there is none. change_cipher_spec is passed over. */
  record(): Received | undefined {
    for (;;) {
      const view = this.#net.nread0();
      if (view.length === 0) return undefined;
      const length = 5 + (((view[3] ?? 0) << 8) | (view[4] ?? 0));
      const record = view.slice(0, length);
      this.#net.nread(length);
      if (record[0] === 20) continue;
      if (this.#read === undefined) return { type: record[0] ?? 0, content: record.subarray(5) };
      const inner = this.#read.open(record, length, new Uint8Array(length));
      if (inner === null) throw new Error('a record of the client does not open');
      const end = contentLength(inner);
      return { type: inner[end] ?? 0, content: inner.slice(0, end) };
    }
  }

  /** The next record, which must hold handshake messages; returns them one by one. */
  messages(): Uint8Array[] {
    const record = this.record();
    if (record?.type !== 22)
      throw new Error(
        `handshake messages expected, not ${record === undefined ? 'nothing' : `a record of type ${record.type}: ${record.content.join(' ')}`}`,
      );
    const messages: Uint8Array[] = [];
    for (let at = 0; at < record.content.length;) {
      const length =
        4 +
        (((record.content[at + 1] ?? 0) << 16) | ((record.content[at + 2] ?? 0) << 8) | (record.content[at + 3] ?? 0));
      messages.push(record.content.slice(at, at + length));
      at += length;
    }
    return messages;
  }

  /** A record of this content. */
  put(type: number, content: Uint8Array, padding = 0): void {
    const protection = this.#write;
    if (protection === undefined) {
      this.#net.write(new Uint8Array([type, 3, 3, content.length >> 8, content.length & 0xff, ...content]));
      return;
    }
    const record = new Uint8Array(5 + protection.overhead + content.length + padding);
    record.set(content, 5);
    protection.seal(record, type, content.length, padding);
    this.#net.write(record);
  }

  /** Handshake messages in one record, into the transcript. */
  send(...messages: readonly Uint8Array[]): void {
    for (const message of messages) this.transcript.add(message);
    this.put(22, new Uint8Array(Buffer.concat(messages)));
  }

  readHello(): void {
    const [message] = this.messages();
    if (message === undefined) throw new Error('no ClientHello');
    this.transcript.add(message);
    this.transcript.start(this.suite.hash);
    this.hello = wire.decodeClientHello(message.subarray(4));
    this.offered = wire.decodeExtensions('clientHello', this.hello.extensions);
  }

  retry(extensions: wire.HelloRetryRequestExtensions): void {
    this.transcript.replaceFirstHello();
    this.send(
      this.#hello(
        wire.HELLO_RETRY_REQUEST_RANDOM,
        wire.encodeExtensions('helloRetryRequest', { supportedVersions: 0x0304, ...extensions }),
      ),
    );
  }

  /** ServerHello, and keys for what follows; `psk` selects the first identity. */
  answer({ psk, early }: { readonly psk?: Uint8Array; readonly early?: boolean } = {}): void {
    const theirs = this.offered.keyShare?.[0];
    const group = nodeCrypto.groups.find(({ id }) => id === theirs?.group);
    const ours = group?.keyShare(nodeCrypto.random) as KeyShare;
    const shared = Secret.take(ours.derive(theirs?.keyExchange ?? new Uint8Array(0)) as Uint8Array);
    const stage = earlySecret(this.suite.hash, psk && Secret.copyOf(psk));
    if (early === true) {
      this.#read = this.#keys(stage.clientTraffic(this.transcript.digest()));
      this.earlyExporter = exporter13(this.suite.hash, stage.exporter(this.transcript.digest()));
    }
    const random = new Uint8Array(32).fill(7);
    const keyShare = { group: theirs?.group ?? 0, keyExchange: ours.publicKey };
    this.send(
      this.#hello(
        random,
        wire.encodeExtensions('serverHello', { keyShare, supportedVersions: 0x0304, preSharedKey: psk && 0 }),
      ),
    );
    this.#handshake = stage.handshake(shared);
    this.clientSecret = this.#handshake.clientTraffic(this.transcript.digest());
    this.serverSecret = this.#handshake.serverTraffic(this.transcript.digest());
    this.#write = this.#keys(this.serverSecret);
    if (early !== true) this.readUnderHandshakeKeys();
  }

  readUnderHandshakeKeys(): void {
    this.#read = this.#keys(this.clientSecret);
  }

  encryptedExtensions(values: wire.EncryptedExtensionsValues = {}): void {
    this.send(wire.encodeEncryptedExtensions(wire.encodeExtensions('encryptedExtensions', values)));
  }

  certificateRequest(context: Uint8Array = new Uint8Array(0)): Uint8Array {
    return wire.encodeCertificateRequest({
      context,
      extensions: wire.encodeExtensions('certificateRequest', { signatureAlgorithms: [0x0403, 0x0804] }),
    });
  }

  /** Certificate and CertificateVerify; `chain` in place of the identity's. */
  authenticate(chain: readonly Uint8Array[] = this.#identity.chain): void {
    this.send(
      wire.encodeCertificate({ context: new Uint8Array(0), entries: chain.map((data) => ({ data, extensions: [] })) }),
    );
    const content = certificateVerifyContent('server', this.transcript.digest());
    this.send(wire.encodeCertificateVerify(this.#sign(content)));
  }

  #sign(content: Uint8Array): wire.CertificateVerify {
    const identity = this.#identity;
    if ('level' in identity)
      return { algorithm: { 44: 0x0904, 65: 0x0905, 87: 0x0906 }[identity.level], signature: identity.sign(content) };
    return { algorithm: 0x0403, signature: new Uint8Array(sign('sha256', content, identity.privateKey)) };
  }

  finish(): void {
    this.send(wire.encodeFinished(finishedMac(this.suite.hash, this.serverSecret, this.transcript.digest())));
    this.#main = this.#handshake.main();
    this.serverSecret = this.#main.serverTraffic(this.transcript.digest());
    this.#clientTraffic = this.#main.clientTraffic(this.transcript.digest());
    this.#write = this.#keys(this.serverSecret);
  }

  /** The client's last flight, whose Finished must be right; returns what came before it. */
  readFlight(): Uint8Array[] {
    const messages = this.messages();
    const finished = messages.pop();
    for (const message of messages) this.transcript.add(message);
    const expected = wire.encodeFinished(finishedMac(this.suite.hash, this.clientSecret, this.transcript.digest()));
    if (finished === undefined || !Buffer.from(finished).equals(Buffer.from(expected)))
      throw new Error("the client's Finished is wrong");
    this.transcript.add(finished);
    this.#resumption = this.#main.resumption(this.transcript.digest());
    this.clientSecret = this.#clientTraffic;
    this.#read = this.#keys(this.clientSecret);
    return messages;
  }

  /** A ticket, and the PSK that it stands for. */
  ticket(maxEarlyData = 0): { readonly message: Uint8Array; readonly psk: Uint8Array } {
    const nonce = new Uint8Array([1]);
    const extensions = wire.encodeExtensions('newSessionTicket', maxEarlyData > 0 ? { earlyData: maxEarlyData } : {});
    const message = wire.encodeNewSessionTicket({
      lifetime: 3600,
      ageAdd: 0,
      nonce,
      ticket: new Uint8Array(16).fill(9),
      extensions,
    });
    return { message, psk: resumptionPsk(this.suite.hash, this.#resumption as Secret, nonce).bytes };
  }

  updateKeys(requestPeer = false): void {
    this.put(22, wire.encodeKeyUpdate(requestPeer));
    this.serverSecret = nextTrafficSecret(this.suite.hash, this.serverSecret);
    this.#write = this.#keys(this.serverSecret);
  }

  /** The client has said that it goes on with new keys. */
  followKeys(): void {
    this.clientSecret = nextTrafficSecret(this.suite.hash, this.clientSecret);
    this.#read = this.#keys(this.clientSecret);
  }

  #keys(secret: Secret): Protection {
    return new Protection({ version: 'TLSv1.3', suite: this.suite, ...trafficKeys(this.suite, secret) });
  }

  #hello(random: Uint8Array, extensions: readonly wire.Extension[]): Uint8Array {
    return wire.encodeServerHello({
      legacyVersion: 0x0303,
      random,
      sessionId: this.hello.sessionId,
      cipherSuite: this.suite.id,
      compressionMethod: 0,
      extensions,
    });
  }
}
