// SQL Server without a server: statements to the letter, types, values as they are stored, and what a driver does to them. No
// server for it is to be had; docs/connectors.md says so.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { markedWrites } from "../../src/connectors/sql/write.ts";
import { rowversionCounter } from "../../src/connectors/sqlserver/counter.ts";
import { dialect } from "../../src/connectors/sqlserver/dialect.ts";
import type { SqlserverTable } from "../../src/connectors/sqlserver/fields.ts";
import { nameByKey, readTableName } from "../../src/connectors/sqlserver/names.ts";
import { isNamed } from "../../src/connectors/sqlserver/present.ts";
import { staysWithin } from "../../src/connectors/sqlserver/reading.ts";
import { renderField } from "../../src/connectors/sqlserver/render.ts";
import type { SqlserverSession } from "../../src/connectors/sqlserver/session.ts";
import { readableType } from "../../src/connectors/sqlserver/types.ts";
import { insertOf, updateOf } from "../../src/connectors/sqlserver/write.ts";
import type { Batch } from "../../src/contract/write.ts";
import type { ObjectSource } from "../../src/job/job.ts";
import { Rig } from "../stage/rig.ts";
import { renderedBy } from "../support/rendered.ts";
import { openFake, serverError } from "./fake.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const table = {
  table: { id: "7", name: "dbo.people", quoted: "[dbo].[people]", label: "people" },
  key: ["id"],
  columns: new Map([
    ["id", { name: "id", word: "int", declared: "int", collation: null }],
    ["name", { name: "name", word: "nvarchar", declared: "nvarchar(20)", collation: "Latin1_General_CI_AS" }],
    ["code", { name: "code", word: "varchar", declared: "varchar(5)", collation: "Latin1_General_CI_AS" }],
    ["seen", { name: "seen", word: "datetimeoffset", declared: "datetimeoffset(3)", collation: null }],
  ]),
  constraints: new Map([["uq_code", ["code"]]]),
} as unknown as SqlserverTable;

const written = (name: string, index: number) => ({ column: table.columns.get(name) as never, index });
const one = (sql: string) => sql.replaceAll(/\s+/g, " ");

test("statements name what is sent, find a row by its code units, and leave alone what is so already", () => {
  expect(one(updateOf(table, { written: [written("seen", 2)] }, isNamed(table, "s.c0")))).toBe(
    "UPDATE t SET t.[seen] = CASE WHEN s.c2 = N'␀' THEN NULL ELSE TRY_CONVERT(datetimeoffset(3), s.c2) END" +
      " FROM #loadline_rows s JOIN [dbo].[people] t ON t.[id] = TRY_CONVERT(int, s.c0) WHERE s.n BETWEEN @p1 AND @p2 AND s.g = @p3" +
      " AND (NOT EXISTS (SELECT t.[seen] INTERSECT SELECT CASE WHEN s.c2 = N'␀' THEN NULL ELSE TRY_CONVERT(datetimeoffset(3), s.c2) END))",
  );
  expect(one(insertOf(table, { written: [written("id", 0)] }))).toBe(
    "MERGE INTO [dbo].[people] t USING (SELECT s.n, CASE WHEN s.c0 = N'␀' THEN NULL ELSE TRY_CONVERT(int, s.c0) END AS v0" +
      " FROM #loadline_rows s WHERE s.n BETWEEN @p1 AND @p2 AND s.g = @p3) r ON 1 = 0 WHEN NOT MATCHED THEN INSERT ([id]) VALUES (r.v0)" +
      " OUTPUT r.n, CONVERT(nvarchar(max), CONVERT(nvarchar(max), inserted.[id])) COLLATE Latin1_General_100_BIN2 INTO #loadline_made (n, id);",
  );
  expect(insertOf(table, { written: [] })).toContain("THEN INSERT DEFAULT VALUES");
  const byCode = isNamed({ ...table, key: ["code"] }, "s.c0");
  expect(byCode).toBe(
    "t.[code] = CONVERT(varchar(max), (s.c0) COLLATE Latin1_General_CI_AS) AND CONVERT(varbinary(max), CONVERT(nvarchar(max), t.[code])) = CONVERT(varbinary(max), CONVERT(varchar(max), (s.c0) COLLATE Latin1_General_CI_AS))",
  );
  expect(nameByKey(["q.[a]", "q.[b]"])).toBe(
    `CONCAT(N'["', STRING_ESCAPE(CONVERT(nvarchar(max), q.[a]), 'json'), N'","', STRING_ESCAPE(CONVERT(nvarchar(max), q.[b]), 'json'), N'"]') COLLATE Latin1_General_100_BIN2`,
  );
  expect(dialect.instantText("q.[at]")).toBe(
    "LEFT(REPLACE(CONVERT(nvarchar(40), CONVERT(datetime2(7), SWITCHOFFSET(q.[at], '+00:00')), 121), N' ', N'T'), 26) + N'Z'",
  );
});

