// Ledgers of older versions: read, checked, made ones of this version.

import { createHash } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { tables } from "../../src/checkpoint/ledger-schema.ts";
import { type DatabaseSync, openSqlite } from "../../src/core/sqlite.ts";
import { batch, filledLedger, shapeOwner, stream, temporaryFolder, watermark } from "./filled-ledger.ts";

test("a ledger of the first version is read, and its damage is noticed", () => {
  const folder = filledLedger();
  downgrade(folder);
  const damagedFolder = temporaryFolder();
  cpSync(folder, damagedFolder, { recursive: true });
  using ledger = Ledger.open(folder);
  expect(ledger.batches("r1")).toEqual([batch]);
  expect(ledger.streams("r1")).toEqual([{ ...stream, aggregates: [], measured: null, found: null }]);
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
    ["streams", ["writes", "partial", "notes", "stops", "aggregates", "shape", "measured_of", "measured", "found"]],
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

test("a ledger of version 8 gets the stops, aggregates, shapes, measures and found files of streams, and its rows are counted anew", () => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  const added = ["stops", "aggregates", "shape", "measured_of", "measured", "found"];
  for (const column of added) database.exec(`ALTER TABLE streams DROP COLUMN ${column}`);
  database.exec("DROP TABLE shapes");
  const row = database.prepare("SELECT * FROM streams").get() as Record<string, string | number | null>;
  const hashOf = (values: unknown) => createHash("sha256").update(JSON.stringify(values)).digest("hex");
  const hash = hashOf(tables.streams.columns.slice(0, -added.length).map((name) => row[name] ?? null));
  database.prepare("UPDATE streams SET hash = ?").run(hash);
  const sum = ["streams", "r1", "", 1, BigInt(`0x${hash}`).toString(16)];
  database.prepare("DELETE FROM sums WHERE of IN ('streams', 'shapes')").run();
  database.prepare("INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?)").run(...sum, hashOf(sum));
  database.exec("PRAGMA user_version = 8");
  database.close();
  for (const _ of ["upgraded", "as it is"]) {
    using ledger = Ledger.open(folder);
    expect(ledger.streams("r1")).toEqual([{ ...stream, aggregates: [], measured: null, found: null }]);
    expect(ledger.shape(shapeOwner)).toBeUndefined();
  }
});

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

test("files of a ledger of version 7 lie where its state folder is, also once that has moved", () => {
  const folder = filledLedger();
  const database = openSqlite(join(folder, "ledger.db"), { synchronous: "OFF" });
  for (const [table, column, path] of [
    ["batches", "path", join(folder, "runs/r1/batches/1.csv")],
    ["streams", "plan", join(folder, "runs/r1/plan/contacts.parquet")],
    ["runs", "job_file", join(folder, "../jobs/j.yaml")],
  ] as const) {
    setCell(database, table, column, path);
  }
  database.exec("PRAGMA user_version = 7");
  database.close();
  Ledger.open(folder)[Symbol.dispose]();
  const moved = temporaryFolder();
  cpSync(folder, moved, { recursive: true });
  using ledger = Ledger.open(moved);
  expect(ledger.batches("r1")[0]?.path).toBe(join(moved, "runs/r1/batches/1.csv"));
  expect(ledger.streams("r1")[0]?.plan).toBe(join(moved, "runs/r1/plan/contacts.parquet"));
  expect(ledger.run("r1")?.jobFile).toBe(join(moved, "../jobs/j.yaml"));
  expect(ledger.parts("r1", "contacts")[0]?.path).toBe("/x/part-00001.csv");
});

/** Changes the one row of a table, as that of another path: with its hash, and the sum of its group. */
function setCell(database: DatabaseSync, table: "batches" | "streams" | "runs", column: string, value: string): void {
  const row = database.prepare(`SELECT * FROM ${table}`).get() as Record<string, string | number | null>;
  const hashOf = (values: unknown[]) => createHash("sha256").update(JSON.stringify(values)).digest("hex");
  const hash = hashOf(tables[table].columns.map((name) => (name === column ? value : (row[name] ?? null))));
  database.prepare(`UPDATE ${table} SET ${column} = ?, hash = ?`).run(value, hash);
  const sum = database.prepare("SELECT of, first, second, row_count FROM sums WHERE of = ?").get(table);
  const values = [...Object.values(sum ?? {}), BigInt(`0x${hash}`).toString(16)];
  database.prepare("UPDATE sums SET digest = ?, hash = ? WHERE of = ?").run(String(values[4]), hashOf(values), table);
}

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
