/**
 * @module One question to a server: a ClientHello that offers what is asked about, and what comes back. The messages
 * are those of the pure engine's codecs, which can say what the engine itself would not: old versions, suites without
 * forward secrecy, groups that nobody here can compute with. Nothing but ClientHellos is ever sent; nothing that is
 * received is trusted.
 */
import { randomBytes } from 'node:crypto';
import { Secret, Transcript, earlySecret } from '@ferrule/pure/keys';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { type SeenRecord, Wiretap } from '@ferrule/pure/trace';
import {
  decodeCertificate,
  decodeCertificate12,
  decodeCertificateVerify,
  decodeExtensions,
  decodeServerHello,
  encodeClientHello,
  encodeExtensions,
  type Extension,
  ExtensionType,
  findExtension,
  HandshakeType,
  isHelloRetryRequest,
  Reader,
  selectedVersion,
  Version,
} from '@ferrule/pure/wire';
import { EMPTY } from '@ferrule/result/bytes';
import { versionName } from '@ferrule/result/names';
import { TlsError, type Transport } from 'ferrule';

export interface Question {
  /** ProtocolVersion: 0x0300 (SSL 3.0) to 0x0304 (TLS 1.3). */
  readonly version: number;
  readonly cipherSuites: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /**
   * TLS 1.3: the groups of which a key share goes along; without any a server has to answer with a HelloRetryRequest.
   */
  readonly shares?: readonly number[];
  /** Offer DEFLATE, too (RFC 3749). */
  readonly compression?: boolean;
  /** `hello`: the ServerHello will do. `authentication`: the certificate and the signature too. */
  readonly until: 'hello' | 'authentication';
  /** For server_name. */
  readonly name: string | undefined;
}

/** What the server chose. */
export interface Choice {
  readonly cipherSuite: number;
  readonly group?: number;
  /** Of a Diffie-Hellman group that is not named. */
  readonly primeBits?: number;
  readonly signatureAlgorithm?: number;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Code points of the extensions in its ServerHello. */
  readonly extensions: readonly number[];
  /** The random of its ServerHello tells that it speaks a newer version, too (RFC 9846 section 4.2.3). */
  readonly sentinel: boolean;
  /** What was offered beside no compression was chosen. */
  readonly compressed: boolean;
  /** An OCSP response came with the certificate. */
  readonly stapled?: boolean;
}

export type Answer =
  | { readonly kind: 'taken'; readonly choice: Choice }
  /** An alert, or no word at all. */
  | { readonly kind: 'refused'; readonly alert?: number; readonly why: string }
  /** No answer to the question: it has to be asked again, or stays open. */
  | { readonly kind: 'unknown'; readonly error: TlsError };

/** Sends it over a fresh connection, and hangs up when there is an answer. */
export async function ask(
  transport: Transport,
  question: Question,
  timeout: number,
  signal: AbortSignal,
): Promise<Answer> {
  const shares = (question.shares ?? []).flatMap((id) => nodeCrypto.groups.filter((group) => group.id === id));
  const keys = await Promise.all(
    shares.map(async (group) => ({ group: group.id, share: await group.keyShare(nodeCrypto.random) })),
  );
  const hello = clientHello(
    question,
    keys.map(({ group, share }) => ({ group, keyExchange: share.publicKey })),
  );
  const listener = new Listener(question, hello, keys);
  try {
    return await new Promise<Answer>((resolve) => {
      const unknown = (error: TlsError): void => resolve({ kind: 'unknown', error });
      const timer = setTimeout(
        () => unknown(new TlsError('TIMEOUT', `${transport.name}: no answer to a ClientHello within ${timeout} ms`)),
        timeout,
      );
      const abort = (): void => unknown(new TlsError('ABORTED', undefined, { cause: signal.reason }));
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      const finish = (answer: Answer): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(answer);
      };
      transport.start({
        data: (bytes) => {
          const answer = listener.hear(bytes);
          if (answer !== undefined) finish(answer);
          return true;
        },
        end: () => finish({ kind: 'refused', why: 'hung up' }),
        failed: (error) =>
          finish(
            isReset(error)
              ? { kind: 'refused', why: 'reset the connection' }
              : { kind: 'unknown', error: asTlsError(error) },
          ),
      });
      transport.send(record(question.version, hello), () => {});
    });
  } finally {
    transport.destroy();
    for (const { share } of keys) share.dispose();
  }
}

const ENCRYPT_THEN_MAC: Extension = { type: 22, data: EMPTY };