test("types come to their last digit, or are refused with what to write", () => {
  const read = (shown: string) => {
    const type = readableType("c", shown);
    return "refused" in type ? type.refused : `${type.type}: ${type.select?.("q.c") ?? "q.c"}`;
  };
  expect(read("bigint")).toBe("BIGINT: CONVERT(nvarchar(max), q.c)");
  expect(read("decimal(38,10)")).toBe("DECIMAL(38, 10): CONVERT(nvarchar(max), q.c)");
  expect(read("money")).toBe("DECIMAL(19, 4): CONVERT(nvarchar(40), q.c, 2)");
  expect(read("float")).toBe("DOUBLE: q.c");
  expect(read("bit")).toBe("BOOLEAN: CASE q.c WHEN 1 THEN N'true' WHEN 0 THEN N'false' END");
  expect(read("datetime2(7)")).toBe("TIMESTAMP: CONVERT(nvarchar(40), q.c, 121)");
  expect(read("datetimeoffset(7)")).toBe(
    "TIMESTAMP WITH TIME ZONE: CONVERT(nvarchar(40), CONVERT(datetime2(7), SWITCHOFFSET(q.c, '+00:00')), 121) + N'+00'",
  );
  expect(read("varbinary(max)")).toBe("VARCHAR: LOWER(CONVERT(nvarchar(max), CONVERT(varbinary(max), q.c), 2))");
  expect(read("geography")).toBe("is of type geography, which has no text that is sure");
  expect(readTableName("crm.[Old ]]Contact]")).toEqual({ schema: "crm", table: "Old ]Contact" });
});

test("a query or a filter that leaves its brackets is no query: the server takes several statements for one", () => {
  const query = (text: string) => staysWithin(`SELECT * FROM (${text}\n) q`);
  expect(query("SELECT ')' AS a, [)] AS b, \"(\" AS c /* ) /* */ ) */ FROM t -- )")).toBe(true);
  expect(staysWithin("SELECT * FROM [dbo].[a(]]b] t WHERE (name = ')'\n)")).toBe(true);
  for (const text of [
    "SELECT 1 a) q; DELETE FROM t; SELECT * FROM (SELECT 1 a",
    "SELECT 1 a) q DELETE FROM t SELECT * FROM (SELECT 1 a",
    "SELECT 1 a /* ) q DELETE FROM t",
    "SELECT 'a",
    "SELECT 1 a) q WHERE (1 = 1) DELETE FROM t WHERE (1 = 1",
  ]) {
    expect(query(text), text).toBe(false);
  }
});

test("what a column would round is refused by name", async () => {
  const field = (vendorType: string, kind: "datetime" | "text" | "number" = "datetime") => ({ vendorType, kind });
  const render = renderedBy(rig, renderField);
  expect(await render(field("datetime"), "2026-01-02T03:04:05.123")).toEqual("2026-01-02T03:04:05.123000");
  expect(await render(field("datetime"), "2026-01-02T03:04:05.124")).toContain("its milliseconds end with 0, 3 or 7");
  expect(await render(field("datetime"), "1752-12-31T00:00:00")).toContain("1753-01-01");
  expect(await render(field("smalldatetime"), "2026-01-02T03:04:05")).toContain("finer than the minutes");
  expect(await render(field("smalldatetime"), "2026-01-02T03:04:00")).toEqual("2026-01-02T03:04:00.000000");
  expect(await render(field("datetimeoffset(3)"), "2026-01-02T03:04:05.123456Z")).toContain("3 digits of a second");
  expect(await render(field("datetime2(6)"), "2026-01-02T03:04:05Z")).toContain(
    "is an instant, and the column has no zone",
  );
  expect(await render(field("uniqueidentifier", "text"), "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}")).toEqual(
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  );
});

test("cursor: rowversion goes by the table's own column, whatever it is called, and begins anew where the database counts from less", async () => {
  let column: string | undefined = "rowversion";
  const session = {
    rows: async (sql: string) =>
      sql.includes("MIN_ACTIVE_ROWVERSION")
        ? [{ first: "00000000000007D1" }]
        : sql.includes("TYPE_ID")
          ? column === undefined
            ? []
            : [{ name: column }]
          : [{ id: "7", schema: "dbo", table: "people", kind: "U " }],
  } as unknown as SqlserverSession;
  const place = { file: "job.yaml", line: 1, column: 1 };
  const source = { object: "people", place, incremental: { cursor: "rowversion", place } } as unknown as ObjectSource;
  expect(await rowversionCounter.countRows(session, source)).toEqual({
    version: "CONVERT(nvarchar(16), CONVERT(binary(8), q.[rowversion]), 2)",
    within: "CONVERT(binary(8), q.[rowversion]) >= CONVERT(binary(8), @loadline_first, 2)",
  });
  expect(await rowversionCounter.readPosition(session, source, "00000000000007D0")).toEqual({ to: "00000000000007D1" });
  expect((await rowversionCounter.readPosition(session, source, "00000000000007D2")).lost).toContain("it was restored");
  column = undefined;
  await expect(rowversionCounter.countRows(session, source)).rejects.toThrow("has no column of type rowversion");
});

