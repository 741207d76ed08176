/** @module What `--trace`, `--annotate`, `--record` and `--pcap` want to know of a connection, and where it goes. */
import type { RecordedEvent } from '@ferrule/bio';
import type { ContextOptions, Ssl, TraceMessage } from '@ferrule/contract';
import { Dissection, type TracedMessage } from '@ferrule/pure/trace';
import type { Transport } from 'ferrule';
import { tapTransport } from 'ferrule/tap';
import { noteDocument, type ObserveOptions } from './observing.ts';
import { OutputFile } from './output.ts';
import { Pcap } from './pcap.ts';
import { eventLine, headerLine, keylogLine, type OfferOptions, randomLine } from './recording.ts';
import { colorsFor } from './report.ts';
import { traceJson, traceText } from './trace.ts';

/** What of the connection is not known before it begins. */
export interface Begun {
  readonly target: string;
  readonly host: string;
  readonly engine: string;
  /** The engine can be told where its randomness comes from. */
  readonly seedable: boolean;
  /** A protocol was spoken before TLS, which is not in the file: Wireshark must not look for it. */
  readonly preamble: boolean;
  readonly offer: OfferOptions;
  /** Where it was not the platform's. */
  readonly trustAnchors: readonly Uint8Array[] | undefined;
}

/** One connection, observed. */
export class Observer {
  readonly #messages: TracedMessage[] = [];
  readonly #options: ObserveOptions;
  readonly #dissection: Dissection = new Dissection();
  readonly #record: OutputFile | undefined;
  readonly #pcapFile: OutputFile | undefined;
  #pcap: Pcap | undefined;
  #clock: number = performance.now();
  /** What waits until all secrets of the handshake are known: they must stand before what they decrypt. */
  #held: { readonly events: RecordedEvent[]; readonly secrets: string[] } | undefined = { events: [], secrets: [] };

  /** @throws UsageError for a file that cannot be written. */
  constructor(options: ObserveOptions) {
    this.#options = options;
    const { record, pcap } = options;
    this.#record = record === undefined ? undefined : new OutputFile('--record', record);
    this.#pcapFile = pcap === undefined ? undefined : new OutputFile('--pcap', pcap);
  }

  /** What `--json` adds to the document. */
  get document(): { readonly trace?: readonly object[] } {
    return this.#options.trace || this.#options.annotate ? { trace: this.#messages.map(traceJson) } : {};
  }

  /** The connection begins: what its options become, and what carries its bytes. */
  begin<T extends ContextOptions>(
    tls: T,
    transport: Transport,
    begun: Begun,
  ): { readonly tls: T; readonly transport: Transport } {
    this.#clock = performance.now();
    const began = Date.now();
    const { target, host, engine, seedable, preamble, offer, trustAnchors } = begun;
    const { remote } = transport;
    if (this.#record !== undefined)
      this.#record.write(
        headerLine({ target, host, remote, engine, began: new Date(began).toISOString(), offer, trustAnchors }),
      );
    if (this.#pcapFile !== undefined) {
      this.#pcap = new Pcap({ began, server: preamble ? remote?.replace(/:\d+$/, ':443') : remote });
      this.#pcapFile.write(this.#pcap.head());
    }
    const secret = this.#options.withSecrets === true;
    const random = (into: Uint8Array): void => {
      crypto.getRandomValues(into);
      if (this.#record !== undefined) this.#record.write(randomLine(this.#at, into));
    };
    return {
      tls: {
        ...tls,
        ...(secret && { onKeylog: (line: string, ssl: Ssl) => (tls.onKeylog?.(line, ssl), this.#keylog(line)) }),
        ...(secret && seedable && this.#record !== undefined && { random }),
      },
      transport:
        this.#record === undefined && this.#pcapFile === undefined
          ? transport
          : tapTransport(
              transport,
              (event) => this.#event(event),
              () => this.#at,
            ),
    };
  }

  /** A handshake message, alert or ChangeCipherSpec. */
  message({ direction, contentType, bytes }: TraceMessage): void {
    const { trace, annotate, json } = this.#options;
    if (!trace && !annotate) return;
    const message = { at: this.#at, direction, ...this.#dissection.message(contentType, bytes), bytes };
    if (json) this.#messages.push(message);
    else process.stderr.write(traceText(message, annotate === true, colorsFor(process.stderr)));
  }

  /** All secrets of the handshake are known, or there will be none. */
  settled(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || this.#pcap === undefined || this.#pcapFile === undefined) return;
    if (held.secrets.length > 0) this.#pcapFile.write(this.#pcap.secrets(held.secrets));
    for (const event of held.events) this.#pcapFile.write(this.#pcap.packets(event));
  }

  /** It came to nothing, for which the document of the failure is to have what came before. */
  failed(error: unknown): void {
    this.settled();
    if (error instanceof Error) noteDocument(error, this.document);
  }

  get #at(): number {
    return Math.round((performance.now() - this.#clock) * 1000) / 1000;
  }

  #event(event: RecordedEvent): void {
    if (this.#record !== undefined) this.#record.write(eventLine(event));
    if (this.#held !== undefined) this.#held.events.push(event);
    else if (this.#pcap !== undefined && this.#pcapFile !== undefined) this.#pcapFile.write(this.#pcap.packets(event));
  }

  #keylog(line: string): void {
    if (this.#record !== undefined) this.#record.write(keylogLine(this.#at, line));
    if (this.#held !== undefined) this.#held.secrets.push(line);
    else if (this.#pcap !== undefined && this.#pcapFile !== undefined) this.#pcapFile.write(this.#pcap.secrets([line]));
  }
}
