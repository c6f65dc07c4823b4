// Oracle without a server: statements to the letter, types, values as they are stored, and what a driver does to them. No server
// for it is to be had; docs/connectors.md says so.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBatchRows } from "../../src/connectors/kit/batch-file.ts";
import { descriptorOf } from "../../src/connectors/oracle/client.ts";
import { dialect } from "../../src/connectors/oracle/dialect.ts";
import type { OracleTable } from "../../src/connectors/oracle/fields.ts";
import { nameByKey, readTableName } from "../../src/connectors/oracle/names.ts";
import { renderField } from "../../src/connectors/oracle/render.ts";
import { OracleSession } from "../../src/connectors/oracle/session.ts";
import { readableType } from "../../src/connectors/oracle/types.ts";
import { deleteOf, insertOf, stageBatch, updateOf } from "../../src/connectors/oracle/write.ts";
import type { Batch } from "../../src/contract/write.ts";
import { numberType } from "../../src/values/number.ts";
import { storedReading } from "../../src/values/value.ts";
import { Rig } from "../stage/rig.ts";
import { renderedBy } from "../support/rendered.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const column = (name: string, form: string, size = 0) => [name, { name, form, size, isNumbered: false }] as const;
const table = {
  table: { owner: "CRM", relation: "PEOPLE", name: "CRM.PEOPLE", quoted: '"CRM"."PEOPLE"', label: "PEOPLE" },
  key: ["ID"],
  columns: new Map([
    column("ID", "number"),
    column("NAME", "text"),
    column("CODE", "padded", 5),
    column("BORN", "date"),
    column("SEEN", "instant"),
  ]),
  constraints: new Map([["UQ_CODE", ["CODE"]]]),
} as unknown as OracleTable;

const written = (name: string, index: number) => ({ column: table.columns.get(name) as never, index });
const byId = { columns: [table.columns.get("ID") as never] };

test("statements name what is sent, with a value for each of its row", () => {
  expect(updateOf(table, [written("NAME", 1), written("SEEN", 3)], byId)).toBe(
    `UPDATE "CRM"."PEOPLE" t SET t."NAME" = :c1, t."SEEN" = FROM_TZ(TO_TIMESTAMP(:c3, 'YYYY-MM-DD"T"HH24:MI:SS.FF'), '+00:00') WHERE t."ID" = TO_NUMBER(:k0)`,
  );
  expect(insertOf(table, [written("CODE", 0), written("BORN", 1)])).toBe(
    `INSERT INTO "CRM"."PEOPLE" t ("CODE", "BORN") VALUES (CAST(:c0 AS CHAR(5 CHAR)), TO_DATE(:c1, 'YYYY-MM-DD"T"HH24:MI:SS'))`,
  );
  expect(insertOf(table, [])).toBe(`INSERT INTO "CRM"."PEOPLE" t ("ID") VALUES (DEFAULT)`);
  expect(deleteOf(table, byId)).toBe(`DELETE FROM "CRM"."PEOPLE" t WHERE t."ID" = TO_NUMBER(:k0)`);
  expect(nameByKey(['q."A"', 'q."B"'])).toBe(`JSON_ARRAY(TO_CHAR(q."A"), TO_CHAR(q."B") RETURNING VARCHAR2(4000))`);
  expect(dialect.boundInstant("from")).toBe(`TO_TIMESTAMP(SUBSTR(:loadline_from, 1, 19), 'YYYY-MM-DD"T"HH24:MI:SS')`);
  expect(readTableName('crm."Contact Old"')).toEqual({ schema: "CRM", table: "Contact Old" });
});

test("the server is spoken to by TLS, with its name verified, but on this machine; no name is a part of the descriptor", () => {
  const place = { file: "connections.yaml", line: 1, column: 1 };
  const address = { host: "db.acme.example", port: 2484, database: "crm.acme" };
  expect(descriptorOf(address, place as never)).toBe(
    "(DESCRIPTION=(CONNECT_TIMEOUT=30)(ADDRESS=(PROTOCOL=TCPS)(HOST=db.acme.example)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=crm.acme))(SECURITY=(SSL_SERVER_DN_MATCH=YES)))",
  );
  expect(descriptorOf({ ...address, host: "localhost" }, place as never)).toContain("(PROTOCOL=TCP)(HOST=localhost)");
  expect(() => descriptorOf({ ...address, host: "a)(SECURITY=(SSL_SERVER_DN_MATCH=NO" }, place as never)).toThrow();
});

test("types come to their last digit, or are refused with what to write", () => {
  const read = (dbTypeName: string, precision?: number, scale?: number) => {
    const type = readableType({
      name: "C",
      dbTypeName,
      ...(precision === undefined ? {} : { precision }),
      ...(scale === undefined ? {} : { scale }),
    });
    return "refused" in type ? type.refused : `${type.type}: ${type.select?.("q.C") ?? "q.C"}`;
  };
  expect(read("NUMBER", 10, 2)).toBe("DECIMAL(10, 2): q.C");
  expect(read("NUMBER", 12, 0)).toBe("BIGINT: q.C");
  expect(read("NUMBER", 0, -127)).toBe(`${numberType}: q.C`);
  expect(read("DATE")).toBe("TIMESTAMP: LTRIM(TO_CHAR(q.C, 'SYYYY-MM-DD HH24:MI:SS'))");
  expect(read("TIMESTAMP WITH LOCAL TIME ZONE")).toBe(
    "TIMESTAMP WITH TIME ZONE: LTRIM(TO_CHAR(SYS_EXTRACT_UTC(q.C), 'SYYYY-MM-DD HH24:MI:SS.FF9')) || '+00'",
  );
  expect(read("INTERVAL DAY TO SECOND")).toBe("is of type INTERVAL DAY TO SECOND, which has no text that is sure");
});

