/** @module `--tls-keylog`, as in node:tls. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeTls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from './connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-keylog-'));
const began = [...process.execArgv];
afterEach(() => {
  process.execArgv = [...began];
  vi.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Connects once; what Node's server logged of the connection. */
async function logged(): Promise<string[]> {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  const lines: string[] = [];
  const server = nodeTls.createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (socket) => void socket.resume());
  server.on('keylog', (line: Buffer) => lines.push(line.toString()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', backend: 'pure', ca: root.certificatePem });
  await once(socket, 'secureConnect');
  socket.end();
  await once(socket.resume(), 'close');
  server.close();
  return lines.toSorted();
}

describe('--tls-keylog', () => {
  it('appends the secrets of each connection to the file, which is readable only by its owner', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const file = join(folder, 'keys');
    process.execArgv = [...began, `--tls_keylog=${file}`];
    const lines = [...(await logged()), ...(await logged())];
    await vi.waitFor(() =>
      expect(
        readFileSync(file, 'utf8')
          .split(/(?<=\n)/)
          .toSorted(),
      ).toEqual(lines.toSorted()),
    );
    expect(lines.length).toBeGreaterThan(5);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(warnings.mock.calls.flat().join()).toContain(`secret key material to file ${file}`);
  });

  it('warns once of a file that cannot be written, and connects', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const file = join(folder, 'no', 'keys');
    process.execArgv = [...began, '--tls-keylog', file];
    await logged();
    await vi.waitFor(() => expect(warnings.mock.calls.flat().join()).toContain('--tls-keylog: ENOENT'));
    await logged();
    expect(warnings.mock.calls.flat().filter((text) => String(text).includes('ENOENT'))).toHaveLength(1);
    expect(existsSync(file)).toBe(false);
  });
});
