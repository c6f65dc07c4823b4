// What the comparison of twenty fields is measured with: a delivery and what the org holds of it, one record in twenty with
// another phone number, in an order of its own; and the target that answers from that file.

import { join } from "node:path";
import type { Target } from "../src/contract/target.ts";
import type { FieldKind } from "../src/core/model.ts";
import { identifier, literal } from "../src/core/sql.ts";
import { Engine } from "../src/stage/engine.ts";
import { makeField, openSnapshotTarget } from "./snapshot-target.ts";

const texts = Array.from({ length: 10 }, (_, index) => `Text_${index + 1}__c`);
const amounts = ["Amount_1__c", "Amount_2__c", "Amount_3__c", "Amount_4__c"];
const dates = ["Date_1__c", "Date_2__c", "Date_3__c"];

interface ComparedField {
  kind: FieldKind;
  value: string;
}

/** By field of the target, which the delivery's columns are called as well: its kind, and SQL over `i`, the record's number. */
export const comparedFields: ReadonlyMap<string, ComparedField> = new Map<string, ComparedField>([
  ["Contact_No__c", { kind: "text", value: "'C' || lpad(CAST(i AS VARCHAR), 9, '0')" }],
  ["Phone", { kind: "text", value: "'+49 30 ' || (1000000 + i)" }],
  ...texts.map((name, n) => [name, { kind: "text", value: `'value ' || (i % ${977 * (n + 1)})` }] as const),
  ...amounts.map((name, n) => [name, { kind: "number", value: `(i % ${9000 * (n + 1)}) || '.50'` }] as const),
  ...dates.map(
    (name) =>
      [name, { kind: "date", value: "CAST(DATE '2000-01-01' + CAST(i % 9000 AS INTEGER) AS VARCHAR)" }] as const,
  ),
  ["Active__c", { kind: "boolean", value: "CASE WHEN i % 3 = 0 THEN 'false' ELSE 'true' END" }],
]);

/** Prime, so that its multiples visit every record once. */
const stride = 7_368_787;

/**
 * Gives the number of records that differ. `apart`: so many records are only in the delivery, and as many only in the org;
 * they count too.
 */
export async function writeComparedData(folder: string, rows: number, apart = 0): Promise<number> {
  using engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
  const write = (name: string, columns: string[], numbers: string) =>
    engine.run(`COPY (SELECT ${columns.join(", ")} FROM (${numbers}))
      TO ${literal(join(folder, name))} (FORMAT csv, HEADER true)`);
  const columns = [...comparedFields].map(([name, { value }]) => [name, value] as const);
  const shown = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => `${value} AS ${identifier(name)}`);
  await write("contacts.csv", shown(columns), `SELECT range AS i FROM range(${rows})`);
  const held = columns.map(([name, value]) => [name, name === "Phone" ? changedInOneOfTwenty(value) : value] as const);
  const id = ["Id", "'003' || lpad(CAST(i AS VARCHAR), 12, '0') || 'AAA'"] as const;
  const version = ["SystemModstamp", "'2026-01-01T00:00:00.000Z'"] as const;
  const shuffled = `SELECT (range * ${stride}) % ${rows} + ${apart} AS i FROM range(${rows})`;
  await write("snapshot.csv", shown([id, version, ...held]), shuffled);
  return Math.ceil(rows / 20) - Math.ceil(apart / 20) + 2 * apart;
}

function changedInOneOfTwenty(value: string): string {
  return `${value} || CASE WHEN i % 20 = 0 THEN ' x1' ELSE '' END`;
}

export function openComparedTarget(snapshot: string): Target {
  const fields = new Map([...comparedFields].map(([name, { kind }]) => [name, makeField(name, kind)] as const));
  const schema = { object: "Contact", label: "", createable: true, updateable: true, deletable: true, fields };
  return { ...openSnapshotTarget(snapshot), describe: () => Promise.resolve(schema) };
}
