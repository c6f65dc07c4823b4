import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  type BatchRecord,
  Ledger,
  type StreamRecord,
  type Watermark,
  type WindowRecord,
} from "../../src/checkpoint/ledger.ts";
import { type TableName, tables } from "../../src/checkpoint/ledger-schema.ts";
import { openSqlite } from "../../src/core/sqlite.ts";
import { unsent } from "../../src/pipeline/batch-files.ts";

const batch: BatchRecord = {
  run: "r1",
  stream: "contacts",
  number: 1,
  operation: "insert",
  object: "Contact",
  externalId: null,
  action: "create",
  path: "/b/1.csv",
  bytes: 10,
  rows: 5,
  sha256: "ab",
  ...unsent,
  message: null,
  via: "bulk",
  round: 0,
  again: false,
};

const stream: StreamRecord = {
  run: "r1",
  name: "contacts",
  connection: "salesforce",
  org: "00D000000000001",
  object: "Contact",
  mode: "insert",
  state: "planned",
  planSha256: "cd",
  plan: "/p.parquet",
  counts: null,
  how: "1 keyed query",
  writes: null,
  rejectsBytes: 0,
  partial: null,
  notes: [],
};

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function filledLedger(): string {
  const folder = temporaryFolder();
  using ledger = Ledger.open(folder);
  ledger.startRun({ id: "r1", job: "j", jobHash: "h", jobFile: "/j.yaml", command: "run", options: {} });
  ledger.savePlan(stream, [batch]);
  ledger.addParts("r1", "contacts", [
    {
      ordinal: 1,
      path: "/x/part-00001.csv",
      label: "contacts.csv",
      locator: "contacts.csv 10 1",
      bytes: 10,
      sha256: "ef",
      compressed: false,
      suspect: false,
      columns: ["id"],
      careful: false,
      rows: null,
    },
  ]);
  ledger.saveWindow(taken);
  ledger.settleStream({ stream, watermark });
  ledger.addInsert({ org: "o", object: "Contact", sha256: "ef", run: "r1", stream: "contacts", label: "contacts.csv" });
  const file = { label: "contacts.csv", bytes: 9, modifiedMs: 1.5 };
  ledger.saveTakes([
    { run: "r1", stream: "contacts", ordinal: 1, ...file, rows: 1, sha256: "ef", takenBy: "r0", acknowledged: false },
  ]);
  const taker = { job: "j", stream: "contacts", targetOrg: "o", object: "Contact" };
  const [settled] = ledger.streams("r1");
  if (settled !== undefined) {
    ledger.settleStream({
      stream: settled,
      taken: [{ ...taker, sha256: "ef", run: "r1", ...file }],
      delivered: { ...taker, key: ["Id"], file: "r1-contacts.parquet", run: "r1" },
    });
  }
  return folder;
}

const taken: WindowRecord = {
  run: "r1",
  stream: "contacts",
  sourceOrg: "s",
  from: null,
  to: "2026-11-21T00:00:00.000Z",
  moves: true,
  handle: null,
};

const watermark: Watermark = {
  job: "j",
  stream: "contacts",
  sourceOrg: "s",
  targetOrg: "o",
  object: "Contact",
  to: "2026-11-21T00:00:00.000Z",
  run: "r1",
  seenFile: null,
  pending: ["003"],
};

const readers: Record<TableName, (ledger: Ledger) => unknown> = {
  runs: (ledger) => ledger.runs(),
  streams: (ledger) => ledger.streams("r1"),
  parts: (ledger) => ledger.parts("r1", "contacts"),
  batches: (ledger) => ledger.batches("r1"),
  inserts: (ledger) => ledger.findInsert("o", "Contact", "ef"),
  windows: (ledger) => ledger.window("r1", "contacts"),
  watermarks: (ledger) => ledger.watermark(watermark),
  takes: (ledger) => ledger.takes("r1", "contacts"),
  taken: (ledger) => ledger.taken(watermark),
  delivered: (ledger) => ledger.delivered(watermark),
};

