/** @module The schema that ships with the command, stricter: no field may be one that it does not name. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const schema: unknown = JSON.parse(readFileSync(new URL('../schema/ferrule-1.json', import.meta.url), 'utf8'));

/** A field that is in no schema is one that nobody can rely on: here objects have none that are not named. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  return 'properties' in own && 'type' in own ? { additionalProperties: false, ...own } : own;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const valid = ajv.compile(closed(schema) as object);

/** @throws Error that names what is wrong with a document of `--json`. */
export function conforms(document: string): void {
  const value: unknown = JSON.parse(document);
  if (!valid(value)) throw new Error(`${ajv.errorsText(valid.errors, { separator: '\n' })}\n${document}`);
}
