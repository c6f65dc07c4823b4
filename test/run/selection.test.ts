// A small load first: --limit, --keys, --streams, and how many calls a run makes.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const rows = Array.from({ length: 10 }, (_, index) => `${index + 1},Name ${index + 1},n${index + 1}@x.com`).join("\n");
const ten = `id,last,email\n${rows}\n`;

test("--limit takes the first rows, --keys the named ones; the rest counts as filtered", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": ten, "keys.txt": "# two\n9\n10\n" });
  const limited = (await place.project.run("run", "job.yaml", "--limit", "3", "--json")).summary();
  expect(limited.streams["contacts"]).toMatchObject({ extracted: 10, filtered: 7, creates: 3, loaded: 3 });
  const named = (await place.project.run("run", "job.yaml", "--keys", "keys.txt", "--json")).summary();
  expect(named.streams["contacts"]).toMatchObject({ filtered: 8, creates: 2, loaded: 2 });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["1", "10", "2", "3", "9"]);
});

test("of a small load only the rejects among its rows count, and rejects.max is a share of the rows it takes", async () => {
  // The second row has no name, the last three neither, and one of them is no record at all.
  const csv = `id,last,email\n1,Adams,\n2,,\n3,Clark,\n4,Davis,\n5,,\n6,x,y,z\n7,,\n`;
  const job = contactsJob({ stream: "    validate: [ { field: LastName, required: true } ]" });
  await using place = await rehearse(job.replace("100%", "40%"), { "inbox/contacts.csv": csv, "keys.txt": "4\n" });
  const limited = (await place.project.run("run", "job.yaml", "--limit", "2", "--json")).summary();
  expect(limited).toMatchObject({
    exitCode: 0,
    streams: { contacts: { extracted: 7, rejected: 1, filtered: 4, loaded: 2 } },
  });
  const rejects = place.project.read(`.loadline/runs/${limited.run}/rejects/contacts.csv`).trim().split("\n");
  expect(rejects.slice(1)).toEqual([expect.stringMatching(/^2,,,/)]);
  const named = await place.project.run("run", "job.yaml", "--keys", "keys.txt", "--json");
  expect(named.summary().streams["contacts"]).toMatchObject({ extracted: 7, creates: 1 });

  // Every row that was taken is refused: that is no success, however many the file has.
  const bad = Array.from({ length: 40 }, (_, index) => `${index},Name,nonsense`).join("\n");
  place.project.write({ "inbox/contacts.csv": `id,last,email\n${bad}\n` });
  const refused = await place.project.run("run", "job.yaml", "--limit", "10", "--json");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("at most 40 % of 10 (rejects.max)");
});

test("a stream that does not exist is told with those that do", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": ten });
  const run = await place.project.run("plan", "job.yaml", "--streams", "contcats");
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("did you mean contacts?");
});

test("plan writes nothing, keeps the plan, and says with --detailed-exitcode that there are changes", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": ten });
  const plan = await place.project.run("plan", "job.yaml", "--json", "--detailed-exitcode");
  expect(plan.code).toBe(10);
  expect(plan.summary()).toMatchObject({ status: "planned", streams: { contacts: { creates: 10, loaded: 0 } } });
  expect(await place.sandbox.dump("Contact")).toEqual([]);
  const [run = ""] = place.project.list(".loadline/runs");
  expect(place.project.list(`.loadline/runs/${run}/plan`)).toEqual(["contacts.parquet"]);
});

test("a run makes no more calls than promised: 10, and 6 and the polls for each batch, which are cut by rows, and the snapshot", async () => {
  await using place = await rehearse(contactsJob({ target: ", batch: { rows: 4 }" }), { "inbox/contacts.csv": ten });
  const { apiCalls, streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ loaded: 10 });
  const calls = await place.sandbox.calls();
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const polls = Object.entries(calls).find(([endpoint]) => /^GET .*\/jobs\/ingest\/[^/]+$/.test(endpoint))?.[1] ?? 0;
  expect(total).toBe(apiCalls["salesforce"]);
  expect(total - polls).toBeLessThanOrEqual(10 + 6 * 3);
  const [first = ""] = place.project.runFolders();
  const files = place.project.list(`${first.slice(place.project.folder.length + 1)}/batches`);
  expect(files).toEqual(["contacts-00001.csv", "contacts-00002.csv", "contacts-00003.csv"]);
});

test("guards stop a run before anything is written", async () => {
  await using place = await rehearse(contactsJob({ top: "guards: { creates: 9, source_rows_min: 11 }" }), {
    "inbox/contacts.csv": ten,
  });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code).toBe(4);
  expect(run.stderr).toContain("10 records to create, at most 9 (guards.creates)");
  expect(run.stderr).toContain("at least 11 (guards.source_rows_min)");
  expect(await place.sandbox.dump("Contact")).toEqual([]);
});
