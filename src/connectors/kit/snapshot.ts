// Present values that come in groups of records, as one file. In: cells as they are read. Out: a snapshot.

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

async function* each(groups: AsyncIterable<string[][]>, onProgress: (rows: number) => void): AsyncGenerator<string[]> {
  let rows = 0;
  for await (const group of groups) {
    yield* group;
    rows += group.length;
    onProgress(rows);
  }
}
