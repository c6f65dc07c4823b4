// Names of tables, columns and records. Must hold: a name is quoted, never built into SQL as it is.

/** As SQL quotes it. No name has a quotation mark in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `crm.contacts`, `contacts`: in capital letters, as Oracle has names that stand in no quotes; crm."Contact Old" as it stands. */
export function readTableName(written: string): { schema?: string; table: string } | undefined {
  const part = String.raw`(?:"([^"]+)"|(\p{L}[\p{L}\p{N}_$#]*))`;
  const found = new RegExp(`^${part}(?:\\.${part})?$`, "u").exec(written.trim());
  if (found === null) return undefined;
  const first = found[1] ?? found[2]?.toUpperCase() ?? "";
  const second = found[3] ?? found[4]?.toUpperCase();
  return second === undefined ? { table: first } : { schema: first, table: second };
}

export function showTableName(schema: string, table: string): string {
  const show = (name: string) => (/^[A-Z][A-Z0-9_$#]*$/.test(name) ? name : quoteName(name));
  return `${show(schema)}.${show(table)}`;
}

/** Text that names a record by its key columns, each SQL. */
export function nameByKey(columns: readonly string[]): string {
  const texts = columns.map((column) => `TO_CHAR(${column})`);
  return texts.length === 1 ? (texts[0] ?? "") : `JSON_ARRAY(${texts.join(", ")} RETURNING VARCHAR2(4000))`;
}

/** Hexadecimal digits that are other ones once one of the columns holds something else. */
export function digestOf(columns: readonly string[]): string {
  const hash = (sql: string) => `RAWTOHEX(STANDARD_HASH(${sql}, 'SHA256'))`;
  return hash(columns.map((column) => `NVL2(${column}, ${hash(column)}, '-')`).join(" || ") || "'-'");
}

export function nameByContent(columns: readonly string[]): string {
  const digest = digestOf(columns);
  return `${digest} || '-' || ROW_NUMBER() OVER (PARTITION BY ${digest} ORDER BY NULL)`;
}
