/** @module Building a path by RFC 5280 section 6.1 alone, as a plain function, a promise and steps. */
import { checkOptions, optionTable, ownPath, PATH_CHECKS } from './options.ts';
import { buildCheckedPath, type PathChecks, type PathInput, type PathResult } from './path.ts';
import { runAsync, runSync, type Steps } from './steps.ts';

const OPTIONS = /* @__PURE__ */ optionTable(PATH_CHECKS);

/**
 * Builds and validates a path by RFC 5280 section 6.1 only: `validatePath` also checks revocation, transparency and
 * pins. Requires a synchronous verifier.
 * @throws TypeError for invalid options, and when the verifier is asynchronous; never because of the certificates'
 * content.
 */
export const buildPath = (input: PathInput): PathResult => runSync(buildPathSteps(input));

/**
 * {@link buildPath} with any verifier, from copies of the bytes. Rejects with the same errors, and with the verifier's
 * rejections.
 */
export const buildPathAsync = async (input: PathInput): Promise<PathResult> =>
  runAsync(buildCheckedPath(ownPath(checkOptions(input, OPTIONS)), undefined));

/**
 * {@link buildPath} for engines, as steps: `yield*` it, resume it with what each yielded promise settles to.
 * @throws TypeError at once for invalid options.
 */
export const buildPathSteps = (input: PathInput, checks?: PathChecks): Steps<PathResult> =>
  buildCheckedPath(checkOptions(input, OPTIONS), checks);
