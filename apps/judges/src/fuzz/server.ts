/** @module The hostile server with a fuzzer's hands: right in everything but what the steps say. */
import { ContentType, HandshakeType } from '@ferrule/pure/wire';
import type { CryptoProvider, KeyShare } from '@ferrule/pure';
import type { Peer, Script } from '@ferrule/wrong-servers/peer';
import type { Server12 } from '@ferrule/wrong-servers/server12';
import type { Server13 } from '@ferrule/wrong-servers/server13';
import type { Dice } from './dice.ts';
import { mutate, type Step } from './mutation.ts';
import type { Source } from './play.ts';

/** What may never be read: it was sent before the server had proved anything. */
export const POISON = 'POISON';

/** Messages without which, exactly as they should be, there is no proof of who the server is. */
const PROOFS: ReadonlySet<number> = new Set([
  HandshakeType.certificate_verify,
  HandshakeType.server_key_exchange,
  HandshakeType.finished,
]);

/** Does the steps to the messages of one server. */
class Hands {
  /** A proof did not go out as it should have. */
  spoiled = false;
  finished = false;
  readonly #steps: readonly Step[];
  #count = 0;
  #fragment = 0;
  #padding = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  touch(peer: Peer, message: Uint8Array): Uint8Array[] {
    const place = this.#count++;
    const steps = this.#steps.filter(({ at }) => at === place);
    if (steps.length === 0) return this.#passed(message, [message]);
    for (const { kind, offset, bytes } of steps) {
      if (kind === 'fragment') this.#fragment = offset;
      else if (kind === 'pad') this.#padding = offset % 300;
      else if (kind === 'recordBefore') peer.sendRecord(bytes[0] ?? 0, bytes.subarray(1));
      else if (kind === 'plainBefore')
        peer.sendRecord(bytes[0] ?? 0, bytes.subarray(1), { plain: true, version: offset === 0 ? 0x0303 : offset });
      else if (kind === 'dataBefore')
        peer.sendRecord(ContentType.application_data, Buffer.from(this.finished ? 'data' : POISON));
      else if (kind === 'alertBefore') peer.sendAlert(bytes[0] ?? 1, bytes[1] ?? 90);
      else if (kind === 'rawBefore') peer.sendRaw(bytes.slice());
    }
    return this.#passed(message, mutate(message, steps));
  }

  records(peer: Peer, bytes: Uint8Array): void {
    // At least 16 bytes a record where there are more than a few: floods are for others.
    const size = this.#fragment === 0 ? 16_384 : Math.max((this.#fragment % 512) + 1, bytes.length >>> 6);
    for (let at = 0; at < bytes.length; at += size)
      peer.sendRecord(ContentType.handshake, bytes.subarray(at, at + size), { padding: this.#padding });
  }

  #passed(message: Uint8Array, sent: Uint8Array[]): Uint8Array[] {
    const type = message[0] ?? 0;
    if (!this.finished && PROOFS.has(type)) {
      const [only] = sent.filter((each) => each[0] === type);
      if (only === undefined || !Buffer.from(only).equals(message)) this.spoiled = true;
    }
    if (type === HandshakeType.finished) this.finished = true;
    return sent;
  }
}

export interface Mutant<S extends Server12 | Server13> {
  readonly hands: Hands;
  readonly server: S;
}

/** Gives a server a fuzzer's hands, its cryptography and its dice. */
export function mutant<S extends Server12 | Server13>(
  server: S,
  provider: CryptoProvider,
  dice: Dice,
  steps: readonly Step[],
): Mutant<S> {
  const hands = new Hands(steps);
  const send = server.send.bind(server);
  let asItIs = false;
  return {
    hands,
    server: Object.assign(server, {
      provider,
      send(...messages: readonly Uint8Array[]): void {
        for (const message of messages) {
          const sent = hands.touch(server, message);
          asItIs = true;
          send(...sent);
          asItIs = false;
        }
      },
      sendHandshake(bytes: Uint8Array): void {
        for (const part of asItIs ? [bytes] : hands.touch(server, bytes)) hands.records(server, part);
      },
      random: (length: number) => rolled(dice, length),
      keyShare: (id: number) => share(provider, dice, id),
    }),
  };
}

function rolled(dice: Dice, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  dice.fill(bytes);
  return bytes;
}

function share(provider: CryptoProvider, dice: Dice, id: number): KeyShare {
  const made = provider.groups.find((each) => each.id === id)?.keyShare(dice.fill);
  if (made === undefined || made instanceof Promise) throw new Error(`no group ${id.toString(16)}`);
  return made;
}

/** A server under a script, as what {@link play} plays. What it sends is also handed to `tap`. */
export function serve(peer: Peer, script: Script, tap?: (bytes: Uint8Array) => void): Source {
  let done = false;
  let silence = 0;
  return (sent) => {
    peer.feed(sent);
    if (!done) {
      try {
        done = script.next().done === true;
      } catch {
        // The server cannot go on: it lost the client, or the steps made it say what it cannot mean.
        done = true;
      }
    }
    const out = peer.takeOutput();
    tap?.(out);
    // A server that waits for what will not come hangs up.
    silence = sent.length + out.length === 0 ? silence + 1 : 0;
    return (done && out.length === 0) || silence > 2 ? undefined : out;
  };
}
