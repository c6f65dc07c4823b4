// A project that lies elsewhere than it did. A folder is an org of its own, by its path: what is known of folders in the
// project is of the same folders in its new place.

import { sep } from "node:path";
import { type TableName, tables } from "../ledger-schema.ts";
import type { Cells, Table } from "../table.ts";

/** The columns that hold an org. */
const orgColumns = ["org", "source_org", "target_org"];

/** In a transaction. `from` and `to`: the project's folder, absolute. */
export function moveOrgs(table: (name: TableName) => Table, from: string, to: string): void {
  if (from === to) return;
  const move = (cell: Cells[string]) =>
    typeof cell === "string" && (cell === from || cell.startsWith(`${from}${sep}`))
      ? `${to}${cell.slice(from.length)}`
      : cell;
  for (const name of Object.keys(tables) as TableName[]) {
    const columns = tables[name].columns.filter((column) => orgColumns.includes(column));
    if (columns.length === 0) continue;
    for (const row of table(name).find({})) {
      const moved = { ...row, ...Object.fromEntries(columns.map((column) => [column, move(row[column] ?? null)])) };
      if (columns.every((column) => moved[column] === row[column])) continue;
      table(name).delete(row);
      table(name).put(moved);
    }
  }
}
