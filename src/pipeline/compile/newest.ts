// Policy newest: which column of the stage has the time that a row's value is from. In: a stream, what its source has. Out:
// fields that are mapped and checked as others are and in no plan; the column's name by field. What must hold: each row's
// time is an instant, or the row is a reject.

import { mappedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import { type Expression, type MappedField, readingOf, type Stream } from "../../job/job.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import { bindExpression, type CompileInput } from "./bind-expression.ts";

export interface CompiledTimes {
  fields: CompiledField[];
  /** Source columns that they are read from, with their types. */
  columns: Map<string, string>;
  /** Field to column of the stage. */
  of: Map<string, string>;
}

/** The column of every staged record that tells when it changed. */
const versionColumn = "_version_";

export async function compileTimes(input: CompileInput, problems: Diagnostic[]): Promise<CompiledTimes> {
  const compiled: CompiledTimes = { fields: [], columns: new Map(), of: new Map() };
  const known = new Map<string, string>();
  for (const field of input.stream.fields.filter((field) => asksTime(input.stream, field))) {
    if (input.target.capabilities.untimedVersions === true) {
      const message = "policy newest: the target does not tell when a record changed";
      problems.push({ place: field.targetPlace, length: field.target.length, message });
      continue;
    }
    const expression = timeOf(input.stream, field);
    const name =
      expression === undefined ? versionColumn : (known.get(expression.sql) ?? `${field.target} (newest_by)`);
    compiled.of.set(field.target, name);
    if (expression === undefined || known.has(expression.sql)) continue;
    known.set(expression.sql, name);
    const bound = await bindExpression(input, expression, input.columns, "column", problems);
    if (bound === undefined) continue;
    for (const [column, type] of bound.columns) compiled.columns.set(column, type);
    problems.push(...refuseOptional(input.stream, field, [...bound.columns.keys()]));
    const { target, job } = input;
    const { targetPlace } = field;
    compiled.fields.push({
      field: { target: name, expression, onNull: "reject", policy: "overwrite", own: false, targetPlace },
      columns: [...bound.columns.keys()],
      type: bound.type,
      nested: bound.nested,
      ...target.render(timeSchema(name), mappedName(name), bound.type, readingOf(job, field)),
    });
  }
  return compiled;
}

/** Whether of a field it counts when it changed. */
function asksTime({ twoWay }: Stream, { policy, target }: MappedField): boolean {
  return policy === "newest" || twoWay?.ownership[target] === "newest";
}

/** Undefined where the record's own time is meant. */
function timeOf({ source }: Stream, { newestBy }: MappedField): Expression | undefined {
  if (newestBy !== undefined || source.kind !== "object") return newestBy;
  const { incremental } = source;
  return incremental?.cursor === undefined
    ? undefined
    : { sql: identifier(incremental.cursor), place: incremental.place };
}

/** Where a file lacks the column, nothing would tell which value is newer. */
function refuseOptional({ source }: Stream, { target, targetPlace }: MappedField, columns: readonly string[]) {
  const optional = new Set(source.optional.map((column) => column.toLowerCase()));
  return columns
    .filter((column) => optional.has(column.toLowerCase()))
    .map((column): Diagnostic => {
      const message = `newest_by of ${target}: the column "${column}" is optional, and a row without a time can't be judged`;
      return { place: targetPlace, length: target.length, message };
    });
}

/** As if the target had a field for it. */
export function timeSchema(name: string): FieldSchema {
  return {
    name,
    label: name,
    kind: "datetime",
    vendorType: "datetime",
    createable: false,
    updateable: false,
    nillable: false,
    defaultedOnCreate: false,
    externalId: false,
    unique: false,
    caseSensitive: true,
    referenceTo: [],
  };
}
