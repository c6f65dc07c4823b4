// Names of tables, columns and records. Must hold: a name is quoted, never built into SQL as it is.

/** As SQL quotes it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** `crm.contacts`, `contacts`, or with backticks where a name has blanks or dots: crm.`Contact.Old`. */
export function readTableName(written: string): { schema?: string; table: string } | undefined {
  const part = String.raw`(?:\x60((?:[^\x60]|\x60\x60)+)\x60|([\w$\u0080-\uffff]+))`;
  const found = new RegExp(`^${part}(?:\\.${part})?$`, "u").exec(written.trim());
  if (found === null) return undefined;
  const first = found[1]?.replaceAll("``", "`") ?? found[2] ?? "";
  const second = found[3]?.replaceAll("``", "`") ?? found[4];
  return second === undefined ? { table: first } : { schema: first, table: second };
}

export function showTableName(schema: string, table: string): string {
  const show = (name: string) => (/^[A-Za-z_][\w$]*$/.test(name) ? name : quoteName(name));
  return `${show(schema)}.${show(table)}`;
}

/** Text that names a record by its key columns, each SQL of text. */
export function nameByKey(columns: readonly string[]): string {
  const texts = columns.map((column) => `CONVERT(CAST(${column} AS CHAR) USING utf8mb4)`);
  const name = texts.length === 1 ? (texts[0] ?? "") : `CONVERT(JSON_ARRAY(${texts.join(", ")}) USING utf8mb4)`;
  return `${name} COLLATE utf8mb4_bin`;
}

/** Hexadecimal digits that are other ones once one of the columns holds something else, NULL or another text. */
export function digestOf(columns: readonly string[]): string {
  const parts = columns.map((column) => `COALESCE(SHA1(${column}), '-')`);
  return `SHA1(CONCAT(${parts.join(", ")}))`;
}

export function nameByContent(columns: readonly string[]): string {
  const digest = digestOf(columns);
  return `CONCAT(${digest}, '-', ROW_NUMBER() OVER (PARTITION BY ${digest}))`;
}
