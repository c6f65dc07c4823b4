// Names of tables, columns and records. Must hold: a name is quoted, never built into SQL as it is; texts are compared by their
// code units: collations call others equal, 'a' and 'A', 'a' and 'a '.

/** As SQL quotes it. */
export function quoteName(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}

/** `crm.contacts`, `contacts`, or in brackets where a name has blanks or dots: crm.[Contact.Old]. */
export function readTableName(written: string): { schema?: string; table: string } | undefined {
  const part = String.raw`(?:\[((?:[^\]]|\]\])+)\]|([\p{L}_@#][\p{L}\p{N}_@#$]*))`;
  const found = new RegExp(`^${part}(?:\\.${part})?$`, "u").exec(written.trim());
  if (found === null) return undefined;
  const first = found[1]?.replaceAll("]]", "]") ?? found[2] ?? "";
  const second = found[3]?.replaceAll("]]", "]") ?? found[4];
  return second === undefined ? { table: first } : { schema: first, table: second };
}

export function showTableName(schema: string, table: string): string {
  const show = (name: string) => (/^[A-Za-z_][\w$]*$/.test(name) ? name : quoteName(name));
  return `${show(schema)}.${show(table)}`;
}

export const binary = "COLLATE Latin1_General_100_BIN2";

const asText = (sql: string) => `CONVERT(nvarchar(max), ${sql})`;

/** Text that names a record by its key columns, each SQL of text. */
export function nameByKey(columns: readonly string[]): string {
  const [first = "''", ...others] = columns.map(asText);
  if (others.length === 0) return `${first} ${binary}`;
  const parts = [first, ...others].map((text) => `STRING_ESCAPE(${text}, 'json')`);
  return `CONCAT(N'["', ${parts.join(`, N'","', `)}, N'"]') ${binary}`;
}

/** Hexadecimal digits that are other ones once one of the columns holds something else, NULL or another text. */
export function digestOf(columns: readonly string[]): string {
  const hash = (sql: string) => `CONVERT(varchar(64), HASHBYTES('SHA2_256', ${sql}), 2)`;
  const parts = columns.map((column) => hash(asText(column)));
  return hash(`CONCAT('', ${parts.join(", '-', ")})`);
}

export function nameByContent(columns: readonly string[]): string {
  const digest = digestOf(columns);
  return `CONCAT(${digest}, '-', ROW_NUMBER() OVER (PARTITION BY ${digest} ORDER BY (SELECT NULL)))`;
}
