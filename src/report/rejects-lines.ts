// Where the rows are that were not loaded (docs/design.md §4): files beside each other in the run folder, one a stream.

import { join } from "node:path";
import { showPath } from "../core/errors.ts";
import type { StreamCounts } from "../core/model.ts";
import type { Line } from "./lines.ts";
import { countOf } from "./numbers.ts";

export type RowFileKind = "rejects" | "conflicts" | "unmatched" | "duplicates";

export interface RowFile {
  kind: RowFileKind;
  rows: number;
  path: string;
}

interface CountedStream {
  name: string;
  counts: StreamCounts;
}

/** The files of a stream that name rows which were not loaded. */
export function rowFiles(folder: string, { name, counts }: CountedStream): RowFile[] {
  const kinds: [RowFileKind, number][] = [
    ["rejects", counts.rejected + counts.failed],
    ["conflicts", counts.conflicts],
    ["unmatched", counts.unmatched],
    ["duplicates", counts.duplicates],
  ];
  return kinds.flatMap(([kind, rows]) => (rows > 0 ? [{ kind, rows, path: join(folder, kind, `${name}.csv`) }] : []));
}

const titles: Record<RowFileKind, string> = {
  rejects: "Rejects",
  conflicts: "Conflicts",
  unmatched: "Unmatched",
  duplicates: "Duplicates",
};

export function titleOf({ kind }: Pick<RowFile, "kind">): string {
  return titles[kind];
}

/** `folder` is null for a plan that came in a file, which has these files. */
export function rejectsLines(folder: string | null, streams: readonly CountedStream[]): Line[] {
  return streams.flatMap((stream) =>
    rowFiles(folder ?? "", stream).map((file): Line => {
      const rows = `${titleOf(file)}: ${countOf(file.rows, "row")}`;
      return folder === null
        ? [`${rows}, kept in the plan's file`]
        : [`${rows} in `, { text: showPath(file.path), whole: true }];
    }),
  );
}
