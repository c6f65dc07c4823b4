// The end of a run, as those hear of it that are told beside who asked for it.

import type { EndedRun, RunRequest } from "../pipeline/runs/runs.ts";
import type { Globals } from "./globals.ts";

export interface EndOfRun {
  globals: Globals;
  request: RunRequest;
  ended: EndedRun;
  /** By connection: the org that it answered with. */
  orgs: ReadonlyMap<string, string>;
}
