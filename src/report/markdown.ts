// Plan and summary as GitHub-flavoured Markdown, for pull requests and for the page of a CI run. In: what the terminal views
// take, the room that there is, and the file that $GITHUB_STEP_SUMMARY names. Out: text, or text appended to that file. What
// must hold: whatever a value holds, it can't leave its cell or become markup; a redacted value is not in it; what there is
// no room for is counted.

import { appendFileSync, statSync } from "node:fs";
import { explain, showPath } from "../core/errors.ts";
import type { Action } from "../core/model.ts";
import { redactSecrets } from "../core/secret.ts";
import { signs } from "./change-lines.ts";
import { type Block, fitBlocks, type Room, roomOfStep, whole } from "./markdown-room.ts";
import { codeBlock, codeOf, htmlCode, told } from "./markdown-text.ts";
import { countOf, showCount } from "./numbers.ts";
import {
  countActions,
  describeActions,
  type FieldChange,
  forecastSentences,
  hidden,
  type PlannedChange,
  type PlannedStream,
  type PlanReport,
  recordName,
  shownChanges,
  type Value,
} from "./plan.ts";
import { type RejectReason, reasonsShownMax } from "./reject-reasons.ts";
import { rowFiles, titleOf } from "./rejects-lines.ts";
import { describeEffort, type EndedReport, type StreamRow, shownCounts } from "./summary-view.ts";
import { focusDifference, showValue } from "./value-text.ts";
import { cutText, tellApart } from "./visible-text.ts";

const valueColumnsMax = 120;
const fieldsShownMax = 12;

export function planMarkdown(plan: PlanReport, room: Room): string {
  const total = describeActions(countActions(plan.streams), showCount).join(", ") || "no rows";
  const isStopped = plan.objections.length > 0;
  const blocks = [
    whole(`### Plan of ${told(plan.job)}: ${total}`),
    {
      start: "**A run of this plan would stop before it writes anything:**\n\n",
      rows: plan.objections.map((objection) => `- ${told(objection)}`),
      end: "",
    },
    countTable(plan.streams),
    listOf(plan.waiting.map((text) => `waiting: ${told(text)}`)),
    whole(forecastSentences(plan).map(told).join("\n\n")),
    listOf(plan.streams.flatMap(({ name, notes }) => notes.map((note) => `${told(name)}: ${told(note)}`))),
    ...plan.streams.flatMap(({ name, rejectReasons, warned }) => reasonTables(name, rejectReasons, warned)),
    ...plan.streams.map(changesTable),
  ];
  return fitBlocks(blocks, isStopped ? "" : `Next: ${codeOf(plan.next)}`, leftOutOf(plan.run), room);
}

export function summaryMarkdown({ summary, folder, error }: EndedReport, room: Room): string {
  const streams = Object.entries(summary.streams).map(([name, counts]) => ({ name, counts }));
  const files = streams.flatMap((stream) => rowFiles(folder, stream));
  const blocks = [
    whole(`### ${told(summary.job)}: ${told(summary.status)}`),
    whole(error === undefined ? "" : codeBlock(explain(error))),
    streams.length > 0 ? countTable(streams) : whole(""),
    ...Object.entries(summary.streams).flatMap(([name, { rejectReasons, warnings }]) =>
      reasonTables(name, rejectReasons, warnings),
    ),
    whole(`${told(describeEffort(summary))}${summary.run === null ? "" : `, run ${codeOf(summary.run)}`}`),
    ...files.map((file) => whole(`${titleOf(file)}: ${codeOf(showPath(file.path))}`)),
  ];
  return fitBlocks(blocks, `Next: ${codeOf(summary.next)}`, leftOutOf(summary.run), room);
}

function leftOutOf(run: string | null): (lines: number) => string {
  const command = run === null ? "" : `: ${codeOf(`loadline show ${run}`)} has them`;
  return (lines) => `${countOf(lines, "line")} left out for want of room${command}`;
}

function listOf(items: readonly string[]): Block {
  return { start: "", rows: items.map((item) => `- ${item}`), end: "" };
}

function countTable(streams: readonly StreamRow[]): Block {
  const columns = shownCounts(streams);
  return table(
    ["stream", ...columns.map(({ title }) => title)],
    ["---", ...columns.map(() => "--:")],
    streams.map(({ name, counts }) => [told(name), ...columns.map(({ count }) => showCount(counts[count]))]),
  );
}

function reasonTables(
  stream: string,
  rejected: readonly RejectReason[],
  warned: readonly RejectReason[] = [],
): Block[] {
  const name = told(stream);
  return [
    reasonsTable(`Rejected of ${name}, by reason`, rejected),
    reasonsTable(`Loaded of ${name} with a warning, by rule`, warned),
  ];
}

function reasonsTable(title: string, reasons: readonly RejectReason[]): Block {
  const rows = reasons
    .slice(0, reasonsShownMax)
    .map(({ field, rule, count, example }) => [showCount(count), ...[field, rule, example].map(told)]);
  const body = table(["rows", "field", "rule", "example"], ["--:", "---", "---", "---"], rows);
  return { ...body, start: `**${title}:**\n\n${body.start}` };
}

/** The first changes, folded away: a table with a line a field. */
function changesTable(stream: PlannedStream): Block {
  const rows = shownChanges(stream).flatMap(changeRows);
  const { create, update, delete: deletes } = countActions([stream]);
  const heading = `${htmlCode(stream.name)}: ${stream.changes.length} of ${countOf(create + update + deletes, "change")}`;
  const body = table(["", "record", "field", "before", "after"], ["---", "---", "---", "---", "---"], rows);
  return {
    start: `<details><summary>${heading}</summary>\n\n${body.start}`,
    rows: body.rows,
    end: "\n\n</details>",
  };
}

function changeRows(change: PlannedChange): string[][] {
  const { action, fields } = change;
  const name = recordName(change);
  const shown = fields.length === 0 ? [undefined] : fields.slice(0, fieldsShownMax);
  const lines = shown.map((field, index) => {
    const start =
      index === 0 ? [codeOf(signs[action]), valueCell(name, cutText(showValue(name), valueColumnsMax))] : ["", ""];
    return [...start, ...(field === undefined ? ["", "", ""] : [told(field.field), ...sides(action, field)])];
  });
  const more = fields.length - fieldsShownMax;
  return more > 0 ? [...lines, ["", "", `… and ${showCount(more)} more`, "", ""]] : lines;
}

/** A new record has no before, a deleted one no after. */
function sides(action: Action, { before, after }: FieldChange): [string, string] {
  const [left, right] = focusDifference(...tellApart(showValue(before), showValue(after)), valueColumnsMax);
  return [
    action === "create" || action === "undelete" ? "" : valueCell(before, left),
    action === "delete" ? "" : valueCell(after, right),
  ];
}

function valueCell(value: Value, shown: string): string {
  return value === null || value === hidden ? shown : codeOf(shown);
}

function table(titles: readonly string[], rules: readonly string[], rows: readonly (readonly string[])[]): Block {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return { start: `${line(titles)}\n${line(rules)}\n`, rows: rows.map(line), end: "" };
}

/** Appends to the step's summary as much as GitHub takes. */
export function appendStepSummary(path: string, render: (room: Room) => string): void {
  const taken = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const room = roomOfStep(taken);
  const text = `${redactSecrets(render(room))}\n`;
  const isFull = room.sizeOf(text) > room.max;
  appendFileSync(path, isFull ? "The summary is left out: GitHub takes 1 MiB a step.\n" : text);
}
