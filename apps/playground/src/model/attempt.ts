/** @module One connection, from the relay to the answer to a GET, with all that can be seen of it while it happens. */
import type { RecordedEvent } from '@ferrule/bio';
import type { TrustAnchor } from '@ferrule/contract';
import type { CryptoProvider } from '@ferrule/pure';
import { createPure } from '@ferrule/pure';
import { peerCertificatesOf, connectOver, type ConnectionInfo, type TlsConnection, TlsError } from 'ferrule';
import { tapTransport, transportOf } from 'ferrule/tap';
import { type WebSocketConstructor, wispDial } from '@ferrule/web';
import type { Offer } from '../behaviours.ts';
import { loadProvider, type ProviderName } from './providers.ts';

export interface AttemptOptions {
  /** The URL of a Wisp relay. */
  readonly relay: string;
  readonly host: string;
  readonly port: number;
  readonly provider: ProviderName;
  readonly offer: Offer;
  readonly trustAnchors: readonly TrustAnchor[];
  readonly signal?: AbortSignal;
  /** Where the platform has none. */
  readonly WebSocket?: WebSocketConstructor;
}

/** `relay`: the way to the server is opened. `handshake`: TLS. `request`: the answer to the GET is awaited. */
export type Stage = 'relay' | 'handshake' | 'request' | 'done';

export interface KeylogLine {
  /** Milliseconds since the attempt began. */
  readonly at: number;
  readonly line: string;
}

/** What is known so far; grows. */
export interface Progress {
  readonly stage: Stage;
  /** Milliseconds since the attempt began, at which the relay had a way to the server. */
  readonly opened: number | undefined;
  readonly events: readonly RecordedEvent[];
  readonly keylog: readonly KeylogLine[];
  /** Of an established connection, even of one that failed later. */
  readonly info: ConnectionInfo | undefined;
  /** DER, leaf first: as it was verified, else as it was sent. */
  readonly chain: readonly Uint8Array[];
  /** What the server answered, as far as it came. */
  readonly answer: string;
  readonly error: TlsError | undefined;
  /** Milliseconds since the attempt began, when it was over. */
  readonly ended: number | undefined;
  /** What computes: `WebCrypto + noble 2.4.0`. */
  readonly crypto: CryptoProvider | undefined;
}

/** Bytes of the answer that are shown. */
const LONGEST_ANSWER = 65_536;

/** Milliseconds for the handshake, and for the answer. */
const PATIENCE = 15_000;

/**
 * Connects, asks for `/`, reads the answer, closes.
 * @param tell - called after each change with all that is known.
 * @returns what is known in the end: a failure is in `error`.
 * @throws TypeError for options that are wrong, such as a relay that is not a URL.
 */
export async function attempt(options: AttemptOptions, tell: (progress: Progress) => void): Promise<Progress> {
  const { relay, host, port, trustAnchors, offer, signal, WebSocket } = options;
  const crypto = await loadProvider(options.provider);
  const began = performance.now();
  const now = (): number => performance.now() - began;
  let progress: Progress = {
    stage: 'relay',
    opened: undefined,
    events: [],
    keylog: [],
    info: undefined,
    chain: [],
    answer: '',
    error: undefined,
    ended: undefined,
    crypto,
  };
  const note = (news: Partial<Progress>): void => tell((progress = { ...progress, ...news }));
  // Version 2 tells at once whether the relay may connect to that server, and could
  const dial = wispDial({ relay, version: 2, ...(WebSocket && { WebSocket }) });
  try {
    note({});
    const pipe = transportOf(await dial({ host, port }, signal), `${host}:${port}`);
    note({ stage: 'handshake', opened: now() });
    const connection = await connectOver(
      tapTransport(pipe, (event) => note({ events: [...progress.events, event] }), now),
      {
        backend: createPure({ crypto }),
        host,
        trustAnchors,
        ...VERSIONS[offer],
        alpn: ['http/1.1'],
        timeout: PATIENCE,
        closeTimeout: 1000,
        onKeylog: (line) => note({ keylog: [...progress.keylog, { at: now(), line }] }),
        ...(signal && { signal }),
      },
    );
    const { info } = connection;
    note({ stage: 'request', info, chain: info.verifiedChain ?? info.peerCertificates });
    await ask(connection, options, (text) => note({ answer: progress.answer + text }));
    await connection.close();
  } catch (error) {
    if (!TlsError.is(error)) throw error;
    note({ error, ...(progress.info === undefined && { chain: peerCertificatesOf(error) }) });
  } finally {
    dial.close();
    note({ stage: 'done', ended: now() });
  }
  return progress;
}

const VERSIONS = {
  both: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  '1.3': { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' },
  '1.2': { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
} as const;

/** Ends at the end of the answer, or when enough of it was read. @throws TlsError */
async function ask(
  connection: TlsConnection,
  { host, port }: AttemptOptions,
  onText: (text: string) => void,
): Promise<void> {
  const late = setTimeout(
    () => connection.destroy(new TlsError('TIMEOUT', `the server did not answer within ${PATIENCE / 1000} s`)),
    PATIENCE,
  );
  try {
    const authority = port === 443 ? host : `${host}:${port}`;
    const request = `GET / HTTP/1.1\r\nHost: ${authority}\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const decoder = new TextDecoder();
    const into = new Uint8Array(16_384);
    for (let read = 0; read < LONGEST_ANSWER;) {
      const n = await connection.read(into);
      if (n === 0) return;
      read += n;
      onText(decoder.decode(into.subarray(0, n), { stream: true }));
    }
  } finally {
    clearTimeout(late);
  }
}
