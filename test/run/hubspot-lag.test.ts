// HubSpot's index sees a change late: the overlap of windows is for that.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

/** Longer than a test takes: the index catches up when the test says so. */
const lagMs = 600_000;

function job(incremental: string): string {
  return `version: 1
name: contacts-out
streams:
  contacts:
    source: { connection: hubspot, object: contacts, incremental: { ${incremental} } }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: hs_object_id, email: email }
`;
}

async function create(run: Rehearsal, email: string): Promise<void> {
  const answer = await run.sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { email } });
  expect(answer.status).toBe(201);
}

async function addresses(run: Rehearsal): Promise<string[]> {
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  const rows = parse(run.project.read("inbox/out.csv"), { columns: true }) as Record<string, string>[];
  return rows.map(({ email }) => email ?? "");
}

async function setLag(run: Rehearsal, ms: number): Promise<void> {
  expect((await run.sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms })).status).toBe(204);
}

/** What three runs take: of the first all, of the second what the index holds yet, of the third what it then holds. */
async function takeThrice(incremental: string): Promise<string[][]> {
  await using run = await rehearse(job(incremental), {}, { hubspot: {} });
  await create(run, "old@x.de");
  const first = await addresses(run);
  await setLag(run, lagMs);
  await create(run, "late@x.de");
  // A window ends with the second in which its run began: what changed in that second is in the next one anyway.
  await run.sandbox.advance(1000);
  const second = await addresses(run);
  await setLag(run, 0);
  return [first, second, await addresses(run)];
}

test("a record that changed just before a run's end, and shows later, is taken by the next run", async () => {
  expect(await takeThrice("")).toEqual([["old@x.de"], [], ["late@x.de"]]);
});

test("without an overlap it would be missed for good", async () => {
  expect(await takeThrice("overlap: 0s")).toEqual([["old@x.de"], [], []]);
});
