/**
 * @module One connection of the shim: handshake, expectations, dialogue, shutdown.
 *
 * The dialogue is BoGo's: what the flags ask to be said first, then each byte XOR 0xff until the peer closes.
 */
import type { Backend, ContextOptions, Ssl, TlsSession } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { describe } from '../errors.ts';
import type { Engine } from './backends.ts';
import { brokenExpectation } from './checks.ts';
import { contextOptions } from './context.ts';
import { Unimplemented, type Config } from './flags.ts';
import { Link } from './link.ts';
import type { Observed } from './observed.ts';
import { quicOptions, quicSsl } from './quic.ts';

/** Ends the process with the exit code that no expectation excuses. */
export class MustFail extends Error {}

/** A connection that did not go as its flags say; the message is for stderr. */
export class ConnectionFailed extends Error {}

export interface ConnectionOptions {
  readonly engine: Engine;
  readonly config: Config;
  /** In force once early data was rejected. */
  readonly retry: Config;
  /** The session to resume. */
  readonly session: TlsSession | undefined;
  readonly now: (() => number) | undefined;
}

/**
 * @returns the session that the connection made.
 * @throws ConnectionFailed, MustFail, Unimplemented
 */
export async function runConnection(options: ConnectionOptions): Promise<TlsSession | undefined> {
  const { engine, config, retry, now } = options;
  const observed: Observed = {
    config: () => (ssl.earlyData === 'rejected' ? retry : config),
    session: undefined,
    secrets: new Map(),
    verifiedBy: undefined,
    complaint: undefined,
    asked: false,
    credentials: new Map(),
    lastReceived: -1,
    selectedPsk: undefined,
    psks: [],
  };
  const tls = contextOptions(engine, config, observed, now);
  const early = wantsEarlyData(config, options.session);
  if (!config.quic && config['quic-transport-params'] !== undefined)
    throw new ConnectionFailed('error:QUIC_TRANSPORT_PARAMETERS_MISCONFIGURED: there is no QUIC');
  const { ssl, dispose } = config.quic ? overQuic(engine, config, tls, early) : overTls(engine.backend, tls);
  if (config['host-name'] !== undefined) ssl.setHost(config['host-name']);
  const offered = options.session;
  if (offered !== undefined) ssl.setSession(offered);

  const { port, ipv6, 'shim-id': shimId } = config;
  const link = await Link.open({ port: port!, ipv6, shimId: shimId!, bioSize: config.async ? 1 : undefined });
  ssl.setBio(link.bio, link.bio);
  try {
    await new Connection(ssl, link, observed, options, offered).run();
  } finally {
    await link.close();
    ssl.dispose();
    dispose();
  }
  return observed.session;
}

interface Opened {
  readonly ssl: Ssl;
  dispose(): void;
}

function overTls(backend: Backend, options: ContextOptions): Opened {
  const context = contextOf(options, (given) => backend.createContext(given));
  return { ssl: context.newConnection(), dispose: () => context.dispose() };
}

/** @throws ConnectionFailed with BoringSSL's reasons for what QUIC cannot be without */
function overQuic(engine: Engine, config: Config, options: ContextOptions, earlyData: boolean): Opened {
  const { quic } = engine;
  if (quic === undefined) throw new Unimplemented(`${engine.backend.name} has no QUIC`);
  if ((config['quic-use-legacy-codepoint'] ?? 0) !== 0)
    throw new Unimplemented('the extension of QUIC drafts before RFC 9001');
  if (options.alpn === undefined) throw new ConnectionFailed('error:NO_APPLICATION_PROTOCOL: QUIC needs one');
  const parameters = config['quic-transport-params'];
  if (parameters === undefined)
    throw new ConnectionFailed('error:QUIC_TRANSPORT_PARAMETERS_MISCONFIGURED: there are none');
  const context = contextOf(quicOptions(options), (given) => quic(given));
  return { ssl: quicSsl(context, parameters, earlyData), dispose: () => undefined };
}

const wantsEarlyData = (config: Config, offered: TlsSession | undefined): boolean =>
  config['enable-early-data'] && (offered?.maxEarlyData ?? 0) > 0 && !config['expect-no-offer-early-data'];

/** BoringSSL looks at an ECHConfigList only when it connects. */
function contextOf<T>(options: ContextOptions, create: (options: ContextOptions) => T): T {
  try {
    return create(options);
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.startsWith('ech: ')) throw error;
    throw new ConnectionFailed(
      `error:${options.maxVersion === 'TLSv1.2' ? 'UNUSABLE' : 'INVALID'}_ECH_CONFIG_LIST: ${error.message}`,
    );
  }
}

/** What `-shim-writes-first` says, as often as it is to be said. */
function firstWords(config: Config): Uint8Array[] {
  if (!config['shim-writes-first'] && !config['read-with-unfinished-write']) return [];
  const words = Buffer.from(config['shim-initial-write'] ?? 'hello', 'utf8');
  return new Array<Uint8Array>(config['repeat-shim-initial-write'] ?? 1).fill(words);
}

