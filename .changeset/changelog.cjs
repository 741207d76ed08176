/**
 * What stands in a CHANGELOG.md. All packages have one version, so that "Updated dependencies" would say nothing: it is
 * left out. Before the first release there is nothing to compare with: what was changed until then is left out too, and
 * each package begins with its "First release: …".
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Change logs are written before versions are. */
const nothingReleased = () =>
  JSON.parse(readFileSync(join(__dirname, '../packages/ferrule/package.json'), 'utf8')).version === '0.0.0';

module.exports = {
  getReleaseLine: async ({ summary }) => {
    if (nothingReleased() && !summary.startsWith('First release')) return '';
    const [first = '', ...rest] = summary.trim().split('\n');
    return `- ${[first, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n')}`;
  },
  getDependencyReleaseLine: async () => '',
};
