// The plan that a person means: a run-id, its beginning, `latest`, or a file that `plan --out` wrote. In: what was named.
// Out: the plan's run in this project's ledger, with who has approved it. Must hold: a plan that comes in a file is in the
// ledger, and its files in the run folder, before anything is done with it.

import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isFileOf, isPlanFile, type OpenPlanFile, openPlanFile, readPlanSeal } from "../checkpoint/carry/plan-file.ts";
import { type ApprovalRecord, type CarriedPlan, Ledger, type RunRecord } from "../checkpoint/ledger.ts";
import { hashPlan } from "../checkpoint/plan-hash.ts";
import { now } from "../core/clock.ts";
import { pathInCommand, showPath, usageFailure } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import { makePrivateFolder, syncFile } from "../core/files.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { stalePlan } from "../pipeline/run/stale-plan.ts";
import { printNotice } from "../report/output.ts";
import { findRun, type KeptRun, readHistory } from "./find-run.ts";
import type { Globals } from "./globals.ts";
import { findProject, makeStateFolder, type Project, sandboxState } from "./project.ts";
import { type UnlockFlags, unlockPlan } from "./unlock-plan.ts";

export interface NamedPlan {
  run: KeptRun;
  /** The file that was named, or that the plan was written to and that is still there; absolute. */
  file?: string;
  /** Of a file that is encrypted, where it is given. */
  key?: Uint8Array;
}

/** Throws a Failure where there is no such plan, or its file can't be read. */
export async function findPlan(globals: Globals, named: string, flags: UnlockFlags): Promise<NamedPlan> {
  const project = findProject(globals);
  if (isPlanFile(named)) {
    const file = resolve(named);
    return takeIn(project, file, await unlockPlan(globals, file, flags));
  }
  const run = findNamed(project, named);
  const { planFile: file } = run.options;
  const isThere = file !== undefined && existsSync(file) && isFileOf(file, run.id);
  if (flags.decryptWith === undefined) return isThere ? { run, file } : { run };
  if (!isThere) {
    throw usageFailure(`there is no file of plan ${run.id} that could be decrypted`, {
      next: "leave --decrypt-with out",
    });
  }
  const key = await unlockPlan(globals, file, flags);
  return { run, file, ...(key === undefined ? {} : { key }) };
}

/** `latest` is the newest plan, whatever ran since. */
function findNamed(project: Project, id: string): KeptRun {
  if (id !== "latest") return findRun(project, id, undefined);
  const newest = readHistory(project).find(({ command }) => command === "plan");
  if (newest !== undefined) return newest;
  throw usageFailure("there is no plan yet", { next: "loadline plan <job> makes one" });
}

/** Those of what the plan is now, from the ledger and its file. What an encrypted file has is not known without its key. */
export function readApprovals({ run, file, key }: NamedPlan): ApprovalRecord[] {
  using ledger = Ledger.open(run.stateFolder);
  const hash = hashPlan(run, ledger.streams(run.id));
  const ofLedger = ledger.approvals(run.id).filter(({ planHash }) => planHash === hash);
  if (file === undefined) return ofLedger;
  if (key === undefined && readPlanSeal(file) !== undefined) {
    printNotice(`approvals in ${showPath(file)} can't be read without --decrypt-with: it is encrypted`);
    return ofLedger;
  }
  const places = { folder: runFolder(run.stateFolder, run.id), project: dirname(run.stateFolder) };
  using opened = openPlanFile(file, () => places, key);
  return [...ofLedger, ...opened.approvals.filter(({ planHash }) => planHash === hash)];
}

/** A plan of a file becomes one of this ledger, once. */
function takeIn(project: Project, file: string, key: Uint8Array | undefined): NamedPlan {
  makeStateFolder(project.folder);
  const placesOf = (run: RunRecord) => ({
    folder: runFolder(stateOf(project, run), run.id),
    project: project.folder,
  });
  using opened = openPlanFile(file, placesOf, key);
  const { run, streams } = opened.plan;
  const stateFolder = stateOf(project, run);
  using ledger = Ledger.open(stateFolder);
  // The ledger first: a folder that it does not know of would be a run that it has forgotten.
  if (ledger.run(run.id) === undefined) {
    ledger.adoptPlan({ run: { ...run, options: { ...run.options, planFile: file } }, streams });
    failpoint("plan-adopted");
  }
  const known = ledger.run(run.id) ?? run;
  refuseOtherOfId(file, opened.plan, hashPlan(known, ledger.streams(run.id)));
  const folder = runFolder(stateFolder, run.id);
  if (existsSync(folder)) opened.verify();
  else unpackInto(stateFolder, folder, opened);
  const kept = { ...known, stateFolder, sandbox: run.options.sandbox === true };
  return { run: kept, file, ...(key === undefined ? {} : { key }) };
}

/** What is here is written, so the file that was named must be that. */
function refuseOtherOfId(file: string, { run, streams }: CarriedPlan, known: string): void {
  const named = hashPlan(
    run,
    streams.map(({ stream }) => stream),
  );
  if (named === known) return;
  throw stalePlan(`${showPath(file)} is another plan than the one that is known here as ${run.id}`, {
    why: "one of the two was changed since it was made, and only one of them was looked at",
    next: `fetch the file again from where it is kept, or make the plan anew: loadline plan ${pathInCommand(run.jobFile)} --out <file>`,
  });
}

function stateOf(project: Project, { options }: RunRecord): string {
  return options.sandbox === true ? sandboxState(project) : project.stateFolder;
}

/** In one step, for a folder that is half there must not be taken for the plan's; whoever was first has made the same one. */
function unpackInto(stateFolder: string, folder: string, file: OpenPlanFile): void {
  dropUnpacked(stateFolder);
  const unpacked = mkdtempSync(join(stateFolder, unpackedName));
  try {
    file.unpack(unpacked);
    failpoint("plan-unpacked");
    makePrivateFolder(dirname(folder));
    renameSync(unpacked, folder);
  } catch (error) {
    if (!["EEXIST", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  syncFile(folder);
  failpoint("plan-taken-in");
}

const unpackedName = "unpacked-";
const dayMs = 86_400_000;

/** What was killed while it unpacked; a younger one may be at work. */
function dropUnpacked(stateFolder: string): void {
  for (const name of readdirSync(stateFolder).filter((one) => one.startsWith(unpackedName))) {
    const path = join(stateFolder, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
    if (now().getTime() - mtimeMs > dayMs) rmSync(path, { recursive: true, force: true });
  }
}
