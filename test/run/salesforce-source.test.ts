// Salesforce as a source, through the real program: what a window takes, what it never takes twice and never misses.

import { readdirSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { ingest } from "../support/ingest.ts";
import { connections, createProject, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import { schema } from "./support.ts";

interface Place extends AsyncDisposable {
  sandbox: Sandbox;
  project: Project;
  /** Runs the job and gives the stream's counts; fails unless it exits with 0. */
  take(...args: string[]): Promise<Record<string, unknown>>;
  /** Records of the file that the job wrote. */
  file(): Record<string, string>[];
}

const map = `      key: Ext__c
      name: LastName
      account: Account.Name
      amount: Amount__c
      doubled: Amount__c * 2
      active: Active__c
      seen: Seen__c
      email: lower(Email)`;

function sourceJob({ source = "", fields = map, rest = "" } = {}): string {
  return `version: 1
name: contacts-out
streams:
  contacts:
    source: { connection: salesforce, object: Contact${source} }
    target: { connection: drop, files: contacts.csv }
    map:
${fields}
${rest}
rejects: { max: 100% }
`;
}

async function open(job: string, more: object = {}): Promise<Place> {
  const sandbox = await startSandbox({ schema: { ...schema, ...more } });
  const project = createProject({ ...connections(sandbox), "job.yaml": job });
  return {
    sandbox,
    project,
    async take(...args) {
      const run = await project.run("run", "job.yaml", "--json", ...args);
      expect(run.code, run.stderr).toBe(0);
      return { ...run.summary().streams["contacts"] };
    },
    file: () => parse(project.read("inbox/contacts.csv"), { columns: true }) as Record<string, string>[],
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

async function control(sandbox: Sandbox, action: string, body: object): Promise<void> {
  const answer = await fetch(`${sandbox.origin}/__sandbox/salesforce/${action}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
}

const two = `Ext__c,LastName,Email,Amount__c,Active__c,Seen__c,Account.Acc__c
1,Müller,A@X.com,1234.5,true,2026-01-31T08:00:00Z,acme
2,"O'Neil, ""Bob""
junior",,,false,,
`;

test("records come with their parents and types, and land in the file as they are", async () => {
  await using place = await open(sourceJob());
  await ingest(place.sandbox, "Account", "Acc__c", "Acc__c,Name\nacme,Acme AG\n");
  await ingest(place.sandbox, "Contact", "Ext__c", two);
  expect(await place.take()).toMatchObject({ extracted: 2, creates: 2, loaded: 2, watermark: null });
  expect(place.file()).toEqual([
    {
      key: "1",
      name: "Müller",
      account: "Acme AG",
      amount: "1234.5",
      doubled: "2469",
      active: "true",
      seen: "2026-01-31T08:00:00.000Z",
      email: "a@x.com",
    },
    {
      key: "2",
      name: 'O\'Neil, "Bob"\njunior',
      account: "",
      amount: "",
      doubled: "",
      active: "false",
      seen: "",
      email: "",
    },
  ]);
});

test("`where` filters in the org, `keep` afterwards", async () => {
  await using place = await open(
    sourceJob({ source: ", where: \"Active__c = true OR Ext__c = '2'\", keep: \"Ext__c <> '2'\"" }),
  );
  await ingest(place.sandbox, "Contact", "Ext__c", `${two.replaceAll(",acme\n", ",\n")}3,Drei,,,false,,\n`);
  expect(await place.take()).toMatchObject({ extracted: 2, filtered: 1, loaded: 1 });
  expect(place.file().map(({ key }) => key)).toEqual(["1"]);
  place.project.write({ "job.yaml": sourceJob({ source: ', where: "Active__c = true ORDER BY Id"' }) });
  const calls = await place.sandbox.calls();
  for (const command of ["check", "run"]) {
    const { code, stderr } = await place.project.run(command, "job.yaml");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^.*job.yaml:\d+:\d+: source.where: a condition alone is taken, and ORDER BY is none/s),
    ]);
  }
  expect(await place.sandbox.calls()).toEqual(calls);
});

const incremental = { source: ", incremental: {}" };
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${from + index},Name ${from + index}`).join("\n");

test("a second run takes only what changed since, and a small load moves no watermark", async () => {
  await using place = await open(sourceJob(incremental));
  await ingest(place.sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${numbered(0, 50)}\n`);
  const small = await place.take("--limit", "5");
  expect(small).toMatchObject({ extracted: 50, loaded: 5 });
  const first = await place.take();
  expect(first).toMatchObject({ extracted: 50, duplicates: 0, loaded: 50, watermark: { from: null } });
  const plan = (await place.project.run("plan", "job.yaml", "--json")).summary();
  expect(plan.streams["contacts"]).toMatchObject({ extracted: 50, duplicates: 50, creates: 0 });
  expect(await place.take()).toMatchObject({ extracted: 50, duplicates: 50, loaded: 0 });
  await ingest(place.sandbox, "Contact", "Ext__c", "Ext__c,LastName\n7,Changed\n99,New\n");
  const last = await place.take();
  expect(last["extracted"]).toBe(Number(last["duplicates"]) + 2);
  expect(place.file().map(({ key, name }) => [key, name])).toEqual([
    ["7", "Changed"],
    ["99", "New"],
  ]);
  // What lies before the watermark does not get what is mapped anew, which is said once.
  const before = place.project.read("job.yaml");
  place.project.write({
    "job.yaml": before.replace("Amount__c * 2", "Amount__c * 3").replace("Amount__c\n", " Amount__c\n"),
  });
  const told = async () => /the map of .* has changed/.exec((await place.project.run("run", "job.yaml")).stderr)?.[0];
  expect(await told()).toBe("the map of doubled has changed");
  expect(await told()).toBeUndefined();
});

test("a run that is killed before its plan still knows what the run before took, and leaves no copy of it", async () => {
  await using place = await open(sourceJob(incremental));
  await ingest(place.sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${numbered(0, 50)}\n`);
  await place.take();
  const killed = await place.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "staged:1" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  const resumed = (await place.project.run("resume", "--json")).summary();
  expect(resumed.streams["contacts"]).toMatchObject({ extracted: 50, duplicates: 50, loaded: 0 });
  const left = place.project
    .runFolders()
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }));
  expect(left.filter((name) => name.includes("seen"))).toEqual([]);
});

test("5,000 records that share their time are taken once each, by a bulk query", async () => {
  await using place = await open(sourceJob(incremental));
  await ingest(place.sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${numbered(0, 5_000)}\n`);
  const times = new Set((await place.sandbox.dump("Contact")).map((record) => record["SystemModstamp"]));
  expect(times.size).toBeLessThan(20);
  expect(await place.take()).toMatchObject({ extracted: 5_000, loaded: 5_000 });
  const [run = ""] = place.project.list(".loadline/runs");
  expect(place.project.list(`.loadline/runs/${run}/extract/contacts`)).toEqual(["part-00003.csv.gz"]);
  expect(new Set(place.file().map(({ key }) => key)).size).toBe(5_000);
  expect(Object.keys(await place.sandbox.calls()).some((call) => call.includes("/jobs/query"))).toBe(true);
  expect(await place.take()).toMatchObject({ extracted: 5_000, duplicates: 5_000, loaded: 0 });
});

test("a record that was rejected is taken again by the next run, until it is mended", async () => {
  await using place = await open(
    sourceJob({ source: ", incremental: { overlap: 0s }", rest: "    validate: [ { field: email, required: true } ]" }),
  );
  await ingest(place.sandbox, "Contact", "Ext__c", "Ext__c,LastName,Email\n1,Eins,a@x.com\n2,Zwei,\n");
  expect(await place.take()).toMatchObject({ extracted: 2, rejected: 1, loaded: 1 });
  const planned = await place.project.run("plan", "job.yaml");
  expect(planned.stderr).toContain("1 record that the run before did not load, rejected or in conflict, taken again");
  const again = await place.take();
  expect(again).toMatchObject({ extracted: Number(again["duplicates"]) + 1, rejected: 1, loaded: 0 });
  await ingest(place.sandbox, "Contact", "Ext__c", "Ext__c,Email\n2,b@x.com\n");
  expect(await place.take()).toMatchObject({ rejected: 0, loaded: 1 });
  expect(place.file().map(({ key }) => key)).toEqual(["2"]);
});

test("--from and --to take a window of one's own and leave the watermark where it is", async () => {
  await using place = await open(sourceJob(incremental));
  await ingest(place.sandbox, "Contact", "Ext__c", "Ext__c,LastName\n1,Eins\n");
  expect(await place.take("--from", "2026-01-01", "--to", "2026-02-01T00:00:00Z")).toMatchObject({
    extracted: 0,
    watermark: { from: "2026-01-01T00:00:00.000Z", to: "2026-02-01T00:00:00.000Z" },
  });
  expect(await place.take()).toMatchObject({ extracted: 1, loaded: 1, watermark: { from: null } });
  const wrong = await place.project.run("run", "job.yaml", "--from", "yesterday");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--from yesterday is no date or time");
  place.project.write({ "job.yaml": sourceJob() });
  const whole = await place.project.run("run", "job.yaml", "--from", "2026-01-01");
  expect(whole.code).toBe(2);
  expect(`${whole.stdout}${whole.stderr}`).toContain("is not incremental");
});

const emitted = {
  source: ", incremental: { overlap: 0s }, deletes: emit",
  fields: "      id: Id\n      key: Ext__c\n      gone: IsDeleted\n      merged_into: MasterRecordId",
};

test("a record that is purged from the bin comes as a row without its values", async () => {
  await using place = await open(sourceJob(emitted));
  await ingest(place.sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${numbered(1, 3)}\n`);
  await place.take();
  const [purged = ""] = (await place.sandbox.dump("Contact")).map((record) => String(record["Id"]));
  await place.sandbox.api("DELETE", `sobjects/Contact/${purged}`);
  await control(place.sandbox, "purge", { object: "Contact", ids: [purged] });
  expect(await place.take()).toMatchObject({ loaded: 1 });
  expect(place.file()).toEqual([{ id: purged, key: "", gone: "true", merged_into: "" }]);
});

test("a run stops where the deleted-records log is too short to know what was deleted", async () => {
  await using place = await open(sourceJob(emitted));
  await ingest(place.sandbox, "Contact", "Ext__c", "Ext__c,LastName\n1,Eins\n");
  await place.take();
  await control(place.sandbox, "delete-log", { earliest: "2999-01-01T00:00:00.000Z" });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("deletions of Contact would be missed: a full comparison is needed");
});

test("a run that is killed while it extracts goes on with the next page, with the records of its window", async () => {
  const pages = 11;
  await using place = await open(sourceJob(incremental), { bulkQueryPageRows: 200 });
  await ingest(place.sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${numbered(0, pages * 200)}\n`);
  // What lies after the last page is killed at by test/crash/extraction.test.ts.
  const failpoints = ["query-opened:1", "extracted:2"];
  for (const failpoint of failpoints) {
    place.project.write({ "job.yaml": sourceJob(incremental).replace("contacts-out", failpoint.replace(":", "-")) });
    const before = await countCalls(place.sandbox);
    const killed = await place.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: failpoint } }).finished;
    expect({ failpoint, signal: killed.signal }).toEqual({ failpoint, signal: "SIGKILL" });
    const resumed = await place.project.run("resume", "--json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.summary().streams["contacts"]).toMatchObject({ extracted: pages * 200, loaded: pages * 200 });
    expect(new Set(place.file().map(({ key }) => key)).size).toBe(pages * 200);
    const after = await countCalls(place.sandbox);
    expect({ failpoint, jobs: after.jobs - before.jobs }).toEqual({ failpoint, jobs: 1 });
    // Those in flight at the kill come twice, and no others.
    expect(after.pages - before.pages).toBeLessThanOrEqual(pages + 5);
  }
});

async function countCalls(sandbox: Sandbox): Promise<{ jobs: number; pages: number }> {
  const calls = Object.entries(await sandbox.calls());
  const count = (pattern: RegExp) =>
    calls.filter(([call]) => pattern.test(call)).reduce((sum, [, times]) => sum + times, 0);
  return { jobs: count(/^POST .*\/jobs\/query$/), pages: count(/^GET .*\/jobs\/query\/.*\/results$/) };
}

test.each([
  ["LastNam", 'Contact has no column "LastNam"', 'did you mean "LastName"?'],
  ["MailingAddress", "MailingAddress is a compound field", "MailingStreet"],
  ["Account.Nam", "Contact has no parent field Account.Nam", ""],
  ["Account.Name.upper()", "methods don't chain to a parent's field: write upper(Account.Name)", ""],
])("%s is refused before anything is read", async (expression, message, hint) => {
  await using place = await open(sourceJob({ fields: `      out: ${expression}` }));
  const run = await place.project.run("run", "job.yaml");
  expect(run.code).toBe(2);
  expect(`${run.stdout}${run.stderr}`).toContain(message);
  expect(`${run.stdout}${run.stderr}`).toContain(hint);
  expect(`${run.stdout}${run.stderr}`).toMatch(/job\.yaml:8:/);
});
