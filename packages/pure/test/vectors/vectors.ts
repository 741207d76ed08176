/**
 * Public test vectors, which are not part of the repository: `FERRULE_VECTORS` names their folder, else
 * `../shared/vectors` beside the clone. Nothing but `describeVectors` tells whether they are there, so no test reads a
 * file outside of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, it } from 'vitest';

const ROOT = process.env['FERRULE_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url));

/**
 * A suite over these files, e.g. `tls/tls13_kdf.txt.gz`. Where one is missing its body is not even collected, and one
 * skipped test names the file.
 */
export function describeVectors(title: string, files: readonly string[], body: () => void): void {
  const missing = files.find((file) => !existsSync(`${ROOT}/${file}`));
  describe(
    title,
    missing === undefined
      ? body
      : () => it.skip(`needs the vectors ${missing} (FERRULE_VECTORS names their folder)`, () => undefined),
  );
}

/** The text of a gzipped file. */
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
/** Where Wycheproof's file of this name is among the vectors. */
export const wycheproofFile = (name: string): string => `wycheproof/${name}.json.gz`;
export const wycheproof = <T extends WycheproofTest>(name: string): Wycheproof<T> =>
  JSON.parse(vectorText(wycheproofFile(name))) as Wycheproof<T>;

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
