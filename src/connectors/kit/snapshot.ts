// Present values that come in groups of records, as one file, and records that are told by their ids alone. In: cells as they
// are read. Out: a snapshot, or a file of one column.

import { join } from "node:path";
import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import { writeRecordFile } from "../../core/record-file.ts";

/** `groups`: of rows, which have a cell for each column. */
export async function saveSnapshot(
  { folder, name, onProgress }: Pick<SnapshotRequest, "folder" | "name" | "onProgress">,
  columns: readonly string[],
  groups: AsyncIterable<string[][]>,
  how: string,
): Promise<Snapshot> {
  const path = join(folder, `${name}-00001.csv`);
  return { files: [path], rows: await writeRecordFile(path, columns, each(groups, onProgress)), how };
}

/** Of records that are gone. */
export async function saveIds(path: string, idColumn: string, ids: Iterable<string>): Promise<void> {
  await writeRecordFile(path, [idColumn], inRows(ids));
}

function* inRows(ids: Iterable<string>): Generator<string[]> {
  for (const id of ids) yield [id];
}

async function* each(groups: AsyncIterable<string[][]>, onProgress: (rows: number) => void): AsyncGenerator<string[]> {
  let rows = 0;
  for await (const group of groups) {
    yield* group;
    rows += group.length;
    onProgress(rows);
  }
}
