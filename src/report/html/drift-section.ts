// What a truth pass has found, on the page of its run. In: the page's data. Out: a section, or nothing where it was none.

import { join } from "node:path";
import { driftCounts, type StreamDrift } from "../../core/drift.ts";
import { showPath } from "../../core/errors.ts";
import { showCount } from "../numbers.ts";
import { readSummary } from "../run-record.ts";
import { html, type Markup } from "./markup.ts";
import type { PageDifference, ReportPage } from "./page.ts";
import { nothing, section } from "./sections.ts";
import { type TableColumn, table } from "./table.ts";

type StreamRow = StreamDrift & { name: string };

export function driftSection({ run, folder, differences }: ReportPage): Markup {
  const { drift } = readSummary(run) ?? {};
  if (drift === undefined) return nothing;
  const rows = Object.entries(drift).map(([name, one]): StreamRow => ({ name, ...one }));
  const places = folder === null ? [] : rows.map(({ name }) => showPath(join(folder, "drift", `${name}.csv`)));
  return section(
    "drift",
    "Drift",
    html`${table("What differs between source and target", countColumns, rows)}
${differences.length === 0 ? nothing : table("The first of each kind", lineColumns, differences)}
${places.map((path) => html`<p>All of it: <code>${path}</code></p>`)}`,
  );
}

const countColumns: readonly TableColumn<StreamRow>[] = [
  { title: "stream", cell: ({ name }) => name },
  ...driftCounts.map(
    ([title, count]): TableColumn<StreamRow> => ({
      title,
      right: true,
      cell: (row) => (row[count] === null ? "not looked for" : showCount(row[count])),
    }),
  ),
];

const lineColumns: readonly TableColumn<PageDifference>[] = [
  { title: "stream", cell: ({ stream }) => stream },
  { title: "kind", cell: ({ kind }) => kind },
  { title: "key", cell: ({ key }) => key },
  { title: "field", cell: ({ field }) => field },
  { title: "source", cell: ({ source }) => source },
  { title: "target", cell: ({ target }) => target },
];
