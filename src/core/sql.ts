// Quoting for the SQL that the steps write. Identifiers and values never reach SQL unquoted.

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
