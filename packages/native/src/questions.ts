/**
 * @module Questions to the caller, raised by OpenSSL or a session: a verdict, a credential. Answers are used between
 * native calls.
 */
import { createHash } from 'node:crypto';
import type { CertificateRequest } from '@ferrule/contract';
import { Alert, isCertificateCode, SslErrorCode, TlsError, X509V } from '@ferrule/result';
import {
  ask,
  type Asked,
  askFailed,
  askFilter,
  givenCredential,
  type Outlet,
  refusalOf,
  revocationError,
} from '@ferrule/ssl';
import { mayOffer, verifiesAnew } from '@ferrule/ssl/session-binding';
import type { Binding, Handle } from './binding.ts';
import { concerned } from './certificate-error.ts';
import type { Shared } from './context.ts';
import { mismatch, parseCredential, type ParsedCredential, settledScheme } from './credential.ts';
import type { NativeFacts } from './facts.ts';
import { credentialOption } from './options.ts';
import type { PeerRecord, SessionFields } from './session.ts';

export class Questions {
  readonly #shared: Shared;
  readonly #binding: Binding;
  readonly #handle: Handle;
  readonly #outlet: Outlet;
  readonly #facts: NativeFacts;
  /** The pending callback, and how its answer is used. */
  #question: { readonly asked: Asked<unknown>; readonly why: SslErrorCode; readonly use: () => void } | undefined;
  #disposed = false;
  /** The failure that results from a callback's refusal. */
  refusal: TlsError | undefined;
  host: string | undefined;
  /** A callback has chosen, or declined, our credential: the session is not kept (ADR 0090). */
  named = false;

  constructor(shared: Shared, handle: Handle, outlet: Outlet, facts: NativeFacts) {
    this.#shared = shared;
    this.#binding = shared.library.binding;
    this.#handle = handle;
    this.#outlet = outlet;
    this.#facts = facts;
  }

  /** Settles when there is an answer. */
  get ready(): Promise<void> | undefined {
    return this.#question?.asked.settled;
  }

  /** Drops a pending question; `disposed`: whatever the callback interrupted must not continue either. */
  drop(disposed: boolean): void {
    this.#question = undefined;
    this.#disposed ||= disposed;
  }

