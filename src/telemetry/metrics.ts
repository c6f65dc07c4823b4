// What monitoring is told of runs: files and traffic beside a run, never in its way. In: the summary of a run that has
// ended. Out: here the text of a Prometheus file. Must hold: no value of a record; series of other jobs stay.
//
// Names by https://prometheus.io/docs/practices/naming/: base units as suffix, no `_total` for what is no counter. The
// label is `job_name`, for `job` is the scrape's own. All of it are gauges: they tell of the last run, and go up and down.

import type { RunSummary } from "../report/summary.ts";

interface Metric {
  name: string;
  help: string;
  /** Values with their labels; none where there is nothing to tell. */
  samples(summary: RunSummary, endedAt: Date): readonly Sample[];
}

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

type StreamSummary = RunSummary["streams"][string];

const byStream =
  (value: (stream: StreamSummary) => number | undefined) =>
  ({ streams }: RunSummary): Sample[] =>
    Object.entries(streams).flatMap(([stream, counts]) => {
      const told = value(counts);
      return told === undefined ? [] : [{ labels: { stream }, value: told }];
    });

const split =
  (label: string, parts: (stream: StreamSummary) => Record<string, number>) =>
  ({ streams }: RunSummary): Sample[] =>
    Object.entries(streams).flatMap(([stream, counts]) =>
      Object.entries(parts(counts)).map(([part, value]) => ({ labels: { stream, [label]: part }, value })),
    );

const seconds = (time: Date) => time.getTime() / 1000;

/** Kept from an earlier run where the last one has none. */
const lasting = ["loadline_last_success_timestamp_seconds", "loadline_watermark_timestamp_seconds"];

const metrics: readonly Metric[] = [
  {
    name: "loadline_last_run_timestamp_seconds",
    help: "When the last run of the job ended.",
    samples: (_summary, endedAt) => [{ value: seconds(endedAt) }],
  },
  {
    name: "loadline_last_success_timestamp_seconds",
    help: "When the last run of the job that ended with exit code 0 ended.",
    samples: ({ exitCode }, endedAt) => (exitCode === 0 ? [{ value: seconds(endedAt) }] : []),
  },
  {
    name: "loadline_last_run_duration_seconds",
    help: "How long the last run of the job took.",
    samples: ({ seconds: value }) => [{ value }],
  },
  {
    name: "loadline_last_run_exit_code",
    help: "Exit code of the last run of the job; 0 is success.",
    samples: ({ exitCode }) => [{ value: exitCode }],
  },
  {
    name: "loadline_last_run_extracted_rows",
    help: "Rows that the source gave in the last run.",
    samples: byStream(({ extracted }) => extracted),
  },
  {
    name: "loadline_last_run_planned_rows",
    help: "What the plan of the last run made of the rows of the source; over outcome they add up to the extracted ones.",
    samples: split("outcome", (counts) => ({
      filtered: counts.filtered,
      duplicate: counts.duplicates,
      rejected: counts.rejected,
      unmatched: counts.unmatched,
      create: counts.creates,
      update: counts.updates,
      delete: counts.deletes,
      unchanged: counts.unchanged,
      conflict: counts.conflicts,
    })),
  },
  {
    name: "loadline_last_run_mirror_deleted_rows",
    help: "Records that mode mirror deletes for want of a row in the last run.",
    samples: byStream(({ mirrorDeletes }) => mirrorDeletes),
  },
  {
    name: "loadline_last_run_sent_rows",
    help: "What became of the rows that the last run sent.",
    samples: split("result", ({ loaded, failed, inDoubt }) => ({ loaded, failed, in_doubt: inDoubt })),
  },
  {
    name: "loadline_last_run_api_calls",
    help: "API calls of the last run.",
    samples: ({ apiCalls }) =>
      Object.entries(apiCalls).map(([connection, value]) => ({ labels: { connection }, value })),
  },
  {
    name: "loadline_last_run_drift",
    help: "What a truth pass has found between source and target; left is what of it was not repaired.",
    samples: ({ drift = {} }) =>
      Object.entries(drift).flatMap(([stream, { onlySource, onlyTarget, different, duplicates, orphans, left }]) =>
        Object.entries({
          only_source: onlySource,
          only_target: onlyTarget,
          different,
          duplicates,
          orphans,
          left,
        }).flatMap(([kind, value]) => (value === null ? [] : [{ labels: { stream, kind }, value }])),
      ),
  },
  {
    name: "loadline_watermark_timestamp_seconds",
    help: "Up to when changes of the source have been taken by the last run that took them as a window of time.",
    samples: byStream(({ watermark }) => {
      const at = Date.parse(watermark?.to ?? "");
      return Number.isNaN(at) ? undefined : at / 1000;
    }),
  },
];

/** A file as it is read: by metric its comments and its series. */
type Exposition = Map<string, { head: string[]; series: string[] }>;

/** `present` with the series of this job replaced; undefined where it holds what loadline has not written. */
export function renderMetrics(present: string, summary: RunSummary, endedAt: Date): string | undefined {
  const known = readExposition(present);
  if (known === undefined) return undefined;
  const own = `{job_name="${escapeLabel(summary.job)}"`;
  for (const { name, help, samples } of metrics) {
    const fresh = samples(summary, endedAt).map((sample) => renderSample(name, own, sample));
    const before = known.get(name)?.series ?? [];
    const isReplaced = (line: string) =>
      line.startsWith(`${name}${own}`) && (!lasting.includes(name) || fresh.some((one) => isSameSeries(one, line)));
    const series = [...before.filter((line) => !isReplaced(line)), ...fresh].sort();
    known.set(name, { head: [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`], series });
  }
  const groups = [...known.values()].filter(({ series }) => series.length > 0);
  return `${groups.flatMap(({ head, series }) => [...head, ...series]).join("\n")}\n`;
}

function readExposition(text: string): Exposition | undefined {
  const found: Exposition = new Map();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const name = /^(?:# (?:HELP|TYPE) )?(loadline_\w+)(?=[ {])/.exec(line)?.[1];
    if (name === undefined) return undefined;
    const group = found.get(name) ?? { head: [], series: [] };
    found.set(name, group);
    (line.startsWith("#") ? group.head : group.series).push(line);
  }
  return found;
}

function renderSample(name: string, own: string, { labels = {}, value }: Sample): string {
  const more = Object.entries(labels).map(([label, text]) => `,${label}="${escapeLabel(text)}"`);
  return `${name}${own}${more.join("")}} ${value}`;
}

function isSameSeries(left: string, right: string): boolean {
  const series = (line: string) => line.slice(0, line.lastIndexOf(" "));
  return series(left) === series(right);
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/: backslash, quote and line feed. */
function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
