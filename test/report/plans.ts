// Plans and runs for the views.

import { noCounts, type StreamCounts } from "../../src/core/model.ts";
import type { FieldChange, PlannedChange, PlannedStream, PlanReport, Value } from "../../src/report/plan.ts";
import type { BatchDetails, RunDetails, StreamDetails } from "../../src/report/run-record.ts";
import type { RunSummary } from "../../src/report/summary.ts";

export const plain = { width: 100, color: false };

export function planOf(streams: readonly PlannedStream[], over: Partial<PlanReport> = {}): PlanReport {
  return {
    run: "20261120-201455-contacts-7f3a",
    job: "contacts",
    folder: "/state/runs/20261120-201455-contacts-7f3a",
    next: "loadline run jobs/contacts.yaml",
    objections: [],
    waiting: [],
    forecasts: [],
    apiCalls: {},
    streams,
    ...over,
  };
}

export function streamOf(
  counts: Partial<StreamCounts>,
  changes: readonly PlannedChange[] = [],
  over: Partial<PlannedStream> = {},
): PlannedStream {
  return {
    name: "contacts",
    connection: "salesforce",
    org: "00D1",
    object: "Contact",
    mode: "upsert",
    key: ["Ext__c"],
    how: "1 keyed query",
    writes: "creates by collections",
    notes: [],
    warnings: 0,
    rejectReasons: [],
    redact: [],
    counts: { ...noCounts(), ...counts },
    changes,
    ...over,
  };
}

/** Fields as name → [before, after]. */
export function updateOf(key: string | null, fields: Record<string, [Value, Value]>): PlannedChange {
  return { action: "update", key, id: "003A", fields: fieldsOf(fields) };
}

export function createOf(key: string | null, values: Record<string, Value>): PlannedChange {
  const fields = Object.entries(values).map(([field, after]): FieldChange => ({ field, before: null, after }));
  return { action: "create", key, id: null, fields };
}

export function deleteOf(key: string | null, values: Record<string, Value>): PlannedChange {
  const fields = Object.entries(values).map(([field, before]): FieldChange => ({ field, before, after: null }));
  return { action: "delete", key, id: "003B", fields };
}

function fieldsOf(fields: Record<string, [Value, Value]>): PlannedChange["fields"] {
  return Object.entries(fields).map(([field, [before, after]]) => ({ field, before, after }));
}

export function summaryOf(streams: Record<string, Partial<StreamCounts>>, over: Partial<RunSummary> = {}): RunSummary {
  return {
    run: "20261120-201455-contacts-7f3a",
    job: "contacts",
    status: "loaded",
    streams: Object.fromEntries(
      Object.entries(streams).map(([name, counts]) => [
        name,
        { ...noCounts(), ...counts, watermark: null, rejectReasons: [] },
      ]),
    ),
    apiCalls: { salesforce: 17 },
    seconds: 42.4,
    exitCode: 0,
    next: "loadline show 20261120-201455-contacts-7f3a",
    ...over,
  };
}

export function runOf(over: Partial<RunDetails> = {}): RunDetails {
  return {
    id: "20261120-201455-contacts-7f3a",
    job: "contacts",
    jobFile: "jobs/contacts.yaml",
    command: "run",
    status: "loaded",
    started: "2026-11-20T20:14:55.123Z",
    finished: "2026-11-20T20:15:37.523Z",
    exitCode: 0,
    next: "loadline show 20261120-201455-contacts-7f3a",
    summary: JSON.stringify(summaryOf({ contacts: { extracted: 1200, loaded: 1200, creates: 1200 } })),
    sandbox: false,
    folder: "/state/runs/20261120-201455-contacts-7f3a",
    report: null,
    streams: [],
    ...over,
  };
}

export function runStreamOf(batches: readonly BatchDetails[], counts: Partial<StreamCounts> = {}): StreamDetails {
  return {
    name: "contacts",
    connection: "salesforce",
    org: "00D1",
    object: "Contact",
    mode: "upsert",
    state: "settled",
    how: "1 keyed query",
    writes: "creates in bulk",
    rejectReasons: [],
    notes: [],
    counts: { ...noCounts(), ...counts },
    parts: [{ label: "contacts.csv", path: "/x/part-00001.csv", bytes: 123_456, sha256: "0123456789abcdef".repeat(4) }],
    batches,
  };
}

export function batchOf(number: number, over: Partial<BatchDetails> = {}): BatchDetails {
  return {
    stream: "contacts",
    number,
    action: "create",
    path: `/x/batches/contacts-0000${number}.csv`,
    rows: 1000,
    state: "settled",
    via: "bulk",
    handle: `7505e${number}`,
    attempts: 1,
    succeeded: 1000,
    failed: 0,
    conflicts: 0,
    inDoubt: 0,
    message: null,
    ...over,
  };
}
