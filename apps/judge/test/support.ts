/** What the tests of the judge share: an engine of ours as a client, and where the authority is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import type { Backend, TlsSession } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { connect } from 'ferrule';
import { afterAll } from 'vitest';
import type { Client } from '../src/command.ts';

export const backends: Readonly<Record<'pure' | 'native', () => Backend>> = {
  pure: () => createPure({ crypto: nodeCrypto }),
  native() {
    const native = loadNative();
    if (!native.ok) throw new Error(native.reason);
    return native.backend;
  },
};

/** Names files in a folder that goes with the last test of the file which asks: each asks for its own. */
export function scratch(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-judge-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}

export async function authority(fileAt: (name: string) => string): Promise<{ ca: string }> {
  const ca = fileAt('ca.pem');
  writeFileSync(ca, (await pki('root')).certificatePem);
  return { ca };
}

/** Asks for a page, as a command would; more than once, with the sessions of before. */
export const engineClient =
  (backend: Backend, times = 1): Client =>
  async ({ host, port, ca }, signal) => {
    let output = '';
    const sessions = new Map<string, TlsSession>();
    const about = { host, port, ca: readFileSync(ca, 'utf8'), backend, signal, timeout: 10_000 };
    try {
      for (let time = 0; time < times; time++) {
        const connection = await connect({ ...about, ...(times > 1 && { sessions }) });
        const writer = connection.writable.getWriter();
        await writer.write(Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
        for await (const chunk of connection.readable) output += Buffer.from(chunk).toString('latin1');
        await connection.close();
      }
      return { exit: 0, hung: false, output };
    } catch (error) {
      return { exit: 1, hung: false, output: `${output}${String(error)}` };
    }
  };
