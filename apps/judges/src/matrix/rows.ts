/** @module What each runtime is asked to do, and what it answers: shared by the script and its client. */

/** A server of the script, and how the client behaves before it. */
export interface Row {
  readonly name: string;
  /** Of `tls.createServer`. */
  readonly server: Readonly<Record<string, string>>;
  /** A code point without which a provider cannot do this; the default one has everything. */
  readonly needs?: { readonly group: number } | { readonly suite: number };
  readonly task: 'echo' | 'resume' | 'late' | 'upload' | 'download' | 'over';
}

const P256 = { ecdhCurve: 'prime256v1' };
const TLS12 = { maxVersion: 'TLSv1.2' };

export const ROWS: readonly Row[] = [
  { name: 'TLS 1.3', server: {}, task: 'echo' },
  { name: 'TLS 1.2', server: TLS12, task: 'echo' },
  { name: 'resumed', server: {}, task: 'resume' },
  { name: 'P-256 only', server: P256, task: 'echo' },
  { name: 'P-384 only', server: { ecdhCurve: 'secp384r1' }, task: 'echo' },
  { name: 'P-521 only', server: { ecdhCurve: 'secp521r1' }, needs: { group: 0x0019 }, task: 'echo' },
  { name: 'P-256 only, 1.2', server: { ...P256, ...TLS12 }, task: 'echo' },
  {
    name: 'ChaCha20 only',
    server: { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' },
    needs: { suite: 0x1303 },
    task: 'echo',
  },
  { name: 'late answer', server: {}, task: 'late' },
  { name: 'upload, then read', server: {}, task: 'upload' },
  { name: 'connectOver()', server: {}, task: 'over' },
  { name: 'download', server: {}, task: 'download' },
];

export const PROVIDERS = ['default', 'node', 'webcrypto', 'tuned', 'noble'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What the client is told, as JSON in its first argument. */
export interface Order {
  readonly provider: Provider;
  readonly root: string;
  readonly rows: readonly (Row & { readonly port: number })[];
}

/** One line of the client's output. */
export interface Answer {
  readonly row: string;
  /** Absent: it went well. */
  readonly failed?: string;
  /** The provider does not claim it on this platform. */
  readonly absent?: true;
  readonly engine?: string;
  /** Of the handshake; of several the median. */
  readonly milliseconds?: number;
  readonly mebibytesPerSecond?: number;
}

/** What is uploaded, and what is downloaded, bytes. */
export const UPLOAD: number = 2 ** 21;
export const DOWNLOAD: number = 2 ** 23;
/** How long after the handshake a late answer comes: the tickets have come before. */
export const LATE = 150;
