/**
 * Which package may import which, as the plan of the house has it. `dynamic` packages are reached by `import()` only
 * (types excepted), so that whoever does not need them does not load them. Applications and tests may import
 * everything.
 */
export const ROOMS = {
  '@ferrule/result': { portable: true, imports: [] },
  '@ferrule/bio': { portable: true, imports: ['@ferrule/result'] },
  '@ferrule/contract': { portable: true, imports: ['@ferrule/result', '@ferrule/bio'] },
  '@ferrule/ssl': { portable: true, imports: ['@ferrule/result', '@ferrule/bio', '@ferrule/contract'] },
  '@ferrule/x509': { portable: true, imports: ['@ferrule/result'] },
  '@ferrule/starttls': { portable: true, imports: ['@ferrule/result'] },
  '@ferrule/roots': { portable: true, imports: ['@ferrule/contract', '@ferrule/result'] },
  '@ferrule/pure': {
    portable: true,
    imports: ['@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/ssl', '@ferrule/x509'],
  },
  '@ferrule/native': {
    portable: false,
    imports: ['@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/ssl'],
  },
  ferrule: {
    portable: false,
    imports: ['@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/ssl', '@ferrule/starttls'],
    dynamic: ['@ferrule/native', '@ferrule/pure'],
  },
  '@ferrule/node': {
    portable: false,
    imports: ['ferrule', '@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/starttls'],
  },
  '@ferrule/web': {
    portable: false,
    imports: ['ferrule', '@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/starttls'],
  },
  '@ferrule/conformance': {
    portable: false,
    imports: ['@ferrule/result', '@ferrule/bio', '@ferrule/contract', '@ferrule/ssl'],
  },
};

/** Files of portable packages that are for Node, each behind a subpath of its own. */
export const NODE_FILES = [/\/packages\/(?:pure|x509)\/src\/crypto\/node[^/]*\.ts$/];

/**
 * What is published as a bundle: what its sources import is in it, so that `devDependencies` are enough.
 * `@ferrule/judge` takes up `@ferrule/wrong-servers`, which is private, and nothing else.
 */
export const BUNDLED = ['@ferrule/cli', '@ferrule/judge'];

/** The packages that do TLS themselves. */
export const ENGINES = ['@ferrule/native', '@ferrule/pure'];

/** @param {string} specifier @returns {string} the package of a bare specifier: `@a/b` of `@a/b/c`. */
export const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** @param {string} name */
export const isOurs = (name) => name === 'ferrule' || name.startsWith('@ferrule/');
