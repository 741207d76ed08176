/** @module Other makers' verifiers, where they are installed. What they need is built in a temporary folder. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toPem } from '@ferrule/conformance/pki';
import { output } from '../interop/process.ts';
import type { Chain } from './chain.ts';
import { HOST, type Verdict } from './engines.ts';
import type { Ask } from './judge.ts';

export interface Peer {
  readonly version: string;
  readonly ask: Ask;
  stop(): Promise<void>;
}

/** `undefined` where it is not installed. */
type Start = (directory: string) => Promise<Peer | undefined>;

const source = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const go: Start = async (directory) => {
  const version = await output('go', ['version']);
  if (version === undefined) return undefined;
  const program = `${directory}/verify-go`;
  if ((await output('go', ['build', '-o', program, source('./verify.go')])) === undefined) return undefined;
  return asking(program, [], version);
};

const pyca: Start = async () => {
  const version = await output('python3', [
    '-c',
    'import cryptography.x509.verification, cryptography; print("pyca/cryptography", cryptography.__version__)',
  ]);
  return version === undefined ? undefined : asking('python3', [source('./verify.py')], version);
};

/** `openssl verify` with its default flags, at the security level of ferrule. */
const openssl: Start = async (directory) => {
  const version = await output('openssl', ['version']);
  if (version === undefined) return undefined;
  const file = (name: string): string => `${directory}/${name}.pem`;
  let last: Promise<unknown> = Promise.resolve();
  const verify = async ({ sent, anchors }: Chain): Promise<Verdict> => {
    const [leaf = [], others, roots] = [sent.slice(0, 1), sent.slice(1), anchors];
    for (const [name, ders] of [
      ['leaf', leaf],
      ['others', others],
      ['roots', roots],
    ] as const)
      await writeFile(file(name), ders.map((der) => toPem('CERTIFICATE', der)).join(''));
    const untrusted = others.length > 0 ? ['-untrusted', file('others')] : [];
    const args = [
      'verify',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      HOST,
      '-auth_level',
      '2',
      '-partial_chain',
      '-no-CApath',
      '-no-CAstore',
      '-CAfile',
      file('roots'),
      ...untrusted,
      file('leaf'),
    ];
    return new Promise((resolve) => {
      execFile('openssl', args, (error, stdout, stderr) =>
        resolve(error === null ? { accepts: true } : { accepts: false, message: (stdout + stderr).trim() }),
      );
    });
  };
  // One after the other: each has the same files.
  const ask: Ask = (chain) => {
    const verdict = last.then(() => verify(chain));
    last = verdict;
    return verdict;
  };
  return { version: version.trim(), ask, stop: async () => void (await last) };
};

/** A program that answers each line with a line. */
function asking(program: string, args: readonly string[], version: string): Peer {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting: { resolve(verdict: Verdict): void; reject(error: Error): void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line) as Verdict));
  const ended = once(child, 'exit');
  const end = (): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`${program} ended before it answered`));
  };
  ended.then(end, end);
  const text = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));
  return {
    version: version.trim(),
    ask: ({ sent, anchors }) => {
      child.stdin.write(`${JSON.stringify({ sent: text(sent), anchors: text(anchors), host: HOST })}\n`);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

export const PEER_NAMES = ['openssl', 'go', 'pyca'] as const;
export const PEERS: Readonly<Record<(typeof PEER_NAMES)[number], Start>> = { openssl, go, pyca };
