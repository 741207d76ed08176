/**
 * @module `ferrule connect`: the handshake, what came of it, and with --pipe or --interactive the connection itself.
 */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { Readable, Writable } from 'node:stream';
import type { TlsConnection } from 'ferrule';
import { converse } from './interactive.ts';
import { listen } from './listen.ts';
import { noteCircumstances, observerOf, type ObserveOptions } from './observing.ts';
import { circumstancesOf, open } from './open.ts';
import type { CommonOptions } from './options.ts';
import { screenOf } from './screen.ts';
import { nameOfTarget, type Target } from './target.ts';
import { Timeline } from './timeline.ts';

export interface ConnectCommandOptions extends CommonOptions, ObserveOptions {
  readonly pipe?: boolean;
  readonly interactive?: boolean;
  readonly lf?: boolean;
}

export async function connectCommand(
  target: Target,
  options: ConnectCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const observer = await observerOf(options);
  const timeline = new Timeline(observer);
  const connection = await open(target, options, signal, timeline);
  // Who says nothing would take a server that refuses its client for one that accepts it
  if (options.pipe !== true && options.interactive !== true && timeline.received('CertificateRequest')) {
    const refusal = await listen(connection, 0, timeline);
    if (refusal !== undefined) {
      noteCircumstances(refusal, circumstancesOf(target, options, timeline, true));
      throw refusal;
    }
  }
  // With --pipe and --interactive stdout is the server's: what there is to say goes to stderr
  const talk = options.pipe === true || options.interactive === true ? process.stderr : process.stdout;
  // What tells of it is loaded when the server has answered
  const { colorsFor, connectionReport } = await import('./report.ts');
  talk.write(
    options.json === true
      ? (await import('./json.ts')).connectionJson(nameOfTarget(target), connection.info, timeline, observer?.document)
      : connectionReport(connection.info, timeline, colorsFor(talk), screenOf(talk)),
  );
  if (options.pipe === true) {
    await throughStdio(connection);
  } else if (options.interactive === true) {
    const { dim } = colorsFor(talk);
    await converse(connection, {
      lineEnd: options.lf === true ? '\n' : '\r\n',
      say: (line) => void talk.write(`${dim(line)}\n`),
    });
  }
  await connection.close();
}

/**
 * stdin to the server and the server to stdout, until both have ended: each direction ends by itself (RFC 9846 section
 * 6.1), so what stdin has is sent also after the server's end, or the command fails. Only a terminal is not waited for.
 */
async function throughStdio(connection: TlsConnection): Promise<void> {
  const { stdin, stdout } = process;
  const sending = Readable.toWeb(stdin)
    .pipeTo(connection.writable as WritableStream)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  try {
    await connection.readable.pipeTo(Writable.toWeb(stdout) as WritableStream<Uint8Array>, {
      preventClose: true,
      preventAbort: true,
    });
  } catch (error) {
    stdin.destroy();
    throw error;
  }
  if (stdin.isTTY) {
    stdin.destroy();
    await sending;
    return;
  }
  if (!stdin.readableEnded) endStdout();
  const error = await sending;
  if (error !== undefined) throw error;
}

/**
 * Whoever reads stdout hears of the server's end now, and may end stdin for it. Node keeps it open until the process
 * ends.
 */
function endStdout(): void {
  process.stdout.end(() => {
    closeSync(1);
    // So that nothing that is opened later becomes stdout
    openSync(devNull, 'w');
  });
}
