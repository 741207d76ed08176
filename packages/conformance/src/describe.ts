/** @module The conformance suite as a vitest suite. */
import { describe, it } from 'vitest';
import type { Backend } from '@ferrule/contract';
import type { CheckGroup } from './check.ts';
import { PeerMissing } from './server/openssl-server.ts';
import { suite } from './suite.ts';

export interface DescribeOptions {
  /** Groups to run in place of all of them. */
  readonly groups?: readonly CheckGroup[];
}

/**
 * The whole suite on one engine, as `describe` blocks of the test file that calls this.
 * Checks of features that the backend does not list are absent; that it refuses those features is a check of its own.
 * @param make the engine under test; called once.
 */
export async function describeBackend(
  make: () => Backend | Promise<Backend>,
  { groups = suite }: DescribeOptions = {},
): Promise<void> {
  const backend = await make();
  describe(`${backend.name} (${backend.engine})`, () => {
    for (const { title, checks } of groups) {
      const due = checks.filter(({ feature }) => feature === undefined || backend.features.has(feature));
      if (due.length === 0) continue;
      describe(title, () => {
        for (const check of due) {
          it(check.title, async (context) => {
            try {
              await check.run(backend);
            } catch (error) {
              if (!(error instanceof PeerMissing)) throw error;
              process.stderr.write(`skipped: ${check.title}: ${error.message}\n`);
              context.skip(error.message);
            }
          });
        }
      });
    }
  });
}
