// The shape of `guards`.

import { closedMap, count, percent, threshold } from "./schema-parts.ts";

export const guards = closedMap({
  changed: threshold
    .describe(
      "Records changed at most. Default: three times the most of the last ten runs, once there are five; no limit before.",
    )
    .optional(),
  deletes: threshold.describe("Records deleted at most. Default: 0 in mode mirror, otherwise no limit.").optional(),
  creates: threshold
    .describe(
      "Records created at most. Default: three times the most of the last ten runs, once there are five; no limit before.",
    )
    .optional(),
  source_rows_min: count.describe("Rows that each source has at least. Default: no limit.").optional(),
  blanked: threshold
    .describe(
      "Values of one field at most that become blank, or give way to one and the same value: a share of the values that the field has in the records that the source names, or a number. Default: 20%, from five values on.",
    )
    .optional(),
  source_rows_min_vs_last: percent
    .describe(
      "Rows that a whole source has at least, as a share of the median of the last ten runs. Default: 50%, from ten rows on.",
    )
    .optional(),
});
