// Policy newest, where the target tells of each field when it changed: that is asked for the records whose value of such a
// field is not the row's, and of no others. Of records that both sides change it is asked of the source too: what else was
// changed in a record makes no value newer.

import type { Target } from "../../contract/target.ts";
import { identifier } from "../../core/sql.ts";
import { selectContested } from "../../diff/compare.ts";
import type { CompareInput } from "../../diff/match.ts";
import { timeColumn } from "../../diff/newest.ts";
import type { TwoWayInput } from "../../diff/three-way.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { DiffInput } from "./diff-input.ts";
import { readField } from "./read-present.ts";

/** After `nameMatches`. */
export async function readFieldTimes(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
  const { engine, target, compiled, snapshotFolder: folder, signal } = input;
  const newest = compare.fields.filter(({ time }) => time !== undefined).map(({ name }) => name);
  if (newest.length === 0 || target.fieldTimes === undefined || compare.snapshot === undefined) return compare;
  const { name, target: to } = compiled.stream;
  const files = await target.fieldTimes({
    object: to.object,
    fields: newest.map((field) => readField(compiled, field)),
    ids: engine.texts(`${selectContested(compare)} ORDER BY 1`, "id"),
    folder,
    name: `${name}-times`,
    signal,
  });
  return { ...compare, times: scanTimes(files, newest) };
}

/** The same of the rows. `source`: the system that they are from; `columns`: by field, what it is mapped from there. */
export async function readRowTimes(
  { engine, compiled, snapshotFolder: folder, signal }: DiffInput,
  two: TwoWayInput,
  { source, columns }: { source: Target; columns: ReadonlyMap<string, readonly string[]> },
): Promise<TwoWayInput> {
  const { stream } = compiled;
  const dated = stream.fields.filter(({ newestBy }) => newestBy !== undefined).map(({ target }) => target);
  const asked = two.fields.filter(({ field: { name }, ownership }) => {
    return ownership === "newest" && !dated.includes(name) && (columns.get(name) ?? []).length > 0;
  });
  if (asked.length === 0 || source.fieldTimes === undefined || stream.source.kind !== "object") return two;
  const names = [...new Set(asked.flatMap(({ field }) => columns.get(field.name) ?? []))];
  const compare = { ...two.compare, fields: asked.map(({ field }) => field) };
  const files = await source.fieldTimes({
    object: stream.source.object,
    fields: names,
    ids: engine.texts(`${selectContested(compare, "row")} ORDER BY 1`, "id"),
    folder,
    name: `${stream.name}-row-times`,
    signal,
  });
  const fields = two.fields.map((one) => {
    if (!asked.includes(one)) return one;
    const times = (columns.get(one.field.name) ?? []).map((name) => `nullif(c.${identifier(timeColumn(name))}, '')`);
    return { ...one, changed: `greatest(${times.join(", ")})` };
  });
  return { ...two, fields, changedAt: scanTimes(files, names) };
}

/** Each record once: one that took in others is told for each of their ids. */
export function scanTimes(files: readonly string[], fields: readonly string[]): string {
  const scan = scanCsvFiles(files, ["", ...fields].map(timeColumn));
  return `(SELECT DISTINCT ON (${foldId(identifier(timeColumn("")))}) * FROM ${scan})`;
}
