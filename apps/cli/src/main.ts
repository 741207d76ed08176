#!/usr/bin/env node
/** @module The `ferrule` command. Data goes to stdout, messages to stderr, and the exit code is the verdict. */
import { setMaxListeners } from 'node:events';
import { Exit } from './exit.ts';
import { reasonOf } from './files.ts';
import { closeOutputs } from './output.ts';
import { ferrule } from './program.ts';

const interrupt = new AbortController();
// A list has as many connections under way as it likes
setMaxListeners(0, interrupt.signal);
process.once('SIGINT', () => interrupt.abort(new Error('SIGINT')));
process.once('SIGTERM', () => interrupt.abort(new Error('SIGTERM')));
process.on('exit', closeOutputs);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (head, less) needs no words, but not all was said
  if (error.code === 'EPIPE') process.exit(Exit.brokenPipe);
  process.stderr.write(`error: stdout: ${reasonOf(error)}\n`);
  process.exit(Exit.failed);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? Exit.brokenPipe : Exit.failed),
);
process.on('uncaughtException', (error) => {
  process.stderr.write(`ferrule: a fault of this command: ${error.stack ?? String(error)}\n`);
  process.exit(Exit.failed);
});

await ferrule(process.argv.slice(2), interrupt.signal);
