import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainCsvFile } from "../../src/pipeline/batches/batch-files.ts";
import { writeInOrder } from "../../src/pipeline/batches/ordered-file.ts";
import { Engine } from "../../src/stage/engine.ts";
import { readParquet, writeParquet } from "../../src/stage/parquet.ts";

const cells = "after.id AS id, after.text AS text";
let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "loadline-ordered-"));
  mkdirSync(join(folder, "spill"));
  engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
});
afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** A plan of these rows of a source, in no order. */
async function planOf(rows: string): Promise<string> {
  const path = join(folder, "plan.parquet");
  const text = "CASE row % 3 WHEN 0 THEN 'a' || chr(10) || row WHEN 1 THEN 'ü;' || row END";
  await writeParquet(
    engine,
    `SELECT row, struct_pack(id := CAST(row AS VARCHAR), text := ${text}) AS after FROM (${rows}) ORDER BY hash(row)`,
    path,
  );
  return readParquet(path);
}

/** Four pieces, of which the third is empty. */
const sparse =
  "SELECT range AS row FROM range(100_000, 500_000) WHERE range > 119_000 AND range NOT BETWEEN 330_000 AND 480_000";

test.each([
  [
    "CSV",
    { ...plainCsvFile, delimiter: ";" } as const,
    "all.csv",
    "(FORMAT csv, HEADER true, DELIMITER ';', NULLSTR '')",
  ],
  ["JSON Lines", { type: "jsonl" } as const, "all.jsonl", "(FORMAT json)"],
])("%s in pieces is what one sort gives", async (_, format, name, options) => {
  const plan = await planOf(sparse);
  const path = join(folder, name);
  const rows = await writeInOrder(engine, { plan, cells }, path, format);
  const sorted = join(folder, "sorted");
  await engine.run(`COPY (SELECT ${cells} FROM ${plan} ORDER BY row) TO '${sorted}' ${options}`);
  expect(rows).toBe(230_998);
  expect(readFileSync(path).equals(readFileSync(sorted))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([name, "plan.parquet", "sorted", "spill"].sort());
  rmSync(path);
});

test("Parquet in pieces is one file in order", async () => {
  const plan = await planOf(sparse);
  const path = join(folder, "all.parquet");
  const rows = await writeInOrder(engine, { plan, cells }, path, { type: "parquet" });
  const expected = await engine.one(
    `SELECT md5(string_agg(row || coalesce(after.text, '-'), ',' ORDER BY row)) AS hash FROM ${plan}`,
  );
  const written = await engine.one(
    `SELECT count(*) AS rows, md5(string_agg(id || coalesce(text, '-'), ',' ORDER BY file_row_number)) AS hash FROM ${readParquet(path)}`,
  );
  expect(written).toEqual({ rows, hash: expected["hash"] });
  expect(readdirSync(folder).filter((file) => file.includes("piece"))).toEqual([]);
});

test("a plan without rows is a file with its header", async () => {
  const path = join(folder, "none.csv");
  expect(await writeInOrder(engine, { plan: await planOf("SELECT 0 AS row LIMIT 0"), cells }, path, plainCsvFile)).toBe(
    0,
  );
  expect(readFileSync(path, "utf8")).toBe("id,text\n");
});
