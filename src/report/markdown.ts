// Plan and summary as GitHub-flavoured Markdown, for the page of a CI run. In: what the terminal views take, and the file
// that $GITHUB_STEP_SUMMARY names. Out: text appended to it. What must hold: whatever a value holds, it can't leave its
// cell or become markup; a redacted value is not in it.

import { appendFileSync, statSync } from "node:fs";
import { explain, showPath } from "../core/errors.ts";
import type { Action } from "../core/model.ts";
import { redactSecrets } from "../core/secret.ts";
import { signs } from "./change-lines.ts";
import { showCount } from "./numbers.ts";
import {
  countActions,
  describeActions,
  forecastSentences,
  type PlannedStream,
  type PlanReport,
  recordName,
  shownChanges,
} from "./plan.ts";
import { type RejectReason, reasonsShownMax } from "./reject-reasons.ts";
import { rowFiles, titleOf } from "./rejects-lines.ts";
import { describeEffort, type EndedReport, type StreamRow, shownCounts } from "./summary-view.ts";
import { focusDifference, showValue } from "./value-text.ts";
import { tellApart, visible } from "./visible-text.ts";

const valueColumnsMax = 120;
const fieldsShownMax = 12;

export function planMarkdown(plan: PlanReport): string {
  const total = describeActions(countActions(plan.streams), showCount).join(", ") || "no rows";
  const objections = plan.objections.map((objection) => `- ${escapeMarkdown(objection)}`);
  return joinBlocks([
    `### Plan of ${escapeMarkdown(plan.job)}: ${total}`,
    objections.length > 0
      ? `**A run of this plan would stop before it writes anything:**\n\n${objections.join("\n")}`
      : "",
    countTable(plan.streams),
    plan.waiting.map((text) => `- waiting: ${escapeMarkdown(text)}`).join("\n"),
    forecastSentences(plan).map(escapeMarkdown).join("\n\n"),
    plan.streams.flatMap(noteItems).join("\n"),
    ...plan.streams.flatMap(({ name, rejectReasons, warned }) => reasonTables(name, rejectReasons, warned)),
    ...plan.streams.map(changesTable),
    objections.length > 0 ? "" : `Next: ${code(plan.next)}`,
  ]);
}

export function summaryMarkdown({ summary, folder, error }: EndedReport): string {
  const streams = Object.entries(summary.streams).map(([name, counts]) => ({ name, counts }));
  const files = streams.flatMap((stream) => rowFiles(folder, stream));
  return joinBlocks([
    `### ${escapeMarkdown(summary.job)}: ${escapeMarkdown(summary.status)}`,
    error === undefined ? "" : codeBlock(explain(error)),
    streams.length > 0 ? countTable(streams) : "",
    ...Object.entries(summary.streams).flatMap(([name, { rejectReasons, warnings }]) =>
      reasonTables(name, rejectReasons, warnings),
    ),
    `${escapeMarkdown(describeEffort(summary))}${summary.run === null ? "" : `, run ${code(summary.run)}`}`,
    ...files.map((file) => `${titleOf(file)}: ${code(showPath(file.path))}`),
    `Next: ${code(summary.next)}`,
  ]);
}

function joinBlocks(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function countTable(streams: readonly StreamRow[]): string {
  const columns = shownCounts(streams);
  return table(
    ["stream", ...columns.map(({ title }) => title)],
    ["---", ...columns.map(() => "--:")],
    streams.map(({ name, counts }) => [escapeMarkdown(name), ...columns.map(({ count }) => showCount(counts[count]))]),
  );
}

function noteItems({ name, notes }: PlannedStream): string[] {
  return notes.map((note) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(note)}`);
}

function reasonTables(
  stream: string,
  rejected: readonly RejectReason[],
  warned: readonly RejectReason[] = [],
): string[] {
  const name = escapeMarkdown(stream);
  return [
    reasonsTable(`Rejected of ${name}, by reason`, rejected),
    reasonsTable(`Loaded of ${name} with a warning, by rule`, warned),
  ];
}

function reasonsTable(title: string, reasons: readonly RejectReason[]): string {
  if (reasons.length === 0) return "";
  const rows = reasons
    .slice(0, reasonsShownMax)
    .map(({ field, rule, count, example }) => [showCount(count), ...[field, rule, example].map(escapeMarkdown)]);
  const body = table(["rows", "field", "rule", "example"], ["--:", "---", "---", "---"], rows);
  return `**${title}:**\n\n${body}`;
}

/** The first changes, folded away: a table with a line a field. */
function changesTable(stream: PlannedStream): string {
  const rows = shownChanges(stream).flatMap((change) => {
    const { action, fields } = change;
    const name = escapeMarkdown(showValue(recordName(change)));
    const shown = fields.length === 0 ? [{ field: "", before: null, after: null }] : fields.slice(0, fieldsShownMax);
    const lines = shown.map(({ field, before, after }, index) => {
      const [left, right] = focusDifference(...tellApart(showValue(before), showValue(after)), valueColumnsMax);
      const start = index === 0 ? [`\`${signs[action]}\``, name] : ["", ""];
      return [...start, escapeMarkdown(field), ...sides(action, left, right).map(escapeMarkdown)];
    });
    const more = fields.length - fieldsShownMax;
    return more > 0 ? [...lines, ["", "", `… and ${showCount(more)} more`, "", ""]] : lines;
  });
  if (rows.length === 0) return "";
  const { create, update, delete: deletes } = countActions([stream]);
  const heading = `${escapeHtml(stream.name)}: ${stream.changes.length} of ${showCount(create + update + deletes)} changes`;
  const body = table(["", "record", "field", "before", "after"], ["---", "---", "---", "---", "---"], rows);
  return `<details><summary>${heading}</summary>\n\n${body}\n\n</details>`;
}

function table(titles: readonly string[], rules: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A new record has no before, a deleted one no after. */
function sides(action: Action, before: string, after: string): [string, string] {
  return [action === "create" ? "" : before, action === "delete" ? "" : after];
}

/** Escapes what is markup within a line, GitHub's mathematics too. https://spec.commonmark.org/0.31.2/#backslash-escapes */
function escapeMarkdown(text: string): string {
  return visible(text).replaceAll(/[\\`*_[\]<>|~&$#!]/g, "\\$&");
}

/** For text in an HTML tag, where a backslash is one. */
function escapeHtml(text: string): string {
  return visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function code(text: string): string {
  return `\`${visible(text).replaceAll("`", "'")}\``;
}

/** Indented, so that nothing in the text can end it. */
function codeBlock(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${visible(line)}`)
    .join("\n");
}

/** GitHub takes 1 MiB a step and drops what is close to it without a word (github.com/actions/runner/issues/4337). */
const summaryBytesMax = 1_000_000;

/** Appends to the step's summary as much as GitHub takes. */
export function appendStepSummary(path: string, markdown: string): void {
  const text = redactSecrets(markdown);
  const taken = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const fits = taken + Buffer.byteLength(text) <= summaryBytesMax;
  appendFileSync(path, fits ? `${text}\n` : "The summary is left out: GitHub takes 1 MiB a step.\n");
}