/** Every cell that is not what its row is found by. */
const cells = Object.entries(tables).flatMap(([table, { columns, key }]) =>
  [...columns, "hash"]
    .filter((column) => !(key as readonly string[]).includes(column) && column !== "run")
    .map((column) => ({ table: table as TableName, column })),
);

test.each(cells)("a changed $column of $table is noticed when it is read", ({ table, column }) => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  const { changes } = database.prepare(`UPDATE ${table} SET ${column} = 'flipped'`).run();
  database.close();
  expect(changes).toBe(1);
  using ledger = Ledger.open(folder);
  expect(() => readers[table](ledger)).toThrow("the ledger is damaged");
});

test("what was written is what is read, whatever the texts are", () => {
  const folder = temporaryFolder();
  using ledger = Ledger.open(folder);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.option(fc.string()), fc.nat(), (path, message, rows) => {
      const written = { ...batch, path: path.toWellFormed().replaceAll("\0", ""), message, rows };
      ledger.savePlan(stream, [written]);
      expect(ledger.batches("r1")).toEqual([written]);
    }),
  );
});

test("a batch can't be moved against the table", () => {
  using ledger = Ledger.open(temporaryFolder());
  ledger.savePlan(stream, [batch]);
  expect(() => ledger.advance(batch, "committed")).toThrow("can't go from planned to committed");
  expect(ledger.batches("r1")).toEqual([batch]);
});

test("splitting a batch settles its known rows and adds the others as a batch of their own", () => {
  using ledger = Ledger.open(temporaryFolder());
  const doubtful: BatchRecord = { ...batch, state: "in-doubt", succeeded: 3, inDoubt: 2 };
  ledger.savePlan(stream, [doubtful]);
  const rest = [
    { ...batch, number: 2, rows: 1 },
    { ...doubtful, number: 3, rows: 1, inDoubt: 1 },
  ];
  ledger.split(doubtful, "settled", { succeeded: 3, inDoubt: 0 }, rest);
  expect(ledger.batches("r1")).toEqual([{ ...doubtful, state: "settled", rows: 3, inDoubt: 0 }, ...rest]);
});

test("a split that is against the table leaves the batch whole", () => {
  using ledger = Ledger.open(temporaryFolder());
  ledger.savePlan(stream, [batch]);
  expect(() => ledger.split(batch, "settled", {}, [{ ...batch, number: 2, rows: 1 }])).toThrow("can't go from");
  expect(ledger.batches("r1")).toEqual([batch]);
});

test("a ledger of the first version is read, and its damage is noticed", () => {
  const folder = filledLedger();
  downgrade(folder);
  const damagedFolder = temporaryFolder();
  cpSync(folder, damagedFolder, { recursive: true });
  using ledger = Ledger.open(folder);
  expect(ledger.batches("r1")).toEqual([batch]);
  expect(ledger.streams("r1")).toEqual([stream]);
  const database = openSqlite(join(damagedFolder, "ledger.db"), { synchronous: "OFF" });
  database.exec("UPDATE batches SET state = 'settled'");
  database.close();
  for (const _ of [1, 2])
    expect(() => Ledger.open(damagedFolder)).toThrow("the ledger is damaged: batches r1 contacts 1");
});

/** The ledger as its first version was: without the columns that came later. */
function downgrade(folder: string): void {
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  for (const [table, added] of [
    ["batches", ["via", "round", "again"]],
    ["streams", ["writes", "partial", "notes"]],
    ["parts", ["row_count", "file_ordinal", "file_sha256"]],
  ] as const) {
    for (const column of added) database.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    const row = database.prepare(`SELECT * FROM ${table}`).get() as Record<string, string | number | null>;
    const values = JSON.stringify(tables[table].columns.slice(0, -added.length).map((name) => row[name] ?? null));
    database.prepare(`UPDATE ${table} SET hash = ?`).run(createHash("sha256").update(values).digest("hex"));
  }
  database.exec("PRAGMA user_version = 1");
  database.close();
}

test("a ledger of a newer loadline is refused", () => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  database.exec("PRAGMA user_version = 999");
  database.close();
  expect(() => Ledger.open(folder)).toThrow("written by a newer loadline");
});
