// Quoting for the SQL that the steps write. Identifiers and values never reach SQL unquoted.

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A statement ends at a NUL, so that one in a value would cut it: it is written by its number. */
export function literal(value: string): string {
  const quoted = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return quoted.length === 1 ? (quoted[0] ?? "") : `(${quoted.join(" || chr(0) || ")})`;
}
