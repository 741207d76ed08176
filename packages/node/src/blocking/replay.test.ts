import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { formatRecording, parseRecording, recordingBio, replayBio, type Bio, type RecordedEvent } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Ssl } from '@ferrule/contract';
import { blockingConnect } from '@ferrule/node';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { SslErrorCode } from '@ferrule/result';
import { beforeAll, describe, expect, it } from 'vitest';

const NOW = Date.now();
let recording: string;
let sent = 0;

/** An engine with deterministic randomness and clock. */
async function client(bio: Bio): Promise<Ssl> {
  let state = 1;
  const context = createPure({ crypto: nodeCrypto }).createContext({
    trustAnchors: [(await pki('root')).certificate],
    now: () => NOW,
    random: (into) => {
      for (let i = 0; i < into.length; i++) into[i] = (state = (state * 48271) % 0x7fffffff) & 255;
    },
  });
  const ssl = context.newConnection();
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  return ssl;
}

/** The conversation on the recorded connection. */
function converse(ssl: Ssl, again: () => void): string {
  const done = (op: () => number): number => {
    for (;;) {
      const ret = op();
      const why = ssl.getError(ret);
      if (why !== SslErrorCode.wantRead && why !== SslErrorCode.wantWrite) return ret;
      again();
    }
  };
  expect(done(() => ssl.connect())).toBe(1);
  expect(done(() => ssl.write(Buffer.from('hello')))).toBe(5);
  const into = new Uint8Array(100);
  let text = '';
  for (let n; (n = done(() => ssl.read(into))) > 0;) text += Buffer.from(into.subarray(0, n)).toString();
  expect(ssl.failure).toBe(undefined);
  done(() => ssl.shutdown());
  return text;
}

beforeAll(async () => {
  const { keyPem, chainPem } = await pki('p256');
  const worker = new Worker(new URL('../../test/tls-server.mjs', import.meta.url), {
    workerData: { key: keyPem, cert: chainPem, act: 'greet' },
  });
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
  const socket = blockingConnect({ host: '127.0.0.1', port, timeout: 20_000 });
  const events: RecordedEvent[] = [];
  const said = converse(await client(recordingBio(socket, (event) => events.push(event))), () => undefined);
  socket.close();
  await worker.terminate();
  expect(said).toBe('greetings');
  recording = formatRecording(events);
  for (const event of events) if (event.kind === 'sent') sent += event.bytes.length;
});

describe('a recorded connection', () => {
  it.each(['recorded', 1, 2, 17, 16384] as const)(
    'replayed in chunks (%s) makes the engine say and read the same, byte for byte',
    async (chunk) => {
      const bio = replayBio(parseRecording(recording), { chunk });
      expect(converse(await client(bio), () => expect(bio.advance()).toBe(true))).toBe('greetings');
      expect(bio.divergedAt).toBe(undefined);
      expect(bio.sent).toBe(sent);
    },
  );

  it('replayed as a blocking BIO needs no driver', async () => {
    const bio = replayBio(parseRecording(recording), { blocking: true, chunk: 5 });
    expect(converse(await client(bio), () => expect.unreachable())).toBe('greetings');
    expect(bio.divergedAt).toBe(undefined);
  });
});
