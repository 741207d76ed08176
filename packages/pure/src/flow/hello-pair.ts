/**
 * @module The ClientHello that is sent and, with ECH (RFC 9849), the inner one that is meant: offers and transcripts of
 * both until the server has said which of the two it answers. Without ECH they are one.
 */
import { ech as part, type EchPart } from '@ferrule/pure/parts/ech';
import type { Hash } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { Transcript } from '../keys/transcript.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { flush, type Steps } from '../wait.ts';
import type { EchClientHello } from '../wire/extension-values.ts';
import type { ServerHello } from '../wire/server-hello.ts';
import type { Ech } from './ech.ts';
import { clientHello, makeOffer, type Offer, type Request, retriedOffer, retryOffer } from './hello.ts';

/** An offer, and the messages of the handshake that began with it. */
export interface Hello {
  readonly offer: Offer;
  readonly transcript: Transcript;
}

/** Of this connection. @throws TlsError ECH_REQUIRED when no ECH configuration can be used. */
export function* helloPair(effects: Effects, request: Request): Steps<HelloPair> {
  if (Array.isArray(effects.config.ech)) {
    const { outer, ech } = yield* parts().offerEch(effects, request);
    return new HelloPair(outer, ech);
  }
  const offer = yield* makeOffer(effects, request);
  if (effects.config.ech === undefined) return new HelloPair(offer, undefined);
  effects.negotiated.settle('ech', 'grease');
  return new HelloPair({ ...offer, ech: yield* parts().greaseEch(effects) }, undefined);
}

export class HelloPair {
  #outer: Offer;
  /** `undefined` without ECH, and once the server has rejected it. */
  #ech: Ech | undefined;
  readonly #transcript = new Transcript();
  /** The extension that the inner hello went in. */
  #sent: EchClientHello | undefined;
  #retried = false;

  constructor(outer: Offer, ech: Ech | undefined) {
    this.#outer = outer;
    this.#ech = ech;
  }

  /** What is on the wire. */
  get outer(): Hello {
    return { offer: this.#outer, transcript: this.#transcript };
  }

  /** What is meant: hidden in the outer one with ECH. */
  get meant(): Hello {
    return this.#ech === undefined ? this.outer : { offer: this.#ech.inner, transcript: this.#ech.transcript };
  }

  /** A ClientHello: the first, or after {@link retry} the second. */
  *send(effects: Effects): Steps<void> {
    const { message, sent } =
      this.#ech === undefined
        ? { message: clientHello(effects, this.#outer, this.#transcript), sent: undefined }
        : yield* parts().encryptHello(effects, this.#outer, this.#ech, !this.#retried);
    this.#sent ??= sent;
    this.#transcript.add(message);
    effects.hs.put(message);
    yield* flush(effects, 'ClientHello');
  }

  /** The suite is known, and with it the hash of both transcripts. */
  start(hash: Hash): void {
    for (const transcript of this.#transcripts()) {
      transcript.start(hash);
      transcript.forget();
    }
  }

  /** A HelloRetryRequest came (section 4.2.4); with ECH it says whether the inner hello was read. */
  receiveRetry(effects: Effects, message: HandshakeMessage, hello: ServerHello, hash: Hash): void {
    this.#retried = true;
    for (const transcript of this.#transcripts()) transcript.replaceFirstHello();
    if (this.#ech !== undefined && !parts().echAccepted(this.#ech, message, hello, hash, true)) this.reject(effects);
    for (const transcript of this.#transcripts()) transcript.add(message.raw);
  }

  /** What the second ClientHello offers. */
  *retry(effects: Effects, retry: Parameters<typeof retryOffer>[2]): Steps<void> {
    this.#outer = yield* retryOffer(effects, this.#outer, retry);
    this.#ech &&= { ...this.#ech, inner: retriedOffer(effects, this.#ech.inner, retry, this.#outer.keyPairs) };
  }

  /**
   * Which hello it was that the server answered, RFC 9849 section 6.1.4. @throws TlsError ILLEGAL_PARAMETER where it
   * accepted ECH in its HelloRetryRequest alone.
   */
  settle(effects: Effects, message: HandshakeMessage, hello: ServerHello, hash: Hash): Hello {
    const ech = this.#ech;
    if (ech === undefined) return this.outer;
    if (!parts().echAccepted(ech, message, hello, hash, false)) {
      if (this.#retried)
        throw fail(
          'ILLEGAL_PARAMETER',
          'the HelloRetryRequest accepts Encrypted ClientHello, the ServerHello does not',
        );
      this.reject(effects);
      return this.outer;
    }
    effects.negotiated.settle('ech', 'accepted');
    effects.secrets.wipe(ech.sender);
    return this.meant;
  }

  /** The server did not use the inner hello, if there is one. A second hello repeats the extension (section 6.1.5). */
  reject(effects: Effects): void {
    if (this.#ech === undefined) return;
    effects.negotiated.settle('ech', 'rejected');
    this.#outer = parts().abandonEch(effects, this.#ech, this.#outer, this.#retried ? this.#sent : undefined);
    this.#ech = undefined;
  }

  *#transcripts(): Generator<Transcript> {
    yield this.#transcript;
    if (this.#ech !== undefined) yield this.#ech.transcript;
  }
}

/** Only where an option asks for ECH, which `parseOptions` refuses without the part. */
function parts(): EchPart {
  if (part === undefined) throw fail('INTERNAL_ERROR', 'ECH in a bundle without @ferrule/pure/parts/ech');
  return part;
}
