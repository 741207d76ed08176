/**
 * Where the sources are, in each package.json that is published: `repository` (npm's provenance compares it),
 * `homepage` and `bugs`. It is known where the release runs, and so it is not in the repository itself. Links of the
 * READMEs to files beside them work on the registry's page by it.
 *
 *     GITHUB_REPOSITORY=owner/name npm run release:fields
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from './clone.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { GITHUB_REPOSITORY: name, GITHUB_SERVER_URL: server = 'https://github.com' } = process.env;
if (name === undefined || !/^[\w.-]+\/[\w.-]+$/.test(name))
  throw new Error(`GITHUB_REPOSITORY must be owner/name, not ${name ?? 'unset'}`);
const home = `${server}/${name}`;
for (const { folder } of publishedPackages(root)) {
  const file = join(folder, 'package.json');
  const directory = relative(root, folder);
  const fields = {
    repository: { type: 'git', url: `git+${home}.git`, directory },
    homepage: `${home}/tree/main/${directory}#readme`,
    bugs: `${home}/issues`,
  };
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, `${JSON.stringify({ ...manifest, ...fields }, null, 2)}\n`);
}