test("what a column would round, and an empty text, are refused by name", async () => {
  const render = renderedBy(rig, renderField);
  const datetime = (vendorType: string) => ({ vendorType, kind: "datetime" as const });
  expect(await render(datetime("DATE"), "2026-01-02T03:04:05.5")).toContain("finer than the seconds");
  expect(await render(datetime("DATE"), "2026-01-02T03:04:05")).toEqual("2026-01-02T03:04:05.000000");
  expect(await render(datetime("TIMESTAMP(3) WITH TIME ZONE"), "2026-01-02T03:04:05.123456Z")).toContain(
    "3 digits of a second",
  );
  const tellsEmpty = { ...storedReading, tellsEmpty: true as const };
  expect(await render({ vendorType: "VARCHAR2(20)" }, "", tellsEmpty)).toContain("Oracle would store NULL");
});

type Many = { statement: string; rows: readonly Record<string, unknown>[] };

function openSession(answers: {
  rows?: (sql: string) => unknown[][];
  names?: string[];
  errors?: (sql: string) => object[];
}) {
  const many: Many[] = [];
  const groups = [[["1", 0.1, Buffer.from("a1", "hex")]], [["2", null, null]], []];
  const connection = {
    execute: async (sql: string, _binds: object, options?: { resultSet?: boolean }) =>
      options?.resultSet === true
        ? {
            resultSet: {
              metaData: [{ name: "N" }, { name: "D" }, { name: "B" }],
              getRows: async () => groups.shift() ?? [],
              close: async () => undefined,
            },
          }
        : { rows: answers.rows?.(sql) ?? [], metaData: (answers.names ?? []).map((name) => ({ name })) },
    executeMany: async (statement: string, rows: readonly Record<string, unknown>[]) => {
      many.push({ statement, rows });
      return { dmlRowCounts: rows.map(() => 1), batchErrors: answers.errors?.(statement) ?? [] };
    },
  };
  const driver = {
    STRING: { name: "STRING" },
    BUFFER: { name: "BUFFER" },
    CLOB: { name: "CLOB" },
    OUT_FORMAT_ARRAY: 1,
  };
  return { session: new OracleSession(driver as never, connection as never), many };
}

test("rows are copied in groups; bytes are their digits, doubles are written in full", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "loadline-")), "part.csv");
  const { session } = openSession({});
  expect(await session.copyOut("SELECT 1", path, new AbortController().signal)).toMatchObject({ rows: 2 });
  expect(readFileSync(path, "utf8")).toBe('"N","D","B"\n"1","0.1","a1"\n"2",,\n');
});

test("an upsert changes what is there and makes the others; a row that is refused costs no other, and what is no row's ends it", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "loadline-")), "batch.csv");
  writeFileSync(path, "CODE,NAME,SEEN\na,∅,2026-01-02T03:04:05.000000Z\nb,␀,\nc,x,\n");
  let asked = 0;
  const refusal = { offset: 1, errorNum: 1, message: "ORA-00001: unique constraint (CRM.UQ_CODE) violated" };
  const { session, many } = openSession({
    names: ["n", "id"],
    rows: () => {
      asked += 1;
      return asked === 1 ? [["0", "10"]] : [["1", "11"]];
    },
    errors: (sql) => (sql.startsWith("INSERT") ? [Object.assign(new Error(refusal.message), refusal)] : []),
  });
  const batch = { object: "CRM.PEOPLE", operation: "upsert", externalId: "CODE", path, rows: 3 } as Batch;
  const write = await stageBatch(session, table, batch, readBatchRows(path));
  const results = await write(0, 2);
  expect(results.sort((one, other) => one.n - other.n)).toEqual([
    { n: 0, id: "10", created: false },
    { n: 1, id: "11", created: true },
    { n: 2, error: { code: "ORA-00001", message: refusal.message, fields: ["CODE"] } },
  ]);
  expect(many.map(({ statement, rows }) => [statement.split(" ")[0], rows])).toEqual([
    ["UPDATE", [{ c1: "", c2: "2026-01-02T03:04:05.000000", k0: "a" }]],
    [
      "INSERT",
      [
        { c0: "b", c1: null },
        { c0: "c", c1: "x" },
      ],
    ],
  ]);
  const full = openSession({
    names: ["n", "id"],
    errors: () => [Object.assign(new Error("ORA-01653"), { offset: 0, errorNum: 1653 })],
  });
  const insert = await stageBatch(full.session, table, { ...batch, operation: "upsert" }, readBatchRows(path));
  await expect(insert(0, 2)).rejects.toThrow("ORA-01653");
});
