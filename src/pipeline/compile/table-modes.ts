// What the modes that only tables have want of one: replace, which puts a new table in its place, and history, which keeps a
// row for each version. In: a stream, the table's schema. Out: problems at their place. What must hold: no column loses its
// values because nobody mapped it; a version is told by columns that nobody else writes.

import type { Target } from "../../contract/target.ts";
import type { ObjectSchema } from "../../core/model.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Stream } from "../../job/job.ts";
import { historyColumns, isHistoryColumn, replacesTable } from "../../job/mode.ts";

export function findTableProblems(stream: Stream, schema: ObjectSchema, { capabilities }: Target): Diagnostic[] {
  const { mode, isTable, place } = stream.target;
  if (isTable !== true) return [];
  if (!capabilities.modes.includes(mode)) {
    const message = `mode ${mode} is not for ${stream.target.connection}, which takes ${capabilities.modes.join(", ")}`;
    return [{ place, length: schema.object.length, message }];
  }
  return [...findLostColumns(stream, schema, capabilities.idColumn), ...findVersionProblems(stream, schema)];
}

/** Columns without a value of their own. One that has a default, or counts, gets it anew. */
function findLostColumns({ target, fields }: Stream, schema: ObjectSchema, idColumn: string): Diagnostic[] {
  if (!replacesTable(target)) return [];
  const mapped = new Set(fields.filter(({ own }) => own !== false).map((field) => field.target));
  const lost = [...schema.fields.values()].filter(
    ({ name, createable, defaultedOnCreate }) =>
      name !== idColumn && createable && !defaultedOnCreate && !mapped.has(name),
  );
  if (lost.length === 0) return [];
  const names = lost.map(({ name }) => name).join(", ");
  const them = lost.length === 1 ? "it" : "them";
  const message = `mode replace would lose what ${schema.object} holds in ${names}: nothing is mapped to ${them}`;
  const next = `map ${names}, drop what nobody wants, or take mode mirror, which leaves other columns alone`;
  return [{ place: target.place, length: schema.object.length, message, next }];
}

function findVersionProblems({ target, fields }: Stream, schema: ObjectSchema): Diagnostic[] {
  if (target.mode !== "history") return [];
  const problems: Diagnostic[] = [];
  for (const name of Object.values(historyColumns)) {
    const field = schema.fields.get(name);
    if (field?.kind === "datetime" && field.createable && field.updateable) continue;
    const message = `mode history wants the column ${name} of ${schema.object}, a time with a zone that this role may write`;
    const next = `ALTER TABLE ${schema.object} ADD COLUMN ${name} timestamptz, or create_table: true for a new table`;
    problems.push({ place: target.place, length: schema.object.length, message, next });
  }
  for (const { target: name, targetPlace } of fields) {
    const at = { place: targetPlace, length: name.length };
    if (isHistoryColumn(name))
      problems.push({ ...at, message: `${name} is written by mode history itself`, next: "leave it out" });
    else if (schema.fields.get(name)?.unique === true) {
      const message = `${name} is unique in ${schema.object}, which is to have a row for each version of a record`;
      const next = `make the index unique over (${name}, ${historyColumns.from}), or over ${name} WHERE ${historyColumns.to} IS NULL`;
      problems.push({ ...at, message, next });
    }
  }
  return problems;
}
