/** @module One engine and one scripted server on a BIO pair, until one of them ends it. */
import { bioPair, type Bio } from '@ferrule/bio';
import type { Backend, ContextOptions, Ssl, TlsSession } from '@ferrule/contract';
import { SslErrorCode, type TlsErrorCode } from '@ferrule/result';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';

export interface Observed {
  /** `undefined`: the engine saw nothing wrong. */
  readonly code: TlsErrorCode | undefined;
  /** The alert as the server received it, the last one; -1 when what came could not be deciphered. */
  readonly alert: number | null;
  /** connect() returned 1. */
  readonly established: boolean;
  /** X509_V number, as SSL_get_verify_result(3). */
  readonly verify: number;
  /** Plaintext that a read() gave away. */
  readonly leaked: string;
}

/** More turns than any script takes, even with floods; an engine that takes more goes round in circles. */
const MAX_TURNS = 2_000;

/** @throws Error when the script itself failed although the engine did not. */
export async function exchange(
  backend: Backend,
  options: ContextOptions,
  peer: Peer,
  script: Script,
): Promise<Observed> {
  const context = backend.createContext(options);
  try {
    return await converse(context, peer, script);
  } finally {
    context.dispose();
  }
}

/** {@link exchange} in a context that is there, with a session of an earlier connection, and early data. */
export async function converse(
  context: ReturnType<Backend['createContext']>,
  peer: Peer,
  script: Script,
  {
    session,
    early,
    host = 'server.test',
  }: { readonly session?: TlsSession | undefined; readonly early?: string | undefined; readonly host?: string } = {},
): Promise<Observed> {
  const ssl = context.newConnection();
  const [internal, network] = bioPair();
  ssl.setBio(internal, internal);
  ssl.setHost(host);
  if (session !== undefined) ssl.setSession(session);

  const wire = new Wire(peer, script);
  const into = new Uint8Array(20_000);
  let leaked = '';
  if (early !== undefined) await writeEarly(ssl, early);
  for (let turn = 0; turn < MAX_TURNS && ssl.failure === undefined; turn++) {
    const reading = ssl.established;
    const ret = reading ? ssl.read(into) : ssl.connect();
    if (reading && ret > 0) leaked += Buffer.from(into.subarray(0, ret)).toString();
    const why = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
    if (why === SslErrorCode.zeroReturn) break;
    if (why === SslErrorCode.wantAsync || why === SslErrorCode.wantRetryVerify) await ssl.asyncReady;
    wire.move(network);
  }
  wire.move(network);
  const code = ssl.failure?.error.code;
  const observed = {
    code,
    alert: peer.alerts.at(-1) ?? null,
    established: ssl.established,
    verify: ssl.verifyResult,
    leaked,
  };
  ssl.dispose();
  if (wire.scriptError !== undefined && (code === undefined || code === 'UNEXPECTED_EOF')) throw wire.scriptError;
  return observed;
}

/** @throws Error when the session does not allow it, so that no row is right for another reason. */
async function writeEarly(ssl: Ssl, text: string): Promise<void> {
  const data = Buffer.from(text);
  let written = ssl.writeEarlyData(data);
  while (written < 0 && ssl.getError(written) === SslErrorCode.wantAsync) {
    await ssl.asyncReady;
    written = ssl.writeEarlyData(data);
  }
  if (written !== text.length) throw new Error(`${written} of ${text.length} bytes of early data were written`);
}

/** Moves bytes both ways; when the script is at its end, so is the transport. */
class Wire {
  scriptError: unknown;
  readonly #peer: Peer;
  readonly #script: Script;
  readonly #rest: Script;
  #done = false;
  #unsent: Uint8Array = new Uint8Array(0);

  constructor(peer: Peer, script: Script) {
    this.#peer = peer;
    this.#script = script;
    this.#rest = (function* (): Script {
      for (;;) yield* peer.record();
    })();
  }

  move(network: Bio): void {
    const view = network.nread0();
    this.#peer.feed(view.slice());
    network.nread(view.length);
    this.#act();
    if (this.#unsent.length === 0) this.#unsent = this.#peer.takeOutput();
    const written = this.#unsent.length > 0 ? network.write(this.#unsent) : 0;
    this.#unsent = this.#unsent.subarray(Math.max(written, 0));
    if (this.#done && this.#unsent.length === 0) network.shutdownWrite();
  }

  #act(): void {
    if (!this.#done) {
      try {
        this.#done = this.#script.next().done === true;
      } catch (error) {
        this.#done = true;
        this.scriptError = error;
      }
    }
    if (!this.#done) return;
    // What the client says after a script is only listened to; a script may have left it undecipherable.
    try {
      this.#rest.next();
    } catch {
      this.#peer.alerts.push(-1);
    }
  }
}
