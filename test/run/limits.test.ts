// The job's limits and the org's allowance, through the real program.

import { expect, test } from "vitest";
import type { RunSummary } from "../../src/report/summary.ts";
import { answerJson, type Relay, startRelay } from "../support/relay.ts";
import { connections, type Sandbox } from "../support/rig.ts";
import type { Rehearsal } from "./support.ts";
import { contactsJob, rehearse, schema } from "./support.ts";

const rows = (count: number) =>
  `id,last,email\n${Array.from({ length: count }, (_, index) => `${index},Last${index},p${index}@x.com`).join("\n")}\n`;

/** Its key is not unique in the org, so that creates go by bulk jobs. */
function bulkJob(batchRows: number, top = ""): string {
  const map = "      Loose__c: id\n      Ext__c: id\n      LastName: last\n      Email: email";
  const job = contactsJob({ map, target: `, batch: { rows: ${batchRows} }`, top });
  return job.replace("key: Ext__c", "key: Loose__c");
}

function limitedJob(limits: string, batchRows = 2): string {
  return bulkJob(batchRows, `limits: { ${limits} }`);
}

function place(limits: string, count: number): Promise<Rehearsal> {
  return rehearse(limitedJob(limits), { "inbox/contacts.csv": rows(count) });
}

test("a plan tells what its load would take of the day's allowance, on the terminal, in Markdown and as JSON", async () => {
  await using where = await rehearse(bulkJob(2), {
    "inbox/contacts.csv": rows(3),
  });
  const { project } = where;
  project.env["GITHUB_STEP_SUMMARY"] = project.path("step.md");
  const plan = await project.run("plan", "job.yaml");
  expect(plan.stdout).toMatch(
    /^forecast: \d\d calls a run, 14 of them to load \(2 bulk jobs\), less than 0\.1 %\s+of\s+today's\s+allowance\s+\(99,99\d\s+of\s+100,000\s+left\)$/m,
  );
  expect(project.read("step.md")).toContain("14 of them to load (2 bulk jobs), less than 0.1 % of today's allowance");
  const { forecast } = (await project.run("plan", "job.yaml", "--json")).summary();
  expect(forecast).toEqual([
    { connection: "salesforce", calls: 14, jobs: 2, allowance: { used: expect.any(Number), max: 100_000 } },
  ]);
  await project.run("run", "job.yaml");
  expect((await project.run("plan", "job.yaml")).stdout).not.toContain("forecast");
});

test("a load that does not fit into api_calls stops before anything is written, and a plan says so", async () => {
  await using where = await place("api_calls: 30", 10);
  const { project, sandbox } = where;
  const plan = await project.run("plan", "job.yaml");
  expect(plan.stdout).toContain("A run of this plan would stop before it writes anything:");
  expect(plan.stdout).toMatch(/the run would take about \d\d API calls, at most 30 \(limits\.api_calls\)/);
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code).toBe(75);
  expect(run.summary()).toMatchObject({ status: "stopped", next: expect.stringContaining("loadline run job.yaml") });
  expect(run.stderr).toContain("stopped before anything was written");
  expect(await sandbox.jobs()).toEqual([]);
  project.write({ "job.yaml": limitedJob("api_calls: 200") });
  expect((await project.run("run", "job.yaml", "--json")).summary()).toMatchObject({ status: "loaded", exitCode: 0 });
  expect((await where.contacts()).size).toBe(10);
});

test("api_calls that run out on the way stop the run with its batches settled, and resume goes on counting anew", async () => {
  await using where = await place("api_calls: 100", 20);
  const { project, sandbox } = where;
  await using relay = await slowDown(sandbox);
  project.write(connections(relay));
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(75);
  expect(run.stderr).toContain("(limits.api_calls)");
  const stopped = expectNothingInDoubt(run.summary(), await sandbox.jobs());
  expect(stopped.next).toBe(`loadline resume ${stopped.run}`);
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.summary().streams["contacts"]).toMatchObject({ creates: 20, loaded: 20, failed: 0, inDoubt: 0 });
  expect((await where.contacts()).size).toBe(20);
  expect(await sandbox.jobs()).toHaveLength(10);
});

