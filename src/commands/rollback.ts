// loadline rollback: takes back what a run wrote. In: the run. Out: the plan that undoes it; with `--yes` that plan written.
// Must hold: the run that is taken back has come to its end, and its files are there; what it did is never guessed.

import { existsSync } from "node:fs";
import type { Recipients } from "../checkpoint/carry/plan-seal.ts";
import { Ledger, type RollbackOptions } from "../checkpoint/ledger.ts";
import { Failure, usageFailure } from "../core/errors.ts";
import { exitCode, worstExitCode } from "../core/exit-code.ts";
import { type Job, writesFile } from "../job/job.ts";
import { readKeysFile } from "../job/keys-file.ts";
import { replacesTable } from "../job/mode.ts";
import { isResumable } from "../pipeline/run/resumable.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { type RunRequest, refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { execute } from "./execute.ts";
import { findRun, type KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { lockOrSkip } from "./lock.ts";
import { planInCommand } from "./out-file.ts";
import { orUnstarted } from "./present.ts";
import { findProject, openProject, readProjectJob } from "./project.ts";
import { isOver, recoverFirst } from "./recover.ts";
import { readStreams } from "./run-options.ts";

export interface RollbackFlags {
  streams?: string;
  keys?: string;
  fields?: string;
  yes?: boolean;
  out?: string;
  encryptTo?: string[];
}

export async function rollBack(globals: Globals, id: string, flags: RollbackFlags): CommandResult {
  const run = findRun(findProject(globals), id, undefined);
  return await orUnstarted(globals, run, () => rollBackRun(globals, run, flags));
}

async function rollBackRun(globals: Globals, run: KeptRun, flags: RollbackFlags): CommandResult {
  refuseNothingWritten(run);
  const recipients = await readOut(run, flags);
  await using project = await openProject(globals, run.sandbox ? {} : undefined);
  const { stateFolder, connections, environment } = project;
  refuseGone(run, runFolder(stateFolder, run.id));
  const kept = keptJobFile(stateFolder, run);
  refuseChangedCopy(run, kept);
  const job = { ...readProjectJob(kept, connections, run.jobFile), file: run.jobFile };
  refuseFilesOnly(run, job);
  const streams = readStreams(job, flags.streams);
  const request: RunRequest = {
    job,
    connections,
    environment,
    stateFolder,
    command: flags.yes === true ? "run" : "plan",
    options: {
      rollback: { run: run.id, ...readFields(job, flags.fields) },
      ...(streams === undefined ? {} : { streams }),
      ...(flags.keys === undefined ? {} : { keys: readKeysFile(flags.keys) }),
      ...(flags.yes === true ? { yes: true } : {}),
      ...(run.sandbox ? { sandbox: true } : {}),
    },
    keptJob: kept,
    emit: () => undefined,
    signal: globals.signal,
  };
  if (flags.yes !== true) {
    const planFile = flags.out === undefined ? {} : { planFile: planInCommand(flags.out, recipients) };
    const ended = await execute(globals, { ...request, ...planFile }, false);
    if (flags.out !== undefined) await (await import("./plan-file.ts")).keepPlan(project, ended, flags.out, recipients);
    return ended.summary.exitCode;
  }
  using lock = await lockOrSkip(request);
  if (lock === undefined) return exitCode.done;
  const recovered = await recoverFirst(globals, project, request, ({ options }) => options.rollback?.run === run.id);
  if (recovered !== undefined && !isOver(recovered)) return recovered.summary.exitCode;
  const ended = await execute(globals, request, false);
  return worstExitCode([recovered?.summary.exitCode ?? exitCode.done, ended.summary.exitCode]);
}

/** Before the plan is made: who may read its file. Throws a Failure (2) for a file that can't be. */
async function readOut({ jobFile }: KeptRun, flags: RollbackFlags): Promise<Recipients | undefined> {
  const { out, encryptTo, yes } = flags;
  if (out === undefined && encryptTo === undefined) return undefined;
  if (out !== undefined && yes === true)
    throw usageFailure("--out keeps the plan in a file, and --yes writes it at once", { next: "leave one out" });
  const { refuseOut, chooseRecipients } = await import("./plan-file.ts");
  if (out !== undefined) refuseOut([jobFile], out);
  return encryptTo === undefined ? undefined : chooseRecipients(flags);
}

/** Throws a Failure (2). */
function refuseNothingWritten(run: KeptRun): void {
  if (run.command === "plan") {
    throw usageFailure(`${run.id} is a plan: it has written nothing that could be taken back`, {
      next: "loadline runs lists the runs that have loaded",
    });
  }
  using ledger = Ledger.open(run.stateFolder);
  const record = ledger.run(run.id);
  if (record === undefined || !isResumable(ledger, record)) return;
  throw usageFailure(`run ${run.id} has not come to its end: what it wrote is not known yet`, {
    next: `loadline resume ${run.id} ends it, or loadline abandon ${run.id} gives it up; then take it back`,
  });
}

function refuseGone({ id }: KeptRun, folder: string): void {
  if (existsSync(folder)) return;
  throw new Failure(exitCode.failed, `the files of run ${id} are gone: what it wrote over is not known any more`, {
    where: { file: folder },
    why: "they are kept as long as keep.runs of the job says (14d if it says nothing)",
    next: "restore the folder from a backup, or mend the records by hand",
  });
}

/** Throws a Failure (2). */
function refuseFilesOnly({ id }: KeptRun, { streams }: Job): void {
  // Its versions are the record of what was, and what a replaced table held nobody has kept.
  const kept = streams.find(({ target }) => target.mode === "history" || replacesTable(target));
  if (kept !== undefined) {
    const { mode, object } = kept.target;
    throw usageFailure(`run ${id} wrote ${object} in mode ${mode}, which is not taken back`, {
      next: mode === "history" ? "its versions tell what was before" : "run the job again with the source as it was",
    });
  }
  if (streams.some(({ target }) => !writesFile(target.mode))) return;
  throw usageFailure(`run ${id} wrote files only, and a file is not taken back`, {
    next: "run the job again with the source as it was: the file is written anew",
  });
}

/** Throws a Failure (2) for a field that no stream maps. */
function readFields({ streams }: Job, text: string | undefined): Pick<RollbackOptions, "fields"> {
  if (text === undefined) return {};
  const fields = text.split(",").map((name) => name.trim());
  const mapped = new Set(streams.flatMap((stream) => stream.fields.map(({ target }) => target)));
  const unknown = fields.find((name) => !mapped.has(name));
  if (unknown === undefined) return { fields };
  throw usageFailure(`--fields: no stream of the job maps a field ${unknown === "" ? '""' : unknown}`, {
    next: `mapped are: ${[...mapped].join(", ")}`,
  });
}
