/** @module What is ordered, done on any platform, a report for each row. */
import type { Backend, TlsSession } from '@ferrule/contract';
import type { CryptoProvider } from '@ferrule/pure';
import { createPure } from '@ferrule/pure';
import type { ConnectOptions, SessionStore, TlsConnection } from 'ferrule';
import { type Answer, DOWNLOAD, type Order, type Provider, type Row, UPLOAD } from './rows.ts';

/** How this platform connects. */
export interface Ways {
  open(options: ConnectOptions): Promise<TlsConnection>;
  /** The same over a pipe of the caller's. */
  over(options: ConnectOptions): Promise<TlsConnection>;
}

const HANDSHAKES = 5;
const text = new TextEncoder();

const PROVIDER: Readonly<Record<Exclude<Provider, 'default'>, () => Promise<CryptoProvider>>> = {
  node: async () => (await import('@ferrule/pure/crypto/node')).nodeCrypto,
  webcrypto: async () => (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto(),
  tuned: async () => (await import('@ferrule/pure/crypto/tuned')).tunedCrypto,
  noble: async () => (await import('@ferrule/pure/crypto/noble')).nobleCrypto,
};

export async function perform(
  { provider, root, rows }: Order,
  ways: Ways,
  report: (answer: Answer) => void,
): Promise<void> {
  const backend = provider === 'default' ? undefined : createPure({ crypto: await PROVIDER[provider]() });
  for (const row of rows) {
    if (backend !== undefined && lacks(backend, row)) {
      report({ row: row.name, absent: true });
      continue;
    }
    const answer = await attempt(row, root, backend, ways).catch((error: unknown): Omit<Answer, 'row'> => {
      const { code, message } = error as { readonly code?: string; readonly message?: string };
      return { failed: `${code ?? ''} ${message ?? String(error)}`.trim() };
    });
    report({ row: row.name, ...answer });
  }
}

function lacks({ supported }: Backend, { needs }: Row): boolean {
  if (needs === undefined) return false;
  return !('group' in needs ? supported.groups.includes(needs.group) : supported.cipherSuites.includes(needs.suite));
}

async function attempt(
  { task, port }: Row & { readonly port: number },
  root: string,
  backend: Backend | undefined,
  { open, over }: Ways,
): Promise<Omit<Answer, 'row'>> {
  const sessions: SessionStore = new Map<string, TlsSession>();
  const options: ConnectOptions = {
    host: '127.0.0.1',
    port,
    servername: 'server.test',
    ca: root,
    timeout: 15_000,
    ...(backend && { backend }),
    ...(task === 'resume' && { sessions }),
  };
  if (task === 'echo') {
    const times: number[] = [];
    let engine = '';
    for (let i = 0; i < HANDSHAKES; i++) {
      const tls = await open(options);
      times.push(tls.info.timings.handshake);
      ({ engine } = tls.info);
      await echo(tls);
      await tls.close();
    }
    return { engine, milliseconds: times.sort((a, b) => a - b)[HANDSHAKES >> 1] as number };
  }
  const tls = await (task === 'over' ? over : open)(options);
  if (task === 'download') {
    const started = performance.now();
    await tls.write(text.encode('download'));
    await receive(tls, DOWNLOAD);
    const seconds = (performance.now() - started) / 1000;
    await tls.close();
    return { mebibytesPerSecond: DOWNLOAD / 2 ** 20 / seconds };
  }
  if (task === 'upload') {
    await tls.write(text.encode('upload'));
    await tls.write(new Uint8Array(UPLOAD));
    await receive(tls, 2);
  } else if (task === 'late') {
    await tls.write(text.encode('late'));
    await receive(tls, 4);
  } else await echo(tls);
  await tls.close();
  if (task !== 'resume') return {};
  const again = await open(options);
  const { sessionReused, timings } = again.info;
  await echo(again);
  await again.close();
  return sessionReused ? { milliseconds: timings.handshake } : { failed: 'the session was not resumed' };
}

async function echo(tls: TlsConnection): Promise<void> {
  await tls.write(text.encode('echo'));
  await receive(tls, 4);
}

async function receive(tls: TlsConnection, length: number): Promise<void> {
  const into = new Uint8Array(65_536);
  for (let got = 0; got < length;) {
    const n = await tls.read(into);
    if (n === 0) throw new Error(`ended after ${got} of ${length} bytes`);
    got += n;
  }
}
