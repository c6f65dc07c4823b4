import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BatchRecord, Ledger } from "../../src/checkpoint/ledger.ts";
import { type TableName, tables } from "../../src/checkpoint/ledger-schema.ts";
import { openSqlite, removeSqlite } from "../../src/core/sqlite.ts";
import { batch, filledLedger, present, shapeOwner, stream, temporaryFolder, twin, watermark } from "./filled-ledger.ts";

type Told = Exclude<TableName, "sums" | "about">;

const readers: Record<Told, (ledger: Ledger) => unknown> = {
  runs: (ledger) => ledger.runs(),
  streams: (ledger) => ledger.streams("r1"),
  parts: (ledger) => ledger.parts("r1", "contacts"),
  batches: (ledger) => ledger.batches("r1"),
  inserts: (ledger) => ledger.insertedFiles("o", "Contact"),
  inserted: (ledger) => ledger.inserted("o", "Contact"),
  windows: (ledger) => ledger.window("r1", "contacts"),
  watermarks: (ledger) => ledger.watermarks(watermark),
  takes: (ledger) => ledger.takes("r1", "contacts"),
  taken: (ledger) => ledger.taken(watermark),
  delivered: (ledger) => ledger.delivered(watermark),
  closed: (ledger) => ledger.closedRows("r1"),
  approvals: (ledger) => ledger.approvals("r1"),
  waiting: (ledger) => ledger.waiting(watermark),
  shapes: (ledger) => ledger.shape(shapeOwner),
  twins: (ledger) => ledger.twins.get(twin),
  present: (ledger) => ledger.present.get(present),
};

const told = (Object.keys(tables) as TableName[]).filter((table) => table in readers) as Told[];
const cells = told.flatMap((table) => [...tables[table].columns, "hash"].map((column) => ({ table, column })));

test.each(cells)("a changed $column of $table is noticed when it is read", ({ table, column }) => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  const { changes } = database.prepare(`UPDATE ${table} SET ${column} = 'flipped'`).run();
  database.close();
  expect(changes).toBe(1);
  using ledger = Ledger.open(folder);
  expect(() => readers[table](ledger)).toThrow("the ledger is damaged");
});

test.each(told)("a row of %s that is gone is noticed when it is looked for", (table) => {
  const folder = filledLedger();
  change(folder, `DELETE FROM ${table}`);
  using ledger = Ledger.open(folder);
  expect(() => readers[table](ledger)).toThrow("the ledger is damaged");
});

test.each(["sums", "about"])("%s that is gone or another is noticed", (table) => {
  for (const damage of [`DELETE FROM ${table}`, `UPDATE ${table} SET hash = 'flipped'`]) {
    const folder = filledLedger();
    change(folder, damage);
    expect(() => Ledger.open(folder).batches("r1")).toThrow("the ledger is damaged");
  }
});

function change(folder: string, sql: string): void {
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  database.exec(sql);
  database.close();
}

test("rows that are deleted, and rows that are written again, leave a ledger that is whole", () => {
  const folder = temporaryFolder();
  using ledger = Ledger.open(folder);
  ledger.savePlan({ stream, batches: [batch, { ...batch, number: 2 }] });
  ledger.savePlan({ stream, batches: [{ ...batch, rows: 7 }] });
  expect(ledger.batches("r1").map(({ rows }) => rows)).toEqual([7, 5]);
  ledger.forgetRunDetails("r1");
  expect(ledger.batches("r1")).toEqual([]);
  ledger.savePlan({ stream, batches: [batch] });
  expect(ledger.batches("r1", "contacts")).toEqual([batch]);
});

