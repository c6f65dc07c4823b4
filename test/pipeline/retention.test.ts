// What becomes of kept present values that no run has read for long.

import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { purgePresent } from "../../src/pipeline/runs/retention.ts";
import { makeKeptFolder } from "../support/kept-folder.ts";

const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);

test("present values go with what names them, what nothing names goes later, and what is read goes on", () => {
  const state = makeKeptFolder("retention");
  const folder = join(state, "present");
  mkdirSync(folder);
  using ledger = Ledger.open(state);
  const keep = (object: string, hours: number) => {
    const asOf = ago(hours).toISOString();
    const key = { org: "o", object, fieldsHash: "f", fields: ["Name"] };
    ledger.present.save({ ...key, file: `${object}.parquet`, sha256: "s", rows: 1, asOf, readAt: asOf, run: "r" });
  };
  const write = (name: string, hours: number) => {
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), ago(hours), ago(hours));
  };
  keep("Read", 23);
  keep("Unread", 25);
  // A file may be older than what names it as read.
  for (const name of ["Read", "Unread", "unnamed"]) write(`${name}.parquet`, 48);
  write("being-recorded.parquet", 0.5);
  purgePresent(ledger, state, 24 * hourMs);
  expect(ledger.present.all().map(({ object }) => object)).toEqual(["Read"]);
  expect(readdirSync(folder).sort()).toEqual(["Read.parquet", "being-recorded.parquet"]);
});
