// What a command is told and has no use for is refused or told, never ignored.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const csv = `id,last,email\n1,Adams,\n2,Bell,\n3,Clark,\n`;

test("flags that would change nothing are refused by name", async () => {
  await using place = await rehearse(contactsJob(), {
    "inbox/contacts.csv": csv,
    "copy.yaml": contactsJob(),
    "jobs/other.yaml": contactsJob().replace("name: contacts", "name: other"),
    "mixed.yaml": `version: 1
name: mixed
defaults: { target: { connection: drop, mode: replace } }
streams:
  f:
    source: { connection: drop, files: "contacts*.csv" }
    target: { files: f.csv }
    map: { id: id }
  o:
    source: { connection: salesforce, object: Contact, incremental: {} }
    target: { files: o.csv }
    map: { Id: Id }
`,
    "keys.txt": "1\n",
  });
  const { project } = place;
  const refusals: [string[], string][] = [
    [["plan", "job.yaml", "--limit", "0"], "--limit 0 takes no row"],
    [["run", "job.yaml", "--limit", "0"], "--limit 0 takes no row"],
    [["plan", "job.yaml", "--schema", "s.yaml"], "--schema describes the sandbox, and no sandbox is asked for"],
    [["check", "job.yaml", "--schema", "s.yaml"], "next: add --sandbox"],
    [["describe", "salesforce", "--schema", "s.yaml"], "next: add --sandbox"],
    [["plan", "job.yaml", "--from", "2026-01-01"], "stream contacts takes files: it has no window"],
    [["run", "job.yaml", "--to", "2026-01-01"], "next: leave them out"],
    [["plan", "mixed.yaml", "--from", "2026-01-01"], "stream f takes files"],
    [["plan", "mixed.yaml", "--from", "2026-01-01"], "--streams o"],
    [["run", "job.yaml", "--again"], "--again is for mode insert"],
    [["plan", "job.yaml", "--streams", ""], 'job contacts has no stream ""'],
    [["plan", "mixed.yaml", "--streams", "f", "--keys", "keys.txt"], "the rows for f.csv have none"],
    [["plan", "job.yaml", "copy.yaml"], "job.yaml and copy.yaml are both called contacts"],
    [["run", "job.yaml", "./job.yaml"], "./job.yaml is named twice"],
    [["check", "job.yaml", "copy.yaml"], "give each job a name of its own"],
  ];
  for (const [args, said] of refusals) {
    const refused = await project.run(...args);
    expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(said)]);
  }
  expect(await place.sandbox.dump("Contact")).toEqual([]);
  // In a folder with another of its name it is told, and goes on.
  const told = await project.run("check", "job.yaml");
  expect([told.code, told.stderr]).toEqual([0, expect.stringContaining("! copy.yaml is a job called contacts too")]);
  expect((await project.run("check", "jobs/other.yaml")).stderr).toBe("");
});

test("keys that are in no row are told by name, and refused where none is", async () => {
  await using place = await rehearse(contactsJob(), {
    "inbox/contacts.csv": csv,
    "some.txt": "2\nno such key\n3\n4\n",
    "none.txt": "x\ny\n",
  });
  const { project } = place;
  const some = await project.run("plan", "job.yaml", "--keys", "some.txt", "--json");
  expect(some.summary().streams["contacts"]).toMatchObject({ creates: 2, filtered: 1 });
  const said = '--keys: 2 of 4 keys are in no row: "no such key", "4"';
  expect(some.stderr).toContain(said);
  expect((await project.run("show", "latest")).stdout).toContain(said);
  project.write({ "job.yaml": contactsJob({ top: "redact: [Ext__c]" }) });
  const hidden = await project.run("plan", "job.yaml", "--keys", "some.txt");
  expect(hidden.stderr).toContain("--keys: 2 of 4 keys are in no row\n");
  expect(hidden.stderr + hidden.stdout).not.toContain("no such key");
  for (const command of ["plan", "run"]) {
    const none = await project.run(command, "job.yaml", "--keys", "none.txt");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("none of 2 keys is in a row of the source")]);
  }
});

test("of a small load whose rows are all refused nothing is a success, by plan, run and resume", async () => {
  const bad = Array.from({ length: 20 }, (_, index) => `${index},Name,nonsense`).join("\n");
  const job = contactsJob().replace("rejects: { max: 100% }", "");
  await using place = await rehearse(job, { "inbox/contacts.csv": `id,last,email\n${bad}\n` });
  const { project } = place;
  for (const command of ["plan", "run"]) {
    const refused = await project.run(command, "job.yaml", "--limit", "10", "--json");
    expect(refused.code).toBe(4);
    expect(refused.summary().stops).toEqual(["contacts: 10 rows rejected, at most 5 % of 10 (rejects.max)"]);
    expect(refused.stderr).toContain("at most 5 % of 10 (rejects.max)");
  }
  // The target refuses all ten, after a kill.
  project.write({ "inbox/contacts.csv": `id,last,email\n${bad.replaceAll("nonsense", "")}\n` });
  const error = [{ statusCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "no", fields: [] }];
  const body = Array.from({ length: 10 }, () => ({ success: false, created: false, errors: error }));
  await place.sandbox.setFaults([{ match: "PATCH /services/data/*/composite/**", do: { status: 200, body } }]);
  project.env["LOADLINE_FAILPOINT"] = "planned:1";
  expect((await project.run("run", "job.yaml", "--limit", "10")).signal).toBe("SIGKILL");
  project.env["LOADLINE_FAILPOINT"] = undefined;
  const resumed = await project.run("resume", "--json");
  expect(resumed.code).toBe(3);
  expect(resumed.summary()).toMatchObject({ status: "partial", streams: { contacts: { failed: 10, loaded: 0 } } });
  const again = await project.run("run", "job.yaml", "--limit", "10", "--json");
  expect([again.code, again.summary().streams["contacts"]?.failed]).toEqual([3, 10]);
});
