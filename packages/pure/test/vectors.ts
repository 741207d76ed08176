/** Public test vectors that stand beside the repository; tests skip, saying so, where they are absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const ROOT = process.env['FERRULE_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));

export const haveVectors: boolean = existsSync(ROOT);
if (!haveVectors) console.log(`skipped: no test vectors at ${ROOT}; FERRULE_VECTORS names another place`);

/** The text of a gzipped file, e.g. `tls/tls13_kdf.txt.gz`. */
export const vectorText = (path: string): string => gunzipSync(readFileSync(`${ROOT}/${path}`)).toString('utf8');

export interface Wycheproof<T> {
  readonly testGroups: readonly (Readonly<Record<string, unknown>> & { readonly tests: readonly T[] })[];
}
export interface WycheproofTest {
  readonly tcId: number;
  readonly comment?: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
export const wycheproof = <T extends WycheproofTest>(name: string): Wycheproof<T> => JSON.parse(vectorText(`wycheproof/${name}.json.gz`)) as Wycheproof<T>;

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
