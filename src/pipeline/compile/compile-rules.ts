// The rules of a stream, held against its fields. In: rules as the job has them, compiled fields. Out: rules as the passes
// use them. Must hold: what could be true of no row, or could not be judged exactly, is refused at its place in the YAML.

import { mappedName, renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Rule } from "../../job/rule.ts";
import { EngineError } from "../../stage/engine.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import type { CompiledRule } from "../../validate/checks.ts";
import type { CompiledRunRule } from "../../validate/run-rule.ts";
import { bindExpression, type CompileInput } from "./bind-expression.ts";
import { compileRunRule } from "./compile-run-rules.ts";
import type { CompiledLookup } from "./compiled-lookup.ts";
import { compileChoices, compileLimits } from "./field-constants.ts";
import { describeMiss } from "./found-values.ts";
import { findStoredFields } from "./stored-fields.ts";
import type { StreamLookups } from "./stream-lookups.ts";

export interface RuleFields {
  fields: readonly CompiledField[];
  schemas: ReadonlyMap<string, FieldSchema>;
  lookups: StreamLookups;
  /** Target fields whose values are never shown, in small letters. */
  redacted: ReadonlySet<string>;
}

export async function compileRules(
  input: CompileInput,
  { fields, schemas, lookups, redacted }: RuleFields,
  problems: Diagnostic[],
): Promise<{ rules: CompiledRule[]; runRules: CompiledRunRule[] }> {
  const { rules } = input.stream;
  if (rules.length === 0) return { rules: [], runRules: [] };
  const wantsTypes = rules.some(
    ({ expression, exists, min, max }) => (expression ?? exists ?? min ?? max) !== undefined,
  );
  const types = wantsTypes ? await typesOfFields(input, fields) : new Map<string, string>();
  const compiled: CompiledRule[] = [];
  const runRules: CompiledRunRule[] = [];
  for (const rule of rules) {
    const given = { ...input, fields, schemas, types, redacted };
    if (rule.expression !== undefined && rule.over === "run") {
      const ofRun = await compileRunRule(given, rule, rule.expression, problems);
      if (ofRun !== undefined) runRules.push(ofRun);
      continue;
    }
    if (rule.expression !== undefined) {
      const bound = await bindExpression(input, rule.expression, { columns: types }, "field", problems);
      if (bound === undefined) continue;
      const names = [...bound.columns.keys()];
      const merged = isOfMerged(input, names) ? { merged: await findStoredFields(given, new Set(names)) } : {};
      compiled.push({ rule, fields: names, expression: bound.nested, ...merged });
      continue;
    }
    const schema = rule.field === undefined ? undefined : schemas.get(rule.field);
    if (schema === undefined) {
      compiled.push({ rule, fields: [...(rule.fields ?? [])] });
      continue;
    }
    await checkPattern(input, rule, problems);
    const type = types.get(rule.field ?? "") ?? "VARCHAR";
    const limits = await compileLimits(input, rule, { schema, type }, problems);
    const choices = rule.oneOf === undefined ? undefined : await compileChoices(input, rule.oneOf, schema, problems);
    const exists = await findLookup(rule, lookups, types, problems);
    if (exists !== undefined && isOfMerged(input, [...exists.columns.keys()])) problems.push(refuseMerged(rule));
    compiled.push({
      rule,
      fields: [...new Set([rule.field ?? "", ...(exists?.columns.keys() ?? [])])],
      limits,
      ...(choices === undefined ? {} : { choices }),
      ...(exists === undefined ? {} : { exists: describeMiss(exists) }),
    });
  }
  return { rules: compiled, runRules };
}

/** Each value that a merge puts together has passed with its own row: only several of them may not go together. */
function isOfMerged({ stream }: CompileInput, names: readonly string[]): boolean {
  const merged = Object.keys(stream.dedupe?.merge ?? {});
  return names.length > 1 && names.some((name) => merged.includes(name));
}

function refuseMerged({ place }: Rule): Diagnostic {
  return {
    place,
    length: 1,
    message: "exists looks up several fields together, one of which dedupe.merge may take from another row",
    next: "look up that field alone, or leave it out of dedupe.merge",
  };
}

async function findLookup(
  { field, exists }: Rule,
  lookups: StreamLookups,
  typedColumns: Map<string, string>,
  problems: Diagnostic[],
): Promise<CompiledLookup | undefined> {
  if (field === undefined || exists === undefined) return undefined;
  return lookups.addRule({ field, written: exists, typedColumns }, problems);
}

/** RE2 has no lookaround and no backreferences, as https://github.com/google/re2/wiki/Syntax says. */
async function checkPattern({ engine }: CompileInput, { pattern }: Rule, problems: Diagnostic[]): Promise<void> {
  if (pattern === undefined) return;
  const { place, text } = pattern;
  try {
    await engine.one(`SELECT regexp_full_match('', ${literal(text)}) AS matches`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const said = error.said.split("\n")[0]?.replace(/^[\w ]+ Error: /, "");
    const next =
      "patterns are RE2's, which knows no lookaround and no backreferences: https://github.com/google/re2/wiki/Syntax";
    problems.push({ place, length: text.length, message: `the pattern can't be read: ${said}`, next });
  }
}

/** The types that rules see: those of the stored values, not of the source's text. */
async function typesOfFields(input: CompileInput, fields: readonly CompiledField[]): Promise<Map<string, string>> {
  if (fields.length === 0) return new Map();
  const values = fields.map(({ typed }, place) => `${typed} AS ${identifier(String(place))}`);
  const columns = fields.flatMap(({ field, type }) => [
    `CAST(NULL AS ${type}) AS ${mappedName(field.target)}`,
    `CAST(NULL AS VARCHAR) AS ${renderedName(field.target)}`,
  ]);
  const rows = await input.engine.all(`DESCRIBE SELECT ${values.join(", ")} FROM (SELECT ${columns.join(", ")})`);
  return new Map(fields.map(({ field }, place) => [field.target, String(rows[place]?.["column_type"])]));
}
