/** What is used of bare-http-parser, which has no declarations. */

/** Of a message: its head, a part of its body, its end. */
export type ParserEvent =
  | { readonly type: 1 }
  | {
      readonly type: 2;
      readonly version: string;
      readonly code: number;
      readonly reason: string;
      /** Names in lower case. Set-Cookie alone is an array; the lines of another name are joined. */
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
    }
  | { readonly type: 3; readonly data: Uint8Array }
  | { readonly type: 4 };

export declare class HttpParser {
  static readonly constants: { readonly REQUEST: 1; readonly RESPONSE: 2; readonly DATA: 3; readonly END: 4 };
  constructor(options?: { readonly maxHeaderSize?: number; readonly maxHeadersCount?: number });
  /** The answer to come has no body, whatever its fields say. */
  skipBody(): void;
  /** Parses while it is iterated. Throws for what is not HTTP. */
  push(data: Uint8Array): Iterable<ParserEvent>;
  /** Throws within a message. */
  end(): Iterable<ParserEvent>;
}
