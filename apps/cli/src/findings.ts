/**
 * @module What is to be thought of what a server takes: for each weakness its severity, and why, in words. The same
 * table decides the colours, so that none is without a reason.
 */
import { extensionName } from '@ferrule/result/names';
import { daysText, readableFacts } from './certificates.ts';
import type { HttpFacts, TicketFacts } from './handshakes.ts';
import type { Scan, Strength, Thing } from './scanned.ts';

/** Worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly severity: Severity;
  readonly what: string;
  /** With the section that says so. */
  readonly why: string;
  /** What is concerned: suites, groups, versions. */
  readonly things: readonly string[];
}

export interface Reason {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
}

type Rule = readonly [pattern: RegExp, severity: Severity, what: string, why: string];

const SUITES: readonly Rule[] = [
  [
    /_WITH_NULL_|_NULL_SHA|TLS_SHA(256_SHA256|384_SHA384)/,
    'critical',
    'no encryption',
    'anyone on the path can read the data',
  ],
  [/_anon_/, 'critical', 'no authentication', 'anyone on the path can impersonate the server'],
  [/EXPORT|DES40|_DES_CBC_|RC2/, 'critical', 'keys of 56 bits or fewer', 'broken in hours (FREAK, Logjam)'],
  [/RC4/, 'high', 'RC4', 'its output is biased; forbidden by RFC 7465'],
  [/3DES|IDEA/, 'medium', 'blocks of 64 bits', 'collisions reveal plaintext after about 32 GiB (Sweet32)'],
  [/SEED/, 'medium', 'SEED', 'an obsolete cipher'],
  [/MD5$/, 'medium', 'HMAC with MD5', 'MD5 is broken'],
  [
    /^TLS_(RSA|ECDH_(RSA|ECDSA)|DH_(RSA|DSS))_/,
    'medium',
    'no forward secrecy',
    'whoever obtains the key of the server can decrypt recorded traffic',
  ],
  [/_CBC_/, 'low', 'CBC', 'MAC-then-encrypt: timing can leak plaintext (Lucky 13)'],
  [/_CCM_8$/, 'low', 'tags of 64 bits', 'meant for small devices; forgeries succeed more often'],
];

const GROUPS: readonly Rule[] = [
  [
    /^sec[pt]\d*(160|163|19[123])|Draft/,
    'medium',
    'fewer than 96 bits of security, or a draft',
    'curves of at most 192 bits; drafts have changed since',
  ],
  [/^sect|224|239|^secp256k1$/, 'low', 'an obsolete curve', 'deprecated by RFC 8422 section 5.1.1'],
];

const SIGNATURES: readonly Rule[] = [
  [/md5/, 'high', 'signatures over MD5', 'can be forged; forbidden by RFC 9155'],
  [/sha1$/, 'medium', 'signatures over SHA-1', 'collisions can be computed; forbidden by RFC 9155'],
  [/^dsa/, 'medium', 'DSA', 'removed from TLS (RFC 9846)'],
  [/sha224/, 'low', 'signatures over SHA-224', 'deprecated with SHA-1 and MD5'],
];

const VERSIONS: readonly Rule[] = [
  [/^SSL 3/, 'high', 'SSL 3.0', 'plaintext can be read (POODLE); forbidden by RFC 7568'],
  [/^TLS 1\.[01]$/, 'medium', 'TLS 1.0 and 1.1', 'MD5 and SHA-1 in the handshake, CBC only; deprecated by RFC 8996'],
];

const firstOf =
  (rules: readonly Rule[]) =>
  (name: string): Reason[] =>
    rules.filter(([pattern]) => pattern.test(name)).map(([, severity, what, why]) => ({ severity, what, why }));

/** Why a cipher suite is weak, the worst reason first. */
export const weaknessesOfSuite: (name: string) => readonly Reason[] = firstOf(SUITES);
export const weaknessesOfGroup: (name: string) => readonly Reason[] = firstOf(GROUPS);
export const weaknessesOfSignature: (name: string) => readonly Reason[] = firstOf(SIGNATURES);
export const weaknessesOfVersion: (name: string) => readonly Reason[] = firstOf(VERSIONS);

