// fixtures/csv-broken: files with one defect each. What must hold of each: loadline does not crash, alters nothing
// silently, and accounts for every record by its line: it is taken as it is written, or rejected with a reason, or the
// file is refused.

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openFileTarget } from "../../src/connectors/file/target.ts";
import { Failure } from "../../src/core/errors.ts";
import { identifier } from "../../src/core/sql.ts";
import { readJob } from "../../src/job/read-job.ts";
import { compileStream } from "../../src/pipeline/compile-stream.ts";
import { locateLines } from "../../src/pipeline/rejects.ts";
import { stageStream } from "../../src/pipeline/stage-stream.ts";
import { repository } from "../support/rig.ts";
import { Rig } from "./rig.ts";

const folder = join(repository, "fixtures/csv-broken");

interface Expected {
  what: string;
  format?: object;
  columns?: string[];
  rows?: [line: number, ...cells: string[]][];
  rejects?: [line: number, reason: string][];
  refused?: [line: number | null, message: string];
}

const expected = parse(readFileSync(join(folder, "expected.yaml"), "utf8")) as Record<string, Expected>;

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

interface Reading {
  columns: string[];
  rows: [line: number, ...cells: string[]][];
  rejects: [line: number, reason: string][];
}

/** A job that maps every column as it is, up to its staged rows. */
async function readFile(name: string, bytes: Uint8Array, written: object = {}): Promise<Reading> {
  const path = join(rig.folder, "job.yaml");
  const writeJob = (map: object) => {
    const stream = {
      source: { connection: "drop", files: "*", format: written },
      target: { connection: "out", files: "out.csv" },
      map,
    };
    writeFileSync(path, JSON.stringify({ version: 1, name: "broken", streams: { records: stream } }));
    const job = readJob(path);
    const [first] = job.streams;
    if (first === undefined) throw new Error("the job has no stream");
    return { job, stream: first };
  };
  const parts = await rig.extract({ [name]: bytes }, writeJob({ x: "1" }).stream.source.format);
  const columns = parts[0]?.columns ?? [];
  const { job, stream } = writeJob(
    Object.fromEntries(columns.map((column, index) => [`c${index}`, identifier(column)])),
  );
  const { engine } = rig;
  const place = { file: path, line: 1, column: 1 };
  const target = openFileTarget({ name: "out", type: "file", path: rig.folder, place });
  const compiled = await compileStream({
    engine,
    job,
    stream,
    target,
    columns: { columns: new Map(columns.map((column) => [column, "VARCHAR"])) },
  });
  const folder = mkdtempSync(join(rig.folder, "stage-"));
  const staged = await stageStream({ engine, compiled, parts, folder, onPart: () => undefined });
  const cells = columns.map((_, index) => `CAST(c${index} AS VARCHAR)`).join(", ");
  const reading: Reading = { columns, rows: [], rejects: [] };
  for (const { part, open, broken } of staged.parts) {
    const rows = await engine.all(`SELECT _position AS position, _line AS line, [${cells}] AS cells FROM ${staged.view}
      WHERE _part = ${part.ordinal} ORDER BY _position`);
    const positions = new Set(rows.map((row) => Number(row["position"])));
    const lines = await locateLines(open, positions);
    for (const { position, line, cells } of rows) {
      reading.rows.push([line === null ? (lines.get(Number(position)) ?? 0) : Number(line), ...(cells as string[])]);
    }
    reading.rejects.push(...broken.map(({ line, reason }): [number, string] => [line, reason]));
  }
  return reading;
}

async function refusalOf(name: string, bytes: Uint8Array, format?: object): Promise<[number | null, string]> {
  try {
    const reading = await readFile(name, bytes, format);
    throw new Error(`not refused: ${JSON.stringify(reading)}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [error.where?.line ?? null, error.message];
  }
}

describe("fixtures/csv-broken", () => {
  test("has an answer to each of its files, of which there are at least 60", () => {
    const files = readdirSync(folder).filter((name) => name !== "expected.yaml");
    expect(files.sort()).toEqual(Object.keys(expected).sort());
    expect(files.length).toBeGreaterThanOrEqual(60);
  });

  test.each(Object.entries(expected).map(([name, answer]) => ({ name, ...answer })))(
    "$name: $what",
    async ({ name, format, columns = ["a", "b", "c"], rows = [], rejects = [], refused }) => {
      const bytes = readFileSync(join(folder, name));
      if (refused !== undefined) {
        expect(await refusalOf(name, bytes, format)).toEqual(refused);
        return;
      }
      const reading = await readFile(name, bytes, format);
      expect({ rows: reading.rows, rejects: reading.rejects }).toEqual({ rows, rejects });
      expect(reading.columns).toEqual(columns.slice(0, reading.columns.length));
    },
  );
});
