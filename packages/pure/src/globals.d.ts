// The globals of every JavaScript runtime that the portable core uses; it has no DOM and no node types.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: 'utf-8' | 'latin1', options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes: Uint8Array): string;
}
declare const crypto: { getRandomValues(into: Uint8Array): Uint8Array };
