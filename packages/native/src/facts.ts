/**
 * @module Facts of a connection, read from OpenSSL on demand: numbers through the control block, bytes individually.
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
  /** The peer of the session offered in the ClientHello. */
  offered: PeerRecord | undefined;
  /** The numbers as last read; final once established. */
  #numbers: Int32Array | undefined;
  #peerCertificates: readonly Uint8Array[] | undefined;
  /** Kept after the connection is disposed of. */
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

  /** Keeps numbers and names; long values are not copied in advance. */
  close(): void {
    this.#alpn = this.get('alpn');
    this.#number(Control.version);
    this.#handle = 0;
  }

  get<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return NativeFacts.#of[name](this) as Facts[K] | undefined;
  }

  /** For a session: facts of the peer from the handshake. */
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
    // A TLS 1.2 resumption has no key exchange.
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
    // SSL_get_early_data_status(3) includes bytes sent while writeEarlyData() had to wait. Until the server has
    // answered it returns "rejected".
    earlyData: (it) =>
      it.#established ? (['not-sent', 'rejected', 'accepted'] as const)[it.#number(Control.earlyData) ?? 0] : undefined,
    ech: () => undefined,
    echRetryConfigs: () => undefined,
  };

  get #asking(): boolean {
    return this.#handle !== 0 && this.begun;
  }

  /** `undefined` until the ServerHello. */
  #number(word: number): number | undefined {
    if (this.#numbers === undefined || !this.#established) {
      if (this.#asking) {
        this.#binding.facts(this.#handle);
        this.#numbers = this.#control.slice();
      } else if (this.#numbers === undefined) return undefined;
    }
    return (this.#numbers[Control.helloRetryRequested] as number) < 0 ? undefined : this.#numbers[word];
  }

  /** Facts of the peer from the handshake whose session this connection resumes. */
  #resumedPeer(): PeerRecord | undefined {
    return this.offered !== undefined && this.#number(Control.sessionReused) === 1 ? this.offered : undefined;
  }

  #bytes(name: 'ocspResponse' | 'signedCertificateTimestamps'): Uint8Array | undefined {
    if (!this.#asking) return undefined;
    const bytes = this.#resumedPeer()?.[name] ?? this.#binding[name](this.#handle);
    return bytes.length === 0 ? undefined : bytes;
  }
}
