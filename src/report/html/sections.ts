// The parts of a report that need no script. In: the page's data. Out: a section each, or nothing where it has no entry.
// What must hold: counts are shown as the sums that they are, so that a reader can add them up.

import { showPath } from "../../core/errors.ts";
import type { StreamCounts } from "../../core/model.ts";
import { describeForecast } from "../forecast.ts";
import { countOf, showCount, showDuration, showTime } from "../numbers.ts";
import { type RowFileKind, titleOf } from "../rejects-lines.ts";
import { readSummary } from "../run-record.ts";
import { statusTone } from "../summary-view.ts";
import { html, linesOf, type Markup } from "./markup.ts";
import type { PageReason, PageStream, ReportPage } from "./page.ts";
import { type TableColumn, table } from "./table.ts";

export const nothing = html``;

export function section(id: string, title: string, body: Markup): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;
}

export function headSection(page: ReportPage): Markup {
  const { run, folder, why, redact, madeAt, madeBy } = page;
  const summary = readSummary(run);
  const orgs = [...new Set(page.streams.map(({ connection, org }) => `${connection} (org ${org})`))];
  const facts: [string, Markup | string | null][] = [
    ["Job", run.job],
    ["Command", `${run.command}${run.sandbox ? ", a rehearsal in the sandbox" : ""}`],
    ["Target", orgs.length === 0 ? null : orgs.join(", ")],
    ["Started", `${showTime(run.started)} UTC`],
    ["Took", summary === null ? null : showDuration(summary.seconds)],
    ["Exit code", run.exitCode === null ? null : String(run.exitCode)],
    ["Job file", html`<code>${showPath(run.jobFile)}</code>`],
    ["Run folder", folder === null ? null : html`<code>${showPath(folder)}</code>`],
    ["Not shown", redact.length === 0 ? null : `values of ${redact.join(", ")}, which the job redacts`],
    ["This page", `made ${showTime(madeAt)} UTC by loadline ${madeBy}`],
  ];
  const shown = facts.filter(([, value]) => value !== null);
  return html`<header>
<p class="kind">loadline ${run.command === "plan" ? "plan" : "run"}</p>
<h1>${run.id} <span class="status ${statusTone(run.status)}">${run.status}</span></h1>
${why === null ? nothing : html`<pre class="why">${linesOf(why)}</pre>`}
${run.next === null ? nothing : html`<p class="next">Next: <code>${run.next}</code></p>`}
<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
`;
}

const taken: readonly (readonly [keyof StreamCounts, string])[] = [
  ["filtered", "filtered"],
  ["duplicates", "duplicates"],
  ["rejected", "rejected"],
  ["unmatched", "unmatched"],
  ["conflicts", "conflicts"],
  ["creates", "creates"],
  ["updates", "updates"],
  ["deletes", "deletes"],
  ["unchanged", "unchanged"],
];

type Counted = PageStream & { counts: StreamCounts };

export function countsSection(streams: readonly PageStream[], isLoad: boolean): Markup {
  const counted = streams.filter((stream): stream is Counted => stream.counts !== null);
  const waiting = streams.filter(({ counts }) => counts === null).map(({ name }) => name);
  const rows = counted.length > 1 ? [...counted, totalOf(counted)] : counted;
  const count = (name: keyof StreamCounts, title: string): TableColumn<Counted> => ({
    title,
    right: true,
    cell: ({ counts }) => showCount(counts[name]),
  });
  const name: TableColumn<Counted> = { title: "stream", cell: (stream) => stream.name };
  const source = table(
    "What became of the rows of the source: extracted is the sum of the columns after it",
    [name, count("extracted", "extracted"), ...taken.map(([one, title]) => count(one, title))],
    rows,
  );
  const changes = ({ counts }: Counted) => counts.creates + counts.updates + counts.deletes + counts.mirrorDeletes;
  const sent = ({ counts }: Counted) => counts.loaded + counts.failed + counts.inDoubt;
  const written = table(
    "What became of the changes: to write is the sum of the columns after it",
    [
      name,
      { title: "to write", right: true, cell: (stream) => showCount(changes(stream)) },
      count("loaded", "loaded"),
      count("failed", "failed"),
      count("inDoubt", "in doubt"),
      { title: "not sent", right: true, cell: (stream) => showCount(changes(stream) - sent(stream)) },
      count("mirrorDeletes", "of them gone from the source"),
    ],
    rows,
  );
  const isSent = isLoad && counted.length > 0;
  return section(
    "counts",
    "Counts",
    html`${counted.length === 0 ? nothing : source}
${isSent ? written : nothing}
${waiting.length === 0 ? nothing : html`<p>Not planned: ${waiting.join(", ")}.</p>`}
${streams.map(streamBlock)}`,
  );
}

function totalOf(streams: readonly Counted[]): Counted {
  const [first] = streams;
  if (first === undefined) throw new Error("no streams to add up");
  const names = Object.keys(first.counts) as (keyof StreamCounts)[];
  const sum = (name: keyof StreamCounts) => streams.reduce((total, { counts }) => total + counts[name], 0);
  return {
    ...first,
    name: "all streams",
    counts: Object.fromEntries(names.map((one) => [one, sum(one)])) as unknown as StreamCounts,
  };
}