describe("a ledger that knows less than was written", () => {
  const killed = () => {
    const folder = temporaryFolder();
    // Not closed, as by a process that is killed: all of it is in the -wal.
    const ledger = Ledger.open(folder);
    ledger.savePlan({ stream, batches: [batch] });
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    ledger[Symbol.dispose]();
    return copy;
  };

  test("is opened where it is whole", () => {
    using ledger = Ledger.open(killed());
    expect(ledger.batches("r1")).toEqual([batch]);
  });

  test.each([
    ["has lost its -wal", (folder: string) => rmSync(join(folder, "ledger.db-wal"))],
    [
      "is emptied",
      (folder: string) => rmSync(join(folder, "ledger.db-wal")) ?? writeFileSync(join(folder, "ledger.db"), ""),
    ],
    ["is deleted", (folder: string) => removeSqlite(join(folder, "ledger.db"))],
    [
      "has a flipped bit in its last frame",
      (folder: string) => {
        const path = join(folder, "ledger.db-wal");
        const bytes = readFileSync(path);
        bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
  ])("and %s is refused, each time", (_, damage) => {
    const folder = killed();
    damage(folder);
    for (const _ of [1, 2]) expect(() => Ledger.open(folder)).toThrow(/is empty, but|is older than|is damaged/);
  });

  test("because it is an older copy is refused", () => {
    const folder = filledLedger();
    const copy = readFileSync(join(folder, "ledger.db"));
    {
      using ledger = Ledger.open(folder);
      ledger.saveStream({ ...stream, state: "settled" });
    }
    writeFileSync(join(folder, "ledger.db"), copy);
    expect(() => Ledger.open(folder)).toThrow("is older than what was written to it");
  });

  test("is told by the folders of runs where even the mark is gone", () => {
    const folder = filledLedger();
    mkdirSync(join(folder, "runs", "r1", "batches"), { recursive: true });
    mkdirSync(join(folder, "runs", "r0"), { recursive: true });
    writeFileSync(join(folder, "runs", "r0", "job.yaml"), "");
    Ledger.open(folder)[Symbol.dispose]();
    for (const name of ["ledger.db", "ledger.mark"]) rmSync(join(folder, name));
    for (const _ of [1, 2]) expect(() => Ledger.open(folder)).toThrow("the ledger does not know of run r1, whose");
  });

  test("can't be told where the mark is damaged: that is said, and the mark is written anew", () => {
    const folder = filledLedger();
    writeFileSync(join(folder, "ledger.mark"), "garbage");
    using ledger = Ledger.open(folder);
    expect(ledger.warnings).toEqual([expect.stringContaining("ledger.mark was damaged")]);
    ledger.saveStream(stream);
    expect(readFileSync(join(folder, "ledger.mark"), "utf8")).toMatch(/^loadline ledger \w+ commit 0+\d+ \w+\n$/);
  });
});

test("what was written is what is read, whatever the texts are", () => {
  const folder = temporaryFolder();
  using ledger = Ledger.open(folder);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.option(fc.string()), fc.nat(), (path, message, rows) => {
      const written = { ...batch, path: path.toWellFormed().replaceAll("\0", ""), message, rows };
      ledger.savePlan({ stream, batches: [written] });
      expect(ledger.batches("r1")).toEqual([written]);
    }),
  );
});

test("a batch can't be moved against the table", () => {
  using ledger = Ledger.open(temporaryFolder());
  ledger.savePlan({ stream, batches: [batch] });
  expect(() => ledger.advance(batch, "committed")).toThrow("can't go from planned to committed");
  expect(ledger.batches("r1")).toEqual([batch]);
});

test("splitting a batch settles its known rows and adds the others as a batch of their own", () => {
  using ledger = Ledger.open(temporaryFolder());
  const doubtful: BatchRecord = { ...batch, state: "in-doubt", succeeded: 3, inDoubt: 2 };
  ledger.savePlan({ stream, batches: [doubtful] });
  const rest = [
    { ...batch, number: 2, rows: 1 },
    { ...doubtful, number: 3, rows: 1, inDoubt: 1 },
  ];
  ledger.split(doubtful, "settled", { succeeded: 3, inDoubt: 0 }, rest);
  expect(ledger.batches("r1")).toEqual([{ ...doubtful, state: "settled", rows: 3, inDoubt: 0 }, ...rest]);
});

test("a split whose rows and results do not add up leaves the batch whole", () => {
  using ledger = Ledger.open(temporaryFolder());
  ledger.savePlan({ stream, batches: [batch] });
  expect(() => ledger.split(batch, "settled", {}, [{ ...batch, number: 2, rows: 1 }])).toThrow(
    "has 4 rows and 0 results",
  );
  expect(ledger.batches("r1")).toEqual([batch]);
});

test("what a settled run kept of its rows is there once its folder is gone, and is another job's no more than another org's", () => {
  using ledger = Ledger.open(filledLedger());
  ledger.saveStream({ ...stream, state: "settled" });
  ledger.forgetRunDetails("r1");
  expect(ledger.settledStreams("j", stream)).toMatchObject([{ run: "r1", aggregates: stream.aggregates }]);
  expect(ledger.settledStreams("other", stream)).toEqual([]);
  expect(ledger.settledStreams("j", { ...stream, org: "00D000000000002" })).toEqual([]);
  ledger.saveStream(stream);
  expect(ledger.settledStreams("j", stream)).toEqual([]);
});
