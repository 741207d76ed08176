/** @module `openssl s_server`, for what Node's server cannot do: early data, authentication after the handshake. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '../pki/index.ts';
import { patience, SocketPeer } from './peer.ts';

/** Thrown by a check whose peer is not installed; the suite skips it and says so. */
export class PeerMissing extends Error {
  override readonly name: 'PeerMissing' = 'PeerMissing';
}

export class OpensslServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #peers: SocketPeer[] = [];
  #output: string;

  private constructor(child: ChildProcess, folder: string, port: number, output: string) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.#output = output;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('latin1')));
  }

  /** @throws PeerMissing where OpenSSL's command is not installed. */
  static async start(args: readonly string[]): Promise<OpensslServer> {
    const { stdout: version, error } = spawnSync('openssl', ['version'], { encoding: 'utf8' });
    if (error !== undefined || !version.startsWith('OpenSSL 3'))
      throw new PeerMissing('openssl s_server (OpenSSL 3) is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'ferrule-s_server-'));
    const { keyPem, chainPem, certificatePem } = await pki('p256');
    for (const [name, content] of [
      ['key', keyPem],
      ['cert', certificatePem],
      ['chain', chainPem],
    ] as const)
      writeFileSync(join(folder, name), content);
    const files = ['-key', join(folder, 'key'), '-cert', join(folder, 'cert'), '-cert_chain', join(folder, 'chain')];
    const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...args], { stdio: 'pipe' });
    return new Promise((resolve, reject) => {
      let output = '';
      const timer = setTimeout(() => reject(new Error(`s_server did not start: ${output}`)), patience.milliseconds);
      const listen = (chunk: Buffer): void => {
        output += chunk.toString('latin1');
        const port = /^ACCEPT .*:(\d+)$/m.exec(output)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        child.stdout.off('data', listen);
        resolve(new OpensslServer(child, folder, Number(port), output));
      };
      child.stdout.on('data', listen);
      child.once('exit', () => reject(new Error(`s_server ended: ${output}`)));
    });
  }

  dial(): SocketPeer {
    const peer = new SocketPeer(this.port);
    this.#peers.push(peer);
    return peer;
  }

  /** What a person at the server's terminal would type. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until the server has printed `text`. */
  async printed(text: string): Promise<void> {
    const deadline = Date.now() + patience.milliseconds;
    while (!this.#output.includes(text)) {
      if (Date.now() > deadline)
        throw new Error(`s_server did not print ${JSON.stringify(text)} but ${JSON.stringify(this.#output)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    for (const peer of this.#peers) peer.destroy();
    this.#child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
