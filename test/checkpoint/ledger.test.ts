import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type BatchRecord,
  type InsertedRecord,
  Ledger,
  type StreamRecord,
  type Watermark,
  type WindowRecord,
} from "../../src/checkpoint/ledger.ts";
import { type TableName, tables } from "../../src/checkpoint/ledger-schema.ts";
import { type DatabaseSync, openSqlite, removeSqlite } from "../../src/core/sqlite.ts";
import { unsent } from "../../src/pipeline/batches/batch-files.ts";

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
  level: 0,
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

let template: string | undefined;

/** A copy of a ledger with a row in each table. */
function filledLedger(): string {
  if (template === undefined) {
    template = mkdtempSync(join(tmpdir(), "loadline-ledger-"));
    fillLedger(template);
  }
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true });
  return folder;
}

afterAll(() => {
  if (template !== undefined) rmSync(template, { recursive: true });
});

function fillLedger(folder: string): void {
  using ledger = Ledger.open(folder);
  ledger.startRun({
    id: "r1",
    job: "j",
    jobHash: "h",
    jobFile: "/j.yaml",
    jobSha256: null,
    command: "run",
    options: {},
  });
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
  const file = { label: "contacts.csv", bytes: 9, modifiedMs: 1.5 };
  ledger.saveTakes([
    { run: "r1", stream: "contacts", ordinal: 1, ...file, rows: 1, sha256: "ef", takenBy: "r0", acknowledged: false },
  ]);
  const taker = { job: "j", stream: "contacts", targetOrg: "o", object: "Contact", jobFile: "../j.yaml" };
  const [settled] = ledger.streams("r1");
  if (settled !== undefined) {
    ledger.settleStream({
      stream: settled,
      taken: [{ ...taker, sha256: "ef", run: "r1", ...file }],
      delivered: { ...taker, key: ["Id"], file: "r1-contacts.parquet", run: "r1", sha256: null },
      insertedFiles: [
        { org: "o", object: "Contact", sha256: "ef", run: "r1", stream: "contacts", label: "contacts.csv" },
      ],
      inserted,
    });
  }
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
  full: null,
  job: "j",
  stream: "contacts",
  sourceOrg: "s",
  targetOrg: "o",
  object: "Contact",
  to: "2026-11-21T00:00:00.000Z",
  run: "r1",
  jobFile: "../j.yaml",
  source: '{"object":"Contact"}',
  seenFile: null,
  seenSha256: null,
  pending: ["003"],
};

const inserted: InsertedRecord = {
  org: "o",
  object: "Contact",
  run: "r1",
  stream: "contacts",
  file: "r1-contacts-planned.parquet",
  sha256: "ab",
  rows: 5,
  settled: null,
};

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
  ledger.savePlan(stream, [batch, { ...batch, number: 2 }]);
  ledger.savePlan(stream, [{ ...batch, rows: 7 }]);
  expect(ledger.batches("r1").map(({ rows }) => rows)).toEqual([7, 5]);
  ledger.forgetRunDetails("r1");
  expect(ledger.batches("r1")).toEqual([]);
  ledger.savePlan(stream, [batch]);
  expect(ledger.batches("r1", "contacts")).toEqual([batch]);
});

