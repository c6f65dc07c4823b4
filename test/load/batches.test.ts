import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Action } from "../../src/core/model.ts";
import { literal } from "../../src/core/sql.ts";
import {
  type BatchLimits,
  type BatchRange,
  cutBatches,
  groupSize,
  orderPlan,
  type RowGroup,
  selectBatch,
  selectCells,
  sizeGroups,
} from "../../src/load/batches.ts";
import { numbered } from "../../src/pipeline/load/part-of-batch.ts";
import { Engine } from "../../src/stage/engine.ts";
import { readParquet, writeParquet } from "../../src/stage/parquet.ts";
import { casesOf } from "../support/cases.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-batches-"));
let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
});
afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const actions = ["create", "update", "delete"] as const satisfies Action[];
const fields = ["Name", "Parent.Key__c"];

interface PlanRow {
  action: Action;
  name: string | null;
  parent: string | null;
}

const rowsOfPlan: fc.Arbitrary<PlanRow[]> = fc.array(
  fc.record({
    action: fc.constantFrom(...actions),
    name: fc.option(fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "é"), maxLength: 30 })),
    parent: fc.option(fc.constantFrom("p1", "P1", "p2", "p3")),
  }),
  { minLength: 1, maxLength: 40 },
);

/** A plan as the diff writes it, its rows in the order of the file that is asked for. */
async function writePlan(rows: readonly PlanRow[], order: readonly number[]): Promise<string> {
  const text = (value: string | null) => (value === null ? "CAST(NULL AS VARCHAR)" : literal(value));
  const values = order.map((index) => {
    const { action, name, parent } = rows[index] ?? { action: "create", name: null, parent: null };
    const names = fields.filter((_, position) => (position === 0 ? name : parent) !== null);
    return `SELECT ${literal(action)} AS action, ${literal(`id${index}`)} AS id, CAST(${index} AS BIGINT) AS row,
      struct_pack("Name" := ${text(name)}, "Parent.Key__c" := ${text(parent)}) AS after,
      CAST([${names.map(literal).join(", ")}] AS VARCHAR[]) AS changed`;
  });
  const path = join(folder, "plan.parquet");
  await writeParquet(engine, values.join(" UNION ALL "), path);
  return readParquet(path);
}

interface WrittenBatch {
  range: BatchRange;
  bytes: number;
  content: string;
  records: Record<string, string>[];
}

async function writeBatches(plan: string, limits: BatchLimits, parents: string[] = []): Promise<WrittenBatch[]> {
  await engine.run(orderPlan(plan, fields, parents));
  const groups = await engine.all(sizeGroups(limits));
  const batches: WrittenBatch[] = [];
  for (const range of cutBatches(groups as unknown as RowGroup[], limits)) {
    const path = join(folder, "batch.csv");
    const cells = selectCells(selectBatch(plan, range), range.action, fields, {
      id: "Id",
      clearCell: "#N/A",
      replaced: new Set(),
      omits: false,
      written: new Map(),
    });
    await engine.run(`COPY (${cells}) TO ${literal(path)} (FORMAT csv, HEADER true, NULLSTR '')`);
    const content = readFileSync(path, "utf8");
    const records = parse(content, { columns: true }) as Record<string, string>[];
    batches.push({ range, bytes: Buffer.byteLength(content), content, records });
  }
  return batches;
}

