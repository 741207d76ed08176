/**
 * Public test vectors, which are not part of the repository: `FERRULE_VECTORS` names their folder, else
 * `../shared/vectors` beside the clone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, it } from 'vitest';

const ROOT = process.env['FERRULE_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url));

/**
 * A suite over one file, e.g. `limbo/core.json.gz`. Where it is missing the body is not even collected, and one skipped
 * test names the file.
 */
export function describeVectors(title: string, name: string, body: (file: string) => void): void {
  const file = `${ROOT}/${name}`;
  describe(
    title,
    existsSync(file)
      ? () => body(file)
      : () => it.skip(`needs the vectors ${name} (FERRULE_VECTORS names their folder)`, () => undefined),
  );
}

export const readVectors = <T>(path: string): T => JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as T;