describe("a ledger that knows less than was written", () => {
  const killed = () => {
    const folder = temporaryFolder();
    // Not closed, as by a process that is killed: all of it is in the -wal.
    const ledger = Ledger.open(folder);
    ledger.savePlan(stream, [batch]);
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

test("a split whose rows and results do not add up leaves the batch whole", () => {
  using ledger = Ledger.open(temporaryFolder());
  ledger.savePlan(stream, [batch]);
  expect(() => ledger.split(batch, "settled", {}, [{ ...batch, number: 2, rows: 1 }])).toThrow(
    "has 4 rows and 0 results",
  );
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
  expect(ledger.taken({ job: "j", stream: "contacts", targetOrg: "o", object: "Contact" })).toMatchObject([
    { jobFile: "", sha256: "ef", run: "r1" },
  ]);
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
    ["batches", ["via", "round", "again", "level"]],
    ["streams", ["writes", "partial", "notes"]],
    ["runs", ["job_sha256"]],
    ["parts", ["row_count", "file_ordinal", "file_sha256"]],
  ] as const) {
    for (const column of added) database.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    const row = database.prepare(`SELECT * FROM ${table}`).get() as Record<string, string | number | null>;
    const values = JSON.stringify(tables[table].columns.slice(0, -added.length).map((name) => row[name] ?? null));
    database.prepare(`UPDATE ${table} SET hash = ?`).run(createHash("sha256").update(values).digest("hex"));
  }
  rebuildTaken(database);
  database.exec("DROP TABLE sums; DROP TABLE about; DROP TABLE inserted; DROP TABLE watermarks; DROP TABLE delivered");
  database.exec("PRAGMA user_version = 1");
  database.close();
  rmSync(join(folder, "ledger.mark"));
}

/** What was taken had no file of the job in its key before version 7. Gives the hashes that its rows had. */
function rebuildTaken(database: DatabaseSync): string[] {
  const columns = tables.taken.columns.filter((name) => name !== "job_file");
  const taken = database.prepare(`SELECT ${columns.join(", ")} FROM taken`).all() as Record<string, string | number>[];
  database.exec(`DROP TABLE taken; CREATE TABLE taken (${columns.map((name) => `${name} ANY`).join(", ")}, hash TEXT NOT NULL,
    PRIMARY KEY (job, stream, target_org, object, sha256)) STRICT, WITHOUT ROWID`);
  return taken.map((row) => {
    const values = columns.map((name) => row[name] ?? null);
    const hash = createHash("sha256").update(JSON.stringify(values)).digest("hex");
    database.prepare(`INSERT INTO taken VALUES (${columns.map(() => "?").join(", ")}, ?)`).run(...values, hash);
    return hash;
  });
}

test("a ledger of version 6, whose rows are counted, is read with the same sums", () => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  const [hash = ""] = rebuildTaken(database);
  database.exec("DROP TABLE delivered");
  const digest = BigInt(`0x${hash}`).toString(16);
  const sum = ["taken", "j", "contacts", 1, digest];
  const sumHash = createHash("sha256").update(JSON.stringify(sum)).digest("hex");
  database.prepare("DELETE FROM sums WHERE of IN ('taken', 'delivered')").run();
  database.prepare("INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?)").run(...sum, sumHash);
  database.exec("PRAGMA user_version = 6");
  database.close();
  using ledger = Ledger.open(folder);
  const taken = () => ledger.taken({ job: "j", stream: "contacts", targetOrg: "o", object: "Contact" });
  expect(taken()).toMatchObject([{ jobFile: "", sha256: "ef", run: "r1" }]);
});

test("a watermark of a version that did not write down its source is kept, without one", () => {
  const folder = filledLedger();
  downgrade(folder);
  const columns = ["job", "stream", "source_org", "target_org", "object", "to_time", "run", "seen_file", "pending"];
  const values = ["j", "contacts", "s", "o", "Contact", watermark.to, "r1", null, '["003"]'];
  const hash = createHash("sha256").update(JSON.stringify(values)).digest("hex");
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  database.exec(`CREATE TABLE watermarks (${columns.map((name) => `${name} ANY`).join(", ")}, hash TEXT NOT NULL,
    PRIMARY KEY (job, stream, source_org, target_org, object)) STRICT, WITHOUT ROWID; PRAGMA user_version = 5`);
  database.prepare("INSERT INTO watermarks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(...values, hash);
  database.exec("PRAGMA user_version = 1");
  database.close();
  using ledger = Ledger.open(folder);
  expect(ledger.watermarks(watermark)).toEqual([{ ...watermark, jobFile: "", source: "" }]);
});

test("an upgrade that breaks off leaves the old ledger", () => {
  const folder = filledLedger();
  downgrade(folder);
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  database.exec("UPDATE parts SET bytes = 11");
  database.close();
  for (const _ of [1, 2]) expect(() => Ledger.open(folder)).toThrow("the ledger is damaged: parts r1 contacts 1");
});

test("a ledger of a newer loadline is refused", () => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  database.exec("PRAGMA user_version = 999");
  database.close();
  expect(() => Ledger.open(folder)).toThrow("written by a newer loadline");
});
