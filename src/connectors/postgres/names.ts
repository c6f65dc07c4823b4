// Names of tables, columns and records. Must hold: a name is quoted, never built into SQL as it is, and never cut.

import { countOf } from "../../core/counted.ts";
import { type Place, usageFailure } from "../../core/errors.ts";

/** As SQL quotes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS */
const nameBytesMax = 63;

/** Throws a Failure (2) for what the server would cut, and take for something else of the same beginning. */
export function requireWhole(names: readonly (string | undefined)[], where: Place | undefined): void {
  const long = names.find((name) => name !== undefined && Buffer.byteLength(name) > nameBytesMax);
  if (long === undefined) return;
  throw usageFailure(
    `"${long}" has ${countOf(Buffer.byteLength(long), "byte")}, of which PostgreSQL keeps ${nameBytesMax}`,
    {
      ...(where === undefined ? {} : { where }),
      next: "a shorter name",
    },
  );
}

/** `crm.contacts`, `contacts`, or with quotes where a name has capital letters or dots: `crm."Contact.Old"`. */
export function readTableName(written: string): { schema?: string; table: string } | undefined {
  const part = String.raw`(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))`;
  const found = new RegExp(`^${part}(?:\\.${part})?$`, "u").exec(written.trim());
  if (found === null) return undefined;
  // SQL folds what has no quotes to small letters.
  const read = (quoted: string | undefined, bare: string | undefined) =>
    quoted === undefined ? bare?.toLowerCase() : quoted.replaceAll('""', '"');
  const first = read(found[1], found[2]) ?? "";
  const second = read(found[3], found[4]);
  return second === undefined ? { table: first } : { schema: first, table: second };
}

export function showTableName({ schema, table }: { schema: string; table: string }): string {
  const show = (name: string) => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteName(name));
  return `${show(schema)}.${show(table)}`;
}

/** Text that names a record by its key columns, each SQL. */
export function nameByKey(columns: readonly string[]): string {
  const texts = columns.map((column) => `CAST(${column} AS text)`);
  return texts.length === 1 ? (texts[0] ?? "") : `CAST(jsonb_build_array(${texts.join(", ")}) AS text)`;
}
