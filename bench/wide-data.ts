// The data of the wide benchmark, made by the engine: a delivery of sixty columns, what the org holds of its records (one
// in ten with another phone number), and the users, accounts and regions that its rows name.

import { join } from "node:path";
import type { FieldKind } from "../src/core/model.ts";
import { identifier, literal } from "../src/core/sql.ts";
import { Engine } from "../src/stage/engine.ts";

interface WideField {
  kind: FieldKind;
  /** The column of the delivery that it is mapped from, and its value, SQL over `i`, the number of the row. */
  column: string;
  value: string;
  /** What the org holds, where that is written differently. */
  stored?: string;
}

const text = (column: string, value: string, stored = value): WideField => ({ kind: "text", column, value, stored });

const numbered = (count: number, make: (n: number) => readonly [string, WideField]) =>
  Array.from({ length: count }, (_, index) => make(index + 1));

/** By target field, in the order of the map. */
export const wideFields: ReadonlyMap<string, WideField> = new Map<string, WideField>([
  ["Contact_No__c", text("contact_no", "'C' || i")],
  ["FirstName", text("first_name", "['Ann', 'Bob', 'Zoë', 'Max'][1 + i % 4]")],
  ["LastName", text("last_name", "['Smith', 'Müller', 'van der Berg'][1 + i % 3]")],
  ["Email", text("email", "'p' || i || '@example.com'")],
  [
    "Phone",
    text("phone", "'+49 30 ' || (1000000 + i)", "'+49 30 ' || (1000000 + i + CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END)"),
  ],
  ["Description", text("notes", "'note of ' || i")],
  ["Amount__c", { kind: "number", column: "revenue", value: "(i % 90000) || '.5'" }],
  [
    "Birthdate",
    { kind: "date", column: "birthdate", value: "CAST(DATE '1950-01-01' + CAST(i % 18000 AS INTEGER) AS VARCHAR)" },
  ],
  ["Active__c", { kind: "boolean", column: "active", value: "'yes'", stored: "'true'" }],
  ...numbered(
    25,
    (n) =>
      [
        `Text_${n}__c`,
        text(
          `t${n}`,
          n === 19 ? "['red', 'green', 'blue', 'black'][1 + i % 4]" : `'V${n} ' || (i % ${97 * n})`,
          n % 2 === 0 && n !== 19 ? `upper('V${n} ' || (i % ${97 * n}))` : undefined,
        ),
      ] as const,
  ),
  ...numbered(
    12,
    (n) =>
      [
        `Number_${n}__c`,
        {
          kind: "number",
          column: `n${n}`,
          value: `CAST(i % ${1000 * n} AS VARCHAR)`,
          // As Salesforce writes a double.
          stored: `(i % ${1000 * n}) || '.0'`,
        },
      ] as const,
  ),
  ...numbered(
    6,
    (n) =>
      [
        `Date_${n}__c`,
        { kind: "date", column: `d${n}`, value: `CAST(DATE '2000-01-0${n}' + CAST(i % 9000 AS INTEGER) AS VARCHAR)` },
      ] as const,
  ),
  ...numbered(
    3,
    (n) => [`Flag_${n}__c`, { kind: "boolean", column: `b${n}`, value: "'yes'", stored: "'true'" }] as const,
  ),
  ["Country__c", text("country", "'C' || (i % 200)", "'Country ' || (i % 200)")],
  ["Status__c", text("status", "'s' || (i % 30)", "CASE WHEN i % 30 % 2 = 1 THEN 'open' ELSE 'closed' END")],
  [
    "OwnerId",
    {
      kind: "reference",
      column: "rep",
      value: "'rep' || (i % 500) || '@example.com'",
      stored: "'005' || lpad(CAST(i % 500 AS VARCHAR), 12, '0') || 'AAA'",
    },
  ],
  ["Account.Account_No__c", text("account_no", "'A' || (i % 20000)")],
  ["Region__r.Region_No__c", text("region_no", "'R' || (i % 300)")],
]);

export const wideFiles = { User: "users.csv", Account: "accounts.csv", Region__c: "regions.csv" } as const;

/** Writes all files into a folder. Gives the number of changed records. */
export async function writeWideData(folder: string, rows: number): Promise<number> {
  using engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
  await engine.prepareFor(4_000_000_000);
  const write = (name: string, select: string) =>
    engine.run(`COPY (${select}) TO ${literal(join(folder, name))} (FORMAT csv, HEADER true)`);
  const source = [...wideFields.values()].map(({ column, value }) => `${value} AS ${identifier(column)}`);
  await write("contacts.csv", `SELECT ${source.join(", ")} FROM range(${rows}) t(i)`);
  const held = [...wideFields].map(([name, { value, stored = value }]) => `${stored} AS ${identifier(name)}`);
  const version = "'2026-01-01T00:00:00.000Z' AS SystemModstamp";
  const id = (prefix: string) => `'${prefix}' || lpad(CAST(i AS VARCHAR), 12, '0') || 'AAA' AS Id`;
  await write("snapshot.csv", `SELECT ${id("003")}, ${version}, ${held.join(", ")} FROM range(${rows}) t(i)`);
  await write(
    wideFiles.User,
    `SELECT ${id("005")}, ${version}, 'rep' || i || '@example.com' AS Email FROM range(500) t(i)`,
  );
  await write(wideFiles.Account, `SELECT ${id("001")}, ${version}, 'A' || i AS Account_No__c FROM range(20000) t(i)`);
  await write(wideFiles.Region__c, `SELECT ${id("a01")}, ${version}, 'R' || i AS Region_No__c FROM range(300) t(i)`);
  return Math.ceil(rows / 10);
}
