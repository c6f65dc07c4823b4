// Parquet as a source. Its columns become text as those of every other file: what an expression sees does not depend on
// how the sender's tool guessed types. Times are ISO 8601, what is nested becomes JSON text. Many writers leave away the
// mark that says that bytes are text (Impala, older Spark and Hive: the annotation STRING, or UTF8,
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md): bytes that are UTF-8 are text, others refuse
// their row.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Part } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import { numberText } from "../values/number.ts";
import { type Engine, EngineError } from "./engine.ts";
import { type BrokenRecord, brokenMax, lineColumn } from "./record-copy.ts";

interface File {
  path: string;
  label: string;
}

/** As open-part.ts hands it on. */
interface ParquetText {
  scan: string;
  broken: BrokenRecord[];
  remarks: ReadonlyMap<string, string>;
}

/** Their names. */
export async function readParquetColumns(engine: Engine, file: File): Promise<string[]> {
  return (await describe(engine, file)).names;
}

/**
 * The rows whose columns are text: a table function with all columns as VARCHAR and, in `lineColumn`, the number of the
 * record, from 1, or the line that a part of mended rows knows of each. Throws a Failure where a column is of a type that
 * would not come through as it is.
 */
export async function readParquetText(
  engine: Engine,
  part: File & Partial<Pick<Part, "columns">>,
): Promise<ParquetText> {
  const { types, fields } = await describe(engine, part);
  // Where the part does not list it among its own, it is the column of lines that mended rows have.
  const knowsLines = types.has(lineColumn) && part.columns?.includes(lineColumn) !== true;
  if (knowsLines) types.delete(lineColumn);
  refuseInexact(part, types, fields);
  const columns = [...types].map(([name, type]) => `${showAsText(identifier(name), type)} AS ${identifier(name)}`);
  const number = knowsLines ? identifier(lineColumn) : `file_row_number + 1 AS ${identifier(lineColumn)}`;
  const file = `read_parquet(${literal(part.path)}, file_row_number = true)`;
  const bytes = [...types].filter(([, type]) => type === "BLOB").map(([name]) => name);
  const broken = await findBinary(engine, file, [...types.keys()], bytes);
  const isText = broken.length === 0 ? "" : ` WHERE NOT (${bytes.map(isBinary).join(" OR ")})`;
  return {
    scan: `(SELECT ${[number, ...columns].join(", ")} FROM ${file}${isText})`,
    broken,
    remarks: describeFine(fields),
  };
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

/** A value of a file's schema, by the column that it is in. */
interface ParquetField {
  column: string;
  type: string;
  logicalType: string;
  precision: number;
}

async function readSchema(engine: Engine, path: string): Promise<Schema> {
  const rows = await engine.all(`SELECT name, coalesce(type, '') AS type, coalesce(num_children, 0) AS children,
      coalesce(logical_type, '') AS logical, coalesce(precision, 0) AS precision
    FROM parquet_schema(${literal(path)}) ORDER BY column_id`);
  const names: string[] = [];
  const fields: ParquetField[] = [];
  // A tree written down from the root on, each branch before what is on it: how many are still to come, level by level.
  const open = [Number(rows[0]?.["children"] ?? 0)];
  for (const row of rows.slice(1)) {
    while (open.at(-1) === 0) open.pop();
    if (open.length === 1) names.push(String(row["name"]));
    open.push((open.pop() ?? 0) - 1);
    const children = Number(row["children"]);
    if (children > 0) open.push(children);
    else {
      const [type, logicalType] = [String(row["type"]), String(row["logical"])];
      fields.push({ column: names.at(-1) ?? "", type, logicalType, precision: Number(row["precision"]) });
    }
  }
  return { names, fields };
}

/** The engine reads decimals of more digits as doubles, and shows bytes inside of other values by escapes. */
function refuseInexact({ label }: File, types: ReadonlyMap<string, string>, fields: readonly ParquetField[]): void {
  const refuse = (column: string, what: string): never => {
    throw new Failure(exitCode.failed, `the column "${column}" holds ${what}, which can't be read as they are`, {
      where: { file: label },
      next: "have the sender write the column as text",
    });
  };
  for (const [name, type] of types) if (isNested(type) && type.includes("BLOB")) refuse(name, "bytes in nested values");
  for (const { column, precision } of fields) if (precision > 38) refuse(column, "decimals of more than 38 digits");
}

/**
 * The engine reads these to the microsecond, and a look at the file does not tell whether more is in them: INT96 of older
 * Spark, Hive and Impala, and nanoseconds of a time of day or in UTC, which pandas writes
 * (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#temporal-types).
 */
function describeFine(fields: readonly ParquetField[]): Map<string, string> {
  const fine = fields.filter(
    ({ type, logicalType }) =>
      type === "INT96" ||
      (logicalType.includes("NANOS=NanoSeconds") && /^TimeType|isAdjustedToUTC=1/.test(logicalType)),
  );
  return new Map(
    fine.map(({ column, type }) => [
      column,
      `"${column}" holds times in nanoseconds${type === "INT96" ? " (INT96)" : ""}: they are read to the microsecond, and what is beyond it is left out`,
    ]),
  );
}

interface Schema {
  /** Of the columns, as the file has them. */
  names: string[];
  /** All values, those inside of nested columns too. */
  fields: ParquetField[];
}

interface Description extends Schema {
  /** Of the engine, by the name that it gives a column: of two that differ in case only, it gives one another name. */
  types: Map<string, string>;
}

/** Throws a Failure where it is none, or where names can't be told apart. */
async function describe(engine: Engine, file: File): Promise<Description> {
  const description = await readDescription(engine, file);
  const seen = new Map<string, string>();
  for (const name of description.names) {
    const known = seen.get(name.toLowerCase());
    if (name.trim() !== "" && known === undefined) seen.set(name.toLowerCase(), name);
    else {
      const what = known === undefined ? "a column has no name" : `"${name}" and "${known}" are one column to loadline`;
      throw new Failure(exitCode.failed, what, {
        where: { file: file.label },
        next: "correct the file: which one is meant can't be guessed",
      });
    }
  }
  return description;
}

async function readDescription(engine: Engine, { path, label }: File): Promise<Description> {
  try {
    const rows = await engine.all(`DESCRIBE SELECT * FROM read_parquet(${literal(path)}, file_row_number = true)`);
    const types = new Map(rows.slice(0, -1).map((row) => [String(row["column_name"]), String(row["column_type"])]));
    return { types, ...(await readSchema(engine, path)) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new Failure(exitCode.failed, "the file can't be read as Parquet", {
      where: { file: label },
      why: error.said.split("\n")[0] ?? error.said,
      next: "check that this is the right file and that it is complete",
    });
  }
}

/** The engine runs in UTC. */
function showAsText(column: string, type: string): string {
  const text = `CAST(${column} AS VARCHAR)`;
  // A list of times has the name of a time in its own.
  if (isNested(type)) return `CAST(to_json(${column}) AS VARCHAR)`;
  // A whole number has no point: pandas makes doubles of ids where one is missing.
  if (type === "DOUBLE" || type === "FLOAT") return `coalesce(${numberText(text)}, ${text})`;
  if (type === "TIMESTAMP WITH TIME ZONE") return `regexp_replace(replace(${text}, ' ', 'T'), '\\+00$', 'Z')`;
  if (type.startsWith("TIMESTAMP")) return `replace(${text}, ' ', 'T')`;
  // What is left of bytes is text.
  if (type === "BLOB") return `TRY(decode(${column}))`;
  return text;
}

function isNested(type: string): boolean {
  return /^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type);
}
