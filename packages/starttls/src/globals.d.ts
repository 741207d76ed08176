// The one global of every JavaScript runtime that this package uses.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
