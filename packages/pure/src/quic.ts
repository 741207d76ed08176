/**
 * @module @ferrule/pure/quic: the handshake for QUIC (RFC 9001) on the flow of this engine. What TLS puts into records
 * goes by encryption level, and traffic secrets leave the engine: packets and their keys are QUIC's.
 */
import { bioPair } from '@ferrule/bio';
import type {
  ContextOptions,
  QuicConnection,
  QuicConnectionOptions,
  QuicContext,
  QuicEvent,
  QuicLevel,
  Ssl,
} from '@ferrule/contract';
import { Alert, SslErrorCode, type ReturnValue, type TlsError } from '@ferrule/result';
import { roomInHello } from '@ferrule/ssl/session-binding';
import { copyOf, plainOptions } from '@ferrule/result/arguments';
import { bytes, flag, optionsOf } from '@ferrule/ssl/options';
import { checkCredentials } from './auth/sign.ts';
import { trustOf } from './auth/chain.ts';
import { newConnection, type QuicCarrier } from './connection.ts';
import { parseOptions, type Config } from './context.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { MAX_TRANSPORT_PARAMETERS } from './limits.ts';
import { Carried, LevelRecords, PROTOCOL_VIOLATION } from './quic/levels.ts';
import type { Records } from './records.ts';
import { sessionFromBytes } from './session/session.ts';

/**
 * A context for QUIC. The options are those of a TLS context, of which TLS 1.3 is spoken alone and `alpn` must be given
 * (RFC 9001 section 8.1).
 * @throws TypeError that names an option which is wrong, or has no meaning without records.
 */
export function createQuic({ crypto }: { readonly crypto: CryptoProvider }, options: ContextOptions): QuicContext {
  const config = quicConfig(crypto, options);
  trustOf(config);
  checkCredentials(config);
  return Object.freeze<QuicContext>({
    newConnection: (given) => new Quic(config, given),
    sessionFromBytes: (from) => sessionFromBytes(from, crypto.hashes.sha256),
  });
}

/** Options about records, and about what RFC 9001 section 4.4 forbids. */
const WITHOUT_RECORDS = ['recordSizeLimit', 'recordPadding', 'postHandshakeAuth'] as const;

function quicConfig(crypto: CryptoProvider, given: ContextOptions): Config {
  const options = plainOptions(given, ['minVersion', ...WITHOUT_RECORDS]);
  if (options.minVersion !== undefined && options.minVersion !== 'TLSv1.3')
    throw new TypeError('minVersion: QUIC has TLS 1.3 alone (RFC 9001 section 4.2); leave it out');
  const config = parseOptions(crypto, { ...options, minVersion: 'TLSv1.3' });
  for (const name of WITHOUT_RECORDS)
    if (options[name]) throw new TypeError(`${name}: has no meaning in QUIC; leave it out`);
  if (config.alpn.length === 0)
    throw new TypeError('alpn: QUIC needs an application protocol (RFC 9001 section 8.1); name one, say h3');
  return Object.freeze({ ...config, quic: true, middleboxCompatibility: false });
}

const LEVELS: readonly QuicLevel[] = ['initial', 'handshake', '1-rtt'];
const OPTIONS: ReadonlySet<string> = new Set(['transportParameters', 'earlyData']);

class Quic implements QuicConnection, QuicCarrier {
  readonly tls: Ssl;
  readonly transportParameters: Uint8Array;
  readonly earlyData: boolean;
  peerTransportParameters: Uint8Array | undefined;
  readonly #carried: Carried;

  constructor(config: Config, options: QuicConnectionOptions) {
    this.#carried = new Carried(config);
    const given = optionsOf(options, OPTIONS);
    this.transportParameters = bytes(given.get('transportParameters'), 'transportParameters');
    if (this.transportParameters.length > MAX_TRANSPORT_PARAMETERS)
      throw new TypeError(
        `transportParameters: more than ${MAX_TRANSPORT_PARAMETERS} bytes do not fit into a ClientHello`,
      );
    if (roomInHello({ ...config, parameters: this.transportParameters.length, hidden: Array.isArray(config.ech) }) < 0)
      throw new TypeError('transportParameters: do not fit into a ClientHello beside alpn and externalPsks');
    this.earlyData = flag(given, 'earlyData');
    this.tls = newConnection(config, this);
    // Nothing ever goes through it
    const [nowhere] = bioPair(1);
    this.tls.setBio(nowhere, nowhere);
  }

  records(...parameters: ConstructorParameters<typeof Records>): Records {
    return new LevelRecords(this.#carried, ...parameters);
  }

  receiveParameters(parameters: Uint8Array): void {
    this.peerTransportParameters = parameters;
  }

  violation(error: TlsError): TlsError {
    this.#carried.errorCode = PROTOCOL_VIOLATION;
    return error;
  }

  forget(): void {
    for (const event of this.#carried.events.splice(0)) if (event.kind === 'secret') event.secret.fill(0);
  }

  receive(level: Exclude<QuicLevel, '0-rtt'>, data: Uint8Array): void {
    if (!LEVELS.includes(level)) throw new TypeError(`receive: must be of level ${LEVELS.join(', ')}`);
    const copy = copyOf(data);
    if (copy === undefined) throw new TypeError('receive: needs a Uint8Array');
    if (copy.length > 0 && this.tls.failure === undefined) this.#carried.put(level, copy);
  }

  advance(): ReturnValue {
    const ret = this.#advance();
    // One of our own, a callback that threw, say, has no alert, and the server is to be told all the same
    if (this.tls.failure !== undefined && this.tls.failure.error.code !== 'DISPOSED')
      this.#carried.close(Alert.internal_error);
    return ret;
  }

  #advance(): ReturnValue {
    const { tls } = this;
    const ret = tls.connect();
    if (ret !== 1) return ret;
    // Tickets; data does not come this way
    const read = tls.read(new Uint8Array(1));
    return tls.getError(read) === SslErrorCode.wantRead ? 1 : (read as ReturnValue);
  }

  events(): readonly QuicEvent[] {
    return this.#carried.events.splice(0);
  }
}