/** Of the prime of finite-field Diffie-Hellman. */
export const weaknessesOfPrime = (bits: number): readonly Reason[] =>
  bits >= 2048
    ? []
    : [
        bits < 1024
          ? { severity: 'critical', what: `Diffie-Hellman with ${bits} bits`, why: 'broken in hours (Logjam)' }
          : {
              severity: 'medium',
              what: `Diffie-Hellman with ${bits} bits`,
              why: 'can be broken by a state (Logjam); RFC 9325 requires 2048',
            },
      ];

/** Of what has these weaknesses. */
export const strengthOf = (reasons: readonly Reason[]): Strength =>
  reasons.length === 0
    ? 'good'
    : reasons.every(
          ({ severity, what }) => severity === 'low' || what === 'no forward secrecy' || what.startsWith('Diffie'),
        )
      ? 'dated'
      : 'broken';

/** Everything that is to be said of a scan, worst first. */
export function findingsOf(scan: Scan): Finding[] {
  const { versions, cipherSuites, groups, signatureAlgorithms, certificates, extensions, primeBits } = scan;
  const taken = versions.filter((version) => version.taken === true);
  const namesOf = (lists: readonly { readonly taken: readonly Thing[] }[]): string[] => [
    ...new Set(lists.flatMap((list) => list.taken.map(({ name }) => name))),
  ];
  const findings = [
    ...collected(
      taken.map(({ name }) => name),
      weaknessesOfVersion,
    ),
    ...collected(namesOf(cipherSuites), weaknessesOfSuite),
    ...collected(namesOf(groups), weaknessesOfGroup),
    ...collected(namesOf(signatureAlgorithms), weaknessesOfSignature),
    ...(primeBits === undefined ? [] : weaknessesOfPrime(primeBits).map((reason) => ({ ...reason, things: [] }))),
    ...certificates.flatMap(({ chain }) => [...chain.slice(0, 1).flatMap(ofCertificate), ...ofOrder(chain)]),
  ];
  const has = (name: string): boolean => taken.some((version) => version.name === name);
  const add = (severity: Severity, what: string, why: string): void =>
    void findings.push({ severity, what, why, things: [] });
  if (!has('TLS 1.3'))
    add('low', 'no TLS 1.3', 'older versions send the certificate in the clear and take one more round trip');
  if (!has('TLS 1.3') && !has('TLS 1.2'))
    add('high', 'neither TLS 1.2 nor TLS 1.3', 'modern clients do not connect (RFC 8996)');
  const { downgrade } = scan;
  if (downgrade?.fallbackRefused === false)
    add('low', 'no TLS_FALLBACK_SCSV', `clients that fall back can be made to speak ${downgrade.version} (RFC 7507)`);
  // Servers of TLS 1.3 must, older ones should
  if (downgrade?.sentinel === false && has('TLS 1.3'))
    add('low', 'no downgrade sentinel', 'clients do not see that TLS 1.3 was taken away (RFC 9846 section 4.2.3)');
  if (scan.compression === true)
    add(
      'medium',
      'TLS compression',
      'lengths reveal secrets beside text that others choose (CRIME; RFC 9325 section 3.3)',
    );
  // What only the ServerHello of TLS 1.2 and older says
  if (taken.some(({ name }) => name !== 'TLS 1.3')) {
    if (!extensions.includes(extensionName(0xff01)))
      add(
        'medium',
        'no secure renegotiation',
        'an attacker on the path can inject data before that of the client (RFC 5746)',
      );
    if (!extensions.includes(extensionName(23)))
      add('low', 'no extended master secret', 'sessions are not bound to their handshakes (RFC 7627)');
  }
  for (const finding of [...(scan.tickets ?? []).flatMap(ofTickets), ...ofHttp(scan.http)]) findings.push(finding);
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

const WEEK = 604_800;

function ofTickets({ version, lifetime, maxEarlyData, repeated, resumed, tickets }: TicketFacts): Finding[] {
  const of = (severity: Severity, what: string, why: string): Finding => ({ severity, what, why, things: [version] });
  return [
    ...(lifetime <= WEEK
      ? []
      : version === 'TLS 1.3'
        ? [
            of(
              'medium',
              'tickets for more than 7 days',
              'RFC 9846 section 4.7.1 forbids that; their key must live as long',
            ),
          ]
        : [
            of(
              'low',
              'tickets for more than 7 days',
              'whoever obtains their key reads all those days (RFC 9325 section 3.4)',
            ),
          ]),
    ...(repeated
      ? [of('medium', 'a ticket that was sent twice', 'connections can be linked (RFC 9846 appendix C.4)')]
      : []),
    ...(maxEarlyData > 0 ? [of('low', 'early data', 'whoever records it can send it again (RFC 9846 section 8)')] : []),
    ...(resumed === false
      ? [
          of(
            'low',
            tickets > 0 ? 'tickets that resume nothing' : 'sessions that are not resumed',
            'each connection is a full handshake',
          ),
        ]
      : []),
  ];
}

/** As long as lists of preloaded hosts and SSL Labs ask for: half a year, in seconds. */
const HALF_A_YEAR = 15_552_000;

function ofHttp(http: HttpFacts | undefined): Finding[] {
  if (http === undefined || http.why !== undefined) return [];
  const { hsts, policy } = http;
  const of = (what: string, why: string): Finding[] => [{ severity: 'low', what, why, things: [] }];
  if (hsts === undefined) return of('no HSTS', 'browsers can be led to http: and kept there (RFC 6797)');
  if (policy === undefined)
    return of('an HSTS header that browsers ignore', 'it breaks the grammar of RFC 6797 section 6.1');
  if (policy.maxAge === 0)
    return of('HSTS turned off', 'max-age=0 makes browsers forget the host (RFC 6797 section 6.1.1)');
  return policy.maxAge >= HALF_A_YEAR
    ? []
    : of('HSTS for less than 180 days', 'browsers that come seldom are not protected (RFC 6797 section 11.2)');
}

/** One finding for each weakness, with everything that has it. */
function collected(names: readonly string[], weaknesses: (name: string) => readonly Reason[]): Finding[] {
  const found = new Map<string, Finding & { readonly things: string[] }>();
  for (const name of names)
    for (const reason of weaknesses(name)) {
      const finding = found.get(reason.what) ?? { ...reason, things: [] };
      finding.things.push(name);
      found.set(reason.what, finding);
    }
  return [...found.values()];
}

/** RFC 5246 section 7.4.2: each certifies the one before. */
function ofOrder(chain: readonly Uint8Array[]): Finding[] {
  const facts = chain.flatMap(readableFacts);
  if (facts.length < chain.length) return [];
  const stray = facts.slice(1).filter(({ subject }, i) => facts[i]?.issuer !== subject);
  const [severity, what] = ['low', 'certificates that are out of order, or not of the chain'] as const;
  const why = 'clients that do not sort them fail (RFC 5246 section 7.4.2)';
  return stray.length === 0 ? [] : [{ severity, what, why, things: stray.map(({ subject }) => subject) }];
}

function ofCertificate(der: Uint8Array): Finding[] {
  return readableFacts(der).flatMap(({ subject, daysLeft, key, notAfter }): Finding[] => {
    const bits = Number(/^rsa.* (\d+) bits/.exec(key)?.[1] ?? Number.POSITIVE_INFINITY);
    const weak = bits < 2048;
    return [
      ...(daysLeft < 0
        ? [
            {
              severity: 'high',
              what: `the certificate expired on ${notAfter.slice(0, 10)}`,
              why: 'clients refuse it',
              things: [subject],
            } as const,
          ]
        : daysLeft < 14
          ? [
              {
                severity: 'low',
                what: `the certificate has ${daysText(daysLeft)}`,
                why: 'it should have been renewed by now',
                things: [subject],
              } as const,
            ]
          : []),
      ...(weak
        ? [
            {
              severity: 'high',
              what: `a key of ${bits} bits`,
              why: 'RSA keys need at least 2048 bits (RFC 9325 section 4.5)',
              things: [subject],
            } as const,
          ]
        : []),
    ];
  });
}

export type Grade = 'A' | 'B' | 'C' | 'F';

export const GRADE_RULE = 'A: nothing above low; B: medium; C: high; F: critical';

/** The worst finding decides. */
export function gradeOf(findings: readonly Finding[]): Grade {
  const grades: Readonly<Record<Severity, Grade>> = { critical: 'F', high: 'C', medium: 'B', low: 'A' };
  const [worst] = findings;
  return worst === undefined ? 'A' : grades[worst.severity];
}

/** Whether one of them is as bad as `level`, or worse. */
export const failsOn = (findings: readonly Finding[], level: Severity): boolean =>
  findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(level));