/** BoGo's shim reads this much at a time, so that a record comes out in more than one read. */
const READ_SIZE = 512;

class Connection {
  readonly #ssl: Ssl;
  readonly #link: Link;
  readonly #observed: Observed;
  readonly #options: ConnectionOptions;
  readonly #offered: TlsSession | undefined;
  /** What is to be said before anything is read, a write each. */
  readonly #words: Uint8Array[];

  constructor(ssl: Ssl, link: Link, observed: Observed, options: ConnectionOptions, offered: TlsSession | undefined) {
    this.#ssl = ssl;
    this.#link = link;
    this.#observed = observed;
    this.#options = options;
    this.#offered = offered;
    this.#words = firstWords(options.config);
  }

  async run(): Promise<void> {
    const { 'implicit-handshake': implicit, 'early-write-after-message': message } = this.#options.config;
    if (this.#wantsEarlyData()) await (message === undefined ? this.#writeEarly() : this.#writeAfterMessage(message));
    if (implicit) this.#ssl.setConnectState();
    else await this.#handshake();
    await this.#dialogue();
    // The first read or write did it.
    if (implicit && this.#ssl.established) this.#expectFacts();
    this.#checkSession();
    await this.#shutdown();
  }

  get #config(): Config {
    return this.#observed.config();
  }

  // ── Handshake ──

  async #handshake(): Promise<void> {
    const ssl = this.#ssl;
    const ret = await this.#try('connect', () => ssl.connect());
    this.#checkEchRetry(ret);
    if (ret !== 1) throw this.#failure();
    this.#expectFacts();
    if (this.#config['no-op-extra-handshake'] && ssl.doHandshake() !== 1)
      throw new ConnectionFailed('an extra doHandshake() was not a no-op');
  }

  #expectFacts(): void {
    const ssl = this.#ssl;
    const rejected = this.#options.config['expect-reject-early-data'];
    if (rejected && ssl.earlyData !== 'rejected') throw new ConnectionFailed('the early data was not rejected');
    const complaint =
      this.#observed.complaint ??
      brokenExpectation({
        backend: this.#options.engine.backend,
        ssl,
        config: this.#config,
        observed: this.#observed,
        offered: this.#offered,
      });
    if (complaint !== undefined) throw new ConnectionFailed(complaint);
  }

  /** ECH rejection is a failure with advice. */
  #checkEchRetry(ret: number): void {
    const want = this.#config['expect-ech-retry-configs'];
    if (want === undefined && !this.#config['expect-no-ech-retry-configs']) return;
    if (ret === 1 || this.#ssl.failure?.error.code !== 'ECH_REJECTED')
      throw new ConnectionFailed('ECH should have been rejected');
    const got = this.#ssl.echRetryConfigs;
    if (Buffer.compare(got ?? EMPTY, want ?? EMPTY) !== 0)
      throw new ConnectionFailed('other ECH retry configs than expected');
  }

  // ── Early data ──

  #wantsEarlyData(): boolean {
    return wantsEarlyData(this.#options.config, this.#offered);
  }

  /** Says as much of the first words as fits into early data. */
  async #writeEarly(): Promise<void> {
    const ssl = this.#ssl;
    for (let room = this.#offered?.maxEarlyData ?? 0; room > 0 && this.#words.length > 0;) {
      const [data] = this.#words as [Uint8Array];
      let ret: number;
      try {
        ret = await this.#link.finish(ssl, () => ssl.writeEarlyData(data.subarray(0, room)));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        return; // The session does not fit what is offered now, which is nothing that BoGo's shim would fail for
      }
      if (ret <= 0) return;
      room -= ret;
      if (ret === data.length) this.#words.shift();
      else this.#words[0] = data.subarray(ret);
    }
    if (this.#options.config['export-keying-material'] !== undefined) this.#exportTooEarly();
  }

  /** The handshake begins with early data on offer; the data itself comes once this message of the server has. */
  async #writeAfterMessage(type: number): Promise<void> {
    const ssl = this.#ssl;
    const first = this.#words[0]?.subarray(0, 1) ?? EMPTY;
    if (first.length > 0) await this.#link.finish(ssl, () => ssl.writeEarlyData(first));
    this.#words[0] = this.#words[0]?.subarray(first.length) ?? EMPTY;
    await this.#link.finish(ssl, () => (this.#observed.lastReceived === type ? 1 : ssl.connect()));
    try {
      ssl.writeEarlyData(this.#words[0]);
    } catch (error) {
      if (error instanceof TypeError) throw new Unimplemented(`early data after connect(): ${error.message}`);
      throw error;
    }
  }

  /** There is no exporter before the handshake is done but the early one, which is another. */
  #exportTooEarly(): void {
    try {
      this.#ssl.exportKeyingMaterial('', undefined, 32);
    } catch (error) {
      throw new ConnectionFailed(`error:HANDSHAKE_NOT_COMPLETE: ${String(error)}`);
    }
  }

