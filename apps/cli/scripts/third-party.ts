/** @module The licences of other people's packages that are in the bundle, beside it: MIT and ISC ask for that. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * LICENSES.txt in the folder of the bundle, or among the files of a build that writes none. A package without a licence
 * ends the build.
 */
export const thirdParty = (): Plugin => ({
  name: 'third-party',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile, outputFiles }) => {
      if (metafile === undefined) return;
      const { outdir = '', write, absWorkingDir = process.cwd() } = build.initialOptions;
      const path = join(outdir, 'LICENSES.txt');
      const text = noticesOf(Object.keys(metafile.inputs).map((file) => join(absWorkingDir, file)));
      if (write !== false) writeFileSync(path, text);
      else outputFiles?.push({ path, text, contents: Buffer.from(text), hash: '' });
    });
  },
});

/** @param files - of the bundle, by their paths. */
function noticesOf(files: readonly string[]): string {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []));
  return [...folders].map(noticeOf).sort().join('\n');
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name}: there is no licence in its package`);
  return `${name} ${version} (${license ?? 'see below'})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
