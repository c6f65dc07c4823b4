// The limit for a comparison: one join of DuckDB, of the delivery as Parquet with the snapshot's CSV, that keeps of every
// record that differs what loadline's plan keeps: key, id, version, before, after, and which fields change.
// Arguments: the delivery, a folder, the snapshot.

import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { identifier, literal } from "../src/core/sql.ts";
import { comparedFields } from "./compare-data.ts";
import { measure } from "./measure.ts";

const [delivery = "", folder = "", snapshot = ""] = process.argv.slice(2);

await measure(async (begin) => {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    memory_limit: "512MB",
    temp_directory: join(folder, "spill"),
    preserve_insertion_order: "false",
  });
  const connection = await instance.connect();
  const names = [...comparedFields.keys()];
  const read = (path: string, columns: string[]) => `read_csv(${literal(path)}, auto_detect = false, header = true,
    columns = {${columns.map((name) => `${identifier(name)}: 'VARCHAR'`).join(", ")}},
    delim = ',', quote = '"', escape = '"', strict_mode = true)`;
  const stage = literal(join(folder, "stage.parquet"));
  await connection.run(`COPY (FROM ${read(delivery, names)}) TO ${stage} (FORMAT parquet, COMPRESSION uncompressed)`);
  begin();
  const differs = (name: string) => `s.${identifier(name)} IS DISTINCT FROM m.${identifier(name)}`;
  const pack = (value: (name: string) => string) =>
    `struct_pack(${names.map((name) => `${identifier(name)} := ${value(name)}`).join(", ")})`;
  const changed = names.map((name) => `CASE WHEN ${differs(name)} THEN ${literal(name)} END`);
  const plan = literal(join(folder, "plan.parquet"));
  await connection.run(`COPY (SELECT s."Contact_No__c" AS key, m."Id" AS id, m."SystemModstamp" AS version,
      ${pack((name) => `m.${identifier(name)}`)} AS before,
      ${pack((name) => `CASE WHEN ${differs(name)} THEN s.${identifier(name)} END`)} AS after,
      string_split(concat_ws(chr(31), ${changed.join(", ")}), chr(31)) AS changed
    FROM ${read(snapshot, ["Id", "SystemModstamp", ...names])} m JOIN read_parquet(${stage}) s USING ("Contact_No__c")
    WHERE ${names.map(differs).join(" OR ")}) TO ${plan} (FORMAT parquet, COMPRESSION snappy)`);
  const counted = await connection.runAndReadAll(`SELECT count(*) AS updates FROM read_parquet(${plan})`);
  return { updates: Number(counted.getRowObjectsJS()[0]?.["updates"]) };
});
