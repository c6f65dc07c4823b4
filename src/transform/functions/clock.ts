// The time that expressions see: when the run started, so that a resumed run maps alike.

import type { OwnFunction } from "../own-function.ts";

export const clockFunctions: readonly OwnFunction[] = [
  {
    name: "now",
    signature: "now()",
    does: "when the run started; a run that is resumed keeps it. Also `current_timestamp`",
    examples: [{ call: "now()", gives: "2026-01-31 08:00:00+00" }],
    macro: ({ start }) => `() AS ${start}`,
  },
  {
    name: "today",
    signature: "today()",
    does: "that day in the job's `timezone`. Also `current_date`",
    examples: [{ call: "today()", gives: "2026-01-31" }],
    macro: ({ today }) => `() AS ${today}`,
  },
  ...["get_current_timestamp", "current_timestamp"].map(
    (name): OwnFunction => ({
      name,
      signature: `${name}()`,
      does: "the same as `now()`",
      examples: [{ call: `${name}()`, gives: "2026-01-31 08:00:00+00" }],
      macro: ({ start }) => `() AS ${start}`,
    }),
  ),
  {
    name: "current_date",
    signature: "current_date()",
    does: "the same as `today()`",
    examples: [{ call: "current_date()", gives: "2026-01-31" }],
    macro: ({ today }) => `() AS ${today}`,
  },
];
