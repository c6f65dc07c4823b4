import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;

const lane = useLane();

test("a run is not resumed with a changed job file; run recovers by the job as it was, whatever the file says now", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "committed:1" });
  const job = load.project.read("jobs/contacts.yaml");
  load.project.write({ "jobs/contacts.yaml": job.replace("FirstName: first", "FirstName: last") });
  const refused = await load.run(resume);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("the job file changed since run");
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

test("a batch file that is changed or missing is not sent, nor is anything by a ledger that is not what was written", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "planned:1" });
  const [folder = ""] = load.project.runFolders();
  const batch = `${folder}/batches/contacts-00001.csv`;
  const whole = readFileSync(batch);
  for (const [damage, told] of [
    [() => appendFileSync(batch, "id-98,Somebody,Else,,\n"), "not the one that was written"],
    [() => rmSync(batch), "missing"],
  ] as const) {
    damage();
    const refused = await load.run(resume);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`batch 1 of stream \\w+ is ${told}`));
    expect(refused.stderr).toContain("loadline abandon ");
    expect(await lane.sandbox.dump("Contact")).toEqual([]);
  }
  writeFileSync(batch, whole);
  const { openSqlite } = await import("../../src/core/sqlite.ts");
  const ledger = openSqlite(load.project.path(".loadline/ledger.db"), { synchronous: "OFF" });
  ledger.exec("UPDATE batches SET handle = '750000000000001', state = 'committed'");
  ledger.close();
  const refused = await load.run(resume);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("the ledger is damaged");
  expect(await lane.sandbox.jobs()).toEqual([]);
});
