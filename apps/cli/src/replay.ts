/**
 * @module `ferrule replay`: a recorded connection, record by record and message by message. Where the recording holds
 * what the pure engine drew at random, the engine does it all again: it must send the same bytes, and come to the same
 * end.
 */
import { replayBio } from '@ferrule/bio';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { follow, type Happening } from '@ferrule/pure/trace';
import { SslErrorCode } from '@ferrule/result';
import { chooseBackend, platformAnchors, type TlsError } from 'ferrule';
import { printable } from './printable.ts';
import { Exit, exitOf } from './exit.ts';
import { readInput, refuseCollisions } from './files.ts';
import { replayJson } from './json.ts';
import { readAnchors } from './options.ts';
import { OutputFile } from './output.ts';
import { Pcap } from './pcap.ts';
import { type ConnectionRecording, readRecording } from './recording.ts';
import { type Colors, colorsFor } from './report.ts';
import { shown, UsageError } from './usage.ts';
import { heading, traceText } from './trace.ts';

export interface ReplayCommandOptions {
  readonly keylog?: string;
  readonly annotate?: boolean;
  /** Names and lengths alone. */
  readonly brief?: boolean;
  readonly pcap?: string;
  readonly ca?: readonly string[];
  readonly json?: boolean;
}

/** Of a recording, bytes: a string of JavaScript holds no more than half a GiB. */
const LARGEST = 256 * 1024 * 1024;

/** What the pure engine made of it. */
export interface Again {
  readonly established: boolean;
  /** Bytes that it sent, up to the end of the handshake. */
  readonly sent: number;
  /** The place of the first byte that is not the recorded one. */
  readonly divergedAt: number | undefined;
  /** Bytes that it decrypted afterwards. */
  readonly read: number;
  readonly error: TlsError | undefined;
}

/**
 * @throws UsageError for a file that cannot be read, is no recording, or would be overwritten by what is made of it.
 */
export async function replayCommand(file: string, options: ReplayCommandOptions): Promise<void> {
  const { ca, keylog: secrets, pcap } = options;
  const named = (flag: string, path: string | undefined): { flag: string; path: string }[] =>
    path === undefined ? [] : [{ flag, path }];
  refuseCollisions(
    [...named('<file>', file), ...named('--keylog', secrets), ...(ca ?? []).flatMap((path) => named('--ca', path))],
    named('--pcap', pcap),
  );
  const recording = parsed(file, readInput('<file>', file, LARGEST).toString('utf8'));
  const anchors = ca === undefined ? recording.header?.trustAnchors : readAnchors(ca);
  const keylog = [
    ...recording.keylog,
    ...(secrets === undefined ? [] : readInput('--keylog', secrets, LARGEST).toString('utf8').split(/\r?\n/)),
  ];
  if (pcap !== undefined) {
    const out = new OutputFile('--pcap', pcap);
    out.write(capture(recording, keylog));
    out.close();
  }
  const happenings = follow(recording.events, { crypto: nodeCrypto, keylog });
  const again = recording.random.length > 0 ? await runAgain(recording, anchors) : undefined;
  process.stdout.write(
    options.json === true
      ? replayJson(file, recording, happenings, again)
      : replayText(recording, happenings, again, options),
  );
  if (again?.error) process.exitCode = exitOf(again.error);
  else if (again?.divergedAt !== undefined) process.exitCode = Exit.differs;
}

function parsed(file: string, text: string): ConnectionRecording {
  try {
    return readRecording(text);
  } catch (error) {
    throw new UsageError(`${shown(file)}: ${(error as Error).message}`);
  }
}

/** The same client with the same randomness, and what the server sent. */
async function runAgain(
  { header, events, random }: ConnectionRecording,
  ca: readonly Uint8Array[] | undefined,
): Promise<Again | undefined> {
  if (header === undefined) return undefined;
  const { backend } = await chooseBackend('pure');
  const offer = Object.fromEntries(Object.entries(header.offer).filter(([, value]) => value !== undefined));
  let drawn = 0;
  const ssl = backend
    .createContext({
      ...offer,
      trustAnchors: ca ?? platformAnchors(),
      now: () => Date.parse(header.began),
      random: (into) => {
        into.set(random.subarray(drawn, drawn + into.length));
        drawn += into.length;
      },
    })
    .newConnection();
  const bio = replayBio(events);
  ssl.setBio(bio, bio);
  ssl.setHost(header.host);
  /** The value of the last call, or 0 where the recording ends before the operation does. */
  const run = async (operation: () => number): Promise<number> => {
    for (;;) {
      const ret = operation();
      const why = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
      if (why === SslErrorCode.wantRead && bio.advance()) continue;
      if (ssl.asyncReady === undefined) return Math.max(ret, 0);
      await ssl.asyncReady;
    }
  };
  const established = (await run(() => ssl.connect())) === 1;
  const [sent, { divergedAt }] = [bio.sent, bio];
  const error = established ? undefined : ssl.failure?.error;
  const into = new Uint8Array(65_536);
  let read = 0;
  for (let n = established ? -1 : 0; n !== 0; read += Math.max(n, 0)) n = await run(() => ssl.read(into));
  ssl.dispose();
  return { established, sent, divergedAt, read, error };
}

