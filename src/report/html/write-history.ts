// The history of a project as a page. In: its runs, newest first. Out: a file: each job with its runs over time, then all
// runs in a table that a script filters (client/history.ts). What must hold: a rehearsal is marked wherever it stands;
// without scripts all of it is there.

import type { StreamCounts } from "../../core/model.ts";
import { countOf, showCount, showDuration, showTime } from "../numbers.ts";
import { type RunOverview, secondsOf, sumOf } from "../run-record.ts";
import { statusTone } from "../summary-view.ts";
import { readAssets } from "./assets.ts";
import { closeDocument, openDocument } from "./document.ts";
import { html, type Markup } from "./markup.ts";
import { type TableColumn, table } from "./table.ts";
import { writePrivately } from "./write-file.ts";

/** What a browser lays out at ease. */
const runsMax = 5_000;
/** Of a job, over time. */
const barsMax = 60;
const barWidth = 8;
const barHeightMax = 20;
const barHeightMin = 4;

export interface HistoryPage {
  /** Of the project. */
  title: string;
  /** Newest first. */
  runs: readonly RunOverview[];
  madeAt: string;
}

export async function writeHistory(path: string, page: HistoryPage): Promise<void> {
  const frame = { title: `${page.title}: runs`, assets: readAssets("history") };
  await writePrivately(path, [openDocument(frame), renderHistory(page).text, closeDocument(frame)]);
}

function renderHistory({ title, runs, madeAt }: HistoryPage): Markup {
  const shown = runs.slice(0, runsMax);
  const jobs = [...new Set(runs.map(({ job }) => job))].sort();
  const left = runs.length - shown.length;
  const note = `The newest ${showCount(shown.length)}; ${countOf(left, "older run")}: loadline runs --html --since … or --job …`;
  return html`<header>
<p class="kind">loadline runs</p>
<h1>${title}</h1>
<p>${countOf(runs.length, "run")} of ${countOf(jobs.length, "job")}, as of ${showTime(madeAt)} UTC</p>
</header>
<main>
<section aria-labelledby="jobs-title">
<h2 id="jobs-title">Jobs</h2>
${table(
  "Jobs: a bar is a run, the newest at the right, as high as it took long; pale bars are rehearsals",
  jobColumns,
  jobs.map((job) => ({ job, runs: runs.filter((run) => run.job === job) })),
)}
</section>
<section id="runs" aria-labelledby="runs-title">
<h2 id="runs-title">Runs</h2>
<form id="filter" role="search" aria-label="Runs" hidden>
<label>Search <input id="search" type="search" autocomplete="off" spellcheck="false"></label>
<label>Job <select id="job"><option value="">all</option></select></label>
<label>Status <select id="status"><option value="">all</option></select></label>
<label>Where <select id="where"><option value="">all</option></select></label>
</form>
<p id="count" role="status"></p>
${left === 0 ? null : html`<p class="why">${note}</p>`}
${table("Runs, newest first", columnsFor(shown), shown, (run) => ({ job: run.job, status: run.status, where: whereOf(run) }))}
</section>
</main>
`;
}

function whereOf({ sandbox }: RunOverview): string {
  return sandbox ? "rehearsal" : "live";
}

interface JobRuns {
  job: string;
  runs: readonly RunOverview[];
}

const jobColumns: readonly TableColumn<JobRuns>[] = [
  { title: "job", cell: ({ job }) => job },
  { title: "last run", cell: ({ runs: [last] }) => (last === undefined ? null : statusOf(last)) },
  { title: "at (UTC)", cell: ({ runs: [last] }) => (last === undefined ? null : showTime(last.started)) },
  { title: "live runs", right: true, cell: ({ runs }) => showCount(runs.filter(({ sandbox }) => !sandbox).length) },
  { title: "rehearsals", right: true, cell: ({ runs }) => showCount(runs.filter(({ sandbox }) => sandbox).length) },
  { title: "usually takes", right: true, cell: ({ runs }) => medianSeconds(runs) },
  { title: "over time", cell: ({ runs }) => stripOf(runs.slice(0, barsMax).toReversed()) },
];

function statusOf(run: RunOverview): Markup {
  const tag = run.sandbox ? html` <span class="tag">rehearsal</span>` : null;
  return html`<span class="status ${statusTone(run.status)}">${run.status}</span>${tag}`;
}

function medianSeconds(runs: readonly RunOverview[]): string | null {
  const seconds = runs.flatMap((run) => secondsOf(run) ?? []).sort((left, right) => left - right);
  const median = seconds[Math.floor(seconds.length / 2)];
  return median === undefined ? null : showDuration(median);
}

function stripOf(runs: readonly RunOverview[]): Markup {
  const longest = Math.max(0.001, ...runs.map((run) => secondsOf(run) ?? 0));
  const bars = runs.map((run, index) => {
    const seconds = secondsOf(run);
    const share = Math.sqrt((seconds ?? 0) / longest);
    const height = Math.round(barHeightMin + share * (barHeightMax - barHeightMin));
    const where = run.sandbox ? " rehearsal" : "";
    const took = seconds === null ? "" : `, ${showDuration(seconds)}`;
    return html`<rect class="${statusTone(run.status)}${where}" x="${index * barWidth}" y="${barHeightMax - height}" width="${barWidth - 2}" height="${height}"><title>${showTime(run.started)} ${run.command} ${run.status}${where}${took}</title></rect>`;
  });
  const label = `${countOf(runs.length, "run")}: ${runs.map(({ status }) => status).join(", ")}`;
  return html`<svg class="strip" role="img" aria-label="${label}" width="${Math.max(1, runs.length) * barWidth}" height="${barHeightMax}">${bars}</svg>`;
}

type RunColumn = TableColumn<RunOverview> & {
  /** Left out where it is zero in all runs. */
  counts?: keyof StreamCounts;
};

function columnsFor(runs: readonly RunOverview[]): RunColumn[] {
  return runColumns.filter(
    ({ counts }) => counts === undefined || counts === "loaded" || runs.some((run) => (sumOf(run, counts) ?? 0) > 0),
  );
}

function count(name: keyof StreamCounts, title: string): RunColumn {
  return {
    counts: name,
    title,
    right: true,
    cell: (run) => {
      const sum = sumOf(run, name);
      return sum === null ? null : showCount(sum);
    },
  };
}

const runColumns: readonly RunColumn[] = [
  { title: "run", cell: ({ id }) => html`<code>${id}</code>` },
  { title: "job", cell: ({ job }) => job },
  { title: "command", cell: ({ command }) => command },
  { title: "status", cell: statusOf },
  { title: "started (UTC)", cell: ({ started }) => showTime(started) },
  {
    title: "took",
    right: true,
    cell: (run) => {
      const seconds = secondsOf(run);
      return seconds === null ? null : showDuration(seconds);
    },
  },
  count("extracted", "extracted"),
  count("rejected", "rejected"),
  count("creates", "creates"),
  count("updates", "updates"),
  count("deletes", "deletes"),
  count("mirrorDeletes", "mirror deletes"),
  count("loaded", "loaded"),
  count("failed", "failed"),
  count("inDoubt", "in doubt"),
  {
    title: "next",
    cell: ({ next, status }) => (next === null || status === "running" ? null : html`<code>${next}</code>`),
  },
];
