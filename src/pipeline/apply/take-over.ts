// What a run takes over of the plan that it writes: its files, so that the plan's own folder may go, and what the ledger
// knows of them. In: the plan's run. Out: the same under the new run. Must hold: files that the load adds to are copies,
// the others may be links; nothing is taken over that is not what the plan was made of.

import { cpSync, existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { PartRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { pathInCommand } from "../../core/errors.ts";
import { hashFile, linkAll, linkFile } from "../../core/files.ts";
import { fileOf, hasRecords } from "../../core/model.ts";
import type { FileSource, Stream } from "../../job/job.ts";
import { decryptAgain } from "../extract/extract-stream.ts";
import { adoptWindow } from "../extract/window.ts";
import { type RunContext, sourceOf, subfolder } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";
import { stalePlan } from "../run/stale-plan.ts";
import { undonePlan } from "../run/undone-files.ts";

/** Where the plan that a run writes was made. */
function planFolder({ folder, run }: Pick<RunContext, "folder" | "run">): string {
  return runFolder(dirname(dirname(folder)), run.options.plan ?? "");
}

/** Files that people read of a plan, and the load adds to. */
const told = ["rejects", "conflicts", "unmatched", "duplicates", "reasons", "waiting"];

/** Files that the plan went by, of all its streams, and that are only read: what was looked up, which rows it left out. */
const read = ["lookups", "left-out"];

/**
 * The plan's file and parts under this run, in its folder and its ledger. Throws a Failure (7) where one of them, or a
 * file that the plan took, is not what it was.
 */
export async function takeOver(
  context: RunContext,
  stream: Stream,
  planned: StreamRecord,
): Promise<{ plan: string; parts: PartRecord[] }> {
  const { ledger, run } = context;
  const made = run.options.plan ?? "";
  const from = planFolder(context);
  if (stream.source.kind === "files") await refuseOtherFiles(context, { ...stream, source: stream.source });
  const plan = join(subfolder(context, "plan"), `${stream.name}.parquet`);
  await linkFile(join(from, "plan", `${stream.name}.parquet`), plan);
  if ((await hashOf(plan)) !== planned.planSha256) throw notAsKept(made, `the plan of stream ${stream.name}`, plan);
  await linkAll(join(from, "extract", stream.name), subfolder(context, "extract", stream.name));
  if (run.options.rollback !== undefined) {
    // Which rows of the run that is taken back the plan is of.
    const own = undonePlan(context, stream.name);
    await linkFile(join(from, relative(context.folder, own)), own);
  }
  for (const kind of read) await linkAll(join(from, kind), join(context.folder, kind));
  for (const kind of told) copyTold(join(from, kind), subfolder(context, kind), stream.name);
  const takes = ledger.takes(made, stream.name);
  ledger.saveTakes(takes.map((take) => ({ ...take, run: run.id, acknowledged: false })));
  const window = ledger.window(made, stream.name);
  if (window !== undefined) ledger.saveWindow(adoptWindow(context, stream, window));
  const parts = ledger
    .parts(made, stream.name)
    .map((part) => ({ ...part, path: join(context.folder, relative(from, part.path)) }));
  await decryptAgain(context, stream, parts);
  for (const { label, path, sha256 } of parts) if ((await hashOf(path)) !== sha256) throw notAsKept(made, label, path);
  ledger.addParts(run.id, stream.name, parts);
  return { plan, parts: parts.filter(hasRecords) };
}

function copyTold(from: string, to: string, stream: string): void {
  for (const name of existsSync(from) ? readdirSync(from) : []) {
    if (name.startsWith(`${stream}.`)) cpSync(join(from, name), join(to, name));
  }
}

async function hashOf(path: string): Promise<string | undefined> {
  return existsSync(path) ? hashFile(path) : undefined;
}

function notAsKept(plan: string, what: string, file: string): Error {
  return stalePlan(`${what} is not the one that plan ${plan} was made of`, {
    where: { file },
    why: "its SHA-256 is not the one that the ledger has, or it is gone",
    next: "make the plan anew: loadline plan",
  });
}

/** A file that is gone was moved or cleared away: what was read of it is kept. One that is another has other rows. */
async function refuseOtherFiles(context: RunContext, stream: Stream & { source: FileSource }): Promise<void> {
  const { ledger, run } = context;
  const catalog = sourceOf(context, stream.source.connection).files;
  const made = run.options.plan ?? "";
  const read = new Map(
    ledger
      .parts(made, stream.name)
      .map(fileOf)
      .map((file) => [file.ordinal, file.sha256]),
  );
  for (const take of ledger.takes(made, stream.name)) {
    if (catalog === undefined || take.ordinal < 1 || take.takenBy !== null) continue;
    const there = await catalog.look(take.label);
    if (there === undefined) continue;
    const sha256 = read.get(take.ordinal);
    // Size and time say little: copying keeps both. Where nothing was read there is nothing else.
    const isSame =
      sha256 === undefined
        ? there.bytes === take.bytes && there.modifiedMs === take.modifiedMs
        : (await catalog.hash(take.label)) === sha256;
    if (isSame) continue;
    throw stalePlan(`${take.label} is not the file that plan ${made} was made of`, {
      why: "its content has changed since",
      next: `make the plan anew: loadline plan ${pathInCommand(run.jobFile)}`,
    });
  }
}
