#!/usr/bin/env node
/**
 * @module The program that BoGo's runner starts for each test: `shim --backend pure|native [--crypto
 * node|noble|tuned|webcrypto]`, then the runner's own flags. Exit code 0: as the flags say; 1: not so, with the reason
 * on stderr; 89: not implemented; 90: a failure that no expectation excuses.
 */
import type { TlsSession } from '@ferrule/contract';
import { writeSync } from 'node:fs';
import { loadEngine, type Engine } from './backends.ts';
import { MustFail, runConnection } from './connection.ts';
import { parseFlags, Unimplemented, type Configs } from './flags.ts';

const UNIMPLEMENTED = 89;
const MUST_FAIL = 90;

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('-is-handshaker-supported')) {
    writeSync(1, 'No\n');
    return;
  }
  const { backend, crypto, rest } = ourFlags(args);
  const configs = parseFlags(rest);
  await runConnections(await loadEngine(backend, crypto), configs);
}

async function runConnections(engine: Engine, { initial, resume, retry }: Configs): Promise<void> {
  const delay = initial['resumption-delay'];
  let clock = Date.now();
  // BoGo's clock stands still but for the delay, and BoGo compares ages exactly
  const now = delay === undefined ? undefined : (): number => clock;
  let session: TlsSession | undefined;
  for (let i = 0; i <= (initial['resume-count'] ?? 0); i++) {
    if (i > 0 && session === undefined) throw new Error('no session to offer');
    session = await runConnection({ engine, config: i > 0 ? resume : initial, retry, session, now });
    clock += (delay ?? 0) * 1000;
  }
}

/** Ours may stand anywhere: the runner puts its extra flags behind some of its own. */
function ourFlags(args: readonly string[]): { backend: string; crypto: string; rest: readonly string[] } {
  const ours = { backend: 'pure', crypto: 'node' };
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--backend') ours.backend = args[++i] ?? '';
    else if (args[i] === '--crypto') ours.crypto = args[++i] ?? '';
    else rest.push(args[i]!);
  }
  return { ...ours, rest };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  writeSync(2, `${error instanceof Error ? error.message || error.stack : String(error)}\n`);
  process.exitCode = error instanceof Unimplemented ? UNIMPLEMENTED : error instanceof MustFail ? MUST_FAIL : 1;
}
process.exit();