/** Each job is asked more often than a forecast, three times for a batch of two rows, takes it to be. */
function slowDown(sandbox: Sandbox, gone: (job: string) => boolean = () => false, polls = 8): Promise<Relay> {
  const asked = new Map<string, number>();
  return startRelay(sandbox.origin, ({ method, url = "" }, response) => {
    const job = /\/jobs\/ingest\/(\w+)$/.exec(url)?.[1];
    if (method !== "GET" || job === undefined) return false;
    if (gone(job)) return answerJson(response, 404, [{ errorCode: "NOT_FOUND", message: "not there" }]);
    const times = (asked.get(job) ?? 0) + 1;
    asked.set(job, times);
    if (times > polls) return false;
    return answerJson(response, 200, { id: job, state: "InProgress", numberRecordsProcessed: 2 });
  });
}

test("writes in doubt come before a limit that is reached", async () => {
  // What became of an insert can't be found out by making it again.
  const job = limitedJob("api_calls: 100").replace("mode: upsert", "mode: insert");
  await using where = await rehearse(job, { "inbox/contacts.csv": rows(20) });
  const { project, sandbox } = where;
  const jobs: string[] = [];
  await using relay = await slowDown(
    sandbox,
    (job) => {
      jobs.push(job);
      return job === jobs[0];
    },
    9,
  );
  project.write(connections(relay));
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(5);
  expect(run.summary().status).toBe("in-doubt");
  expect(run.stderr).toContain("--in-doubt");
  expect((await sandbox.jobs()).length).toBeLessThan(10);
});

test("a limit that is reached before present values are read stops the run there, and a plan too", async () => {
  await using where = await place("reserve: 100%", 3);
  const { project, sandbox } = where;
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code).toBe(75);
  expect(run.summary().next).toBe(`loadline resume ${run.summary().run}`);
  const plan = await project.run("plan", "job.yaml", "--json");
  expect(plan.code).toBe(75);
  expect(plan.summary().next).toBe("loadline plan job.yaml, later");
  expect(Object.keys(await sandbox.calls()).filter((call) => /query|jobs/.test(call))).toEqual([]);
});

/** Every job that was made is complete, and its rows are counted as loaded; others are left for later. */
function expectNothingInDoubt(summary: RunSummary, jobs: Record<string, unknown>[]): RunSummary {
  const counts = summary.streams["contacts"];
  expect(jobs.length).toBeGreaterThan(0);
  expect(jobs.length).toBeLessThan(10);
  expect([...new Set(jobs.map((job) => job["state"]))]).toEqual(["JobComplete"]);
  expect(counts).toMatchObject({ loaded: jobs.length * 2, failed: 0, inDoubt: 0 });
  expect(summary.status).toBe("stopped");
  return summary;
}

test("others who use up the allowance while a load goes on stop it with its batches settled", async () => {
  const small = { ...schema, limits: { DailyApiRequests: 200 } };
  await using where = await rehearse(limitedJob("reserve: 30%"), { "inbox/contacts.csv": rows(20) }, small);
  const { project, sandbox } = where;
  await using relay = await startRelay(sandbox.origin, async ({ method }) => {
    if (method === "PUT") await Promise.all(Array.from({ length: 12 }, () => sandbox.api("GET", "limits")));
    return false;
  });
  project.write(connections(relay));
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(75);
  expect(run.stderr).toContain("(limits.reserve)");
  expectNothingInDoubt(run.summary(), await sandbox.jobs());
});

test("an org without calls left stops the run with the time to come back, and nothing in doubt", async () => {
  const small = { ...schema, limits: { DailyApiRequests: 40 } };
  await using where = await rehearse(bulkJob(2), { "inbox/contacts.csv": rows(20) }, small);
  const { project } = where;
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(75);
  expect(run.stderr).toContain("REQUEST_LIMIT_EXCEEDED");
  expect(run.summary().next).toMatch(/^loadline resume, after \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  expect(run.summary().streams["contacts"]).toMatchObject({ inDoubt: 0 });
});

test("a user who may not see the org's limits is told so, and the allowance is known from the answers", async () => {
  await using where = await place("reserve: 20%", 3);
  const { project, sandbox } = where;
  const refusal = [{ errorCode: "INSUFFICIENT_ACCESS", message: "insufficient access rights" }];
  await sandbox.setFaults([{ match: "GET /services/data/*/limits", do: { status: 403, body: refusal } }]);
  const plan = await project.run("plan", "job.yaml");
  expect(plan.code).toBe(0);
  expect(plan.stderr).toContain("View Setup and Configuration");
  expect(plan.stdout).toContain("14 of them to load (2 bulk jobs), less than 0.1 %");
});
