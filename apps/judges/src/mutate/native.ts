/**
 * @module Mutants of what the native engine judges a server by: a refusal in C++ that is left out; and an addon with a
 * switch at each.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIVE, MET } from './native-switch.ts';
import type { Mutant } from './sites.ts';
import { ROOT } from './targets.ts';

const CORE = join(ROOT, 'packages/native/core');

/** What is mutated in a file: a pattern, and what takes the place of each match. */
interface Kind {
  readonly pattern: RegExp;
  replace(match: string, mutant: string): string;
  /** In these functions alone. */
  readonly scopes?: readonly string[];
}

/** A value that says which rule was broken; not those definitions that give it a name. */
const breach: Kind = {
  pattern: /\b(?:kUndecodable|kTwice|kUnoffered|kMisplaced)\b|\bBreach\{Reason::[^}]*\}|(?<=return )\{Reason::[^}]*\}/g,
  replace: (match, mutant) => `(${mutant} ? kFine : ${match.startsWith('{') ? `Breach${match}` : match})`,
};
/** A verdict where it is made; not where one is compared, or named. */
const verdict: Kind = {
  pattern: /(?<=return |\? |: |\{|[^=!<>]= )(?<!const long \w+ = )K\(X509_V_ERR_\w+\)/g,
  replace: (match, mutant) => `(${mutant} ? K(X509_V_OK) : ${match})`,
};
const refusal: Kind = {
  pattern: /return refuse\(.*\);/g,
  replace: (match, mutant) => `if (!${mutant}) ${match}`,
};
const predicate: Kind = {
  pattern: /return false;/g,
  scopes: ['isInScope', 'isUnderstood', 'judgeAnew', 'pinned', 'signedByIssuer'],
  replace: (_match, mutant) => `return ${mutant};`,
};

const SOURCES: Readonly<Record<string, readonly Kind[]>> = {
  'rules.cpp': [breach],
  'chain.cpp': [verdict],
  'constraints.cpp': [verdict],
  'lists.cpp': [verdict, predicate],
  'staple.cpp': [verdict, predicate],
  'verify.cpp': [refusal, verdict, predicate],
};

/** A definition, by its first line, which begins at the margin. */
const DEFINITION = /^[A-Za-z][\w:<>*& ]*?\b(?:\w+::)?(\w+)\([^;]*$/;

const PRELUDE = `
#include <cstdlib>
#include <string>
namespace {
bool mutant(const char* id) {
  const char* met = std::getenv("${MET}");
  const std::string line = std::string(id) + "\\n";
  const std::string before = met == nullptr ? "" : met;
  if (before.find(line) == std::string::npos) setenv("${MET}", (before + line).c_str(), 1);
  const char* active = std::getenv("${ACTIVE}");
  return active != nullptr && std::string(active) == id;
}
}  // namespace
`;

/** Sources with their switches, by name, and all mutants. */
export function nativeMutants(): { readonly code: ReadonlyMap<string, string>; readonly mutants: readonly Mutant[] } {
  const all = Object.entries(SOURCES).map(([name, kinds]) => [name, instrument(name, kinds)] as const);
  return {
    code: new Map(all.map(([name, { code }]) => [name, code])),
    mutants: all.flatMap(([, { mutants }]) => mutants),
  };
}

function instrument(name: string, kinds: readonly Kind[]): { readonly code: string; readonly mutants: Mutant[] } {
  const mutants: Mutant[] = [];
  const counts = new Map<string, number>();
  let scope = '';
  const lines = readFileSync(join(CORE, name), 'utf8')
    .split('\n')
    .map((text, index) => {
      scope = DEFINITION.exec(text)?.[1] ?? scope;
      if (scope === '' || /^ *(constexpr|\/\/|case )/.test(text)) return text;
      const kind = kinds.find(({ pattern, scopes = [scope] }) => scopes.includes(scope) && text.search(pattern) >= 0);
      if (kind === undefined) return text;
      return text.replace(kind.pattern, (match) => {
        const base = `native/core/${name} ${scope}: refusal ${text.trim().replaceAll(/\s+/g, ' ').slice(0, 120)}`;
        const count = (counts.get(base) ?? 0) + 1;
        counts.set(base, count);
        const id = count === 1 ? base : `${base} #${count}`;
        mutants.push({ id, kind: 'refusal', line: index + 1 });
        return kind.replace(match, `mutant(${JSON.stringify(id)})`);
      });
    });
  return { code: PRELUDE + lines.join('\n'), mutants };
}

/** @returns the addon's path. @throws Error where it cannot be built, as without a C++ compiler. */
export const buildMutants = (folder: string): string => buildCore(nativeMutants().code, folder);

/**
 * The addon with these sources, by name, in place of core's.
 * @returns its path. @throws Error where it cannot be built, as without a C++ compiler.
 */
export function buildCore(sources: ReadonlyMap<string, string>, folder: string): string {
  const [core, addon] = [join(folder, 'core'), join(folder, 'ferrule.node')];
  mkdirSync(core);
  for (const [name, code] of sources) writeFileSync(join(core, name), code);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'packages/native/build.mjs'), '--core', core, addon],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the addon with other sources cannot be built: ${stderr}`);
  return addon;
}
