/**
 * @module A recorded connection as a file of JSON lines: a header, the events of `@ferrule/bio`'s recordings, and where
 * the user wanted them the secrets: the lines of the key log, and of the pure engine the randomness that it drew, with
 * which it can do it all again.
 */
import { formatRecording, parseRecording, type RecordedEvent } from '@ferrule/bio';
import type { ContextOptions } from '@ferrule/contract';

/** What of the options of a connection can be seen in its ClientHello. */
export type OfferOptions = {
  readonly [K in 'alpn' | 'minVersion' | 'maxVersion' | 'groups' | 'cipherSuites' | 'ocsp']?:
    ContextOptions[K] | undefined;
};

export interface RecordingHeader {
  /** `host:port` */
  readonly target: string;
  /** The name that was verified. */
  readonly host: string;
  /** The other end, where it is known. */
  readonly remote?: string | undefined;
  readonly engine: string;
  /** ISO 8601. */
  readonly began: string;
  readonly offer: OfferOptions;
  /** DER; absent where those of the platform were trusted. */
  readonly trustAnchors?: readonly Uint8Array[] | undefined;
}

export interface ConnectionRecording {
  /** Absent of a plain recording of `@ferrule/bio`. */
  readonly header: RecordingHeader | undefined;
  readonly events: readonly RecordedEvent[];
  readonly keylog: readonly string[];
  /** In the order in which the engine drew it; empty where it is not known. */
  readonly random: Uint8Array;
}

const MARK = { recording: 'ferrule-connection', version: 1 } as const;
const [BIO_HEADER = ''] = formatRecording([]).split('\n');

export const headerLine = ({ trustAnchors, ...header }: RecordingHeader): string =>
  `${JSON.stringify({ ...MARK, ...header, trustAnchors: trustAnchors?.map((der) => Buffer.from(der).toString('base64')) })}\n`;
export const eventLine = (event: RecordedEvent): string => `${formatRecording([event]).split('\n')[1] ?? ''}\n`;
export const keylogLine = (at: number, line: string): string => `${JSON.stringify({ at, kind: 'keylog', line })}\n`;
export const randomLine = (at: number, bytes: Uint8Array): string =>
  `${JSON.stringify({ at, kind: 'random', bytes: Buffer.from(bytes).toString('hex') })}\n`;

/** @throws SyntaxError naming the line that is not part of a recording. */
export function readRecording(text: string): ConnectionRecording {
  const lines = text.split(/\r?\n/);
  if (lines[0] === BIO_HEADER)
    return { header: undefined, events: parseRecording(text), keylog: [], random: new Uint8Array(0) };
  const header = readHeader(lines[0] ?? '');
  const keylog: string[] = [];
  const random: Buffer[] = [];
  const events = lines.slice(1).map((line) => {
    const { kind, line: secret, bytes } = secretOf(line);
    if (kind === 'keylog' && typeof secret === 'string') keylog.push(secret);
    else if (kind === 'random' && typeof bytes === 'string') random.push(Buffer.from(bytes, 'hex'));
    else return line;
    // An empty line is passed over, and keeps the numbers of those after it
    return '';
  });
  return { header, events: parseRecording([BIO_HEADER, ...events].join('\n')), keylog, random: Buffer.concat(random) };
}

function readHeader(line: string): RecordingHeader {
  try {
    const { recording, version, target, host, remote, engine, began, offer, trustAnchors } = JSON.parse(
      line,
    ) as Partial<Omit<RecordingHeader, 'trustAnchors'>> & {
      recording?: string;
      version?: number;
      trustAnchors?: unknown;
    };
    if (recording === MARK.recording && version !== MARK.version)
      throw new SyntaxError(`line 1: a recording of version ${version}, where ${MARK.version} is known`);
    const known =
      recording === MARK.recording &&
      typeof target === 'string' &&
      typeof host === 'string' &&
      !Number.isNaN(Date.parse(began ?? ''));
    if (known && began !== undefined && typeof offer === 'object' && offer !== null)
      return { target, host, remote, engine: String(engine), began, offer, trustAnchors: anchorsIn(trustAnchors) };
  } catch (error) {
    if (error instanceof SyntaxError && error.message.startsWith('line 1')) throw error;
  }
  throw new SyntaxError('line 1: not the header of a recording; `ferrule connect --record` makes them');
}

const anchorsIn = (given: unknown): readonly Uint8Array[] | undefined =>
  Array.isArray(given) ? given.map((each) => new Uint8Array(Buffer.from(String(each), 'base64'))) : undefined;

function secretOf(line: string): { readonly kind?: unknown; readonly line?: unknown; readonly bytes?: unknown } {
  if (!line.includes('"keylog"') && !line.includes('"random"')) return {};
  try {
    return JSON.parse(line) as object;
  } catch {
    // The parser of the events says where
    return {};
  }
}
