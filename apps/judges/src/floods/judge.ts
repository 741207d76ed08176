/** @module One engine in one flood: how much it takes before it says no. Counts messages and bytes, never time. */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Backend } from '@ferrule/contract';
import { SslErrorCode, type TlsErrorCode } from '@ferrule/result';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';
import type { Flood } from '@ferrule/wrong-servers/floods';

export interface Outcome {
  /** `undefined`: it took all that was sent. */
  readonly code: TlsErrorCode | undefined;
  /** It stopped reading until it can write: what more is sent is not taken. */
  readonly stopped: boolean;
  /** Messages sent until then, and how many bytes of them the engine took. */
  readonly messages: number;
  readonly bytes: number;
}

/** One that takes more than twice what it may is not asked further. */
const ENOUGH = 2;
const BIO_SIZE = 4096;

/** `unsupported`: the engine has not what the flood needs, and so nothing to be flooded in. */
export async function flooded(backend: Backend, flood: Flood): Promise<Outcome | 'unsupported'> {
  if (flood.needs !== undefined && !backend.features.has(flood.needs)) return 'unsupported';
  const [identity, client] = [await pki('p256'), await pki('client')];
  const context = backend.createContext({
    trustAnchors: [(await pki('root')).certificate],
    credentials: [{ chain: client.chain, key: client.key }],
    ...(flood.version === 'TLSv1.2' && { maxVersion: 'TLSv1.2' }),
    ...flood.options,
  });
  const ssl = context.newConnection();
  const [bio, network] = bioPair(BIO_SIZE);
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  const server = flood.version === 'TLSv1.3' ? new Server13(identity) : new Server12(identity);
  const begin = flood.version === 'TLSv1.3' ? flood.begin(server as Server13) : flood.begin(server as Server12);

  const into = new Uint8Array(1024);
  let begun = false;
  let sent = 0;
  /** True while the engine waits to write and nobody reads. */
  const turn = async (): Promise<boolean> => {
    const ret = ssl.established ? ssl.read(into) : ssl.connect();
    const why = ret > 0 ? SslErrorCode.none : ssl.getError(ret);
    if (why === SslErrorCode.wantAsync) await ssl.asyncReady;
    if (begun && flood.deaf === true) return why === SslErrorCode.wantWrite;
    const view = network.nread0();
    if (!begun) server.feed(view.slice());
    network.nread(view.length);
    return false;
  };
  const push = async (): Promise<boolean> => {
    for (let output = server.takeOutput(); output.length > 0;) {
      const count = Math.max(network.write(output), 0);
      sent += count;
      output = output.subarray(count);
      const stuck = await turn();
      if (ssl.failure !== undefined) return false;
      if (stuck && count === 0) return true;
    }
    return false;
  };

  while (!begun) {
    await turn();
    begun = begin.next().done === true;
    if (!begun) await push();
  }
  await push();
  for (let i = 0; i < 4 && !ssl.established && ssl.failure === undefined; i++) await turn();

  const start = sent - bio.pending;
  let messages = 0;
  let stopped = false;
  while (ssl.failure === undefined && !stopped && messages < ENOUGH * flood.most) {
    if (flood.version === 'TLSv1.3') flood.send(server as Server13, messages++);
    else flood.send(server as Server12, messages++);
    stopped = await push();
  }
  for (let i = 0; i < 4 && ssl.failure === undefined && !stopped; i++) await turn();
  const outcome = { code: ssl.failure?.error.code, stopped, messages, bytes: sent - bio.pending - start };
  ssl.dispose();
  context.dispose();
  return outcome;
}

/** What is wrong with an outcome; `undefined` when it is as it should be. */
export function fault(flood: Flood, { code, stopped, messages, bytes }: Outcome): string | undefined {
  if (stopped) return flood.deaf === true ? undefined : 'it waits to write although its peer reads';
  if (code === undefined)
    return `${messages} messages (${bytes} bytes) were taken and nothing said; at most ${flood.most} may be`;
  if (code === 'INTERNAL_ERROR' || code === 'UNEXPECTED_EOF') return `it ended in ${code}`;
  return messages > flood.most
    ? `${messages} messages were taken before ${code}; at most ${flood.most} may be`
    : undefined;
}
