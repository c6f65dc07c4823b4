// Rows of files that are kept beside the ledger, told again among those that a run has left in its files. In: what a run has
// left, a file of kept rows. Out: which are the same. What must hold: two rows are one where all their values agree, column
// by column; of several that are alike as many count as there are.

import type { ClosedRow, Ledger } from "../../checkpoint/ledger.ts";
import { literal } from "../../core/sql.ts";
import type { Engine } from "../../stage/engine.ts";
import { runFolder } from "../run/run-files.ts";
import { readUnloaded } from "./unloaded-rows.ts";

/** A row by its values; a blank is as no value, for a file of rows can't tell them apart. */
export function contentOf(cells: Iterable<readonly [string, string | null]>): string {
  const filled = [...cells].filter(([, value]) => value !== null && value !== "");
  return JSON.stringify(filled.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Ids of rows by their content. */
export type RowsByContent = Map<string, { run: string; row: string }[]>;

/** The rows that a run has left, and those before it whose rows it has taken up, as far as `isWanted`. */
export async function readByContent(
  ledger: Ledger,
  stateFolder: string,
  { run, stream }: { run: string; stream: string },
  isWanted: (run: string, row: string) => boolean,
): Promise<RowsByContent> {
  const found: RowsByContent = new Map();
  for (let one: string | undefined = run; one !== undefined; one = ledger.run(one)?.options.retry?.run) {
    for await (const { id, cells } of readUnloaded(runFolder(stateFolder, one), stream)) {
      if (!isWanted(one, id)) continue;
      const content = contentOf(cells);
      found.set(content, [...(found.get(content) ?? []), { run: one, row: id }]);
    }
  }
  return found;
}

/**
 * Takes out of `rows` those that are in a file of kept rows. Gives their places in it, from 0, and their ids. The file has a
 * row's columns and cells, or, as a part of a run has them, a column each.
 */
export async function takeMatches(
  engine: Engine,
  path: string,
  rows: RowsByContent,
): Promise<{ places: number[]; ids: { run: string; row: string }[] }> {
  const places: number[] = [];
  const ids: { run: string; row: string }[] = [];
  if (rows.size === 0) return { places, ids };
  let place = 0;
  for await (const row of engine.stream(`SELECT * FROM read_parquet(${literal(path)})`)) {
    const ofRow = rows.get(contentOf(cellsOf(row)));
    const one = ofRow?.shift();
    if (one !== undefined) {
      places.push(place);
      ids.push(one);
    }
    place += 1;
  }
  return { places, ids };
}

function cellsOf(row: Record<string, unknown>): [string, string | null][] {
  const { columns, cells } = row as { columns?: unknown; cells?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(cells)) return Object.entries(row) as [string, string | null][];
  return (columns as string[]).map((name, index) => [name, (cells as (string | null)[])[index] ?? null]);
}

/** Rows that a person has dropped, of a run and of those before it whose rows it has taken up. */
export function isDropped(ledger: Ledger, stream: string): (run: string, row: string) => boolean {
  const known = new Map<string, Set<string>>();
  const droppedOf = (run: string) => {
    const of =
      known.get(run) ??
      new Set(
        ledger
          .closedRows(run)
          .filter((one) => isDrop(one, stream))
          .map(({ row }) => row),
      );
    known.set(run, of);
    return of;
  };
  return (run, row) => droppedOf(run).has(row);
}

function isDrop({ by, stream: of }: ClosedRow, stream: string): boolean {
  return by === null && of === stream;
}