type KeyPairs = readonly {
  readonly group: number;
  readonly share: Awaited<ReturnType<(typeof nodeCrypto.groups)[number]['keyShare']>>;
}[];

/** The whole message. */
function clientHello(
  { version, cipherSuites, groups, signatureAlgorithms, name, compression }: Question,
  keyShare: readonly { group: number; keyExchange: Uint8Array }[],
): Uint8Array {
  const is13 = version === Version.tls13;
  const elliptic = groups.length > 0;
  const extensions = [
    ...encodeExtensions('clientHello', {
      serverName: name,
      extendedMasterSecret: is13 ? undefined : true,
      renegotiationInfo: is13 ? undefined : EMPTY,
      supportedGroups: elliptic ? groups : undefined,
      ecPointFormats: elliptic && !is13 ? [0] : undefined,
      sessionTicket: is13 ? undefined : EMPTY,
      statusRequest: true,
      keyShare: is13 ? keyShare : undefined,
      supportedVersions: is13 ? [version] : undefined,
      signatureAlgorithms: version >= Version.tls12 ? signatureAlgorithms : undefined,
      pskKeyExchangeModes: is13 ? [1] : undefined,
    }),
    ...(is13 ? [] : [ENCRYPT_THEN_MAC]),
  ];
  const old = version < Version.tls10;
  const hello = {
    legacyVersion: Math.min(version, Version.tls12),
    random: new Uint8Array(randomBytes(32)),
    sessionId: is13 ? new Uint8Array(randomBytes(32)) : EMPTY,
    cipherSuites,
    compressionMethods: compression === true ? [1, 0] : [0],
    extensions: old ? [] : extensions,
  };
  const message = encodeClientHello(hello);
  if (!old) {
    // RFC 7685 section 1: at other lengths there are middleboxes that hang
    if (message.length < 256 || message.length >= 512) return message;
    const padding = encodeExtensions('clientHello', { padding: Math.max(512 - message.length - 4, 1) });
    return encodeClientHello({ ...hello, extensions: [...extensions, ...padding] });
  }
  // SSL 3.0 knows no extensions, and no list of none
  const plain = message.slice(0, -2);
  new DataView(plain.buffer).setUint16(2, plain.length - 4);
  return plain;
}

/** The version of the record layer is that of old clients, which every server takes (RFC 9846 section 5.1). */
function record(version: number, message: Uint8Array): Uint8Array {
  const [major, minor] = [3, version < Version.tls10 ? 0 : 1];
  return Uint8Array.from([22, major, minor, message.length >> 8, message.length & 0xff, ...message]);
}

/** Puts together what the server says until the question is answered. */
class Listener {
  readonly #question: Question;
  readonly #tap: Wiretap;
  #choice: Choice | undefined;

  constructor(question: Question, hello: Uint8Array, keys: KeyPairs) {
    this.#question = question;
    this.#tap = new Wiretap({
      crypto: nodeCrypto,
      secretAfter: (label, message) =>
        label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET' ? serverSecret(hello, message, keys) : undefined,
    });
    this.#tap.feed('sent', record(question.version, hello));
  }

  hear(bytes: Uint8Array): Answer | undefined {
    try {
      for (const each of this.#tap.feed('received', bytes)) {
        const answer = this.#record(each);
        if (answer !== undefined) return answer;
      }
      return undefined;
    } catch (error) {
      if (!TlsError.is(error)) throw error;
      return { kind: 'unknown', error };
    }
  }

  #record({ state, contentType, bytes, content, messages }: SeenRecord): Answer | undefined {
    if (state === 'foreign') return { kind: 'unknown', error: notTls(bytes) };
    // A signature under keys that we cannot have
    if (state === 'sealed') return this.#taken();
    if (contentType === 21) {
      const [, alert = 0] = content;
      // unrecognized_name is often a warning only
      return content[0] === 1 && alert !== 0 ? undefined : { kind: 'refused', alert, why: 'alert' };
    }
    for (const message of contentType === 22 ? messages : []) {
      const answer = this.#message(message[0] ?? 0, message.subarray(4));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #message(type: number, body: Uint8Array): Answer | undefined {
    const is13 = this.#question.version === Version.tls13;
    switch (type) {
      case HandshakeType.server_hello:
        return this.#hello(body);
      case HandshakeType.certificate: {
        if (!is13) {
          this.#add({ chain: decodeCertificate12(body).map((der) => der.slice()), stapled: false });
          return undefined;
        }
        const { entries } = decodeCertificate(body);
        this.#add({
          chain: entries.map(({ data }) => data.slice()),
          stapled: findExtension(entries[0]?.extensions ?? [], ExtensionType.status_request) !== undefined,
        });
        return undefined;
      }
      case HandshakeType.certificate_status:
        this.#add({ stapled: true });
        return undefined;
      case HandshakeType.server_key_exchange:
        this.#add(keyExchange(body, this.#question.version));
        return undefined;
      case HandshakeType.certificate_verify:
        this.#add({ signatureAlgorithm: decodeCertificateVerify(body).algorithm });
        return this.#taken();
      case HandshakeType.server_hello_done:
        return this.#taken();
      default:
        return undefined;
    }
  }

  #hello(body: Uint8Array): Answer | undefined {
    const hello = decodeServerHello(body);
    const chosen = selectedVersion(hello);
    if (chosen !== this.#question.version) return { kind: 'refused', why: `chose ${versionName(chosen)}` };
    const share = findExtension(hello.extensions, ExtensionType.key_share);
    const group = share === undefined ? undefined : new Reader(share, 'key_share').u16();
    this.#choice = {
      cipherSuite: hello.cipherSuite,
      chain: [],
      extensions: hello.extensions.map(({ type }) => type),
      sentinel: /DOWNGRD[\0\x01]$/.test(Buffer.from(hello.random).toString('latin1')),
      compressed: hello.compressionMethod !== 0,
      ...(group !== undefined && { group }),
    };
    return this.#question.until === 'hello' || isHelloRetryRequest(hello) ? this.#taken() : undefined;
  }

  #add(facts: Partial<Choice>): void {
    if (this.#choice !== undefined) this.#choice = { ...this.#choice, ...facts };
  }

  #taken(): Answer | undefined {
    return this.#choice && { kind: 'taken', choice: this.#choice };
  }
}

