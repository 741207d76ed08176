/** @module What a flow does to the records of its connection (`HandshakeIo`), and what it leaves to the connection. */
import type { TlsVersion } from '@ferrule/contract';
import { copyOf } from '@ferrule/result/arguments';
import { Version } from '@ferrule/result/numbers';
import type { Outlet } from '@ferrule/ssl';
import type { Config } from './context.ts';
import type { HandshakeIo, PostHandshake } from './effects.ts';
import type { Established } from './flow/proof.ts';
import type { Exporter } from './keys/exporter.ts';
import { type KeylogLabel, keylogLine } from './keys/keylog.ts';
import { MAX_POST_HANDSHAKE_BYTES } from './limits.ts';
import type { Negotiated } from './negotiated.ts';
import { fail } from './reason.ts';
import type { HandshakeMessage } from './record/coalesce.ts';
import { type Aligned, type Keys, pending, type Pending, type Records } from './records.ts';
import type { Session } from './session/session.ts';
import type { Wait } from './wait.ts';

export class Handshake implements HandshakeIo {
  readonly #config: Config;
  readonly #outlet: Outlet;
  readonly #records: Records;
  readonly #negotiated: Negotiated;
  #makesSessions = true;

  step = 'before connect';
  /** What a step of the flow waits for. */
  operation: Pending | undefined;
  /** There once the handshake is done. */
  after: PostHandshake | undefined;
  /** Early data may be written. */
  earlyData = false;
  earlyExporter: Exporter | undefined;
  /** A handshake message of ours after the handshake may still wait to be sent. */
  answering = false;

  constructor(config: Config, outlet: Outlet, records: Records, negotiated: Negotiated) {
    this.#config = config;
    this.#outlet = outlet;
    this.#records = records;
    this.#negotiated = negotiated;
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.earlyExporter = undefined;
    this.earlyData = false;
    this.operation = undefined;
  }

  enter(step: string): void {
    this.step = step;
  }

  settleVersion(version: TlsVersion): void {
    this.#records.reader.version = version;
    this.#records.writer.legacyVersion = Version.tls12;
    this.#negotiated.settle('version', version);
  }

  checkOpen(): void {
    if (!this.#outlet.open) throw fail('DISPOSED');
  }

  awaiting(operation: Promise<void> | undefined): void {
    this.operation = pending(operation);
  }

  poll(): HandshakeMessage | Wait {
    return this.#records.poll();
  }

  aligned(): Aligned {
    return this.#records.aligned();
  }

  pollChangeCipherSpec(): true | Wait {
    return this.#records.pollChangeCipherSpec();
  }

  put(message: Uint8Array): void {
    this.#records.putMessage(message);
    this.answering = this.after !== undefined;
  }

  putChangeCipherSpec(): void {
    this.#records.putChangeCipherSpec();
  }

  flush(): true | Wait {
    const flushed = this.#records.flush();
    return flushed.kind === 'wait' ? flushed.wait : true;
  }

  installReadKeys(keys: Keys, _aligned: Aligned): void {
    this.#records.installRead(keys);
  }

  installWriteKeys(keys: Keys): void {
    this.#records.installWrite(keys);
  }

  limitRecords(peer: number): void {
    const { recordSizeLimit, versions } = this.#config;
    this.#records.writer.limitRecords(peer);
    // RFC 8449 section 4: what we asked for holds from here on, and in TLS 1.3 counts the content type.
    if (recordSizeLimit !== undefined)
      this.#records.reader.limitRecords(recordSizeLimit + (versions.includes('TLSv1.3') ? 1 : 0));
  }

  keylog(label: KeylogLabel, clientRandom: Uint8Array, secret: Uint8Array): void {
    // Now: the secret is wiped before the callback is called.
    if (this.#config.onKeylog !== undefined) this.#outlet.keylog(keylogLine(label, clientRandom, secret));
  }

  session(session: Session): void {
    if (this.#makesSessions) this.#outlet.session(() => session);
  }

  makeNoSession(): void {
    this.#makesSessions = false;
  }

  openEarlyData(_limit: number, exporter: Exporter): void {
    this.earlyData = true;
    this.earlyExporter = exporter;
  }

  closeEarlyData(): void {
    if (this.#negotiated.facts.earlyData === 'rejected') {
      this.earlyExporter?.dispose();
      this.earlyExporter = undefined;
    }
    this.earlyData = false;
    this.#records.writer.endWrite();
    this.#records.writer.install(undefined);
  }

  done(_established: Established, after: PostHandshake): void {
    // RFC 9849 section 6.1.6: the public name was proved, which is enough for its retry configurations and nothing else.
    const { ech, echRetryConfigs } = this.#negotiated.facts;
    if (ech === 'rejected')
      throw fail('ECH_REJECTED', undefined, { echRetryConfigs: echRetryConfigs && copyOf(echRetryConfigs) });
    this.after = after;
    this.#records.reader.established = true;
    this.#records.coalescer.limit = Math.min(this.#config.limits.handshakeBytes, MAX_POST_HANDSHAKE_BYTES);
    this.step = 'established';
  }
}
