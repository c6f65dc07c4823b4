// Policy newest, where the target tells of each field when it changed: that is asked for the records whose value of such a
// field is not the row's, and of no others.

import { selectContested } from "../../diff/compare.ts";
import type { CompareInput } from "../../diff/match.ts";
import { timeColumn } from "../../diff/newest.ts";
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
  return { ...compare, times: scanCsvFiles(files, ["", ...newest].map(timeColumn)) };
}
