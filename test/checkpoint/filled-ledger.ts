// A ledger with a row in each table.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type BatchRecord,
  type InsertedRecord,
  Ledger,
  type StreamRecord,
  type Watermark,
  type WindowRecord,
} from "../../src/checkpoint/ledger.ts";
import type { PresentRecord } from "../../src/checkpoint/present-values.ts";
import type { TwinRecord } from "../../src/checkpoint/twin-record.ts";
import { unsent } from "../../src/pipeline/batches/batch-files.ts";
import { makeKeptFolder } from "../support/kept-folder.ts";

export const batch: BatchRecord = {
  run: "r1",
  stream: "contacts",
  number: 1,
  operation: "insert",
  object: "Contact",
  externalId: null,
  action: "create",
  path: "/b/1.csv",
  bytes: 10,
  rows: 5,
  sha256: "ab",
  ...unsent,
  message: null,
  via: "bulk",
  round: 0,
  again: false,
  level: 0,
};

export const run = {
  id: "r1",
  job: "j",
  jobHash: "h",
  jobFile: "/j.yaml",
  jobSha256: null,
  command: "run",
  options: {},
} as const;

export const stream: StreamRecord = {
  run: "r1",
  name: "contacts",
  connection: "salesforce",
  org: "00D000000000001",
  object: "Contact",
  mode: "insert",
  state: "planned",
  planSha256: "cd",
  plan: "/p.parquet",
  counts: null,
  how: "1 keyed query",
  writes: null,
  rejectsBytes: 0,
  partial: null,
  notes: [],
  stops: [],
  aggregates: [{ sql: "count_star()", type: "BIGINT", value: "5" }],
  shape: null,
  measured: { of: "h", rows: 2, files: 1, spanMs: null },
  found: "sha256 ef",
};

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let template: string | undefined;

/** A copy of a ledger with a row in each table. */
export function filledLedger(): string {
  if (template === undefined) {
    template = makeKeptFolder("ledger-");
    fillLedger(template);
  }
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true });
  return folder;
}

function fillLedger(folder: string): void {
  using ledger = Ledger.open(folder);
  ledger.startRun(run);
  ledger.savePlan({ stream, batches: [batch] });
  ledger.addParts("r1", "contacts", [
    {
      ordinal: 1,
      path: "/x/part-00001.csv",
      label: "contacts.csv",
      locator: "contacts.csv 10 1",
      bytes: 10,
      sha256: "ef",
      compressed: false,
      suspect: false,
      columns: ["id"],
      careful: false,
      rows: null,
    },
  ]);
  ledger.saveWindow(taken);
  ledger.settleStream({ stream, watermark });
  const file = { label: "contacts.csv", bytes: 9, modifiedMs: 1.5 };
  ledger.saveTakes([
    { run: "r1", stream: "contacts", ordinal: 1, ...file, rows: 1, sha256: "ef", takenBy: "r0", acknowledged: false },
  ]);
  ledger.closeRows([{ run: "r1", stream: "contacts", row: "r1", by: "r2", reason: null }]);
  ledger.present.save(present);
  ledger.addApproval({ plan: "r1", planHash: "ab", by: "ann", note: null, at: "2026-11-21T00:00:00.000Z", guards: [] });
  const [settled] = ledger.streams("r1");
  if (settled !== undefined) {
    ledger.settleStream({
      stream: settled,
      taken: [{ ...taker, sha256: "ef", run: "r1", ...file }],
      delivered: { ...taker, key: ["Id"], file: "r1-contacts.parquet", run: "r1", sha256: null },
      waiting: { ...taker, file: "r1-contacts.parquet", run: "r1", sha256: "ab", rows: 3 },
      shape: { ...shapeOwner, shape: "{}", run: "r1" },
      twin,
      insertedFiles: [
        { org: "o", object: "Contact", sha256: "ef", run: "r1", stream: "contacts", label: "contacts.csv" },
      ],
      inserted,
    });
  }
}

const taker = { job: "j", stream: "contacts", targetOrg: "o", object: "Contact", jobFile: "../j.yaml" };

export const shapeOwner = { ...taker, sourceOrg: "s", source: "" };

export const present: PresentRecord = {
  org: "o",
  object: "Contact",
  fieldsHash: "f",
  fields: ["LastName"],
  file: "r1-contacts.parquet",
  sha256: "s",
  rows: 1,
  asOf: "2026-11-20T03:00:00.000Z",
  readAt: "2026-11-19T03:00:00.000Z",
  run: "r1",
};

export const twin: TwinRecord = {
  first: "j",
  second: "k",
  firstFile: "../j.yaml",
  secondFile: "../k.yaml",
  firstOrg: "s",
  firstObject: "contact",
  secondOrg: "o",
  secondObject: "contacts",
  file: "r1-contacts.parquet",
  sha256: "ab",
  rows: 3,
  conflictsFile: "",
  conflictsSha256: "",
  conflicts: 0,
  run: "r1",
};

const taken: WindowRecord = {
  run: "r1",
  stream: "contacts",
  sourceOrg: "s",
  from: null,
  to: "2026-11-21T00:00:00.000Z",
  moves: true,
  handle: null,
};

export const watermark: Watermark = {
  full: null,
  knownFile: null,
  knownSha256: null,
  job: "j",
  stream: "contacts",
  sourceOrg: "s",
  targetOrg: "o",
  object: "Contact",
  to: "2026-11-21T00:00:00.000Z",
  run: "r1",
  jobFile: "../j.yaml",
  source: '{"object":"Contact"}',
  seenFile: null,
  seenSha256: null,
  pending: ["003"],
};

const inserted: InsertedRecord = {
  org: "o",
  object: "Contact",
  run: "r1",
  stream: "contacts",
  file: "r1-contacts-planned.parquet",
  sha256: "ab",
  rows: 5,
  settled: null,
};
