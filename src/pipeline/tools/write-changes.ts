// All changes of a plan as a Parquet file, a line a field. In: the plan. Out: the file. What must hold: a value is the text
// that was compared and would be sent, as in CSV, for fields of several types share a column; what a value can't say by
// itself (it is hidden, there is none) has a column or is NULL; the file is its owner's alone.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { redactSecrets } from "../../core/secret.ts";
import { placePrivately } from "../../report/html/write-file.ts";
import { hidden, type Value } from "../../report/plan.ts";
import { dots } from "../../report/reject-reasons.ts";
import { Engine } from "../../stage/engine.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { openChanges } from "./list-changes.ts";
import type { ShownPlan } from "./shown-plan.ts";

const columns = ["record", "stream", "action", "key", "id", "field", "before", "after", "redacted"] as const;

/** How a column is written; as text where nothing is said. */
const types: Partial<Record<(typeof columns)[number], string>> = { record: "BIGINT", redacted: "BOOLEAN" };

export async function writeChanges(plan: ShownPlan, path: string): Promise<void> {
  const work = mkdtempSync(join(plan.folder, "parquet-"));
  try {
    using engine = await Engine.open({ folder: work, spillFolder: join(work, "spill") });
    await engine.run(`CREATE TABLE changes (${columns.map((name) => `${name} VARCHAR`).join(", ")})`);
    await engine.append("changes", rowsOf(plan));
    const typed = columns.map((name) => `CAST(${name} AS ${types[name] ?? "VARCHAR"}) AS ${name}`);
    const made = join(work, "changes.parquet");
    await writeParquet(engine, `SELECT ${typed.join(", ")} FROM changes`, made);
    await placePrivately(made, path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `record` counts the changes: the lines of one have the same number. */
async function* rowsOf({ job, folder, streams }: ShownPlan): AsyncGenerator<(string | null)[]> {
  using reader = await openChanges(folder, job);
  let record = 0;
  for (const stream of streams) {
    const { read } = await reader.open(stream);
    for await (const { action, key, id, fields } of read({ withKey: true })) {
      record += 1;
      const start = [String(record), stream.name, action, textOf(key), id];
      if (fields.length === 0) yield [...start, null, null, null, "false"];
      for (const { field, before, after } of fields) {
        const isHidden = before === hidden || after === hidden;
        yield [...start, field, textOf(before), textOf(after), String(isHidden)];
      }
    }
  }
}

function textOf(value: Value): string | null {
  if (value === null) return null;
  return value === hidden ? dots : redactSecrets(value);
}
