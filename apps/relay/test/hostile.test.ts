/** The relay is the attacker: whatever it does to the bytes, nothing of it is accepted, and each ends in a typed error. */
import { once } from 'node:events';
import { type AddressInfo, connect as dialTcp } from 'node:net';
import { decodeWisp, type Dial, encodeWisp, WispClose, wispDial, webSocketDial } from '@ferrule/web';
import { TlsError } from 'ferrule';
import { expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectBy, echoBehindRelay, later, readExactly, ws } from './support.ts';

const DEEDS = ['alter', 'truncate', 'replay', 'inject', 'reorder'] as const;
type Deed = (typeof DEEDS)[number];
type Direction = 'down' | 'up';

/** What is done once, at the byte `at` of a direction; or nothing, to count the bytes. */
class Attack {
  readonly direction: Direction;
  seen = 0;
  done = false;
  readonly #deed: Deed | undefined;
  readonly #at: number;

  constructor(direction: Direction, deed?: Deed, at: number = 0) {
    this.direction = direction;
    this.#deed = deed;
    this.#at = at;
  }

  /** What is sent in place of these bytes; `undefined` is the end. */
  apply(bytes: Buffer): readonly (Buffer | undefined)[] {
    const at = this.#at - this.seen;
    this.seen += bytes.length;
    if (this.#deed === undefined || this.done || at < 0 || at >= bytes.length) return [bytes];
    this.done = true;
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (this.#deed) {
      case 'alter':
        return [before, Buffer.of((after[0] as number) ^ 0x41), after.subarray(1)];
      case 'truncate':
        return [before, undefined];
      case 'replay':
        return [before, after, after];
      case 'inject':
        return [before, Buffer.of(0x17, 3, 3, 0, 1, 0x2a), after];
      case 'reorder':
        return at > 0 ? [after, before] : [after.subarray(1), after.subarray(0, 1)];
    }
  }
}

type Way = 'raw' | 'Wisp';

/** How bytes travel in the WebSocket of a client. */
interface Framing {
  /** To the client; `undefined` is the end. */
  readonly send: (bytes: Buffer | undefined) => void;
  /** What the client has sent to the server, if anything. */
  readonly taken: (message: Buffer) => Buffer | undefined;
}

const FRAMINGS: Readonly<Record<Way, (client: WebSocket) => Framing>> = {
  raw: (client) => ({
    send: (bytes) => (bytes === undefined ? client.close(1000) : client.send(bytes)),
    taken: (message) => message,
  }),
  Wisp: (client) => {
    let stream = 0;
    client.send(encodeWisp({ type: 'continue', stream: 0, credit: 1000 }));
    return {
      send: (bytes) =>
        client.send(
          encodeWisp(
            bytes === undefined
              ? { type: 'close', stream, reason: WispClose.voluntary }
              : { type: 'data', stream, bytes },
          ),
        ),
      taken: (message) => {
        const packet = decodeWisp(message);
        if (packet.type === 'connect') stream = packet.stream;
        return packet.type === 'data' ? Buffer.from(packet.bytes) : undefined;
      },
    };
  },
};

/** One WebSocket, one connection to `port`, with what `attacks.next` does to it. */
async function hostileRelay(way: Way, port: number): Promise<{ readonly url: string; next: Attack }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  later(() => server.close());
  const relay = { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, next: new Attack('down') };
  server.on('connection', (client) => {
    const attack = relay.next;
    const socket = dialTcp({ port, host: '127.0.0.1' });
    const { send, taken } = FRAMINGS[way](client);
    const end = (): void => {
      if (client.readyState === client.OPEN) send(undefined);
      socket.destroy();
    };
    const pass = (bytes: Buffer, direction: Direction, on: (each: Buffer) => void): void => {
      const first = !attack.done;
      for (const each of direction === attack.direction ? attack.apply(bytes) : [bytes]) {
        if (each === undefined) return end();
        on(each);
      }
      // A length that was altered makes somebody wait for bytes that never come
      if (first && attack.done) setTimeout(end, 100);
    };
    socket.on('data', (bytes) => pass(bytes, 'down', send));
    client.on('message', (data) => {
      const bytes = taken(data as Buffer);
      if (bytes !== undefined) pass(bytes, 'up', (each) => void socket.write(each));
    });
    socket.on('error', () => {}).on('close', end);
    client.on('error', () => {}).on('close', () => socket.destroy());
  });
  return relay;
}

const dialBy = (way: Way, relay: string): Dial & { close?(): void } =>
  way === 'raw' ? webSocketDial({ relay, ...ws }) : wispDial({ relay, ...ws });

const WORDS = ['attack at dawn', 'retreat at noon'];

/** What a connection has received in order, and how it ended. @param said when the server has said all. */
async function talk(
  way: Way,
  url: string,
  backend: 'native' | 'pure',
  said: () => void = () => {},
): Promise<{ readonly got: string; readonly error: unknown }> {
  let got = '';
  const dial = dialBy(way, url);
  try {
    const connection = await connectBy(dial, { host: '127.0.0.1', port: 1 }, { backend });
    for (const word of WORDS) {
      await connection.write(Buffer.from(word));
      got += Buffer.from(await readExactly(connection, word.length)).toString();
    }
    said();
    await connection.closeWrite();
    while ((await connection.read(new Uint8Array(64))) > 0) got += '?';
    return { got, error: undefined };
  } catch (error) {
    return { got, error };
  } finally {
    dial.close?.();
  }
}

/** Of each deed and direction, with each engine, over each framing: 2,400 in all with `npm run hostile:relay`. */
const POSITIONS = process.env['FERRULE_LONG'] === undefined ? 3 : 60;

it.each(
  (['raw', 'Wisp'] as const).flatMap((way) =>
    (['native', 'pure'] as const).flatMap((backend) =>
      (['down', 'up'] as const).flatMap((direction) => DEEDS.map((deed) => [deed, direction, way, backend] as const)),
    ),
  ),
)(
  'a relay that does this once goes nowhere: %s, on the way %s, %s, %s engine',
  async (deed, direction, way, backend) => {
    const { to } = await echoBehindRelay();
    const relay = await hostileRelay(way, to.port);
    // Sizes are nearly alike from one connection to the next
    const count = (relay.next = new Attack(direction));
    let total = 0;
    expect(await talk(way, relay.url, backend, () => (total = count.seen))).toEqual({
      got: WORDS.join(''),
      error: undefined,
    });
    for (let i = 0; i < POSITIONS; i++) {
      const at = Math.floor(((i + 0.5) * (total - 16)) / POSITIONS);
      const attack = (relay.next = new Attack(direction, deed, at));
      const { got, error } = await talk(way, relay.url, backend);
      expect(attack.done).toBe(true);
      expect(WORDS.join('').startsWith(got), `accepted at ${at} of ${total}: ${got}`).toBe(true);
      expect(TlsError.is(error), `at ${at} of ${total}: ${String(error)}`).toBe(true);
    }
  },
  600_000,
);
