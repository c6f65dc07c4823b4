// Texts of others, without values that the job redacts.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Job } from "../../src/job/job.ts";
import { findQuoted } from "../../src/pipeline/tools/scrub-values.ts";
import { Engine } from "../../src/stage/engine.ts";
import { writeParquet } from "../../src/stage/parquet.ts";

test("what a system repeats of a redacted field is dots, before or after, in any case, the longest first", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-scrub-"));
  mkdirSync(join(folder, "plan"));
  const plan = join(folder, "plan/contacts.parquet");
  using engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
  const side = (email: string, last: string) =>
    `struct_pack(Email := ${email}, "Last'Name" := ${last}, Phone := '0123456')`;
  await writeParquet(
    engine,
    `SELECT 'update' AS action, ${side("'Erika@x.com'", "'Erika'")} AS before, ${side("NULL", "'O''Hara \"x\"'")} AS after
      UNION ALL SELECT 'create', ${side("NULL", "NULL")}, ${side("'no'", "'Bo'")}`,
    plan,
  );
  const job = { redact: ["email", "Last'Name"], streams: [] } as unknown as Job;
  const of = { job, folder, stream: "contacts", plan, results: [], isLoad: true };
  const texts = ["ERIKA@X.COM and erika, 0123456", 'no Bo: o\'hara "X"', "nothing"];
  const scrub = await findQuoted(engine, [of], texts);
  expect(texts.map(scrub)).toEqual(["••• and •••, 0123456", "no Bo: •••", "nothing"]);
  rmSync(folder, { recursive: true });
});
