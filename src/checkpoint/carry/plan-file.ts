// A plan as one file, for another machine or for somebody who is to approve it. In: what the ledger knows of the plan, and
// its files. Out: a file that is shown, approved and applied without the run folder. What must hold: it is claimed by one
// run, whoever opens it; an approval is of what the file holds.

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { now } from "../../core/clock.ts";
import { Failure, showPath } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { syncFile } from "../../core/files.ts";
import { randomId } from "../../core/random.ts";
import { holdSqliteFile } from "../../core/sqlite.ts";
import type { ApprovalRecord, CarriedPlan, RunRecord } from "../facts.ts";
import type { Ledger } from "../ledger.ts";
import { placeIn } from "../places.ts";
import { hashPlan } from "../plan-hash.ts";
import {
  damaged,
  hasDots,
  heldFailure,
  PackedFile,
  type PackedKind,
  placeNewFile,
  readSeal,
  type Sealing,
  type SealLabel,
  writePackedFile,
} from "./packed-file.ts";
import { BrokenSeal, Seal } from "./seal.ts";

/** Folders of a run that a plan is made of. */
const planFolders = [
  "plan",
  "extract",
  "rejects",
  "reasons",
  "conflicts",
  "unmatched",
  "duplicates",
  "waiting",
  "lookups",
  "left-out",
  // Of a rollback: what the run wrote that it takes back.
  "undone/plan",
];

/** Below the folder of the run. */
const planPath = new RegExp(`^(job\\.yaml|(${planFolders.join("|")})/.+)$`);

const planKind: PackedKind = {
  /** "LPLN" */
  applicationId: 0x4c504c4e,
  version: 1,
  name: "plan",
  written: "wrote",
  madeBy: "loadline plan <job> --out <file> writes one",
  notOurs: "name the file that loadline plan --out wrote, or the id of a plan: loadline runs lists them",
  damaged: {
    why: "a plan that is not whole could write something else than what was approved",
    next: "fetch it again from where it is kept, or make it anew: loadline plan <job> --out <file>",
  },
  exitCode: exitCode.stalePlan,
  held: "another command with the plan file",
  isPath: (path) => planPath.test(path) && !hasDots(path),
  more: `CREATE TABLE approvals (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE TABLE claims (one INTEGER PRIMARY KEY CHECK (one = 1), text TEXT NOT NULL) STRICT;`,
};

/** The run that writes the plan, and the ledger that has it. */
interface Claim {
  run: string;
  ledger: string;
  at: string;
}

/** Places of files are seen from the run's folder, and that of the job from the project's. */
interface PlanHeader extends CarriedPlan {
  written: string;
}

export interface OpenPlanFile extends Disposable {
  plan: CarriedPlan;
  approvals: ApprovalRecord[];
  claim: Claim | undefined;
  /** Writes its files below a folder. */
  unpack(folder: string): void;
  /** Throws a Failure (7) that names one that is not what was written. */
  verify(): void;
}

/** Undefined of a plan file that anybody can read. */
export function readPlanSeal(file: string): SealLabel | undefined {
  undoKilled(file);
  return readSeal(planKind, file);
}

export function damagedPlan(file: string, what: string): Failure {
  return damaged(planKind, file, what);
}

export interface WrittenPlan {
  run: RunRecord;
  /** The run's. */
  folder: string;
  file: string;
  /** Where only some may read it. */
  sealing?: Sealing | undefined;
}

