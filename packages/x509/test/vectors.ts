/** Where the public test vectors are: `FERRULE_VECTORS`, or `../shared/vectors` beside the repository. They are not part of it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = process.env['FERRULE_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors/', import.meta.url));

/** The path of a vector file; says so and gives `undefined` when it is not there. */
export const vectorFile = (name: string): string | undefined => {
  const path = `${root}/${name}`;
  if (existsSync(path)) return path;
  console.warn(`skipped: no vectors ${name} (set FERRULE_VECTORS)`);
  return undefined;
};

export const readVectors = <T>(path: string): T => JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as T;
