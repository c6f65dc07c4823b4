// The limit to quote against: DuckDB reads the delivery and writes it again, in any order, and does nothing else.
// Arguments: the delivery, a folder.

import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { identifier, literal } from "../src/core/sql.ts";
import { contactColumns } from "./contacts.ts";
import { measure } from "./measure.ts";

const [delivery = "", folder = ""] = process.argv.slice(2);

await measure(async () => {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    memory_limit: "512MB",
    preserve_insertion_order: "false",
  });
  const connection = await instance.connect();
  const columns = contactColumns.map((name) => `${identifier(name)}: 'VARCHAR'`).join(", ");
  const scan = `read_csv(${literal(delivery)}, auto_detect = false, header = true, columns = {${columns}},
    delim = ',', quote = '"', escape = '"', strict_mode = true)`;
  await connection.run(`COPY (FROM ${scan}) TO ${literal(join(folder, "plain.csv"))} (FORMAT csv, HEADER)`);
  return {};
});