function streamBlock(stream: PageStream): Markup {
  const { name, connection, object, mode, key, state, how, writes, notes, warnings, counts } = stream;
  const told = [
    ...notes,
    ...(warnings === null || warnings === 0 ? [] : [`${countOf(warnings, "row")} with a warning`]),
    ...(counts === null || counts.changedBack === 0
      ? []
      : [`${countOf(counts.changedBack, "value")} that the target has changed back`]),
    ...(counts === null || counts.rounded === 0 ? [] : [`${countOf(counts.rounded, "value")} rounded`]),
  ];
  return html`<div class="stream"><h3>${name} → ${connection} ${object}</h3>
<p>${mode}${key.length === 0 ? "" : ` by ${key.join(", ")}`}; ${state}${how === null ? "" : `; present values: ${how}`}${writes === null ? "" : `; writes: ${writes}`}</p>
${told.length === 0 ? nothing : html`<ul>${told.map((note) => html`<li>${note}</li>`)}</ul>`}</div>
`;
}

const kinds: readonly RowFileKind[] = ["rejects", "conflicts", "unmatched", "duplicates"];

/** Rows that were not written, by reason, with the file that has all of them. */
export function reasonSections({ reasons, rowFiles }: ReportPage): Markup[] {
  return kinds.flatMap((kind) => {
    const files = rowFiles.filter((file) => file.kind === kind);
    const [first] = files;
    if (first === undefined) return [];
    const told = reasons.filter((reason) => reason.kind === kind);
    const title = titleOf(first);
    const paths = files.map(({ stream, rows, path }) => {
      const place = path === null ? html`the file of the plan` : html`<code>${showPath(path)}</code>`;
      return html`<p>${stream}: ${countOf(rows, "row")}, with their cells in ${place}</p>`;
    });
    return [
      section(
        kind,
        title,
        html`${told.length === 0 ? nothing : table(`${title} by reason`, columnsFor(told), told)}${paths}`,
      ),
    ];
  });
}

/** Rejects are told by field and rule, the others in a sentence. */
function columnsFor(reasons: readonly PageReason[]): TableColumn<PageReason>[] {
  const isOfRules = reasons.some(({ of }) => of !== "");
  return reasonColumns.filter(({ title }) => title !== (isOfRules ? "reason" : "field and rule"));
}

const reasonColumns: readonly TableColumn<PageReason>[] = [
  { title: "stream", cell: ({ stream }) => stream },
  { title: "rows", right: true, cell: ({ rows }) => showCount(rows) },
  { title: "field and rule", cell: ({ of }) => of },
  { title: "reason", cell: ({ reason }) => reason },
  { title: "e.g.", cell: ({ examples }) => html`<ul>${examples.map((one) => html`<li>${one}</li>`)}</ul>` },
];

export function batchesSection({ batches }: ReportPage): Markup {
  if (batches.length === 0) return nothing;
  const told = batches.filter(({ message }) => message !== null);
  const body = html`${table(
    "Batches",
    [
      { title: "batch", cell: ({ stream, number }) => `${stream} ${number}` },
      { title: "action", cell: ({ action }) => action },
      { title: "state", cell: ({ state }) => state },
      { title: "rows", right: true, cell: ({ rows }) => showCount(rows) },
      { title: "loaded", right: true, cell: ({ succeeded }) => showCount(succeeded) },
      { title: "failed", right: true, cell: ({ failed }) => showCount(failed) },
      { title: "conflicts", right: true, cell: ({ conflicts }) => showCount(conflicts) },
      { title: "in doubt", right: true, cell: ({ inDoubt }) => showCount(inDoubt) },
      { title: "via", cell: ({ via }) => via },
      { title: "handle", cell: ({ handle }) => handle },
    ],
    batches,
  )}
${told.map(({ stream, number, message }) => html`<p>${stream} ${number}: ${message}</p>`)}`;
  return section("batches", "Batches", body);
}

export function effortSection({ timings, apiCalls, forecasts }: ReportPage): Markup {
  // A database has none.
  const calls = Object.entries(apiCalls ?? {}).filter(([, count]) => count > 0);
  if (timings.length === 0 && calls.length === 0 && forecasts.length === 0) return nothing;
  const body = html`${
    timings.length === 0
      ? nothing
      : table(
          "Time of each step",
          [
            { title: "stream", cell: ({ stream }) => stream },
            { title: "step", cell: ({ step }) => step },
            { title: "began (UTC)", cell: ({ started }) => started.slice(0, 19).replace("T", " ") },
            {
              title: "took",
              right: true,
              cell: ({ seconds }) => (seconds === null ? "did not end" : showDuration(seconds)),
            },
          ],
          timings,
        )
  }
${
  calls.length === 0
    ? nothing
    : table(
        "API calls",
        [
          { title: "connection", cell: ([name]) => name },
          { title: "calls", right: true, cell: ([, count]) => showCount(count) },
        ],
        calls,
      )
}
${forecasts.map((forecast) => html`<p>${describeForecast(forecast, false, apiCalls ?? {})}</p>`)}`;
  return section("effort", "Time and calls", body);
}

export function noticesSection({ notices }: ReportPage): Markup {
  if (notices.length === 0) return nothing;
  const rows = table(
    "What was told while it ran",
    [
      { title: "at (UTC)", cell: ({ time }) => time.slice(0, 19).replace("T", " ") },
      { title: "kind", cell: ({ kind }) => kind },
      { title: "message", cell: ({ message }) => message },
    ],
    notices,
  );
  return section("notices", "Warnings and retries", rows);
}
