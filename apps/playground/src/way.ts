/**
 * @module What somebody on the way, or a server that breaks the rules, does to the records of a connection. It works on
 * the bytes of an honest `node:tls` server; whoever has that server's secrets can change what is encrypted, too, and to
 * the client that is a server which does it.
 */
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { type SeenRecord, Wiretap } from '@ferrule/pure/trace';
import type { Deed } from './deeds.ts';
import { Forger } from './forger.ts';

/** `'end'`: the connection ends here. */
export type Passing = Uint8Array | 'end';

export class Way {
  readonly #deed: Deed;
  readonly #secrets = new Map<string, Uint8Array>();
  readonly #tap: Wiretap;
  readonly #forger: Forger;
  /** Records of the answer that have passed. */
  #answered = 0;
  #ended = false;

  constructor(deed: Deed) {
    this.#deed = deed;
    this.#tap = new Wiretap({ crypto: nodeCrypto, secretAfter: (label) => this.#secrets.get(label) });
    this.#forger = new Forger((label) => this.#secrets.get(label));
  }

  /** A line of the server's key log. */
  learn(line: string): void {
    const [label = '', , secret = ''] = line.split(' ');
    this.#secrets.set(label, Buffer.from(secret, 'hex'));
  }

  /** From the client to the server. */
  up(bytes: Uint8Array): readonly Uint8Array[] {
    const passed = this.#deed.up?.(bytes) ?? bytes;
    this.#forger.up(passed);
    this.#tap.feed('sent', passed);
    return [passed];
  }

  /** From the server to the client. */
  down(bytes: Uint8Array): readonly Passing[] {
    return this.#tap.feed('received', bytes).flatMap((record) => (this.#ended ? [] : this.#pass(record)));
  }

  #pass(record: SeenRecord): readonly Passing[] {
    this.#forger.down(record);
    const isAnswer = record.state === 'opened' && record.contentType === 23;
    const answered = isAnswer ? this.#answered++ : undefined;
    const passed = this.#deed.down?.(record, { answered, reseal: (content) => this.#forger.reseal(record, content) });
    if (passed?.includes('end') === true) this.#ended = true;
    return passed ?? [record.bytes];
  }
}
