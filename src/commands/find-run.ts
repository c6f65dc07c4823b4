// The runs of a project, of the real systems and of the sandbox, and the one that a person means. In: an id, its
// beginning, `latest`, a job's name. Out: the run and where it is kept. Must hold: what could be two runs is refused.

import { Ledger } from "../checkpoint/ledger.ts";
import { countOf } from "../core/counted.ts";
import { usageFailure } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { type ToldRun, tellRun } from "../pipeline/runs/recovery.ts";
import { type Project, sandboxState } from "./project.ts";

export interface KeptRun extends ToldRun {
  stateFolder: string;
  sandbox: boolean;
}

/** Newest first. */
export function readHistory(project: Project): KeptRun[] {
  return [
    ...readRuns(project.stateFolder).map((run) => ({ ...run, sandbox: false })),
    ...readRuns(sandboxState(project)).map((run) => ({ ...run, sandbox: true })),
  ].sort((left, right) => right.started.localeCompare(left.started));
}

function readRuns(stateFolder: string): Omit<KeptRun, "sandbox">[] {
  if (!Ledger.exists(stateFolder)) return [];
  using ledger = Ledger.open(stateFolder);
  return ledger.runs().map((run) => ({ ...tellRun(stateFolder, run), stateFolder }));
}

const namedMax = 5;

/** Throws a Failure (2) where none is meant, or several. `latest` is the newest that `isMeant`, if one is. */
export function findRun(
  project: Project,
  id: string | undefined,
  job: string | undefined,
  isMeant: (run: KeptRun) => boolean = () => true,
): KeptRun {
  const runs = runsOfJob(readHistory(project), job);
  if (id === undefined && job === undefined) {
    throw usageFailure("which run is to be shown?", {
      next: "loadline show latest, or with an id of loadline runs, or its beginning; --job <name> means the job's last",
    });
  }
  const latest = runs.find(isMeant) ?? runs[0];
  if (latest === undefined) throw usageFailure("there are no runs yet", { next: "loadline runs" });
  if (id === undefined || id === "latest") return latest;
  const exact = runs.find((run) => run.id === id);
  const [found, ...others] = exact === undefined ? runs.filter((run) => run.id.startsWith(id)) : [exact];
  if (found === undefined) {
    const of = job === undefined ? "" : ` of job ${job}`;
    throw usageFailure(`there is no run ${id}${of}`, { next: "loadline runs" });
  }
  if (others.length === 0) return found;
  const all = [found, ...others].map((run) => run.id);
  const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : "";
  throw usageFailure(`${countOf(all.length, "run")} begin with ${id}: ${all.slice(0, namedMax).join(", ")}${more}`, {
    next: "give more of the id",
  });
}

/** Throws a Failure (2) for a job that has never run. */
export function runsOfJob(runs: readonly KeptRun[], job: string | undefined): KeptRun[] {
  if (job === undefined) return [...runs];
  const found = runs.filter((run) => run.job === job);
  if (found.length > 0) return found;
  const jobs = [...new Set(runs.map((run) => run.job))];
  const meant = suggest(job, jobs);
  const known = jobs.length === 0 ? "there are no runs yet" : `jobs with runs: ${jobs.sort().join(", ")}`;
  throw usageFailure(`no job called ${job} has run here`, {
    next: meant === undefined ? known : `did you mean ${meant}?`,
  });
}
