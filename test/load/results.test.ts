import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { readRowError } from "../../src/connectors/salesforce/errors.ts";
import { literal } from "../../src/core/sql.ts";
import { markResent, outcomesTable, resentRows } from "../../src/load/results.ts";
import { foldId } from "../../src/load/row-key.ts";
import { lanesOf, resentBatchRows, waitBefore } from "../../src/pipeline/load/resend.ts";
import { Engine } from "../../src/stage/engine.ts";
import { casesOf } from "../support/cases.ts";

const outcomes = ["loaded", "conflict", "failed", "locked", "unprocessed", "missing", "contradictory"] as const;

test("of any results just the rows that were not written for a reason that passes are sent again, each once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-results-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  using engine = await Engine.open({ folder, spillFolder: folder });
  await engine.run("CREATE TEMP TABLE explained (error VARCHAR, again VARCHAR)");
  await engine.run("INSERT INTO explained VALUES ('locked', 'locked'), ('failed', NULL), ('unprocessed', NULL)");
  const rows = fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (list, unprocessedToo) => {
      const values = list.map((told, index) => {
        const error = ["failed", "locked", "unprocessed"].includes(told) ? literal(told) : "NULL";
        return `(${index + 1}, ${literal(told === "locked" ? "failed" : told)}, ${error})`;
      });
      await engine.run(`CREATE OR REPLACE TEMP TABLE ${outcomesTable} (n BIGINT, outcome VARCHAR, error VARCHAR)`);
      await engine.run(`INSERT INTO ${outcomesTable} VALUES ${values.join(", ")}`);
      await engine.run(markResent(unprocessedToo));
      const wanted = list.flatMap((told, index) =>
        told === "locked" || (unprocessedToo && told === "unprocessed") ? [index + 1] : [],
      );
      const resent = await engine.all(`SELECT n, place FROM ${resentRows} ORDER BY place`);
      expect(resent).toEqual(wanted.map((n, place) => ({ n, place })));
      const others = await engine.all(`SELECT n, outcome FROM ${outcomesTable} WHERE outcome <> 'resent' ORDER BY n`);
      const kept = list.map((told, index) => ({ n: index + 1, outcome: told === "locked" ? "failed" : told }));
      expect(others).toEqual(kept.filter(({ n }) => !wanted.includes(n)));
    }),
    { numRuns: casesOf(150) },
  );
});

test("an id is told from every other: of Salesforce's 18 letters 15 count, of a number every digit, of a key every letter", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-ids-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  using engine = await Engine.open({ folder, spillFolder: folder });
  const ids = [
    ...["003000000000001AAA", "003000000000001", "1234567890123456", "123456789012345678", "123456789012345679"],
    ...["customer-000000001", "customer-000000002", "customer0000000AAB", "CUSTOMER0000000012", "0035G00000abcdeAAA"],
  ];
  const folded = await engine.all(
    `SELECT ${foldId("id")} AS key FROM (SELECT unnest([${ids.map(literal).join(", ")}]) AS id)`,
  );
  expect(folded.map(({ key }) => key)).toEqual(["003000000000001", ...ids.slice(1)]);
});

test("rounds get smaller, slower and narrower, down to one batch of 200 rows at a time", () => {
  expect([150_000, 1000, 401, 400, 60].map(resentBatchRows)).toEqual([75_000, 500, 201, 200, 200]);
  expect([0, 1, 2, 3, 5].map((round) => lanesOf(round, 4))).toEqual([4, 2, 1, 1, 1]);
  expect([0, 1, 2, 3, 4, 5].map(waitBefore)).toEqual([0, 1000, 2000, 4000, 8000, 16_000]);
});

test("only what passes by itself is told as worth sending again", () => {
  const reasons = [
    "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 200 records: 001xx,001yy:--",
    "TooManyLockFailure:too many lock failures 200. Trying again later.:--",
    "SERVER_UNAVAILABLE:try again later:--",
    "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
    "no code at all",
  ].map((text) => readRowError(text).again);
  expect(reasons).toEqual(["locked", "locked", "without a server", undefined, undefined]);
});
