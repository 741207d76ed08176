/** @module Chains before all judges; each disagreement in its smallest form. */
import { buildChain, randomChain, titleOf, type Chain, type ChainSpec } from './chain.ts';
import { disagreements, explanation, type Judge, type Kind, type Verdicts } from './compare.ts';
import type { Verdict } from './engines.ts';
import { KNOWN, type KnownDisagreement } from './known.ts';

export type Ask = (chain: Chain) => Verdict | Promise<Verdict>;
export type Judges = Readonly<Partial<Record<Judge, Ask>>>;

/** One disagreement, told once for each smallest form. */
export interface Finding {
  readonly kind: Kind;
  readonly title: string;
  /** The first chain that showed it, and what is left of it. */
  readonly seed: number;
  readonly smallest: ChainSpec;
  readonly verdicts: Verdicts;
  /** What explains it. */
  readonly row: KnownDisagreement | undefined;
  /** How many chains showed it. */
  times: number;
}

export interface Report {
  readonly chains: number;
  readonly seed: number;
  /** By judge, how many chains each accepts. */
  readonly accepted: Readonly<Partial<Record<Judge, number>>>;
  /** Chains that both engines refuse. */
  readonly bothRefuse: number;
  /** Chains with a disagreement, by kind. */
  readonly differing: Readonly<Partial<Record<Kind, number>>>;
  readonly unexplained: readonly Finding[];
  readonly explained: readonly Finding[];
  /** Rows of the table that explained nothing; meaningful after many chains. */
  readonly stale: readonly KnownDisagreement[];
}

export async function judgeChains(
  judges: Judges,
  seed: number,
  count: number,
  progress?: (done: number) => void,
): Promise<Report> {
  const findings = new Map<string, Finding>();
  const accepted: Partial<Record<Judge, number>> = {};
  const differing: Partial<Record<Kind, number>> = {};
  let bothRefuse = 0;
  for (let i = 0; i < count; i++) {
    progress?.(i);
    const spec = randomChain(seed * 1_000_003 + i);
    const verdicts = await ask(judges, spec);
    for (const [judge, verdict] of Object.entries(verdicts) as [Judge, Verdict][])
      accepted[judge] = (accepted[judge] ?? 0) + (verdict.accepts ? 1 : 0);
    if (verdicts.native?.accepts === false && verdicts.pure?.accepts === false) bothRefuse++;
    for (const kind of disagreements(verdicts)) {
      differing[kind] = (differing[kind] ?? 0) + 1;
      const smallest = await reduce(concerned(judges, kind), spec, kind);
      const title = titleOf(smallest);
      const known = findings.get(`${kind}: ${title}`);
      if (known !== undefined) known.times++;
      else {
        const said = await ask(judges, smallest);
        findings.set(`${kind}: ${title}`, {
          kind,
          title,
          seed: seed * 1_000_003 + i,
          smallest,
          verdicts: said,
          row: explanation(kind, title, said),
          times: 1,
        });
      }
    }
  }
  const all = [...findings.values()].sort((a, b) => b.times - a.times);
  const used = new Set(all.map(({ row }) => row));
  return {
    chains: count,
    seed,
    accepted,
    bothRefuse,
    differing,
    unexplained: all.filter(({ row }) => row === undefined),
    explained: all.filter(({ row }) => row !== undefined),
    stale: KNOWN.filter((row) => !used.has(row)),
  };
}

export async function ask(judges: Judges, spec: ChainSpec): Promise<Verdicts> {
  const chain = buildChain(spec);
  // The others are asked for a path alone.
  const asked = (Object.entries(judges) as [Judge, Ask][]).filter(
    ([judge]) => spec.told === undefined || spec.told.length === 0 || OURS.includes(judge),
  );
  const answers = asked.map(async ([judge, asks]): Promise<[Judge, Verdict]> => [judge, await asks(chain)]);
  return Object.fromEntries(await Promise.all(answers));
}

const OURS: readonly Judge[] = ['x509', 'pure', 'native'];

/** Those whose verdicts make the disagreement: the fewer are asked, the sooner it is reduced. */
function concerned(judges: Judges, kind: Kind): Judges {
  const names: readonly Judge[] =
    kind === 'x509 is not pure'
      ? ['x509', 'pure']
      : /native|engines/.test(kind)
        ? ['pure', 'native']
        : ['pure', 'openssl', 'go', 'pyca'];
  return Object.fromEntries(names.flatMap((name) => (judges[name] === undefined ? [] : [[name, judges[name]]])));
}

/**
 * Leaves out one feature, one shape or one intermediate after the other, as long as the judges still disagree in this
 * way.
 */
async function reduce(judges: Judges, spec: ChainSpec, kind: Kind): Promise<ChainSpec> {
  for (const smaller of smallerThan(spec))
    if (disagreements(await ask(judges, smaller)).includes(kind)) return reduce(judges, smaller, kind);
  return spec;
}

function smallerThan({ between, features, shapes, told = [] }: ChainSpec): ChainSpec[] {
  const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);
  const smaller: ChainSpec[] = [
    ...told.map((_, index) => ({ between, features, shapes, told: without(told, index) })),
    ...shapes.map((_, index) => ({ between, features, shapes: without(shapes, index), told })),
    ...features.map((_, index) => ({ between, features: without(features, index), shapes, told })),
  ];
  // An intermediate that nothing is special about goes; those below it move up.
  for (let at = 1; at <= between; at++) {
    if (features.every((feature) => feature.at !== at))
      smaller.push({
        between: between - 1,
        shapes,
        told,
        features: features.map((feature) => (feature.at > at ? { ...feature, at: feature.at - 1 } : feature)),
      });
  }
  return smaller;
}
