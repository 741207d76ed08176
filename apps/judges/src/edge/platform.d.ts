/** The `cloudflare:sockets` of workerd itself, as the bundle resolves this module. */
export declare function connect(
  address: { readonly hostname: string; readonly port: number },
  options: { readonly allowHalfOpen: boolean },
): { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<Uint8Array> };
