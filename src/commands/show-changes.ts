// Every change of a run's plan: for `show --changes` from the ledger, for `plan --all` below the plan that was just made.

import type { StreamRecord } from "../checkpoint/ledger.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Action } from "../core/model.ts";
import type { Job } from "../job/job.ts";
import { type ChangesReader, type KeptChanges, openChanges } from "../pipeline/tools/list-changes.ts";
import type { ShownPlan } from "../pipeline/tools/shown-plan.ts";
import { changesCsv, changesJson, changesText, csvHeader } from "../report/all-changes.ts";
import { type Look, renderLine } from "../report/lines.ts";
import { showCount } from "../report/numbers.ts";
import { lookOfOut, printNotice } from "../report/output.ts";
import { printPaged } from "../report/pager.ts";
import { describeActions, type PlanReport } from "../report/plan.ts";
import { planPieces } from "../report/plan-view.ts";
import type { CommandResult, Globals } from "./globals.ts";

type ChangesForm = "text" | "json" | "csv";

export function changesForm({ json }: Globals, { csv }: { csv?: boolean }): ChangesForm {
  if (json) return "json";
  return csv === true ? "csv" : "text";
}

export async function showChanges(globals: Globals, plan: ShownPlan, form: ChangesForm): CommandResult {
  tellUnplanned(plan);
  await printPaged(changesOf(plan, form, lookOfOut(globals.color)));
  return exitCode.done;
}

export function tellUnplanned({ streams }: ShownPlan): void {
  for (const { name } of streams.filter(({ counts }) => counts === null))
    printNotice(`${name} was not planned: the run had ended before`);
}

/** Every change of the streams that were planned, in one form. */
export async function* changesOf(
  { folder, job, streams }: ShownPlan,
  form: ChangesForm,
  look: Look,
): AsyncGenerator<string> {
  using reader = await openChanges(folder, job);
  if (form === "csv") yield csvHeader;
  for (const record of streams.filter(({ counts }) => counts !== null)) {
    const changes = await reader.open(record);
    if (form === "json") yield* changesJson(record.name, changes.read({ withKey: true }));
    else if (form === "csv") yield* changesCsv(record.name, changes.read({ withKey: true }));
    else {
      yield `${titleOf(record, changes.counts, look)}\n`;
      yield* textOf(changes, look);
    }
  }
}

function titleOf({ name, connection, object }: StreamRecord, counts: Record<Action, number>, look: Look): string {
  const actions = describeActions({ ...counts, unchanged: 0 }, showCount).join(", ") || "no changes";
  return renderLine([{ text: name, tone: "strong" }, ` → ${connection} ${object}: ${actions}`], look);
}

async function* textOf({ counts, widest, read }: KeptChanges, look: Look): AsyncGenerator<string> {
  for (const action of ["undelete", "create", "update", "delete"] as const) {
    if (counts[action] === 0) continue;
    yield "\n";
    yield* changesText(read({ action }), widest, look);
  }
  yield "\n";
}

/** A plan with all its changes, below each stream. */
export async function printPlan(
  globals: Globals,
  { job, folder }: { job: Job; folder: string },
  plan: PlanReport,
  records: readonly StreamRecord[],
): Promise<void> {
  const look = lookOfOut(globals.color);
  using reader = await openChanges(folder, job);
  await printPaged(wholePlan(reader, plan, records, look));
}

async function* wholePlan(
  reader: ChangesReader,
  plan: PlanReport,
  records: readonly StreamRecord[],
  look: Look,
): AsyncGenerator<string> {
  const { title, streams, closing } = planPieces(plan, look);
  yield `${title}\n`;
  for (const [index, record] of records.entries()) {
    yield streams[index] ?? "";
    yield* textOf(await reader.open(record), look);
  }
  yield `${closing.trimStart()}\n`;
}
