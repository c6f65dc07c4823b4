// Who follows a run from its beginning to its end.

import type { Emit } from "../report/events.ts";
import type { RunSummary } from "../report/summary.ts";

export interface Follower {
  /** As a warning names it. */
  name: string;
  consume: Emit;
  /** Once the run has ended. Throws a Failure where it could not be told. */
  tell(summary: RunSummary): Promise<void>;
}
