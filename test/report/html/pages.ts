// Pages for the tests: a report of many changes, some of them hostile.

import { noCounts } from "../../../src/core/model.ts";
import type { PageChange, PageChanges, ReportPage } from "../../../src/report/html/page.ts";
import { type FieldChange, hidden } from "../../../src/report/plan.ts";
import { batchOf, runOf } from "../plans.ts";

/** What a browser must show, and not do. */
export const attack = `</script><script>window.hacked = true</script><img src=x onerror="window.hacked = true">`;
/** Orders text anew, hides it, ends a line. */
const strange = "a\u202eb\u200bc\u001b[31m\nd\u2028e";

export function reportOf(over: Partial<ReportPage> = {}): ReportPage {
  return {
    run: runOf({ status: "partial" }),
    folder: "/state/runs/x",
    named: "20261120-201455-contacts-7f3a",
    madeBy: "0.1.0",
    madeAt: "2026-11-20T20:16:00.000Z",
    why: `loaded, but not every row arrived: ${attack}`,
    forecasts: [],
    differences: [],
    streams: [
      {
        name: "contacts",
        connection: "salesforce",
        org: "00D1",
        object: "Contact",
        mode: "upsert",
        state: "settled",
        key: ["Ext__c"],
        counts: {
          ...noCounts(),
          extracted: 100_005,
          updates: 99_999,
          creates: 1,
          rejected: 5,
          loaded: 99_997,
          failed: 3,
        },
        how: "one scan",
        writes: null,
        notes: [attack],
        warnings: 2,
      },
    ],
    redact: ["Email"],
    reasons: [
      {
        stream: "contacts",
        kind: "rejects",
        of: "LastName, required",
        reason: "",
        rows: 5,
        examples: [attack, strange],
      },
    ],
    rowFiles: [{ stream: "contacts", kind: "rejects", rows: 8, path: "/state/runs/x/rejects/contacts.csv" }],
    notices: [{ time: "2026-11-20T20:15:01.000Z", kind: "warning", message: attack }],
    batches: [batchOf(1, { message: attack })],
    timings: [{ stream: "contacts", step: "diff", started: "2026-11-20T20:15:00.000Z", seconds: 2.5 }],
    apiCalls: { salesforce: 17 },
    ...over,
  };
}

/** 100,000 changes: the first is hostile, the last is one of a kind. */
export function changesOf(total: number): PageChanges {
  return { total, rows: generate(total) };
}

async function* generate(total: number): AsyncGenerator<PageChange> {
  for (let index = 0; index < total; index += 1) yield changeAt(index, total);
}

function changeAt(index: number, total: number): PageChange {
  const common = { stream: "contacts", id: `003${String(index).padStart(12, "0")}`, outcome: "loaded", message: null };
  if (index === 0) {
    const fields = [{ field: attack, before: strange, after: attack }];
    return { ...common, action: "update", key: attack, message: attack, outcome: "failed", fields };
  }
  if (index === total - 1) {
    const fields = [{ field: "LastName", before: null, after: "The Needle" }];
    return { ...common, action: "create", id: null, key: "K-last", fields };
  }
  const fields: FieldChange[] = [
    { field: "LastName", before: `Adams ${index}`, after: `Baker ${index}` },
    { field: "Email", before: hidden, after: hidden },
    ...(index % 10 === 0 ? [{ field: "Phone", before: null, after: `+49 ${index}` }] : []),
  ];
  return { ...common, action: "update", key: `K-${index}`, fields };
}