const signIn = { server: "S", name: "crm", version: "15.0.1", snapshots: "1", admin: "0", login: "etl" };

test("rows are copied as they come, in a snapshot, and no more than a thousand are held; one that breaks is no part", async () => {
  const all = Array.from({ length: 2500 }, (_, n) => ({ id: String(n), f: 1e21, t: n === 7 ? null : 'a"b' }));
  const broken = [...all.slice(0, 1200), { fails: serverError(8180, "Statement(s) could not be prepared.") }];
  let rows: readonly Record<string, unknown>[] = all;
  const { client, log, pauses } = openFake((sql) => {
    if (sql.includes("@@SERVERNAME")) return [signIn];
    return sql.startsWith("SELECT id") ? rows : undefined;
  });
  await client.connect();
  const path = join(mkdtempSync(join(tmpdir(), "loadline-")), "part.csv");
  const signal = new AbortController().signal;
  const copy = () => client.transact("read", (session) => session.copyOut("SELECT id", path, signal));
  expect((await copy()).rows).toBe(2500);
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines.slice(0, 2)).toEqual(['"id","f","t"', '"0","1000000000000000000000","a""b"']);
  expect(lines[8]).toBe('"7","1000000000000000000000",');
  expect(lines).toHaveLength(2502);
  expect(pauses()).toBeGreaterThan(1);
  expect(log).toContain("BEGIN 5");
  rows = broken;
  await expect(
    client.transact("read", (session) => session.copyOut("SELECT id", path, AbortSignal.timeout(60_000))),
  ).rejects.toThrow();
});

test("a batch and its mark are one transaction; a row that is refused is found by halves, and told without its value", async () => {
  const made = new Set<string>();
  const { client, log, loaded } = openFake((sql, values) => {
    const [first = "", last = ""] = [String(values["p1"] ?? ""), String(values["p2"] ?? "")];
    if (sql.includes("@@SERVERNAME")) return [signIn];
    if (sql.startsWith("MERGE")) {
      for (let n = Number(first); n <= Number(last); n += 1) {
        if (n === 2)
          return serverError(
            2627,
            "Violation of UNIQUE KEY constraint 'uq_code'. Cannot insert duplicate key in object 'dbo.people'. The duplicate key value is (secret).",
          );
        if (n !== 1) made.add(String(n));
      }
    }
    if (sql.startsWith("DELETE FROM #loadline_made")) made.clear();
    if (sql.startsWith("SELECT CONVERT(nvarchar(10), n) AS n, id")) return [...made].map((n) => ({ n, id: `k${n}` }));
    if (sql.startsWith("SELECT CONVERT(nvarchar(10), s.n) AS n FROM") && sql.includes("s.c1 IS NOT NULL"))
      return [{ n: "1" }];
    return undefined;
  });
  await client.connect();
  const folder = mkdtempSync(join(tmpdir(), "loadline-"));
  const at = (name: string) => join(folder, name);
  writeFileSync(at("batch.csv"), "id,code\n1,a\n2,ж\n3,secret\n4,\n");
  const files = { succeeded: at("good.csv"), failed: at("bad.csv"), unprocessed: at("none.csv") };
  const batch = { object: "dbo.people", operation: "insert", path: at("batch.csv"), rows: 4 } as Batch;
  await markedWrites(client, dialect, async () => table).write("m1", batch, files, new AbortController().signal);
  expect(loaded).toEqual([
    [0, 0, "1", "a"],
    [1, 0, "2", "ж"],
    [2, 0, "3", "secret"],
    [3, 1, "4", null],
  ]);
  const said = log.slice(log.findIndex((line) => line.startsWith("DROP TABLE IF EXISTS #loadline_rows")));
  expect(
    said
      .filter((line) => /SAVE|ROLLBACK|^MERGE|loadline_batch|COMMIT/.test(line))
      .map((line) => line.replace(/^(MERGE|INSERT INTO dbo.loadline_batch).*<- /s, "$1 ")),
  ).toEqual([
    "SAVE TRANSACTION loadline_rows",
    "MERGE 0 | 3 | 0",
    "ROLLBACK TRANSACTION loadline_rows",
    "SAVE TRANSACTION loadline_rows",
    "MERGE 0 | 1 | 0",
    "SAVE TRANSACTION loadline_rows",
    "MERGE 2 | 3 | 0",
    "ROLLBACK TRANSACTION loadline_rows",
    "SAVE TRANSACTION loadline_rows",
    "MERGE 2 | 2 | 0",
    "ROLLBACK TRANSACTION loadline_rows",
    "SAVE TRANSACTION loadline_rows",
    "MERGE 3 | 3 | 1",
    expect.stringMatching(/^INSERT INTO dbo.loadline_batch m1 \| [0-9a-f]+$/),
    "COMMIT",
  ]);
  const bad = readFileSync(files.failed, "utf8");
  expect(bad).toContain("which does not hold the value");
  expect(bad).toContain("uq_code");
  expect(bad).not.toContain("(secret)");
  expect(readFileSync(files.succeeded, "utf8")).toContain('"k3","true","4"');
});
