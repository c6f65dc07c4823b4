// The limits for a truth pass, in plain DuckDB over the same two files: what reading all of their columns takes, and a full
// outer join of them that writes each difference down. Arguments: the delivery, a folder, the snapshot, `read` or `join`.

import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { identifier, literal } from "../src/core/sql.ts";
import { comparedFields } from "./compare-data.ts";
import { measure } from "./measure.ts";

const [delivery = "", folder = "", snapshot = "", what = "join"] = process.argv.slice(2);
const key = identifier("Contact_No__c");

await measure(async (begin) => {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    memory_limit: "800MB",
    temp_directory: join(folder, "spill"),
    preserve_insertion_order: "false",
  });
  const connection = await instance.connect();
  const names = [...comparedFields.keys()];
  const read = (path: string, columns: string[]) => `read_csv(${literal(path)}, auto_detect = false, header = true,
    columns = {${columns.map((name) => `${identifier(name)}: 'VARCHAR'`).join(", ")}},
    delim = ',', quote = '"', escape = '"', strict_mode = true)`;
  const present = read(snapshot, ["Id", "SystemModstamp", ...names]);
  begin();
  if (what === "read") {
    for (const file of [read(delivery, names), present])
      await connection.run(`SELECT ${names.map((name) => `max(${identifier(name)})`).join(", ")} FROM ${file}`);
    return {};
  }
  const differs = (name: string) => `s.${identifier(name)} IS DISTINCT FROM m.${identifier(name)}`;
  const drift = literal(join(folder, "drift.csv"));
  const pairs = names.map(
    (name) => `CASE WHEN ${differs(name)} THEN
    {field: ${literal(name)}, source: s.${identifier(name)}, target: m.${identifier(name)}} END`,
  );
  await connection.run(`COPY (SELECT key, kind, unnest(CASE WHEN kind = 'different' THEN list_filter(pairs, lambda p: p IS NOT NULL)
      ELSE [{field: 'Id', source: NULL, target: id}] END, recursive := true)
    FROM (SELECT coalesce(s.${key}, m.${key}) AS key, m."Id" AS id,
      CASE WHEN m.${key} IS NULL THEN 'onlySource' WHEN s.${key} IS NULL THEN 'onlyTarget' ELSE 'different' END AS kind, [${pairs.join(", ")}] AS pairs
      FROM ${present} m FULL OUTER JOIN ${read(delivery, names)} s ON s.${key} = m.${key}
      WHERE ${names.map(differs).join(" OR ")})) TO ${drift} (FORMAT csv, HEADER true)`);
  const counted = await connection.runAndReadAll(
    `SELECT count(DISTINCT key) AS found FROM read_csv(${drift}, header = true, all_varchar = true)`,
  );
  return { updates: Number(counted.getRowObjectsJS()[0]?.["found"]) };
});
