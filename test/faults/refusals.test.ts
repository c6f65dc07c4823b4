import { appendFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { type Load, openLoad, resume, runJob } from "../crash/load.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;

const lane = useLane();

test("a run is not resumed with a changed job file, and goes on with the old one", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "committed:1" });
  const job = load.project.read("jobs/contacts.yaml");
  load.project.write({ "jobs/contacts.yaml": job.replace("FirstName: first", "FirstName: last") });
  const refused = await load.run(resume);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("the job file changed since run");
  load.project.write({ "jobs/contacts.yaml": job });
  await expectToResume(load);
});

test("run recovers by the job as it was, whatever the file says now", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "committed:1" });
  const job = load.project.read("jobs/contacts.yaml");
  load.project.write({ "jobs/contacts.yaml": job.replace("FirstName: first", "FirstName: last") });
  await load.run(runJob);
  expect(await load.judge({ replanned: true })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("an input that changed before it was planned is refused by resume, and taken as it is by run", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "extracted:1" });
  appendFileSync(load.project.path("inbox/contacts.csv"), "id-99,First 99,Last 99,,\n");
  const refused = await load.run(resume);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("the input changed since this run began");
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: true, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test.each([
  ["changed", (path: string) => appendFileSync(path, "id-98,Somebody,Else,,\n")],
  ["missing", (path: string) => rmSync(path)],
])("a batch file that is %s is not sent", async (_, damage) => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "planned:1" });
  const [folder = ""] = load.project.runFolders();
  damage(`${folder}/batches/contacts-00001.csv`);
  const refused = await load.run(resume);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/batch 1 of stream \w+ is (missing|not the one that was written)/);
  expect(refused.stderr).toContain("loadline abandon ");
  expect(await lane.sandbox.dump("Contact")).toEqual([]);
});

test("a ledger that is not what was written is refused before anything is sent", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "planned:1" });
  const { openSqlite } = await import("../../src/core/sqlite.ts");
  const ledger = openSqlite(load.project.path(".loadline/ledger.db"), { synchronous: "OFF" });
  ledger.exec("UPDATE batches SET handle = '750000000000001', state = 'committed'");
  ledger.close();
  const refused = await load.run(resume);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("the ledger is damaged");
  expect(await lane.sandbox.jobs()).toEqual([]);
});

async function expectToResume(load: Load): Promise<void> {
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
}
