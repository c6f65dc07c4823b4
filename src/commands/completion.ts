// What completion knows of the project that a person works in. Must hold: it never fails and opens nothing for writing but
// what reading wants; without a project it knows nothing.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../checkpoint/ledger.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import type { Globals } from "./globals.ts";
import { findProjectIfAny, sandboxState } from "./project.ts";

interface Candidate {
  value: string;
  description: string;
}

const runsMax = 50;

/** The newest first. */
export function knownRuns(globals: Globals): readonly Candidate[] {
  return orNothing(() => {
    const { project } = findProjectIfAny(globals);
    const runs = [project.stateFolder, sandboxState(project)]
      .filter((folder) => Ledger.exists(folder))
      .flatMap((folder) => {
        using ledger = Ledger.open(folder);
        return ledger.runs();
      });
    const newest = runs.sort((left, right) => right.started.localeCompare(left.started)).slice(0, runsMax);
    return newest.map(({ id, status, job }) => ({ value: id, description: `${status} ${job}` }));
  });
}

export function knownConnections(globals: Globals): readonly Candidate[] {
  return orNothing(() => {
    const file = join(findProjectIfAny(globals).project.folder, "connections.yaml");
    if (!existsSync(file)) return [];
    return [...readProjectConnections(file, {}).values()].map(({ name, type }) => ({ value: name, description: type }));
  });
}

/** A person who types is not to be told of failures. */
function orNothing(read: () => Candidate[]): Candidate[] {
  try {
    return read();
  } catch {
    return [];
  }
}
