// The only global that this package uses; every JavaScript runtime has it.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
