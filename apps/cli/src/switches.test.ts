import { Alert, alertMeaning, CODES } from '@ferrule/result';
import { expect, it } from 'vitest';
import { inSwitches, messageInSwitches } from './switches.ts';

it('hints of the library name no option for which there is a switch', () => {
  const hints = [
    ...Object.values(CODES).map(({ remedy }) => remedy),
    ...Object.values(Alert).map((description) => alertMeaning(description)?.hint ?? ''),
  ];
  const left = new Set(hints.flatMap((hint) => inSwitches(hint).match(/`[^`]+`/g) ?? []));
  expect([...left].sort()).toEqual(
    ['cause', 'ech', 'echRetryConfigs', 'externalPsks', 'ferrule doctor', 'identity']
      .concat(
        ['chainLength', 'emptyRecordsInARow', 'handshakeBytes', 'keyUpdatesInARow', 'pathBuildingSteps'].map(
          (name) => `limits.${name}`,
        ),
        'mustMatchIssuer',
      )
      .map((name) => `\`${name}\``)
      .sort(),
  );
});

it.each([
  ['alpn[0]: must be 1 to 255 bytes of UTF-8', '--alpn: must be 1 to 255 bytes of UTF-8'],
  ['minVersion: is above maxVersion', '--min-version: is above --max-version'],
  [
    'cipherSuites: none is of a version between minVersion and maxVersion',
    '--cipher-suites: none is of a version between --min-version and --max-version',
  ],
  ['credentials[0].key: does not belong to chain[0]', '--key: does not belong to chain[0]'],
  ['credentials[0].chain[0]: is not a DER certificate', '--cert: is not a DER certificate'],
  ['groups: none of the groups', '--groups: none of the groups'],
  ['trustAnchors[3]: is no certificate', '--ca: is no certificate'],
  ['host: "a b" is neither', '--servername: "a b" is neither'],
  ['profile: this backend does not have webpki', '--profile: this backend does not have webpki'],
])('%j is %j', (message, other) => {
  expect(messageInSwitches(message)).toBe(other);
});

it.each(['TRANSPORT_ERROR', 'PROXY_UNREACHABLE'] as const)('the hint of %s names no property of an error', (code) =>
  expect(inSwitches(CODES[code].remedy)).not.toContain('`'),
);