/** Writes a plan of a ledger to a new file. Throws a Failure (2) where there is one of that name. */
export function writePlanFile(ledger: Ledger, { run, folder, file, sealing }: WrittenPlan): void {
  const projectFolder = join(folder, "..", "..", "..");
  const streams = ledger.streams(run.id).map((stream) => ({
    stream: { ...stream, plan: stream.plan === null ? null : relative(folder, stream.plan) },
    parts: ledger.parts(run.id, stream.name).map((part) => ({ ...part, path: relative(folder, part.path) })),
    takes: ledger.takes(run.id, stream.name),
    window: ledger.window(run.id, stream.name) ?? null,
  }));
  const header: PlanHeader = {
    run: { ...run, jobFile: placeIn(projectFolder, run.jobFile) },
    streams,
    written: now().toISOString(),
  };
  const written = `${file}.${randomId(8)}.tmp`;
  try {
    const files = new Map(listFiles(folder).map((name) => [name, join(folder, name)] as const));
    writePackedFile(planKind, written, header, files, sealing);
    failpoint("plan-written");
    placeNewFile(written, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Failure(exitCode.usage, `${showPath(file)} is there already: a plan is not written over`, {
      next: "name another file, or remove it",
    });
  } finally {
    rmSync(written, { force: true });
  }
  syncFile(file);
  failpoint("plan-placed");
}

function listFiles(folder: string): string[] {
  const found = planFolders.flatMap((name) => {
    const below = join(folder, name);
    if (!existsSync(below)) return [];
    return readdirSync(below, { recursive: true, encoding: "utf8" }).map((one) => join(name, one));
  });
  return ["job.yaml", ...found.filter((name) => statSync(join(folder, name)).isFile())].map((name) =>
    name.replaceAll("\\", "/"),
  );
}

export function isPlanFile(named: string): boolean {
  return statSync(named, { throwIfNoEntry: false })?.isFile() === true;
}

/** Opens a plan file, a sealed one with its key. `folder`: where the files of its run are, or will be; `project`: the folder that its job is seen from. */
export function openPlanFile(
  file: string,
  places: (run: RunRecord) => { folder: string; project: string },
  key: Uint8Array | undefined,
): OpenPlanFile {
  const packed = openPacked(file, key);
  const { run, streams } = packed.header;
  const { folder, project } = places(run);
  const [claim] = packed.rows("SELECT text FROM claims").map(({ text }) => JSON.parse(String(text)) as Claim);
  const planHash = hashPlan(
    run,
    streams.map(({ stream }) => stream),
  );
  return {
    plan: {
      run: { ...run, jobFile: resolve(project, run.jobFile) },
      streams: streams.map(({ stream, parts, ...rest }) => ({
        ...rest,
        stream: { ...stream, plan: stream.plan === null ? null : join(folder, stream.plan) },
        parts: parts.map((part) => ({ ...part, path: join(folder, part.path) })),
      })),
    },
    // Of another content they say nothing.
    approvals: readApprovals(file, packed).filter((one) => one.planHash === planHash),
    claim,
    unpack: (to) => packed.unpack(to),
    verify: () => packed.verify(),
    [Symbol.dispose]: () => packed[Symbol.dispose](),
  };
}

function readApprovals(file: string, packed: PackedFile<PlanHeader>): ApprovalRecord[] {
  const { seal } = packed;
  const texts = packed.rows("SELECT text FROM approvals");
  try {
    return texts.map(({ text }) => {
      const plain = seal?.open(Buffer.from(String(text), "base64"), approvalPlace).toString() ?? String(text);
      return JSON.parse(plain) as ApprovalRecord;
    });
  } catch (error) {
    if (!(error instanceof BrokenSeal)) throw error;
    throw damagedPlan(file, "an approval in it is not what was encrypted");
  }
}

const approvalPlace = "approval";

/** Whether a plan file is of this plan: under the name that one was written to another may lie by now. */
export function isFileOf(file: string, plan: string): boolean {
  const seal = readPlanSeal(file);
  if (seal !== undefined) return seal.label === plan;
  using packed = openPacked(file, undefined);
  return packed.header.run.id === plan;
}

function openPacked(file: string, key: Uint8Array | undefined): PackedFile<PlanHeader> {
  undoKilled(file);
  return PackedFile.open<PlanHeader>(planKind, file, key);
}

/** A change that was killed in the middle is undone by whoever may write. */
function undoKilled(file: string): void {
  if (existsSync(`${file}-journal`)) holdSqliteFile(file, changeMsMax)?.close();
}

/** Adds an approval to a plan file, sealed as it is. Throws a Failure (7) as `claimPlanFile` does: what was written needs none. */
export function approvePlanFile(
  file: string,
  approval: Omit<ApprovalRecord, "number">,
  { ledger, isOver, key }: { ledger: string; isOver: IsOver; key: Uint8Array | undefined },
): void {
  change(file, (database) => {
    refuseClaimed(file, readClaim(database), { ledger, isOver });
    const number = database.prepare("SELECT 1 FROM approvals").all().length + 1;
    const plain = JSON.stringify({ ...approval, number });
    const text = key === undefined ? plain : new Seal(key).close(Buffer.from(plain), approvalPlace).toString("base64");
    database.prepare("INSERT INTO approvals (text) VALUES (?)").run(text);
  });
}

/** Whether a run of a ledger has ended without that it wrote anything. */
type IsOver = (run: string) => boolean;

/** Claims a plan file for a run. Throws a Failure (7) where another run has it, unless `isOver` says that it wrote nothing. */
export function claimPlanFile(file: string, claim: Omit<Claim, "at">, isOver: IsOver): void {
  change(file, (database) => {
    const other = readClaim(database);
    if (other?.run === claim.run) return;
    refuseClaimed(file, other, { ledger: claim.ledger, isOver });
    const text = JSON.stringify({ ...claim, at: now().toISOString() });
    database.prepare("INSERT OR REPLACE INTO claims VALUES (1, ?)").run(text);
  });
}

/** Throws the same Failure, and claims nothing. */
export function refuseClaimedFile(file: string, ledger: string, isOver: IsOver): void {
  change(file, (database) => refuseClaimed(file, readClaim(database), { ledger, isOver }));
}

function readClaim(database: Database): Claim | undefined {
  const [row] = database.prepare("SELECT text FROM claims").all();
  return row === undefined ? undefined : (JSON.parse(String(row["text"])) as Claim);
}

/** Of another ledger's run nobody here knows what it wrote. */
function refuseClaimed(
  file: string,
  claim: Claim | undefined,
  { ledger, isOver }: { ledger: string; isOver: IsOver },
): void {
  if (claim !== undefined && !(claim.ledger === ledger && isOver(claim.run))) throw claimed(file, claim);
}

function claimed(file: string, { run, at }: Pick<Claim, "run" | "at">): Failure {
  return new Failure(exitCode.stalePlan, `the plan in ${showPath(file)} was applied by run ${run} at ${at}`, {
    why: "a plan is written once, on whatever machine",
    next: "loadline show there says what became of it; for what is left, make a plan anew",
  });
}

type Database = NonNullable<ReturnType<typeof holdSqliteFile>>;

/** Another that changes the file is done in no time. */
const changeMsMax = 10_000;

/** By one process at a time, and on the disk when it returns. */
function change(file: string, act: (database: Database) => void): void {
  const database = holdSqliteFile(file, changeMsMax);
  if (database === undefined) throw heldFailure(planKind, file);
  try {
    act(database);
    failpoint("plan-file-changing");
    database.exec("COMMIT");
  } finally {
    database.close();
  }
  syncFile(file);
  failpoint("plan-file-changed");
}