/** Without the ServerHello's share, or a suite, or a group that is known here: none. */
function serverSecret(hello: Uint8Array, message: Uint8Array, keys: KeyPairs): Uint8Array | undefined {
  const { cipherSuite, extensions } = decodeServerHello(message.subarray(4));
  const suite = nodeCrypto.suites.find(({ id }) => id === cipherSuite);
  const data = findExtension(extensions, ExtensionType.key_share);
  if (suite === undefined || data === undefined) return undefined;
  const { keyShare } = decodeExtensions('serverHello', [{ type: ExtensionType.key_share, data }]);
  const shared = keys.find(({ group }) => group === keyShare?.group)?.share.derive(keyShare?.keyExchange ?? EMPTY);
  // The provider is synchronous
  if (!(shared instanceof Uint8Array)) return undefined;
  const transcript = new Transcript();
  transcript.add(hello);
  transcript.add(message);
  transcript.start(suite.hash);
  return earlySecret(suite.hash).handshake(Secret.take(shared)).serverTraffic(transcript.digest()).bytes;
}

/**
 * ServerKeyExchange: ECDHE with a named curve (RFC 8422 section 5.4), or finite-field Diffie-Hellman (RFC 5246 section
 * 7.4.3).
 */
function keyExchange(body: Uint8Array, version: number): Partial<Choice> {
  const reader = new Reader(body, 'ServerKeyExchange');
  let facts: Partial<Choice>;
  if (body[0] === 3) {
    reader.u8();
    facts = { group: reader.u16() };
    reader.vector8(1);
  } else {
    facts = { primeBits: bits(reader.vector16(1)) };
    reader.vector16(1);
    reader.vector16(1);
  }
  // Before TLS 1.2 the algorithm is not named; an anonymous exchange has no signature
  if (version === Version.tls12 && reader.remaining >= 4) return { ...facts, signatureAlgorithm: reader.u16() };
  return facts;
}

function bits(prime: Uint8Array): number {
  const first = prime.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : 8 * (prime.length - first - 1) + (32 - Math.clz32(prime[first] ?? 0));
}

function notTls(bytes: Uint8Array): TlsError {
  const text = Buffer.from(bytes.subarray(0, 60)).toString('latin1');
  if (/^HTTP\/|^<(!doctype|html)/i.test(text)) return new TlsError('HTTP_REQUEST');
  return new TlsError(/^[\x20-\x7e]{4}/.test(text) ? 'PLAINTEXT_PEER' : 'WRONG_VERSION_NUMBER');
}

function isReset(error: Error): boolean {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  return cause.code === 'ECONNRESET' || cause.code === 'EPIPE';
}

const asTlsError = (error: Error): TlsError =>
  TlsError.is(error) ? error : new TlsError('TRANSPORT_ERROR', error.message, { cause: error });
