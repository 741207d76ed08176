/**
 * @module `node --import @ferrule/node/register app.js`: TLS clients of a program that cannot be changed.
 *
 * FERRULE_BACKEND is `native` or `pure`, FERRULE_TRUNCATION `error` or `end`.
 */
import { defaults } from './tls/defaults.ts';
import { lend } from './tls/lend.ts';

// Empty means unset
const { FERRULE_BACKEND: backend = '', FERRULE_TRUNCATION: truncation = '' } = process.env;
if (backend !== '') {
  if (backend !== 'native' && backend !== 'pure')
    throw new TypeError(`FERRULE_BACKEND: ${backend} is neither native nor pure`);
  defaults.backend = backend;
}
if (truncation !== '') {
  if (truncation !== 'error' && truncation !== 'end')
    throw new TypeError(`FERRULE_TRUNCATION: ${truncation} is neither error nor end`);
  defaults.truncation = truncation;
}
lend();
