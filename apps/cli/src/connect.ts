/** @module `ferrule connect`: the handshake, what came of it, and with --pipe or --interactive the connection itself. */
import { Readable, Writable } from 'node:stream';
import { converse } from './interactive.ts';
import { connectionJson } from './json.ts';
import { Observer, type ObserveOptions } from './observe.ts';
import { open } from './open.ts';
import type { CommonOptions } from './options.ts';
import { colorsFor, connectionReport } from './report.ts';
import { nameOfTarget, type Target } from './target.ts';
import { Timeline } from './timeline.ts';

export interface ConnectCommandOptions extends CommonOptions, ObserveOptions {
  readonly pipe?: boolean;
  readonly interactive?: boolean;
  readonly lf?: boolean;
}

export async function connectCommand(target: Target, options: ConnectCommandOptions, signal: AbortSignal): Promise<void> {
  const observer = Observer.of(options);
  const timeline = new Timeline(observer);
  const connection = await open(target, options, signal, timeline);
  // with --pipe and --interactive stdout is the server's: what there is to say goes to stderr
  const talk = options.pipe === true || options.interactive === true ? process.stderr : process.stdout;
  talk.write(options.json === true ? connectionJson(nameOfTarget(target), connection.info, timeline, observer?.document) : connectionReport(connection.info, timeline, colorsFor(talk)));
  if (options.pipe === true) {
    const sending = Readable.toWeb(process.stdin).pipeTo(connection.writable as WritableStream).catch(() => {});
    try {
      await connection.readable.pipeTo(Writable.toWeb(process.stdout) as WritableStream<Uint8Array>, { preventClose: true, preventAbort: true });
    } finally {
      process.stdin.destroy();
    }
    await sending;
  } else if (options.interactive === true) {
    const { dim } = colorsFor(talk);
    await converse(connection, { lineEnd: options.lf === true ? '\n' : '\r\n', say: (line) => void talk.write(`${dim(line)}\n`) });
  }
  await connection.close();
}
