// Parquet as a source. Its columns become text as those of every other file: what an expression sees does not depend on
// how the sender's tool guessed types. Times are ISO 8601, what is nested becomes JSON text.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { identifier, literal } from "../core/sql.ts";
import { type Engine, EngineError } from "./engine.ts";
import { lineColumn } from "./record-copy.ts";

interface File {
  path: string;
  label: string;
}

/** Throws a Failure where it is none, or where names can't be told apart. */
export async function readParquetColumns(engine: Engine, file: File): Promise<string[]> {
  return [...(await describe(engine, file)).keys()];
}

/** A table function with all columns as VARCHAR and the number of the record, from 1, in `lineColumn`. */
export async function scanParquetText(engine: Engine, part: File): Promise<string> {
  const types = await describe(engine, part);
  const columns = [...types].map(([name, type]) => `${showAsText(identifier(name), type)} AS ${identifier(name)}`);
  const number = `file_row_number + 1 AS ${identifier(lineColumn)}`;
  return `(SELECT ${[number, ...columns].join(", ")} FROM read_parquet(${literal(part.path)}, file_row_number = true))`;
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
  return /^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type) ? `CAST(to_json(${column}) AS VARCHAR)` : text;
}
