// How DuckDB reads a CSV part without losing or changing a value: every cell as text, nothing sniffed, a null string that
// can't occur so that an empty cell stays "". What it can't read strictly it must report, never skip.

import type { Part } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import { type CsvFormat, plainCsv, recordBytesMax } from "../formats/format.ts";

/** Measured: left alone, a limit of 4 MB a record makes buffers of 128 MB, which 2 threads share badly (15 % slower). */
const bufferBytes = 16 << 20;

/** One is enough to read the part record by record; all of them could be millions. */
const rejectsMax = 10;

/**
 * No cell is taken for NULL. With any mark at all the engine passes over empty cells beyond the header's (`1,Smith, John,`
 * of three columns, where a comma without quotes has moved the others), without a word; with none it refuses the record.
 */
const noNull = "CAST([] AS VARCHAR[])";

/** Of our own copies, and those of a database: an empty cell without quotes is NULL, one with quotes is an empty text. */
const emptyIsNull = "''";

/** A table function that yields the part's rows, all columns VARCHAR, in the order of the file. */
export function scanCsv(part: Pick<Part, "path" | "columns" | "compressed">, format: CsvFormat): string {
  return scan(literal(part.path), part.columns, part.compressed, format);
}

/** A copy that we wrote ourselves: in `plainCsv`, all values in quotes, nothing at all for NULL. */
export function scanOwnCopy(path: string, columns: readonly string[]): string {
  return scan(literal(path), columns, false, plainCsv, { nulls: emptyIsNull });
}

/** The column that says which of several files a row is of. */
export const fileColumn = "loadline:file";

/** Several parts with the same columns, in this order, each row with the path of its file in `fileColumn`. */
export function scanCsvParts(parts: readonly Pick<Part, "path" | "columns">[], format: CsvFormat): string {
  const [first] = parts;
  const paths = `[${parts.map(({ path }) => literal(path)).join(", ")}]`;
  return scan(paths, first?.columns ?? [], false, format, { more: `, filename = ${literal(fileColumn)}` });
}

/** Files of a remote or of our own writing: UTF-8, comma, LF, all with the same columns. */
export function scanCsvFiles(paths: readonly string[], columns: readonly string[]): string {
  const nulls = columns.map((column) => `CAST(NULL AS VARCHAR) AS ${identifier(column)}`).join(", ");
  if (paths.length === 0) return `(SELECT ${nulls} LIMIT 0)`;
  return scan(`[${paths.map(literal).join(", ")}]`, columns, false, plainCsv);
}

function scan(
  path: string,
  names: readonly string[],
  compressed: boolean,
  format: CsvFormat,
  { more = "", nulls = format.tellsNull === true ? emptyIsNull : noNull }: { more?: string; nulls?: string } = {},
): string {
  const columns = names.map((column) => `${literal(column)}: 'VARCHAR'`).join(", ");
  return `read_csv(${path}, auto_detect = false, header = ${format.columns === undefined}, columns = {${columns}},
    delim = ${literal(format.delimiter)}, quote = ${literal(format.quote)}, escape = ${literal(format.quote)},
    strict_mode = true, null_padding = false, nullstr = ${nulls}, allow_quoted_nulls = false,
    max_line_size = ${recordBytesMax}, buffer_size = ${bufferBytes}, compression = ${literal(compressed ? "gzip" : "none")}, store_rejects = true,
    rejects_limit = ${rejectsMax}${more})`;
}
