// loadline conflicts: what two-way jobs want decided, and a person's decision.

import { resolve } from "node:path";
import { pathInCommand, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { redactedFields } from "../job/job.ts";
import { readKeysFile } from "../job/keys-file.ts";
import { readJob } from "../job/read-job.ts";
import { findConflicts, type Side, type TwinConflict } from "../pipeline/tools/twin-conflicts.ts";
import { countOf } from "../report/numbers.ts";
import { printOut } from "../report/output.ts";
import { visible } from "../report/visible-text.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProject, sandboxState } from "./project.ts";

export interface ConflictsFlags {
  take?: Side;
  keys?: string;
  sandbox?: boolean;
}

export async function showConflicts(globals: Globals, file: string, flags: ConflictsFlags): CommandResult {
  if (flags.keys !== undefined && flags.take === undefined)
    throw usageFailure("--keys says what a decision is about, and none is made", { next: "add --take ours or theirs" });
  const project = findProject(globals);
  const stateFolder = flags.sandbox === true ? sandboxState(project) : project.stateFolder;
  const job = readJob(resolve(file));
  const { conflicts, decided } = await findConflicts({
    stateFolder,
    job,
    ...(flags.take === undefined ? {} : { take: flags.take }),
    ...(flags.keys === undefined ? {} : { keys: readKeysFile(flags.keys) }),
    signal: globals.signal,
  });
  const hidden = new Set(job.streams.flatMap((stream) => [...redactedFields(job, stream)]));
  const told = conflicts.map((one) => (hidden.has(one.field.toLowerCase()) ? hide(one) : one));
  const sandbox = flags.sandbox === true ? " --sandbox" : "";
  const next =
    conflicts.length === 0
      ? null
      : decided
        ? `loadline run ${pathInCommand(job.file)}${sandbox}, and its twin ${job.twin?.name}`
        : `loadline conflicts ${pathInCommand(job.file)}${sandbox} --take ours, or theirs; --keys <file> for some of them`;
  if (globals.json)
    printOut(JSON.stringify({ job: job.name, decided, conflicts: told, exitCode: exitCode.done, next }));
  else printOut(render(told, { decided, take: flags.take, next }).map(visible).join("\n"));
  return exitCode.done;
}

function hide(conflict: TwinConflict): TwinConflict {
  return { ...conflict, base: conflict.base === null ? null : "•••", ours: "•••", theirs: "•••" };
}

function render(
  conflicts: readonly TwinConflict[],
  { decided, take, next }: { decided: boolean; take: Side | undefined; next: string | null },
): string[] {
  if (conflicts.length === 0) return ["Nothing to decide."];
  const show = (value: string) => (value === "" ? "nothing" : `"${value}"`);
  const at = (time: string | null) => (time === null || time === "" ? "" : `, record changed ${time}`);
  const lines: string[] = [];
  let record = "";
  for (const one of conflicts) {
    const named = `${one.stream} ${one.key} (${one.source} and ${one.target})`;
    if (named !== record) lines.push(named);
    record = named;
    if (one.field === "")
      lines.push(`  deleted on our side${at(one.oursChanged)}; there on the other${at(one.theirsChanged)}`);
    else
      lines.push(
        `  ${one.field}: ${one.base === null ? "not agreed on before" : `was ${show(one.base)}`}`,
        `    ours   ${show(one.ours)}${at(one.oursChanged)}`,
        `    theirs ${show(one.theirs)}${at(one.theirsChanged)}`,
      );
  }
  const count = countOf(conflicts.length, "field");
  lines.push(decided ? `${count} decided: ${take}.` : `${count} to decide.`);
  const staying =
    take === "theirs" ? conflicts.filter(({ field }) => field === "").map(({ theirsChanged }) => theirsChanged) : [];
  const [since] = staying.filter((time) => time !== null && time !== "").sort();
  if (staying.length > 0)
    lines.push(
      `What was deleted is made anew when the twin next takes its other record: once that is changed, or where the twin's watermark is set back${since === undefined ? "" : ` before ${since}`} (loadline state set).`,
    );
  lines.push(`Next: ${next}`);
  return lines;
}
