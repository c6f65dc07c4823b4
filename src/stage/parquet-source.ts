// Parquet as a source. Its columns become text as those of every other file: what an expression sees does not depend on
// how the sender's tool guessed types. Times are ISO 8601, what is nested becomes JSON text. Many writers leave away the
// mark that says that bytes are text (Impala, older Spark and Hive: the annotation STRING, or UTF8,
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md): bytes that are UTF-8 are text, others refuse
// their row.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { identifier, literal } from "../core/sql.ts";
import { type Engine, EngineError } from "./engine.ts";
import { type BrokenRecord, brokenMax, lineColumn } from "./record-copy.ts";

interface File {
  path: string;
  label: string;
}

/** Throws a Failure where it is none, or where names can't be told apart. */
export async function readParquetColumns(engine: Engine, file: File): Promise<string[]> {
  return [...(await describe(engine, file)).keys()];
}

/**
 * The rows whose columns are text: a table function with all columns as VARCHAR and the number of the record, from 1, in
 * `lineColumn`. Throws a Failure where a column is of a type that would not come through as it is.
 */
export async function readParquetText(engine: Engine, part: File): Promise<{ scan: string; broken: BrokenRecord[] }> {
  const types = await describe(engine, part);
  await refuseInexact(engine, part, types);
  const columns = [...types].map(([name, type]) => `${showAsText(identifier(name), type)} AS ${identifier(name)}`);
  const number = `file_row_number + 1 AS ${identifier(lineColumn)}`;
  const file = `read_parquet(${literal(part.path)}, file_row_number = true)`;
  const bytes = [...types].filter(([, type]) => type === "BLOB").map(([name]) => name);
  const broken = await findBinary(engine, file, [...types.keys()], bytes);
  const isText = broken.length === 0 ? "" : ` WHERE NOT (${bytes.map(isBinary).join(" OR ")})`;
  return { scan: `(SELECT ${[number, ...columns].join(", ")} FROM ${file}${isText})`, broken };
}

function isBinary(column: string): string {
  const name = identifier(column);
  return `(${name} IS NOT NULL AND TRY(decode(${name})) IS NULL)`;
}

async function findBinary(
  engine: Engine,
  file: string,
  columns: readonly string[],
  bytes: readonly string[],
): Promise<BrokenRecord[]> {
  if (bytes.length === 0) return [];
  const marks = bytes.map((name) => `CASE WHEN ${isBinary(name)} THEN ${literal(name)} END`);
  const cells = columns.map((name) => `coalesce(CAST(${identifier(name)} AS VARCHAR), '')`);
  const rows = engine.stream(`SELECT file_row_number + 1 AS line, coalesce(${[...marks, "NULL"].join(", ")}) AS name,
      [${cells.join(", ")}] AS cells FROM ${file} WHERE ${bytes.map(isBinary).join(" OR ")} LIMIT ${brokenMax + 1}`);
  const broken: BrokenRecord[] = [];
  for await (const { line, name, cells } of rows) {
    const reason = `"${String(name)}" holds bytes that are no text in UTF-8`;
    broken.push({ line: Number(line), reason, cells: cells as string[] });
  }
  return broken;
}

/** The engine reads decimals of more digits as doubles, and shows bytes inside of other values by escapes. */
async function refuseInexact(engine: Engine, { path, label }: File, types: ReadonlyMap<string, string>): Promise<void> {
  const refuse = (column: string, what: string): never => {
    throw new Failure(exitCode.failed, `the column "${column}" holds ${what}, which can't be read as they are`, {
      where: { file: label },
      next: "have the sender write the column as text",
    });
  };
  for (const [name, type] of types) if (isNested(type) && type.includes("BLOB")) refuse(name, "bytes in nested values");
  const wide = await engine.all(`SELECT name FROM parquet_schema(${literal(path)}) WHERE precision > 38`);
  for (const { name } of wide) refuse(String(name), "decimals of more than 38 digits");
}

async function describe(engine: Engine, { path, label }: File): Promise<Map<string, string>> {
  try {
    const rows = await engine.all(`DESCRIBE SELECT * FROM read_parquet(${literal(path)}, file_row_number = true)`);
    return new Map(rows.slice(0, -1).map((row) => [String(row["column_name"]), String(row["column_type"])]));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new Failure(exitCode.failed, "the file can't be read as Parquet", {
      where: { file: label },
      why: error.message.split("\n")[0] ?? error.message,
      next: "check that this is the right file and that it is complete",
    });
  }
}

/** The engine runs in UTC. */
function showAsText(column: string, type: string): string {
  const text = `CAST(${column} AS VARCHAR)`;
  if (type === "TIMESTAMP WITH TIME ZONE") return `regexp_replace(replace(${text}, ' ', 'T'), '\\+00$', 'Z')`;
  if (type.startsWith("TIMESTAMP")) return `replace(${text}, ' ', 'T')`;
  // What is left of bytes is text.
  if (type === "BLOB") return `TRY(decode(${column}))`;
  return isNested(type) ? `CAST(to_json(${column}) AS VARCHAR)` : text;
}

function isNested(type: string): boolean {
  return /^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type);
}
