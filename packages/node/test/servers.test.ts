import { pki } from '@ferrule/conformance/pki';
import { starttlsProtocols } from '@ferrule/starttls';
import { chooseBackend } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { ADAPTERS } from './adapter-proofs.ts';
import { missing, serverNames, start, type RunningServer } from './servers.ts';
import { STARTTLS } from './starttls-proofs.ts';

const PROOFS = serverNames.map((name) => {
  const starttls = Object.entries(STARTTLS[name] ?? {}).map(
    ([protocol, proof]) => [`STARTTLS of ${protocol}`, proof] as const,
  );
  return { name, proofs: [...starttls, ...Object.entries(ADAPTERS[name] ?? {})] };
});

it('every STARTTLS protocol is asked of a real server', () => {
  expect(
    Object.values(STARTTLS)
      .flatMap((each) => Object.keys(each))
      .toSorted(),
  ).toEqual(starttlsProtocols.toSorted());
});

describe.each(PROOFS)('$name', ({ name, proofs }) => {
  const absent = missing(name);
  if (absent !== undefined) console.log(`skipped: ${name}: ${absent}`);

  describe.skipIf(absent !== undefined)('a real server', () => {
    let server: RunningServer;
    let ca: string;
    beforeAll(async () => {
      ca = (await pki('root')).certificatePem;
      server = await start(name);
    }, 60_000);
    afterAll(async () => server?.stop());

    for (const backend of ['native', 'pure'] as const)
      for (const [what, proof] of proofs)
        it(`takes ${what} on the ${backend} engine`, async ({ skip }) => {
          if (
            !(await chooseBackend(backend).then(
              () => true,
              () => false,
            ))
          )
            skip(`the ${backend} engine is not available here`);
          const connector = new TlsConnector({ backend, ca });
          await proof(connector, server);
          await connector.dispose();
        });
  });
});
