/**
 * @module What OpenSSL knows of a connection, asked when somebody asks: numbers through the control block, bytes one by
 * one.
 */
import type { Credential } from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import type { Facts } from '@ferrule/ssl';
import { isMade } from './anchor.ts';
import { type Binding, Control, type Handle, type Library } from './binding.ts';
import type { PeerRecord } from './session.ts';

export class NativeFacts {
  readonly #binding: Binding;
  readonly #control: Int32Array;
  #handle: Handle;
  begun = false;
  #established = false;
  /** Whom the session that went into the ClientHello is with. */
  offered: PeerRecord | undefined;
  /** The last look at the numbers; final once established. */
  #numbers: Int32Array | undefined;
  #peerCertificates: readonly Uint8Array[] | undefined;
  /** Kept when the connection is disposed. */
  #alpn: string | undefined;
  clientCredential: Credential | undefined;

  constructor({ binding, control }: Library, handle: Handle) {
    this.#binding = binding;
    this.#control = control;
    this.#handle = handle;
  }

  establish(): void {
    this.#established = true;
    this.#numbers = undefined;
  }

  /** Numbers and names stay; what is long is not copied for everybody just in case. */
  close(): void {
    this.#alpn = this.get('alpn');
    this.#number(Control.version);
    this.#handle = 0;
  }

  get<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return NativeFacts.#of[name](this) as Facts[K] | undefined;
  }

  /** For a session: what the handshake told of the peer. */
  peer(): PeerRecord {
    return {
      verifyResult: this.get('verifyResult') ?? 0,
      signatureAlgorithm: this.get('peerSignatureAlgorithm') ?? 0,
      group: this.get('group') ?? 0,
      chain: this.get('peerCertificates') ?? [],
      verifiedChain: this.get('verifiedChain') ?? [],
      ocspResponse: this.get('ocspResponse') ?? EMPTY,
      signedCertificateTimestamps: this.get('signedCertificateTimestamps') ?? EMPTY,
    };
  }

  static readonly #of: { readonly [K in keyof Facts]: (it: NativeFacts) => Facts[K] | undefined } = {
    version: (it) => {
      const version = it.#number(Control.version);
      return version === 0x0303 ? 'TLSv1.2' : version === 0x0304 ? 'TLSv1.3' : undefined;
    },
    cipherSuite: (it) => it.#number(Control.cipherSuite) || undefined,
    // Each TLS 1.3 handshake has a key exchange; a resumption of TLS 1.2 has none.
    group: (it) => it.#number(Control.group) || it.#resumedPeer()?.group || undefined,
    peerSignatureAlgorithm: (it) =>
      (it.#resumedPeer()?.signatureAlgorithm ?? it.#number(Control.peerSignatureAlgorithm)) || undefined,
    alpn: (it) => (it.#asking ? it.#binding.alpn(it.#handle) || undefined : it.#alpn),
    helloRetryRequested: (it) => {
      const known = it.#number(Control.helloRetryRequested);
      return known === undefined ? undefined : known === 1;
    },
    extendedMasterSecret: (it) =>
      it.get('version') === 'TLSv1.2' ? it.#number(Control.extendedMasterSecret) === 1 : undefined,
    peerCertificates: (it) => {
      if (it.#peerCertificates !== undefined) return it.#peerCertificates;
      if (!it.#asking) return undefined;
      const chain = it.#resumedPeer()?.chain ?? it.#binding.peerChain(it.#handle);
      if (it.#established) it.#peerCertificates = Object.freeze(chain);
      return chain;
    },
    peerRawPublicKey: () => undefined,
    verifiedChain: (it) => {
      if (!it.#asking) return undefined;
      const chain = it.#resumedPeer()?.verifiedChain ?? it.#binding.verifiedChain(it.#handle);
      return chain.length === 0 ? undefined : chain.filter((der, i) => i < chain.length - 1 || !isMade(der));
    },
    verifyResult: (it) => it.#resumedPeer()?.verifyResult ?? it.#number(Control.verifyResult),
    ocspResponse: (it) => it.#bytes('ocspResponse'),
    signedCertificateTimestamps: (it) => it.#bytes('signedCertificateTimestamps'),
    clientCredential: (it) => it.clientCredential,
    sessionReused: (it) => it.#number(Control.sessionReused) === 1,
    // SSL_get_early_data_status(3) knows of bytes that left although writeEarlyData() had to wait. Until the server has
    // answered it says "rejected".
    earlyData: (it) =>
      it.#established ? (['not-sent', 'rejected', 'accepted'] as const)[it.#number(Control.earlyData) ?? 0] : undefined,
    ech: () => undefined,
    echRetryConfigs: () => undefined,
  };

  get #asking(): boolean {
    return this.#handle !== 0 && this.begun;
  }

  /** `undefined` until the ServerHello has come. */
  #number(word: number): number | undefined {
    if (this.#numbers === undefined || !this.#established) {
      if (this.#asking) {
        this.#binding.facts(this.#handle);
        this.#numbers = this.#control.slice();
      } else if (this.#numbers === undefined) return undefined;
    }
    return (this.#numbers[Control.helloRetryRequested] as number) < 0 ? undefined : this.#numbers[word];
  }

  /** What the handshake told of the peer whose session this connection resumes. */
  #resumedPeer(): PeerRecord | undefined {
    return this.offered !== undefined && this.#number(Control.sessionReused) === 1 ? this.offered : undefined;
  }

  #bytes(name: 'ocspResponse' | 'signedCertificateTimestamps'): Uint8Array | undefined {
    if (!this.#asking) return undefined;
    const bytes = this.#resumedPeer()?.[name] ?? this.#binding[name](this.#handle);
    return bytes.length === 0 ? undefined : bytes;
  }
}
