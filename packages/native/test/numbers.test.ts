import { readFileSync } from 'node:fs';
import { Alert } from '@ferrule/result';
import { ExtensionType, HandshakeType, NamedGroup, Version } from '@ferrule/result/numbers';
import { CLOCK_SKEW, LONGEST_RESPONSE } from '@ferrule/x509';
import { describe, expect, test } from 'vitest';

const header = readFileSync(new URL('../core/numbers.h', import.meta.url), 'utf8');

/** `statusRequest` as IANA writes it: `status_request`. */
const asRegistered = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function constantsOf(namespace: string): [string, number][] {
  const [, body = ''] = new RegExp(`^namespace ${namespace} \\{$([^}]*)^\\}`, 'm').exec(header) ?? [];
  return [...body.matchAll(/constexpr int (\w+) = (\w+);/g)].map(([, name = '', value]) => [name, Number(value)]);
}

describe('core/numbers.h', () => {
  test('lets clocks differ as far, and OCSP responses hold as long, as @ferrule/x509 does', () => {
    expect(constantsOf('clocks')).toEqual([
      ['skew', CLOCK_SKEW / 1000],
      ['longestResponse', LONGEST_RESPONSE / 1000],
    ]);
  });
  test('bounds what a peer may send where the pure engine does', () => {
    const sources = ['../../pure/src/limits.ts', '../../ssl/src/foreign.ts'].map((path) =>
      readFileSync(new URL(path, import.meta.url), 'utf8'),
    );
    const bounds = new Map(
      [...sources.join('\n').matchAll(/const MAX_(\w+) = ([\d_]+);/g)].map(([, name = '', value = '']) => [
        name.toLowerCase(),
        Number(value.replaceAll('_', '')),
      ]),
    );
    const constants = constantsOf('bounds');
    expect(constants).toHaveLength(4);
    for (const [name, value] of constants) expect([name, bounds.get(asRegistered(name))]).toEqual([name, value]);
  });
  test.each([
    ['handshake_type', HandshakeType],
    ['extension_type', ExtensionType],
    ['alert', Alert],
    ['named_group', NamedGroup],
    ['protocol_version', Version],
  ])('has in %s the numbers that the registry has', (namespace, registry: Readonly<Record<string, number>>) => {
    const constants = constantsOf(namespace);
    expect(constants).not.toEqual([]);
    expect(Object.fromEntries(constants.map(([name]) => [name, registry[asRegistered(name)]]))).toEqual(
      Object.fromEntries(constants),
    );
  });
});
