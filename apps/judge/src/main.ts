#!/usr/bin/env node
/** @module ferrule-judge: the command. */
import { program } from './program.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort());
// Whoever read what we say has read enough
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.exitCode = await program(process.argv.slice(2), interrupt.signal);
