// The report of a run, as a file. In: the page's data, and its changes one after the other. Out: one HTML file that needs
// nothing else. What must hold: the file is its owner's alone, and whole or not there; what was told is there without
// scripts, and the changes, which may be many, are read by a script of our own (client/changes.ts).

import { statSync } from "node:fs";
import { countOf } from "../numbers.ts";
import { readAssets } from "./assets.ts";
import { closeDocument, openDocument } from "./document.ts";
import { driftSection } from "./drift-section.ts";
import { type Embedded, embedChanges } from "./embed.ts";
import { html, type Markup } from "./markup.ts";
import type { PageChanges, ReportPage } from "./page.ts";
import {
  batchesSection,
  countsSection,
  effortSection,
  headSection,
  nothing,
  noticesSection,
  reasonSections,
} from "./sections.ts";
import { writePrivately } from "./write-file.ts";

export interface WrittenPage extends Embedded {
  path: string;
  bytes: number;
}

export async function writeReport(path: string, page: ReportPage, changes: PageChanges): Promise<WrittenPage> {
  const embedded: Embedded = { changes: 0, leftOut: 0 };
  await writePrivately(path, renderReport(page, changes, embedded));
  return { ...embedded, path, bytes: statSync(path).size };
}

async function* renderReport(page: ReportPage, changes: PageChanges, embedded: Embedded): AsyncGenerator<string> {
  const frame = { title: `${page.run.id}: ${page.run.status}`, assets: readAssets("changes") };
  yield openDocument(frame);
  yield html`${headSection(page)}<main>
${countsSection(page.streams, page.run.command !== "plan")}${driftSection(page)}`.text;
  yield changesSection.text;
  // A block of data: a browser reads no script in it.
  yield '<script type="application/octet-stream" id="data">\n';
  yield* embedChanges(changes, embedded);
  yield "\n</script>\n";
  yield leftOutNote(embedded, page.named).text;
  yield html`${reasonSections(page)}${noticesSection(page)}${batchesSection(page)}${effortSection(page)}</main>
`.text;
  yield closeDocument(frame);
}

/** What the script fills; without one it says so. */
const changesSection = html`<section id="changes" aria-labelledby="changes-title">
<h2 id="changes-title">Changes</h2>
<noscript><p>The changes are read by a script of this page, and scripts are off.</p></noscript>
<form id="filter" role="search" aria-label="Changes" hidden>
<label>Search <input id="search" type="search" autocomplete="off" spellcheck="false"></label>
<label>Stream <select id="stream"><option value="">all</option></select></label>
<label>Action <select id="action"><option value="">all</option></select></label>
<label>Field <select id="field"><option value="">all</option></select></label>
<label>Became <select id="outcome"><option value="">all</option></select></label>
</form>
<p id="count" role="status">Reading the changes …</p>
<div id="table" hidden>
<div id="list" role="grid" aria-label="Changes: arrow keys move, Enter opens a record, Escape closes it" aria-colcount="4" tabindex="0"></div>
<div id="detail" role="region" aria-label="The record" tabindex="-1" hidden></div>
</div>
<div id="print"></div>
</section>
`;

function leftOutNote({ changes, leftOut }: Embedded, named: string): Markup {
  if (leftOut === 0) return nothing;
  const text = `This page has the first ${countOf(changes, "change")}; ${countOf(leftOut, "more change")} would be too many for a browser.`;
  return html`<p class="why">${text} All of them: <code>loadline show ${named} --changes --csv</code></p>
`;
}
