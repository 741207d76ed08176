/** @module Building a path by RFC 5280 section 6.1 alone, as a plain function, a promise and steps. */
import { checkOptions, optionTable, ownPath, PATH_CHECKS } from './options.ts';
import { buildCheckedPath, type PathChecks, type PathInput, type PathResult } from './path.ts';
import { runAsync, runSync, type Steps } from './steps.ts';

const OPTIONS = /* @__PURE__ */ optionTable(PATH_CHECKS);

/**
 * Builds and validates a path as RFC 5280 section 6.1 has it, and nothing more: `validatePath` also asks about
 * revocation, transparency and pins. With a verifier that answers at once.
 * @throws TypeError for options that are wrong, and when the verifier is asynchronous; never for what is in the
 * certificates.
 */
export const buildPath = (input: PathInput): PathResult => runSync(buildPathSteps(input));

/**
 * {@link buildPath} with any verifier, from copies of the bytes. Rejects as that throws, and with whatever the verifier
 * rejects with.
 */
export const buildPathAsync = async (input: PathInput): Promise<PathResult> =>
  runAsync(buildCheckedPath(ownPath(checkOptions(input, OPTIONS)), undefined));

/**
 * {@link buildPath} for engines, as steps: `yield*` it, resume it with what each yielded promise settles to.
 * @throws TypeError at once for options that are wrong.
 */
export const buildPathSteps = (input: PathInput, checks?: PathChecks): Steps<PathResult> =>
  buildCheckedPath(checkOptions(input, OPTIONS), checks);
