// The shape of `guards`.

import { closedMap, count, threshold } from "./schema-parts.ts";

export const guards = closedMap({
  changed: threshold.describe("Records changed at most. Default: no limit.").optional(),
  deletes: threshold.describe("Records deleted at most. Default: 0 in mode mirror, otherwise no limit.").optional(),
  creates: threshold.describe("Records created at most. Default: no limit.").optional(),
  source_rows_min: count.describe("Rows that each source has at least. Default: no limit.").optional(),
});
