// The global of every JavaScript runtime that this package uses; it has no DOM and no node types.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare const crypto: { getRandomValues(into: Uint8Array): Uint8Array };
