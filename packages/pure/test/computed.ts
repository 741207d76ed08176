/**
 * @module The suite for one more synchronous provider. What the engine decides comes out the same whoever computes, and
 * node:crypto, which answers synchronously too, runs the whole suite. So `npm test` leaves out the groups that are
 * about decisions alone, and of the others noble runs one half and tuned the other; `npm run test:long` runs them all
 * with each provider.
 */
import { type CheckGroup, suite } from '@ferrule/conformance';

/** Titles of those groups. */
const DECISIONS = [
  'the return table',
  'peers that speak no TLS',
  ...[1, 2, 17].flatMap((size) => [
    `SSL_connect(3) over a non-blocking BIO pair of ${size} bytes`,
    `SSL_connect(3) over a blocking BIO of ${size} bytes`,
  ]),
  'the call table, call by call',
  'callbacks that are asked',
  'callbacks that are told',
  'what a verify function throws is a refusal, whatever it says',
  'dispose() from inside a callback ends the operation with DISPOSED:',
  'a BIO that throws during the handshake',
  'a BIO that throws once the connection is established',
  'the resumption matrix: a session that is offered',
  'an option that is changed after createContext() changes nothing',
];

/** @param half of each group. */
export function computed(half: 0 | 1): readonly CheckGroup[] {
  if (process.env['FERRULE_LONG'] === '1') return suite;
  const groups = suite.filter(({ title }) => !DECISIONS.includes(title));
  return groups.map((group) => ({ ...group, checks: group.checks.filter((_, i) => i % 2 === half) }));
}

const gone = DECISIONS.filter((each) => !suite.some(({ title }) => title === each));
if (gone.length > 0) throw new Error(`the conformance suite has no group '${gone.join("', '")}'`);
