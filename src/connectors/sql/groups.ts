// Rows of a batch, by the columns that they say something of. In: a batch file. Out: groups. Must hold: an empty cell says
// nothing of its column, so that a statement names only the columns of which all its rows say something.

import type { BatchRows } from "../kit/batch-file.ts";
import { idColumn } from "./names.ts";

export interface WrittenColumn<Column> {
  column: Column;
  /** Its place in the batch file. */
  index: number;
}

export interface RowGroup<Column> {
  /** A text of digits. */
  number: string;
  written: readonly WrittenColumn<Column>[];
  /** Their numbers in the batch. */
  rows: readonly number[];
}

export function writtenColumns<Column>(
  columns: ReadonlyMap<string, Column>,
  headers: readonly string[],
): WrittenColumn<Column>[] {
  return headers.flatMap((name, index) => {
    const column = columns.get(name);
    return column === undefined || name === idColumn ? [] : [{ column, index }];
  });
}

export interface GroupedRows<Column> {
  /** Of a row, by its number. */
  groupOf(n: number): string;
  /** Of the rows between two, these included. */
  between(first: number, last: number): RowGroup<Column>[];
}

export function groupRows<Column>(
  columns: ReadonlyMap<string, Column>,
  { headers, rows }: BatchRows,
): GroupedRows<Column> {
  const written = writtenColumns(columns, headers);
  const groups = new Map<string, Omit<RowGroup<Column>, "rows">>();
  const groupOf = rows.map((row) => {
    const said = written.filter(({ index }) => row[index] !== "");
    const name = said.map(({ index }) => index).join(",");
    const group = groups.get(name) ?? { number: String(groups.size), written: said };
    groups.set(name, group);
    return group;
  });
  return {
    groupOf: (n) => groupOf[n]?.number ?? "0",
    between(first, last) {
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      return [...Map.groupBy(numbers, (n) => groupOf[n])].flatMap(([group, own]) =>
        group === undefined ? [] : [{ ...group, rows: own }],
      );
    },
  };
}
