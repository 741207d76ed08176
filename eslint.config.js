/** Packages and applications have their own configuration, the same one; this is for what stands at the root. */
import config from '@ferrule/eslint-config';

export default [{ ignores: ['packages/**', 'apps/**', 'tooling/**', '.ci/**'] }, ...config];
