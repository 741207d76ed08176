#!/usr/bin/env node
/** @module ferrule-judge: the command. */
import { program } from './program.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
process.exitCode = await program(process.argv.slice(2), interrupt.signal);