  /** Answers a pending credential question with none (RFC 9846 section 4.5.1). */
  decline(): void {
    if (this.#question?.why !== SslErrorCode.wantX509Lookup || this.#question.asked.state !== 'pending') return;
    this.#question = undefined;
    this.#use(undefined);
  }

  /**
   * Uses the answer if available, otherwise returns the wait code. @throws TlsError DISPOSED, if a callback disposes
   */
  unanswered(): SslErrorCode | undefined {
    if (this.#disposed) throw new TlsError('DISPOSED');
    const question = this.#question;
    if (question === undefined) return undefined;
    if (question.asked.state === 'pending') return question.why;
    this.#question = undefined;
    question.use();
    return undefined;
  }

  /** Puts the session that was set into the ClientHello, unless a full handshake could end otherwise. */
  offer(session: SessionFields | undefined, now: number): void {
    const host = this.host;
    if (session === undefined || !mayOffer(session, { ...this.#shared.offering(), host }, now)) return;
    const { verify, bound } = this.#shared.config;
    const take = (peer: PeerRecord): void =>
      void (this.#facts.offered = this.#binding.setSession(this.#handle, session.der) ? peer : undefined);
    if (!verifiesAnew(bound) || session.peer.chain.length === 0) return take(session.peer);
    const { chain, ocspResponse } = session.peer;
    const anew = this.#binding.reverify(this.#handle, chain, ocspResponse);
    if (anew === undefined) return;
    // The path's result takes precedence over the staple's, as in a full handshake.
    const verifyResult = anew.verifyResult === X509V.OK ? anew.stapleResult : anew.verifyResult;
    const peer = { ...session.peer, verifiedChain: anew.stapleResult === X509V.OK ? anew.chain : [], verifyResult };
    if (typeof verify !== 'function') {
      const found = anew.verifyResult === X509V.OK ? this.#askFilter() : undefined;
      if (found === undefined) take(peer);
      else if (verify === 'none' && anew.leafPinned && isCertificateCode(found.code))
        take({ ...peer, verifyResult: codeOf(found), verifiedChain: [] });
      return;
    }
    const presented = {
      host,
      chain: chain.map((der) => der.slice()),
      rawPublicKey: undefined,
      ocspResponse: ocspResponse.length === 0 ? undefined : ocspResponse.slice(),
    };
    const asked = ask(
      () => verify(presented, this.#outlet.ssl),
      (accepted) => accepted === true,
    );
    this.#question = {
      asked,
      why: SslErrorCode.wantRetryVerify,
      use: () => void (refusalOf(asked) === undefined && take(peer)),
    };
  }

  verify(): void {
    const { verify } = this.#shared.config;
    if (typeof verify !== 'function') return this.#verifyRevocation(verify);
    // Copies: the callback must not be able to change what is reported and stored.
    const peer = {
      host: this.host,
      chain: this.#binding.peerChain(this.#handle),
      rawPublicKey: undefined,
      ocspResponse: this.#facts.get('ocspResponse'),
    };
    const asked = ask(
      () => verify(peer, this.#outlet.ssl),
      (accepted) => accepted === true,
    );
    this.#question = {
      asked,
      why: SslErrorCode.wantRetryVerify,
      use: () => {
        const refusal = refusalOf(asked);
        this.refusal = refusal?.error;
        if (refusal === undefined) this.#binding.decide(this.#handle, true, X509V.OK, 0);
        else this.#binding.decide(this.#handle, false, refusal.verifyCode, refusal.alert);
      },
    };
  }

  /** The path is valid: checks revocation of the server's certificate. */
  #verifyRevocation(verify: 'peer' | 'none'): void {
    const found = this.#askFilter();
    if (found === undefined) return this.#binding.decide(this.#handle, true, X509V.OK, 0);
    if (verify === 'none' && isCertificateCode(found.code))
      return this.#binding.decide(this.#handle, true, codeOf(found), 0);
    this.refusal = found;
    this.#binding.decide(this.#handle, false, codeOf(found), found.alert?.description ?? Alert.internal_error);
  }

  /** The failure that results from the filter's answer. */
  #askFilter(): TlsError | undefined {
    const { revocation, now } = this.#shared.config;
    if (revocation === undefined) return undefined;
    try {
      const [certificate, issuerSpki] = this.#binding.revocationQuestion(this.#handle);
      const status = askFilter(revocation, { certificate, issuerSpki, now: now(), sha256 });
      return revocationError(status, revocation, () => concerned(this.#binding.failure(this.#handle)));
    } catch (error) {
      if (TlsError.is(error)) return error;
      throw error;
    }
  }

  chooseCredential(): void {
    const { credentials, config } = this.#shared;
    const native = this.#binding.certificateRequest(this.#handle);
    const version = this.#facts.get('version');
    const request: CertificateRequest = {
      authorities: native.authorities,
      signatureAlgorithms: native.signatureAlgorithms,
      certificateTypes: version === 'TLSv1.2' ? [...native.certificateTypes] : [],
    };
    const { onCertificateRequest } = config;
    if (onCertificateRequest === undefined)
      return this.#use(
        credentials.find((credential) => mismatch(credential, request, version, config.schemes) === undefined),
      );
    this.named = true;
    const asked = ask(
      () => onCertificateRequest(request, this.#outlet.ssl),
      (chosen) => this.#parse(chosen),
    );
    this.#question = {
      asked,
      why: SslErrorCode.wantX509Lookup,
      use: () => {
        if (asked.state === 'done')
          this.#useNamed(asked.value as ParsedCredential | undefined, request, native.sharedSignatureAlgorithms);
        else this.#refuseCredential(askFailed(asked.error, 'choose a client credential'));
      },
    };
  }

  #parse(chosen: unknown): ParsedCredential | undefined {
    return chosen === undefined
      ? undefined
      : parseCredential(this.#binding, credentialOption(chosen, 'onCertificateRequest'), 'onCertificateRequest');
  }

  /**
   * A credential the caller names for this request must match it, and its signatureAlgorithms must be in effect (ADR
   * 0130).
   */
  #useNamed(parsed: ParsedCredential | undefined, request: CertificateRequest, shared: readonly number[]): void {
    if (parsed === undefined) return this.#use(parsed);
    const version = this.#facts.get('version');
    const { schemes } = this.#shared.config;
    const refusal = mismatch(parsed, request, version, schemes);
    if (refusal !== undefined)
      return this.#refuseCredential(
        new TlsError(refusal, undefined, { alert: { description: Alert.handshake_failure, origin: 'local' } }),
      );
    const settled = settledScheme(parsed, shared, version, schemes);
    const { signatureAlgorithms: wanted } = parsed.credential;
    if (settled === undefined || (wanted?.includes(settled.id) ?? true)) return this.#use(parsed);
    const error = new TypeError(
      `onCertificateRequest.signatureAlgorithms: OpenSSL signs with ${settled.name} here, which is not among them: it settles that before it asks. Give the credential in \`credentials\``,
    );
    this.#refuseCredential(askFailed(error, 'choose a client credential'));
  }

  /** Without one, the answer is an empty Certificate (RFC 9846 section 4.5.1, RFC 5246 section 7.4.6). */
  #use(credential: ParsedCredential | undefined): void {
    if (!this.#binding.useCredential(this.#handle, credential?.pair ?? null))
      return this.#refuseCredential(askFailed(undefined, 'use the credential, which OpenSSL refuses'));
    this.#facts.clientCredential = credential && givenCredential(credential.credential);
  }

  #refuseCredential(error: TlsError): void {
    this.refusal = error;
    this.#binding.refuseCredential(this.#handle, error.alert?.description ?? Alert.internal_error);
  }
}

const codeOf = ({ verify }: TlsError): number => verify?.code ?? X509V.APPLICATION_VERIFICATION;

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
