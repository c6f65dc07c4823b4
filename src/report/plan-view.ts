// What a load would change, for a person at a terminal. In: a plan (plan.ts). Out: text: for each stream its counts, how
// the target was read and the first changes; then what would stop a run; last, what to run next.
// What must hold: the counts shown add up to what was extracted, and the last lines alone tell whether to go on.

import type { Action, StreamCounts } from "../core/model.ts";
import { changeLines, signs } from "./change-lines.ts";
import { type Line, type Look, renderLines, type Span, sentence, type Tone } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import {
  countActions,
  describeActions,
  forecastSentences,
  type PlannedStream,
  type PlanReport,
  shownChanges,
} from "./plan.ts";
import { reasonLines } from "./reject-reasons.ts";
import { rejectsLines } from "./rejects-lines.ts";
import { blockOf } from "./summary-view.ts";
import { padStart } from "./visible-text.ts";

export function renderPlan(plan: PlanReport, look: Look): string {
  const streams = plan.streams.flatMap((stream) => [
    [],
    ...streamLines(stream, look.width),
    ...firstChanges(stream, look.width),
  ]);
  return renderLines([titleLine(plan), ...streams, [], ...closingLines(plan, look.width)], look);
}

/** The same in pieces, for who lists all changes below each stream. */
export function planPieces(plan: PlanReport, look: Look): { title: string; streams: string[]; closing: string } {
  return {
    title: renderLines([titleLine(plan)], look),
    streams: plan.streams.map((stream) => renderLines([[], ...streamLines(stream, look.width), []], look)),
    closing: renderLines([[], ...closingLines(plan, look.width)], look),
  };
}

function titleLine({ run }: PlanReport): Line {
  return [
    { text: "plan", tone: "good" },
    { text: `  ${run}`, tone: "strong" },
  ];
}

function streamLines(stream: PlannedStream, width: number): Line[] {
  const { name, connection, object, mode, key, org, how, writes, notes, warnings } = stream;
  const by = key.length === 0 ? "" : ` by ${key.join(", ")}`;
  const target = `${mode}${by}, org ${org}${how === null ? "" : `; present values: ${how}`}`;
  const lines: Line[] = [
    [{ text: name, tone: "strong" }, ` → ${connection} ${object}`],
    ...sentence("  ", target, width, "faint"),
    ...(writes === null ? [] : sentence("  ", `writes: ${writes}`, width, "faint")),
    [],
    ...countLines(stream.counts),
    ...blockOf(reasonLines(stream.rejectReasons, "Rejected, by reason:")),
    ...blockOf(reasonLines(stream.warned ?? [], "Loaded with a warning, by rule:", "caution")),
  ];
  if (warnings > 0) {
    const text = `${countOf(warnings, "row")} with a warning: a rule of severity warn is not met, or a value has a consequence that is told`;
    lines.push([], ...sentence({ text: "  ! ", tone: "caution" }, text, width));
  }
  for (const note of notes) lines.push([], ...sentence({ text: "  ! ", tone: "caution" }, note, width));
  return lines;
}

function firstChanges(stream: PlannedStream, width: number): Line[] {
  const lines: Line[] = [];
  const changes = shownChanges(stream);
  const totals = countActions([stream]);
  for (const action of ["undelete", "create", "update", "delete"] as const) {
    const shown = changeLines(
      changes.filter((change) => change.action === action),
      totals[action],
      width,
    );
    if (shown.length > 0) lines.push([], ...shown);
  }
  return lines;
}

interface CountRow {
  count: keyof StreamCounts;
  label: string;
  action?: Action;
  tone?: Tone;
  note?: string;
}

const countRows: readonly CountRow[] = [
  { count: "extracted", label: "extracted" },
  { count: "filtered", label: "filtered", note: "not taken: keep, --limit or --keys" },
  { count: "duplicates", label: "duplicates", note: "dropped by dedupe" },
  { count: "rejected", label: "rejected", tone: "alarm", note: "kept with the reason" },
  { count: "unmatched", label: "unmatched", note: "no such record in the target, or none in target.where" },
  { count: "waiting", label: "waiting", tone: "caution", note: "of the unmatched: for a parent" },
  { count: "conflicts", label: "conflicts", tone: "caution", note: "not written, each kept with the reason" },
  { count: "creates", label: "to create", action: "create", tone: "create" },
  { count: "undeletes", label: "of them", note: "are brought back as they were, with their ids" },
  { count: "updates", label: "to update", action: "update", tone: "update" },
  { count: "deletes", label: "to delete", action: "delete", tone: "delete" },
  { count: "mirrorDeletes", label: "to delete", action: "delete", tone: "delete", note: "no longer in the source" },
  { count: "unchanged", label: "unchanged", tone: "faint" },
];

/** Zero counts are left out, but for what was extracted. */
function countLines(counts: StreamCounts): Line[] {
  const rows = countRows.filter(({ count }) => count === "extracted" || counts[count] > 0);
  const numbers = rows.map(({ count }) => showCount(counts[count]));
  const width = Math.max(...numbers.map((number) => number.length));
  return rows.map(({ label, action, tone, note }, index): Line => {
    const sign = action === undefined ? " " : signs[action];
    const text = `  ${sign} ${padStart(numbers[index] ?? "", width)}  ${label.padEnd(10)}`;
    const spans: Span[] = [tone === undefined ? text : { text, tone }];
    return note === undefined ? spans : [...spans, { text: `  ${note}`, tone: "faint" }];
  });
}

function closingLines(plan: PlanReport, width: number): Line[] {
  const counts = countActions(plan.streams);
  const changes = counts.undelete + counts.create + counts.update + counts.delete;
  const total = sentence("", `Plan: ${describeActions(counts, showCount).join(", ") || "no rows"}.`, width, "strong");
  const forecast = forecastSentences(plan).flatMap((text) => sentence("", text, width));
  const waiting = plan.waiting.flatMap((text) => sentence({ text: "Waiting: ", tone: "caution" }, text, width));
  const lines = [...waiting, ...total, ...forecast, ...rejectsLines(plan.folder, plan.streams)];
  if (plan.objections.length > 0) return [...lines, ...objectionLines(plan, width)];
  if (changes === 0) return [...lines, ...sentence("", "Nothing to load: nothing in the target would change.", width)];
  return [...lines, ["Next: ", { text: plan.next, whole: true }]];
}

function passLine(next: string): Line {
  return ["Or let it pass this once: ", { text: next, whole: true }];
}

function objectionLines(plan: PlanReport, width: number): Line[] {
  return [
    [],
    [{ text: "A run of this plan would stop before it writes anything:", tone: "alarm" }],
    ...plan.objections.flatMap((objection) => sentence({ text: "  ✗ ", tone: "alarm" }, objection, width)),
    [],
    ...sentence(
      "Next: ",
      "mend the source or, if this is what you want, raise the limit in the job; then the same loadline plan again",
      width,
    ),
    // Of what no approval passes, the next command is another one.
    ...(plan.next.includes(" approve ") ? [passLine(plan.next)] : []),
  ];
}
