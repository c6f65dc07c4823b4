import { expect, test, vi } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { startHeldAt } from "./held.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;
const sent = 60;

const lane = useLane();

test("a job that is gone from the org leaves its rows in doubt until a person says that they landed", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "closed:1" });
  await forget("JobComplete");
  for (const args of [resume, runJob]) {
    const stopped = await load.run(args);
    expect(stopped.code).toBe(5);
    expect(stopped.stderr).toContain("--in-doubt landed");
    expect(stopped.stderr).toContain("keeps jobs for 7 days (the run began today)");
  }
  const decided = await load.run([...resume, "--in-doubt", "landed"]);
  expect(decided.code, decided.stderr).toBe(0);
  expect(decided.summary().streams["contacts"]).toMatchObject({ loaded: sent, failed: 0, inDoubt: 0 });
  const { lost, doubled, wrong } = await load.judge({ replanned: false });
  expect({ lost, doubled, wrong }).toEqual({ lost: [], doubled: [], wrong: [] });
});

test("a job of creates by external id that is gone is made again: what it had created is loaded, not a conflict", async () => {
  await using load = await openLoad(lane, "upsert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "closed:1" });
  await forget("JobComplete");
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  expect(last.summary().streams["contacts"]).toMatchObject({ conflicts: 0, inDoubt: 0 });
  expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
  expect(await rowsWorkedOn()).toBeGreaterThan(30);
});

test("of a batch with one row in doubt only that row is sent again", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "ended:1" });
  const record = await recordOf("id-40");
  await lane.sandbox.api("DELETE", `sobjects/Contact/${String(record?.["Id"])}`);
  await leaveOut("id-40");
  const stopped = await load.run(resume);
  expect(stopped.code, stopped.stderr).toBe(5);
  expect(stopped.summary().streams["contacts"]).toMatchObject({ loaded: sent - 2, failed: 1, inDoubt: 1 });
  await lane.sandbox.setFaults([]);
  const last = await load.run([...resume, "--in-doubt", "not-landed"]);
  expect(last.code, last.stderr).toBe(0);
  expect(last.summary().streams["contacts"]).toMatchObject({ loaded: sent - 1, failed: 1, inDoubt: 0 });
  const { lost, doubled, wrong } = await load.judge({ replanned: false });
  expect({ lost, doubled, wrong }).toEqual({ lost: [], doubled: [], wrong: [] });
  expect(await rowsWorkedOn()).toBe(sent + 1);
});

test("rows in doubt are sent again when a person says that they did not land; a decision about some leaves the others in doubt", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "committed:1" });
  const [job] = await lane.sandbox.jobs();
  await lane.sandbox.api("PATCH", `jobs/ingest/${job?.["id"]}`, { state: "Aborted" });
  await forget("Aborted");
  load.project.write({ "some.txt": "id-3\nid-40\n", "other.txt": "id-3\nnobody\n", "rest.txt": "id-7\n" });
  const inDoubt = (became: string, file: string) => load.run([...resume, "--in-doubt", became, "--keys", file]);
  const stopped = await load.run(resume);
  expect(stopped.code).toBe(5);
  expect(stopped.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: 0, failed: 0, inDoubt: sent });
  const refused = await inDoubt("not-landed", "other.txt");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('has the key "nobody"');
  const sentAgain = await inDoubt("not-landed", "some.txt");
  expect(sentAgain.code, sentAgain.stderr).toBe(5);
  expect(sentAgain.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: 2, inDoubt: sent - 2 });
  const repeated = await inDoubt("not-landed", "some.txt");
  expect(repeated.code).toBe(2);
  await lane.sandbox.api("POST", "sobjects/Contact", { LastName: "By hand", Ref__c: "id-7" });
  const landed = await inDoubt("landed", "rest.txt");
  expect(landed.code, landed.stderr).toBe(5);
  expect(landed.summary().streams["contacts"]).toMatchObject({ loaded: 3, inDoubt: sent - 3 });
  const last = await load.run([...resume, "--in-doubt", "not-landed"]);
  expect(last.code, last.stderr).toBe(0);
  expect(last.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: sent - 1, failed: 1, inDoubt: 0 });
  const { lost, doubled } = await load.judge({ replanned: false });
  expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
});

test("a job that nobody closed, and that the org ended for its age, is made again", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "committed:1" });
  const [job] = await lane.sandbox.jobs();
  await lane.sandbox.api("PATCH", `jobs/ingest/${String(job?.["id"])}`, { state: "Aborted" });
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("a closing call that takes effect after its process has died is not made up for by a second job", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  const running = await startHeldAt(lane, load, "closing a job", { ms: 1500 });
  await running.kill("SIGKILL");
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
  expect(await lane.sandbox.jobs()).toHaveLength(1);
});

/** Deletes the org's jobs, once they are in this state. */
async function forget(state: string): Promise<void> {
  const jobs = await vi.waitFor(async () => {
    const found = await lane.sandbox.jobs();
    if (found.some((job) => job["state"] !== state)) throw new Error(`not every job is ${state}`);
    return found;
  });
  for (const { id } of jobs) await lane.sandbox.api("DELETE", `jobs/ingest/${String(id)}`);
}

async function recordOf(key: string): Promise<Record<string, unknown> | undefined> {
  return (await lane.sandbox.dump("Contact")).find((record) => record["Ref__c"] === key);
}

/** The org answers with its successes, but for one. */
async function leaveOut(key: string): Promise<void> {
  const records = (await lane.sandbox.dump("Contact")).filter((record) => record["Ref__c"] !== key);
  const lines = records.map((record) => `"${String(record["Id"])}","true","${String(record["Ref__c"])}"`);
  const body = `"sf__Id","sf__Created",Ref__c\n${lines.join("\n")}\n`;
  const action = { status: 200, headers: { "Content-Type": "text/csv" }, body };
  await lane.sandbox.setFaults([{ match: "GET /services/data/*/jobs/ingest/*/successfulResults", do: action }]);
}

async function rowsWorkedOn(): Promise<number> {
  return (await lane.sandbox.jobs()).reduce((sum, job) => sum + Number(job["recordsProcessed"]), 0);
}
