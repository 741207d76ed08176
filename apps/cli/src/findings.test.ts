import {
  cipherSuiteName,
  everyCipherSuite,
  everyGroup,
  everySignatureScheme,
  groupName,
  signatureSchemeName,
} from '@ferrule/result/names';
import { pki } from '@ferrule/conformance/pki';
import { describe, expect, it } from 'vitest';
import {
  failsOn,
  findingsOf,
  gradeOf,
  strengthOf,
  weaknessesOfGroup,
  weaknessesOfPrime,
  weaknessesOfSignature,
  weaknessesOfSuite,
} from './findings.ts';
import type { HttpFacts, TicketFacts } from './handshakes.ts';
import { colorsFor } from './report.ts';
import { scanReport } from './scan-report.ts';
import type { Scan } from './scanned.ts';
import { widthOf } from './screen.ts';

const thing = (name: string, strength: 'good' | 'dated' | 'broken' = 'good') => ({ code: 0, name, strength });
const suites = (...names: readonly string[]) => names.map((name) => thing(name, strengthOf(weaknessesOfSuite(name))));

const modern: Scan = {
  target: 'example.org:443',
  name: 'example.org',
  versions: [
    { ...thing('TLS 1.3'), taken: true },
    { ...thing('TLS 1.2'), taken: true },
    { ...thing('TLS 1.0', 'broken'), taken: false, why: 'protocol_version' },
  ],
  cipherSuites: [
    { version: 'TLS 1.3', taken: suites('TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'), order: 'server' },
    { version: 'TLS 1.2', taken: suites('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'), order: undefined },
  ],
  groups: [
    { version: 'TLS 1.3', taken: ['x25519', 'secp256r1', 'ffdhe8192'].map((name) => thing(name)), order: 'server' },
  ],
  signatureAlgorithms: [],
  certificates: [],
  extensions: ['renegotiation_info', 'extended_master_secret'],
  primeBits: undefined,
  compression: undefined,
  downgrade: undefined,
  stapled: undefined,
  connections: 40,
  milliseconds: 1000,
  notAsked: ['Heartbleed'],
};
const old: Scan = {
  ...modern,
  versions: [
    { ...thing('TLS 1.3'), taken: false, why: 'protocol_version' },
    { ...thing('TLS 1.2'), taken: true },
    { ...thing('TLS 1.0', 'broken'), taken: true },
  ],
  cipherSuites: [
    {
      version: 'TLS 1.2',
      taken: suites(
        'TLS_RSA_WITH_AES_128_CBC_SHA',
        'TLS_RSA_WITH_RC4_128_SHA',
        'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      ),
      order: 'client',
    },
  ],
  extensions: [],
  primeBits: 1024,
};
const plain = colorsFor({}, {});

describe('findings of a scan', () => {
  it('are none for a modern server: grade A', () => {
    expect([findingsOf(modern), gradeOf(findingsOf(modern))]).toEqual([[], 'A']);
  });

  it('are told worst first, each once, with what has it', () => {
    const findings = findingsOf(old);
    expect(findings.map(({ severity, what, things }) => `${severity} ${what} ${things.length}`)).toEqual([
      'high RC4 1',
      'medium TLS 1.0 and 1.1 1',
      'medium no forward secrecy 2',
      'medium Diffie-Hellman with 1024 bits 0',
      'medium no secure renegotiation 0',
      'low CBC 1',
      'low no TLS 1.3 0',
      'low no extended master secret 0',
    ]);
    expect(gradeOf(findings)).toBe('C');
    expect((['critical', 'high', 'medium', 'low'] as const).map((level) => failsOn(findings, level))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(
      gradeOf(
        findingsOf({
          ...old,
          cipherSuites: [{ version: 'TLS 1.2', taken: suites('TLS_RSA_WITH_NULL_SHA'), order: undefined }],
        }),
      ),
    ).toBe('F');
  });

  it('tell what keeps nobody from taking the newest version away, where servers must have it', () => {
    const found = (scan: Scan): string[] => findingsOf(scan).map(({ severity, what }) => `${severity} ${what}`);
    const downgrade = { version: 'TLS 1.2', fallbackRefused: false, sentinel: false };
    expect(found({ ...modern, downgrade })).toEqual(['low no TLS_FALLBACK_SCSV', 'low no downgrade sentinel']);
    expect(found({ ...modern, downgrade: { ...downgrade, fallbackRefused: undefined, sentinel: true } })).toEqual([]);
    expect(found({ ...old, downgrade })).not.toContain('low no downgrade sentinel');
  });

  it('tell of certificates that are out of order, or not of the chain', async () => {
    const [leaf, stranger] = [await pki('p256'), await pki('selfSigned')];
    const [first, second] = leaf.chain as [Uint8Array, Uint8Array];
    const root = (await pki('root')).certificate;
    const found = (...chain: readonly Uint8Array[]): (readonly string[])[] =>
      findingsOf({ ...modern, certificates: [{ chain, versions: ['TLS 1.3'] }] })
        .filter(({ what }) => what.startsWith('certificates that are out of order'))
        .map(({ things }) => things);
    expect(found(first)).toEqual([]);
    expect(found(first, second)).toEqual([]);
    expect(found(first, second, root)).toEqual([]);
    expect(found(first, root, second)).toHaveLength(1);
    expect(found(first, second, stranger.certificate)).toHaveLength(1);
  });

  it('have a reason for each colour that is not green, of everything that scan can ask about', () => {
    const names = everyCipherSuite();
    const weak = [
      ...[...names.tls13, ...names.tls12].map((code) => weaknessesOfSuite(cipherSuiteName(code))),
      ...everyGroup().map((code) => weaknessesOfGroup(groupName(code))),
      ...everySignatureScheme().map((code) => weaknessesOfSignature(signatureSchemeName(code))),
    ];
    for (const reasons of weak) {
      expect(strengthOf(reasons) === 'good').toBe(reasons.length === 0);
      for (const { what, why } of reasons) expect([what, why]).not.toContain('');
    }
  });

  it.each([
    ['ffdhe8192', 'good'],
    ['ffdhe2048', 'good'],
    ['x25519', 'good'],
    ['X25519MLKEM768', 'good'],
    ['secp224r1', 'dated'],
    ['sect283k1', 'dated'],
    ['secp192r1', 'broken'],
    ['sect163k1', 'broken'],
  ])('the group %s is %s', (name, expected) => expect(strengthOf(weaknessesOfGroup(name))).toBe(expected));

  it('a short prime is worse than a middling one', () => {
    expect([512, 1024, 2048].map((bits) => weaknessesOfPrime(bits)[0]?.severity)).toEqual([
      'critical',
      'medium',
      undefined,
    ]);
  });
});

describe('the report of a scan', () => {
  it('ends with the grade and its rule, says why without colours, and fits the screen', () => {
    const text = scanReport(old, plain, { columns: 80, rows: 24 });
    expect(text).toMatch(/TLS_RSA_WITH_RC4_128_SHA +RC4, no forward secrecy\n/);
    expect(text).toMatch(/high +RC4: its output is biased; forbidden by RFC 7465/);
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /example\.org:443: grade C, 1 high, 4 medium, 3 low \(A: nothing above low;.*\) $/,
    );
    for (const line of text.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  });

  it('puts what is good side by side on a terminal, and one below the other in a pipe', () => {
    expect(scanReport(modern, plain, { columns: 80, rows: 24 })).toMatch(/ {4}x25519 +secp256r1 +ffdhe8192\n/);
    expect(scanReport(modern, plain)).toMatch(/ {4}x25519\n {4}secp256r1\n {4}ffdhe8192\n/);
  });
});

describe('what whole handshakes tell', () => {
  const told = (more: Partial<Scan>): (readonly [string, string])[] =>
    findingsOf({ ...modern, ...more }).flatMap(({ severity, what }) =>
      findingsOf(modern).some((each) => each.what === what) ? [] : [[severity, what] as const],
    );
  const good: TicketFacts = {
    version: 'TLS 1.3',
    tickets: 2,
    lengths: [240, 240],
    lifetime: 604_800,
    maxEarlyData: 0,
    repeated: false,
    resumed: true,
  };

  it.each<[Partial<TicketFacts>, (readonly [string, string])[]]>([
    [{}, []],
    [{ tickets: 0, lifetime: 0, resumed: undefined as never }, []],
    [{ lifetime: 604_801 }, [['medium', 'tickets for more than 7 days']]],
    [{ version: 'TLS 1.2', lifetime: 604_801 }, [['low', 'tickets for more than 7 days']]],
    [{ repeated: true }, [['medium', 'a ticket that was sent twice']]],
    [{ maxEarlyData: 16_384 }, [['low', 'early data']]],
    [{ resumed: false }, [['low', 'tickets that resume nothing']]],
    [{ resumed: false, tickets: 0 }, [['low', 'sessions that are not resumed']]],
  ])('about tickets: %j', (facts, findings) => expect(told({ tickets: [{ ...good, ...facts }] })).toEqual(findings));

  it.each<[HttpFacts, readonly string[]]>([
    [{ why: 'no answer' }, []],
    [{ status: 200 }, ['no HSTS']],
    [{ status: 200, hsts: 'x', policy: { maxAge: 15_552_000, includeSubDomains: false } }, []],
    [
      { status: 200, hsts: 'x', policy: { maxAge: 15_551_999, includeSubDomains: true } },
      ['HSTS for less than 180 days'],
    ],
  ])('about HTTP: %j', (http, findings) => expect(told({ http }).map(([, what]) => what)).toEqual(findings));
});