  // ── Dialogue ──

  async #dialogue(): Promise<void> {
    const ssl = this.#ssl;
    const config = this.#config;
    const length = config['export-keying-material'] ?? 0;
    if (length > 0) {
      const context = config['use-export-context'] ? Buffer.from(config['export-context'] ?? '', 'utf8') : undefined;
      await this.#write(ssl.exportKeyingMaterial(config['export-label'] ?? '', context, length));
    }
    if (config['export-traffic-secrets']) await this.#write(this.#trafficSecrets());

    let unfinished = EMPTY;
    for (const words of ssl.earlyData === 'rejected' ? firstWords(config) : this.#words) {
      if (config['read-with-unfinished-write']) unfinished = this.#beginWrite(words);
      else await this.#write(words);
    }
    if (config['shim-shuts-down']) return;

    const buffer = new Uint8Array(READ_SIZE);
    for (;;) {
      const n = await this.#try('read', () => ssl.read(buffer));
      if (n <= 0) {
        this.#judgeEnd(n);
        return;
      }
      await this.#write(unfinished);
      unfinished = EMPTY;
      if (config['key-update']) await this.#try('keyUpdate', () => ssl.keyUpdate(false));
      await this.#write(buffer.subarray(0, n).map((byte) => byte ^ 0xff));
    }
  }

  /** The end of reading: close_notify, or a bare end of the transport where the flags do not forbid it. */
  #judgeEnd(ret: number): void {
    if (this.#ssl.getError(ret) === SslErrorCode.zeroReturn) return;
    if (this.#ssl.failure?.error.code === 'UNEXPECTED_EOF' && !this.#config['check-close-notify']) return;
    throw this.#failure();
  }

  async #write(data: Uint8Array): Promise<void> {
    for (let sent = 0; sent < data.length;) {
      const ret = await this.#link.finish(this.#ssl, () => this.#ssl.write(data.subarray(sent)));
      if (ret <= 0) throw this.#failure();
      sent += ret;
    }
  }

  /** Starts a write whose record does not fit into the BIO. @returns what of the data must be written again. */
  #beginWrite(data: Uint8Array): Uint8Array<ArrayBuffer> {
    const ret = this.#ssl.write(data);
    if (this.#ssl.failure !== undefined) throw this.#failure();
    return new Uint8Array(data.subarray(Math.max(ret, 0)));
  }

  /** Their length in 2 bytes, little-endian, the one for reading, the one for writing. */
  #trafficSecrets(): Uint8Array {
    const { secrets } = this.#observed;
    const read = secrets.get('SERVER_TRAFFIC_SECRET_0');
    const write = secrets.get('CLIENT_TRAFFIC_SECRET_0');
    if (read === undefined || write === undefined) throw new ConnectionFailed('the key log has no traffic secrets');
    return Uint8Array.of(read.length & 0xff, read.length >> 8, ...read, ...write);
  }

  // ── The end ──

  /** In TLS 1.3 a session comes after the handshake, so whoever read must have one. */
  #checkSession(): void {
    const config = this.#config;
    const { session, asked } = this.#observed;
    if (this.#ssl.version !== 'TLSv1.3') return;
    const want = !asked && !config['expect-no-session'] && !config['shim-shuts-down'];
    if ((session !== undefined) !== want) throw new ConnectionFailed(`a session was ${want ? 'not ' : ''}made`);
    if (session !== undefined && session.maxEarlyData > 0 !== config['expect-ticket-supports-early-data']) {
      throw new ConnectionFailed(`the session allows ${session.maxEarlyData} bytes of early data`);
    }
  }

  async #shutdown(): Promise<void> {
    const ssl = this.#ssl;
    if (ssl.failure !== undefined) return;
    const ret = await this.#try('shutdown', () => ssl.shutdown());
    if (!this.#config['check-close-notify']) return;
    if (!this.#config['shim-shuts-down']) {
      if (ret !== 1) throw this.#failure();
      return;
    }
    const last = await this.#try('shutdown', () => ssl.shutdown());
    if (last !== 1) throw this.#failure();
  }

  // ── Failing ──

  /** Runs an operation to its end. A failure must answer the same when asked again. */
  async #try(name: string, operation: () => number): Promise<number> {
    const ssl = this.#ssl;
    const ret = await this.#link.finish(ssl, operation);
    const code = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
    if (code !== SslErrorCode.ssl && code !== SslErrorCode.zeroReturn) return ret;
    const { failure } = ssl;
    const again = operation();
    if (again !== ret || ssl.getError(again) !== code || ssl.failure !== failure)
      throw new MustFail(`repeating ${name} did not repeat its error`);
    return ret;
  }

  #failure(): ConnectionFailed {
    const { error } = this.#ssl.failure ?? {};
    const text =
      error === undefined ? 'the peer closed the connection' : describe(error, this.#ssl.version === undefined);
    const { complaint } = this.#observed;
    return new ConnectionFailed(complaint === undefined ? text : `${complaint}\n${text}`);
  }
}
