/** @module @ferrule/ssl: what every engine does the same way. Engines import it; applications do not. */
export { optionsOf } from './options.ts';
