import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readChanges } from "../../src/pipeline/tools/read-plan.ts";
import { Engine } from "../../src/stage/engine.ts";
import { writeParquet } from "../../src/stage/parquet.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-read-plan-"));
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
});
afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const fields = ["Ext__c", "LastName", "Phone"];

interface PlanRow {
  action: string;
  key: string | null;
  id?: string;
  before?: (string | null)[];
  after?: (string | null)[];
  changed?: string[];
  row: number | null;
}

/** A plan with the columns of diff/compare.ts. */
async function writePlan(name: string, rows: readonly PlanRow[]): Promise<string> {
  const path = join(folder, `${name}.parquet`);
  const text = (value: string | null | undefined) => (value === null || value === undefined ? "NULL" : `'${value}'`);
  const struct = (values: readonly (string | null)[] = []) =>
    `struct_pack(${fields.map((field, index) => `"${field}" := CAST(${text(values[index])} AS VARCHAR)`).join(", ")})`;
  const selects = rows.map(
    ({ action, key, id, before, after, changed = [], row }) => `SELECT '${action}' AS action,
      CAST(${text(key)} AS VARCHAR) AS key, CAST(${text(id)} AS VARCHAR) AS id, '' AS version,
      ${struct(before)} AS before, ${struct(after)} AS after, CAST([${changed.map(text).join(", ")}] AS VARCHAR[]) AS changed,
      CAST(${row ?? "NULL"} AS BIGINT) AS row, 1 AS part, CAST(${row ?? "NULL"} AS BIGINT) AS position`,
  );
  await writeParquet(engine, selects.join(" UNION ALL "), path);
  return path;
}

describe("the first changes of a plan", () => {
  test("are its fields that change, before and after, by the key as it is written", async () => {
    const plan = await writePlan("kinds", [
      { action: "create", key: "v-1", after: ["V-1", "Ada", null], changed: ["Ext__c", "LastName"], row: 1 },
      {
        action: "update",
        key: "v-2",
        id: "003A",
        before: ["V-2", "Old", "1"],
        after: [null, "New", null],
        changed: ["LastName", "Phone"],
        row: 2,
      },
      { action: "delete", key: "v-3", id: "003B", before: ["V-3", "Gone", null], row: null },
    ]);
    expect(await readChanges(engine, plan, ["Ext__c"])).toEqual([
      { action: "create", key: "V-1", id: null, fields: [{ field: "LastName", before: null, after: "Ada" }] },
      { action: "delete", key: "V-3", id: "003B", fields: [{ field: "LastName", before: "Gone", after: null }] },
      {
        action: "update",
        key: "V-2",
        id: "003A",
        fields: [
          { field: "LastName", before: "Old", after: "New" },
          { field: "Phone", before: "1", after: null },
        ],
      },
    ]);
  });

  test("are the first of each action in the order of the source, deletes without a row by key", async () => {
    const rows = Array.from({ length: 20 }, (_, index) => 20 - index).flatMap((row): PlanRow[] => [
      { action: "update", key: `u-${row}`, id: "003", after: [null, "x", null], changed: ["LastName"], row },
      { action: "create", key: `c-${row}`, row: row + 100 },
      { action: "delete", key: `d-${String(row).padStart(2, "0")}`, id: "003", row: null },
    ]);
    const changes = await readChanges(engine, await writePlan("many", rows), ["Ext__c"]);
    expect(changes.map(({ key }) => key)).toEqual([
      ...["c-1", "c-2", "c-3", "c-4"],
      ...["d-01", "d-02", "d-03", "d-04"],
      ...Array.from({ length: 8 }, (_, index) => `u-${index + 1}`),
    ]);
  });

  test("of an empty plan are none", async () => {
    const plan = join(folder, "empty.parquet");
    await writeParquet(engine, "SELECT 'create' AS action, '' AS key, '' AS id, 1::BIGINT AS row LIMIT 0", plan);
    expect(await readChanges(engine, plan, ["Ext__c"])).toEqual([]);
  });

  test("by several key fields name all of them", async () => {
    const plan = await writePlan("composite", [
      { action: "create", key: "ada\u001f1", after: [null, "Ada", "1"], changed: ["LastName", "Phone"], row: 1 },
    ]);
    expect(await readChanges(engine, plan, ["LastName", "Phone"])).toEqual([
      { action: "create", key: "Ada, 1", id: null, fields: [] },
    ]);
  });
});
