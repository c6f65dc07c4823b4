// Where the rows are that were not loaded (docs/design.md §4: rejects/<stream>.csv of the run folder).

import { join } from "node:path";
import { showPath } from "../core/errors.ts";
import type { StreamCounts } from "../core/model.ts";
import type { Line } from "./lines.ts";
import { countOf } from "./numbers.ts";

/** The rejects file of a stream that has any. */
export function rejectsFile(folder: string, stream: { name: string; counts: StreamCounts }): string | undefined {
  const { rejected, failed } = stream.counts;
  return rejected + failed > 0 ? join(folder, "rejects", `${stream.name}.csv`) : undefined;
}

export function rejectsLines(folder: string, streams: readonly { name: string; counts: StreamCounts }[]): Line[] {
  return streams.flatMap((stream): Line[] => {
    const file = rejectsFile(folder, stream);
    const { rejected, failed } = stream.counts;
    return file === undefined
      ? []
      : [[`Rejects: ${countOf(rejected + failed, "row")} in `, { text: showPath(file), whole: true }]];
  });
}
