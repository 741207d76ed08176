/** @module Mutants of rules.cpp: what makes a `Breach` there, made into nothing; and an addon with a switch at each. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIVE, MET } from './native-switch.ts';
import type { Mutant } from './sites.ts';
import { ROOT } from './targets.ts';

const SOURCE = join(ROOT, 'packages/native/core/rules.cpp');

/** A value that says which rule was broken; not those definitions that give it a name. */
const BREACH =
  /\b(?:kUndecodable|kTwice|kUnoffered|kMisplaced)\b|\bBreach\{Reason::[^}]*\}|(?<=return )\{Reason::[^}]*\}/g;

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

export function nativeMutants(): { readonly code: string; readonly mutants: readonly Mutant[] } {
  const mutants: Mutant[] = [];
  const counts = new Map<string, number>();
  let scope = '';
  const lines = readFileSync(SOURCE, 'utf8')
    .split('\n')
    .map((text, index) => {
      scope = /^Breach Rules::(\w+)\(/.exec(text)?.[1] ?? scope;
      if (scope === '' || text.startsWith('constexpr')) return text;
      return text.replace(BREACH, (value) => {
        const base = `native/core/rules.cpp ${scope}: refusal ${text.trim().replaceAll(/\s+/g, ' ').slice(0, 120)}`;
        const count = (counts.get(base) ?? 0) + 1;
        counts.set(base, count);
        const id = count === 1 ? base : `${base} #${count}`;
        mutants.push({ id, kind: 'refusal', line: index + 1 });
        return `(mutant(${JSON.stringify(id)}) ? kFine : ${value.startsWith('{') ? `Breach${value}` : value})`;
      });
    });
  return { code: PRELUDE + lines.join('\n'), mutants };
}

/** @returns the addon's path. @throws Error where it cannot be built, as without a C++ compiler. */
export function buildMutants(folder: string): string {
  const [rules, addon] = [join(folder, 'rules.cpp'), join(folder, 'ferrule.node')];
  writeFileSync(rules, nativeMutants().code);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'packages/native/build.mjs'), '--rules', rules, addon],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the addon with mutants cannot be built: ${stderr}`);
  return addon;
}
