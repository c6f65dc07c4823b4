// Quoting for the SQL that the steps write. Identifiers and values never reach SQL unquoted.

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A statement ends at a NUL, so that one in a value would cut it: it is written by its number. */
export function literal(value: string): string {
  const quoted = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return quoted.length === 1 ? (quoted[0] ?? "") : `(${quoted.join(" || chr(0) || ")})`;
}

/** Marks as constants: `chr(13)` is a function that each statement binds and computes, a tenth of what long ones cost. */
export const lineFeed = "E'\\n'";
export const carriageReturn = "E'\\r'";

/**
 * A value, or NULL where computing it fails. In a struct: what stands in TRY itself, or in a branch of a CASE there, and is a
 * COALESCE gives other rows' values and crashes the process (measured, DuckDB 1.5.5: of 20,000 rows 9,564 wrong). An
 * argument of a function is computed apart, and right.
 */
export function tried(sql: string): string {
  return `struct_extract(TRY(struct_pack(v := (${sql}\n))), 'v')`;
}
