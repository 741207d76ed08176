/** @module A row's server on loopback: as many connections as the command makes, each with a server of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Identity } from '@ferrule/conformance/pki';
import { NotApplicable, type Peer, type Script } from '@ferrule/wrong-servers/peer';
import type { Play, Row, Seen } from './row.ts';

export interface ServeOptions {
  readonly identity: Identity;
  /** What is sent to a client that has let everything pass. */
  readonly answer: string;
  /** What a good server sends. */
  readonly goodAnswer: string;
  /** Milliseconds until the server closes a connection on which nothing happens any more. */
  readonly patience: number;
}

export interface Serving {
  readonly port: number;
  /** Waits until all has been read that the clients, which have ended, have sent. */
  seen(): Promise<Seen>;
  /** Ends every connection. */
  close(): void;
}

/** How long a request may be waited for, in milliseconds; a client that only reads is answered then. */
const REQUEST_WITHIN = 300;

/** A client that has ended has closed its connections: the rest of them is on its way. Milliseconds. */
const LEFT_WITHIN = 2000;

/** @throws Error where no port of 127.0.0.1 can be had */
export async function serve(row: Row, options: ServeOptions): Promise<Serving> {
  const lines = new Set<Line>();
  const accept = (socket: Socket): void => {
    const { identity, answer, goodAnswer } = options;
    const first = [...lines].find(({ isFirst, isAnswered }) => isFirst && isAnswered)?.peer;
    const isFirst = row.before !== undefined && first === undefined;
    const play = isFirst && row.before ? row.before(identity) : row.play(identity, first);
    lines.add(
      new Line(socket, play, {
        ...options,
        isFirst,
        answer: isFirst ? goodAnswer : answer,
        closes: !isFirst && row.closes === true,
      }),
    );
  };
  const servers = await listenTwice(accept);
  const { port } = servers[0].address() as AddressInfo;
  return {
    port,
    async seen(): Promise<Seen> {
      await Promise.race([
        Promise.all([...lines].map(({ left }) => left)),
        delay(LEFT_WITHIN, undefined, { ref: false }),
      ]);
      return together([...lines], row, options);
    },
    close(): void {
      for (const line of lines) line.close();
      for (const server of servers) if (server.listening) server.close();
    },
  };
}

/** `localhost` may lead to ::1 first: where there is IPv6, a port that is ours on both. */
async function listenTwice(accept: (socket: Socket) => void): Promise<readonly [Server, Server]> {
  for (let tries = 1; ; tries++) {
    const [first, second] = [0, 1].map(() => createServer({ allowHalfOpen: true }, accept)) as [Server, Server];
    await listen(first, 0, '127.0.0.1');
    const taken = await listen(second, (first.address() as AddressInfo).port, '::1').then(
      () => false,
      ({ code }: NodeJS.ErrnoException) => code === 'EADDRINUSE',
    );
    if (!taken || tries === MOST_TRIES) return [first, second];
    first.close();
  }
}
const MOST_TRIES = 20;

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });

function together(all: readonly Line[], row: Row, { patience }: ServeOptions): Seen {
  const lines = all.filter(({ isFirst }) => !isFirst);
  const notApplicable =
    all.find((line) => line.notApplicable !== undefined)?.notApplicable ??
    (row.before && all.length > 0 && lines.length === 0 ? 'the command does not come back' : undefined);
  return {
    connections: all.length,
    begun: lines.some(({ begun }) => begun),
    alerts: lines.flatMap(({ peer }) => peer.alerts),
    unreadable: lines.some(({ unreadable }) => unreadable),
    closed: lines.every(({ closedAt }) => performance.now() - closedAt >= patience / 2),
    data: lines.some(({ peer }) => peer.received.some(({ length }) => length > 0)),
    ...(notApplicable !== undefined && { notApplicable }),
  };
}

/** `wrong`: as the row says; `on`: to the end of the handshake; `answer`: a request is waited for; then `over`. */
type Phase = 'wrong' | 'on' | 'answer' | 'over';

/** One connection. */
class Line {
  readonly peer: Play['peer'];
  /** The client has closed its side. */
  readonly left: Promise<void>;
  /** It gives the session that the client is to come back with. */
  readonly isFirst: boolean;
  isAnswered = false;
  /** Of `performance.now()`: all has been sent, and the end. */
  closedAt = Infinity;
  begun = false;
  unreadable = false;
  notApplicable: string | undefined;
  readonly #socket: Socket;
  readonly #answer: string;
  readonly #closes: boolean;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #rest: Script;
  #script: Script;
  #phase: Phase = 'wrong';
  #ended = false;

  constructor(
    socket: Socket,
    { peer, script }: Play,
    {
      isFirst,
      answer,
      closes,
      patience,
    }: Pick<ServeOptions, 'answer' | 'patience'> & { readonly isFirst: boolean; readonly closes: boolean },
  ) {
    this.peer = peer;
    this.isFirst = isFirst;
    this.#socket = socket;
    this.#script = script;
    this.#answer = answer;
    this.#closes = closes;
    this.#rest = listening(peer);
    this.#timers.push(setTimeout(() => this.#end(), patience));
    this.left = new Promise((resolve) => void socket.on('end', resolve).on('close', resolve));
    socket
      .on('data', (data: Buffer) => {
        peer.feed(new Uint8Array(data));
        this.#act();
      })
      .on('end', () => this.#end())
      .on('finish', () => (this.closedAt = performance.now()))
      .on('error', () => undefined)
      .on('close', () => {
        this.closedAt = Math.min(this.closedAt, performance.now());
        this.#clear();
      });
  }

  close(): void {
    this.#clear();
    this.#socket.destroy();
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #act(): void {
    try {
      this.#advance();
    } catch (error) {
      if (error instanceof NotApplicable) this.notApplicable = error.message;
      else if (this.#phase === 'wrong' && !this.#hasHello())
        this.notApplicable = `its ClientHello cannot be read: ${(error as Error).message}`;
      else this.unreadable = true;
      this.#phase = 'over';
    }
    const output = this.peer.takeOutput();
    if (output.length > 0 && !this.#ended) this.#socket.write(output);
    if (this.#phase === 'over') this.#end();
  }

  #hasHello(): boolean {
    return 'hello' in this.peer && this.peer.hello !== undefined;
  }

  #advance(): void {
    if (this.#phase === 'wrong' && this.#script.next().done === true) {
      this.begun = true;
      this.#script = this.peer.goOn();
      this.#phase = this.#closes ? 'over' : 'on';
    }
    if (this.#phase === 'on' && this.#script.next().done === true) {
      this.#phase = 'answer';
      this.#timers.push(setTimeout(() => this.#reply(), REQUEST_WITHIN));
    }
    if (this.#phase !== 'answer' && this.#phase !== 'over') return;
    this.#rest.next();
    if (this.#phase === 'answer' && this.peer.received.length > 0) this.#reply();
  }

  #reply(): void {
    if (this.#phase !== 'answer') return;
    this.#phase = 'over';
    this.isAnswered = true;
    this.peer.sendData(this.#answer);
    this.peer.sendAlert(1, 0);
    this.#act();
  }

  /** Our side only: what the client still has to say is listened to. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end();
  }
}

function* listening(peer: Peer): Script {
  for (;;) yield* peer.record();
}