describe("batches", () => {
  const limits = fc.record({ rows: fc.integer({ min: 1, max: 30 }), bytes: fc.integer({ min: 300, max: 1_500 }) });

  test("hold every row of the plan once, creates first, and never more than the target takes", async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfPlan, limits, async (rows, limit) => {
        const batches = await writeBatches(await writePlan(rows, [...rows.keys()]), limit);
        const order = batches.map(({ range }) => actions.indexOf(range.action as (typeof actions)[number]));
        expect(order).toEqual(order.toSorted());
        for (const { range, bytes, records } of batches) {
          expect(records.length).toBe(range.to - range.from);
          expect(records.length).toBeLessThanOrEqual(limit.rows);
          expect(bytes).toBeLessThanOrEqual(limit.bytes);
        }
        const ids = batches.flatMap(({ records }) => records.flatMap(({ Id }) => Id ?? []));
        const named = rows.flatMap(({ action }, index) => (action === "create" ? [] : [`id${index}`]));
        expect(ids.sort()).toEqual(named.sort());
        const creates = batches.filter(({ range }) => range.action === "create").flatMap(({ records }) => records);
        expect(creates.length).toBe(rows.length - named.length);
      }),
      { numRuns: casesOf(60) },
    );
  });

  test("are the same, byte for byte, whatever the order of the plan's file", async () => {
    const shuffled = rowsOfPlan.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows.keys()], { minLength: rows.length })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, limits, async ([rows, order], limit) => {
        const plain = await writeBatches(await writePlan(rows, [...rows.keys()]), limit, ["Parent.Key__c"]);
        const other = await writeBatches(await writePlan(rows, order), limit, ["Parent.Key__c"]);
        expect(other.map(({ content }) => content)).toEqual(plain.map(({ content }) => content));
      }),
      { numRuns: casesOf(40) },
    );
  });

  test("keep the children of a parent together, in any case of its key", async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfPlan, async (rows) => {
        const creates = rows.map((row) => ({ ...row, action: "create" as const }));
        const [batch] = await writeBatches(await writePlan(creates, [...rows.keys()]), { rows: 100, bytes: 1e6 }, [
          "Parent.Key__c",
        ]);
        const parents = (batch?.records ?? []).map((record) => (record["Parent.Key__c"] ?? "").toLowerCase());
        const runs = parents.filter((parent, index) => parent !== parents[index - 1]);
        expect(runs.length).toBe(new Set(parents).size);
      }),
      { numRuns: casesOf(40) },
    );
  });
});

test("the number of a row stands beside columns of any name", async () => {
  expect(await engine.all(`SELECT n, CAST(_n_ AS INTEGER) AS number FROM ${numbered("(SELECT 7 AS n)")}`)).toEqual([
    { n: 7, number: 1 },
  ]);
});

test("an update carries only what changes, and says which fields are emptied", async () => {
  await writeParquet(
    engine,
    `SELECT 'update' AS action, 'id1' AS id, CAST(0 AS BIGINT) AS row, ['Name'] AS changed,
      struct_pack("Name" := CAST(NULL AS VARCHAR), "Parent.Key__c" := 'p1') AS after`,
    join(folder, "update.parquet"),
  );
  const [batch] = await writeBatches(readParquet(join(folder, "update.parquet")), { rows: 10, bytes: 1000 });
  expect(batch?.records).toEqual([{ Id: "id1", Name: "#N/A", "Parent.Key__c": "" }]);
});

test("groups divide the row limit, so that batches fill it exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), (rows) => {
      const size = groupSize({ rows, bytes: 1 });
      expect(rows % size).toBe(0);
      expect(size).toBeLessThanOrEqual(1000);
    }),
  );
  expect(groupSize({ rows: 150_000, bytes: 1 })).toBe(1000);
});

test("rows so large that a whole group of them would not fit are still cut to the limit", async () => {
  const path = join(folder, "large.parquet");
  await writeParquet(
    engine,
    `SELECT 'create' AS action, CAST(NULL AS VARCHAR) AS id, i AS row, ['Name'] AS changed,
      struct_pack("Name" := repeat('"', 1000), "Parent.Key__c" := CAST(NULL AS VARCHAR)) AS after FROM range(1000) t(i)`,
    path,
  );
  const batches = await writeBatches(readParquet(path), { rows: 1000, bytes: 100_000 });
  expect(Math.max(...batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(100_000);
  expect(batches.flatMap(({ records }) => records).length).toBe(1000);
});
