// The state: whether the ledger is all that was written, who is at work on it, and what was left half done.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../../../checkpoint/ledger.ts";
import { holderOf, isLockFree, lockNames } from "../../../checkpoint/lock.ts";
import { showPath } from "../../../core/errors.ts";
import { countOf } from "../../../report/numbers.ts";
import { isResumable } from "../../run/resumable.ts";
import { tellRun } from "../../runs/recovery.ts";
import { type Finding, ok, warning, wrongBy } from "./finding.ts";

/** `of`: for the lines of a second state, that of the sandbox. */
export function lookAtState(stateFolder: string, of = ""): Finding[] {
  if (!existsSync(stateFolder) || !Ledger.exists(stateFolder)) {
    return of === "" ? [ok("ledger", "nothing was run here yet")] : [];
  }
  return [...lookAtLedger(stateFolder, of), ...lookAtLocks(stateFolder, of), ...lookAtLeftovers(stateFolder, of)];
}

function lookAtLedger(stateFolder: string, of: string): Finding[] {
  const check = `ledger${of}`;
  try {
    using ledger = Ledger.open(stateFolder);
    ledger.check();
    const runs = ledger.runs();
    const { commits } = ledger.about;
    const whole = `${countOf(runs.length, "run")}, ${countOf(commits, "transaction")}: every row and every sum is as it was written`;
    const unfinished = runs.filter((run) => isResumable(ledger, run)).map((run) => tellRun(stateFolder, run));
    return [
      ...(ledger.warnings.length > 0
        ? ledger.warnings.map((told) => warning(check, told, "run again: it heals"))
        : [ok(check, whole)]),
      ...unfinished
        .filter(({ status }) => status !== "running")
        .map(({ id, job, status }) =>
          warning(
            `runs${of}`,
            `${id} of job ${job} is unfinished (${status})`,
            `loadline resume ${id} goes on with it, and so does the job's next run; loadline abandon ${id} gives it up`,
          ),
        ),
    ];
  } catch (error) {
    return [wrongBy(check, error, "see docs/operations.md, Backup and restore")];
  }
}

function lookAtLocks(stateFolder: string, of: string): Finding[] {
  const held = lockNames(stateFolder).filter((name) => !isLockFree({ stateFolder, name }));
  if (held.length === 0) return [ok(`locks${of}`, "none is held: no run is at work")];
  return held.map((name) => ok(`locks${of}`, `${name} is held by ${holderOf({ stateFolder, name })}`));
}

function lookAtLeftovers(stateFolder: string, of: string): Finding[] {
  return ["export", "import", "import.done"]
    .map((name) => join(stateFolder, name))
    .filter((path) => existsSync(path))
    .map((path) =>
      warning(
        `state${of}`,
        `${showPath(path)} is left of a state export or import that was killed`,
        "the next export or import clears it away",
      ),
    );
}
