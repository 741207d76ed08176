/** @module `ferrule doctor`: what this machine gives ferrule to work with, and what it has to do without. */
import { hostCrypto, type Origin, policyOfHost } from '@ferrule/pure/crypto/host';
import { chooseBackend, type FellBack, platformAnchors } from 'ferrule';
import { Exit } from './exit.ts';
import { documentJson } from './json.ts';
import { type Colors, colorsFor } from './report.ts';
import { ENDLESS, laidOut, type Screen, screenOf } from './screen.ts';

export interface DoctorCommandOptions {
  readonly json?: boolean;
}

export interface Diagnosis {
  /** What runs this program, with its version, and on what. */
  readonly host: string;
  /** Of the process; what the native engine computes with. */
  readonly openssl: string | undefined;
  /** The engine that runs when none is named. */
  readonly engine: string;
  readonly engines: readonly {
    readonly name: 'native' | 'pure';
    /** E.g. `OpenSSL 3.0.19 (host process)`; `undefined` where it does not run. */
    readonly engine: string | undefined;
    readonly reason: string | undefined;
  }[];
  /** The pure engine's sources of cryptography, by the table of policy. */
  readonly sources: { readonly host: string; readonly order: readonly string[]; readonly because: string };
  readonly primitives: readonly Origin[];
  readonly fellBackBecause: readonly FellBack[];
  readonly trust: { readonly source: string; readonly certificates: number; readonly reason: string | undefined };
}

/** Always exits with 0: what is missing has something in its place, but for trust anchors. */
export async function doctorCommand({ json }: DoctorCommandOptions): Promise<void> {
  const diagnosis = await diagnose();
  const healthy = diagnosis.trust.certificates > 0;
  const exitCode = healthy ? Exit.ok : Exit.untrusted;
  process.exitCode = exitCode;
  process.stdout.write(
    json === true
      ? documentJson({ target: 'localhost', ok: healthy, exitCode, doctor: diagnosis })
      : diagnosisReport(diagnosis, colorsFor(process.stdout), screenOf(process.stdout)),
  );
}

export async function diagnose(): Promise<Diagnosis> {
  const crypto = await hostCrypto();
  // First, since what is probed here may be a step down.
  const primitives = await crypto.origins();
  const { backend, fellBackBecause } = await chooseBackend();
  const native = await chooseBackend('native').then(
    ({ backend: { engine } }) => ({ engine, reason: undefined }),
    (error: unknown) => ({ engine: undefined, reason: (error as Error).message }),
  );
  const pure = await chooseBackend('pure');
  const { host, sources, because } = policyOfHost();
  const { versions, platform, arch } = process;
  const runtime = (['bun', 'deno', 'electron'] as const).find((name) => versions[name] !== undefined) ?? 'node';
  return {
    host: `${runtime} ${versions[runtime]}, ${platform} ${arch}`,
    openssl: versions.openssl,
    engine: `${backend.name}: ${backend.engine}`,
    engines: [
      { name: 'native', ...native },
      { name: 'pure', engine: pure.backend.engine, reason: undefined },
    ],
    sources: { host, order: sources, because },
    primitives,
    fellBackBecause: [...fellBackBecause, ...pure.fellBackBecause.filter((step) => !known(fellBackBecause, step))],
    trust: trust(),
  };
}

const known = (steps: readonly FellBack[], { reason }: FellBack): boolean =>
  steps.some((step) => step.reason === reason);

function trust(): Diagnosis['trust'] {
  const { env, execArgv } = process;
  const flags = [...execArgv, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)].filter((flag) =>
    /^--use[-_](?:openssl|system|bundled)[-_]ca$/.test(flag),
  );
  const files = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'].flatMap((name) =>
    env[name] ? [`${name}=${env[name]}`] : [],
  );
  const source = ['those that node:tls trusts', ...flags, ...files].join(', ');
  try {
    return { source, certificates: platformAnchors().length, reason: undefined };
  } catch (error) {
    return { source, certificates: 0, reason: (error as Error).message };
  }
}

export function diagnosisReport(diagnosis: Diagnosis, c: Colors, screen: Screen = ENDLESS): string {
  const { host, openssl, engine, engines, sources, primitives, fellBackBecause, trust: anchors } = diagnosis;
  const bySource = new Map<string, string[]>();
  for (const { primitive, source } of primitives) bySource.set(source, [...(bySource.get(source) ?? []), primitive]);
  const rows: readonly (readonly [string, string])[] = [
    ['host', host],
    ['OpenSSL', openssl ?? 'not in this process'],
    ['engine', engine],
    ...engines.map(({ name, engine: runs, reason }) => [name, runs ?? c.yellow(reason ?? '')] as const),
    ['cryptography', `${sources.order.join(', then ')}: ${sources.because}`],
    ...[...bySource].map(([source, names]) => [`  ${source}`, names.join(', ')] as const),
    ...fellBackBecause.map(({ reason }) => ['not used', c.yellow(reason)] as const),
    [
      'trust',
      anchors.reason === undefined ? `${anchors.certificates} roots: ${anchors.source}` : c.red(anchors.reason),
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return laidOut(
    rows.map(([name, value]) => ({
      text: `${name.replace(/\S.*/, c.dim)}${' '.repeat(width - name.length)}${value}`,
      hang: width,
    })),
    [],
    screen,
  );
}