function capture({ header, events }: ConnectionRecording, keylog: readonly string[]): Uint8Array {
  const pcap = new Pcap({ began: header === undefined ? 0 : Date.parse(header.began), server: header?.remote });
  const lines = keylog.filter((line) => line !== '' && !line.startsWith('#'));
  return Buffer.concat([
    pcap.head(),
    ...(lines.length > 0 ? [pcap.secrets(lines)] : []),
    ...events.map((event) => pcap.packets(event)),
  ]);
}

function replayText(
  recording: ConnectionRecording,
  happenings: readonly Happening[],
  again: Again | undefined,
  options: ReplayCommandOptions,
): string {
  const c = colorsFor(process.stdout);
  const { header } = recording;
  const title =
    header === undefined
      ? []
      : [`${c.bold(printable(header.target))} ${c.dim(`${header.began}, ${printable(header.engine)}`)}`];
  const sealed = happenings.filter((each) => 'record' in each && each.record.state === 'sealed').length;
  return [
    ...title,
    ...happenings.map((each) => happeningText(each, options, c).trimEnd()),
    ...(sealed > 0
      ? [
          `${c.yellow('!')} ${sealed === 1 ? '1 record stays' : `${sealed} records stay`} encrypted: --keylog has no secrets for ${
            sealed === 1 ? 'it' : 'them'
          }`,
        ]
      : []),
    againText(recording, again, c),
    '',
  ].join('\n');
}

function happeningText(happening: Happening, { annotate = false, brief }: ReplayCommandOptions, c: Colors): string {
  const { at } = happening;
  if ('event' in happening) {
    const what = {
      eof: '← end of the stream',
      shutdown: '→ end of the stream',
      failure: `! ${printable(happening.why ?? '')}`,
    }[happening.event];
    return `${what} ${c.dim(`at ${at.toFixed(1)} ms`)}`;
  }
  const { record, messages } = happening;
  const { direction, state, contentType, bytes, content } = record;
  if (messages.length > 0)
    return messages.map((message) => (brief ? `${heading(message, c)}\n` : traceText(message, annotate, c))).join('');
  const head = (name: string, length: number): string => heading({ at, direction, name, length }, c);
  if (state === 'sealed') return head('encrypted record', bytes.length);
  if (state === 'foreign') return `${head('no record of TLS', bytes.length)}\n    ${quoted(bytes)}`;
  if (contentType === 23) return `${head('application data', content.length)}\n    ${quoted(content)}`;
  return head('part of a message', content.length);
}

/** The beginning, with what does not print as in JSON. */
function quoted(bytes: Uint8Array): string {
  const text = JSON.stringify(
    printable(
      Buffer.from(bytes.subarray(0, 64))
        .toString('latin1')
        .replace(/[\r\n\t]/g, (each) => ({ '\r': '␍', '\n': '␊' })[each] ?? ' '),
    ),
  );
  return bytes.length > 64 ? `${text} …` : text;
}

function againText({ header }: ConnectionRecording, again: Again | undefined, c: Colors): string {
  if (again === undefined) {
    const why =
      header === undefined
        ? 'the recording does not say what was offered'
        : 'it holds no randomness: --with-secrets and the pure engine put it there';
    return c.dim(`not run again: ${why}`);
  }
  const { established, sent, divergedAt, read, error } = again;
  const same =
    divergedAt === undefined ? `the same ${sent} bytes sent` : c.red(`what is sent differs from byte ${divergedAt} on`);
  const end = established
    ? `established, ${read} bytes of application data read`
    : error
      ? `${error.code}: ${printable(error.message)}`
      : 'the recording ends within the handshake';
  return `${established && divergedAt === undefined ? c.green('✓') : c.red('✗')} run again through the pure engine: ${same}; ${end}`;
}
