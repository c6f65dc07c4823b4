// The state of a project, carried from machine to machine, shown and set by a person, through the real program.

import { cpSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

const csv = (from: number, to: number) =>
  `id,last\n${Array.from({ length: to - from }, (_, n) => `K${from + n},Last${from + n}`).join("\n")}\n`;

const insertJob = contactsJob({
  mode: "insert",
  map: "      Loose__c: id\n      LastName: last",
  target: ", batch: { rows: 2 }",
}).replace("key: Ext__c", "key: Loose__c");

/** Another machine: the files of the project as version control has them, elsewhere. */
function checkOut(project: Project): Project {
  const names = ["connections.yaml", "job.yaml", "inbox/contacts.csv"];
  const other = createProject(Object.fromEntries(names.map((name) => [name, project.read(name)])));
  other.env = project.env;
  return other;
}

const killed = (project: Project, args: string[], at: string) =>
  project.start(args, { env: { LOADLINE_FAILPOINT: at } }).finished;

test("a run that one machine began is finished by another, in another folder, and no row is lost or doubled", async () => {
  await using place = await rehearse(insertJob, { "inbox/contacts.csv": csv(0, 9) });
  const { project: first, sandbox } = place;
  await killed(first, ["run", "job.yaml"], "settled:2");
  const exported = await first.run("state", "export", "state.ldl", "--json");
  expect(exported.code, exported.stderr).toBe(0);
  const told = JSON.parse(exported.stdout) as { unfinished: string[]; generation: number; sha256: string };
  expect(told).toMatchObject({ generation: 1, follows: null, exitCode: 0 });
  expect(told.unfinished).toEqual(first.runFolders().map((folder) => basename(folder)));

  await using second = checkOut(first);
  cpSync(first.path("state.ldl"), second.path("state.ldl"));
  const folder = first.path(".loadline");
  // Whatever the second machine needs of the first must have come along.
  rmSync(join(folder, "runs"), { recursive: true });
  const imported = await second.run("state", "import", "state.ldl");
  expect(imported.stdout).toContain("generation 1 imported");
  expect(imported.stdout).toContain(`loadline resume ${told.unfinished[0]}`);
  second.write({ "inbox/contacts.csv": csv(0, 10) });
  const run = await second.run("run", "job.yaml");
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain(`recovering run ${told.unfinished[0]}`);
  const keys = (await sandbox.dump("Contact")).map((record) => record["Loose__c"]);
  expect(keys.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `K${n}`));

  const back = await second.run("state", "export", "state.ldl", "--json");
  expect(JSON.parse(back.stdout)).toMatchObject({ generation: 2, follows: 1, unfinished: [] });
  expect(second.list(".loadline").filter((name) => /^(import|export)/.test(name))).toEqual([]);
});

test("a file that moved on is not written over, and says by name what it holds", async () => {
  await using place = await rehearse(insertJob, { "inbox/contacts.csv": csv(0, 2) });
  const { project: first } = place;
  await using second = checkOut(first);
  const file = first.path("state.ldl");
  expect((await first.run("state", "export", file)).stderr).toContain("nothing was run here yet");
  await first.run("run", "job.yaml");
  await first.run("state", "export", file);
  await second.run("state", "import", file);
  for (const machine of [first, second]) {
    machine.write({ "inbox/contacts.csv": csv(0, machine === first ? 3 : 4) });
    const run = await machine.run("run", "job.yaml");
    expect(run.code, run.stderr).toBe(0);
  }
  expect((await first.run("state", "export", file)).code).toBe(0);
  const refused = await second.run("state", "export", file);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("is not the state that this one follows: nothing was exported");
  expect(refused.stderr).toContain("this state stems from generation 1");
  const over = await second.run("state", "import", file);
  expect(over.code).toBe(4);
  expect(over.stderr).toContain("runs were made here that are in no export");
});

test("a kill in the middle of an import leaves the old state or the new one", async () => {
  await using place = await rehearse(insertJob, { "inbox/contacts.csv": csv(0, 2) });
  const { project: first } = place;
  await using second = checkOut(first);
  const file = first.path("state.ldl");
  await first.run("run", "job.yaml");
  await first.run("state", "export", file);
  await second.run("state", "import", file);
  first.write({ "inbox/contacts.csv": csv(0, 4) });
  await first.run("run", "job.yaml");
  await first.run("state", "export", file);
  cpSync(second.path(".loadline"), second.path("old"), { recursive: true });
  const statesOf = async (project: Project) => {
    const listed = await project.run("runs", "--json");
    expect(listed.code, listed.stderr).toBe(0);
    const kept = ["inserted", "runs"].map((name) => project.list(`.loadline/${name}`).length);
    return { runs: (JSON.parse(listed.stdout) as { run: string }[]).map(({ run }) => run), kept };
  };
  const [before, after] = [await statesOf(second), await statesOf(first)];
  expect([before.runs.length, after.runs.length]).toEqual([1, 2]);
  for (const [at, isNew] of [
    ["import-unpacked:1", false],
    ["import-ready:1", true],
    ["import-copied:1", true],
    ["import-file:2", true],
    ["import-ledger:1", true],
    ["import-standing:1", true],
  ] as const) {
    rmSync(second.path(".loadline"), { recursive: true });
    cpSync(second.path("old"), second.path(".loadline"), { recursive: true });
    const { signal } = await killed(second, ["state", "import", file], at);
    expect(signal, at).toBe("SIGKILL");
    expect(await statesOf(second), at).toEqual(isNew ? after : before);
    const again = await second.run("state", "import", file, "--json");
    expect(JSON.parse(again.stdout), at).toMatchObject({ generation: 2, isThere: isNew });
    expect(await statesOf(second), at).toEqual(after);
  }
});

test("an export that was killed knows its own file again", async () => {
  await using place = await rehearse(insertJob, { "inbox/contacts.csv": csv(0, 2) });
  const { project } = place;
  await project.run("run", "job.yaml");
  await killed(project, ["state", "export", "state.ldl"], "export-written:1");
  expect(project.list(".")).not.toContain("state.ldl");
  for (const [at, generation] of [
    ["export-placed:1", 2],
    ["export-written:1", 3],
  ] as const) {
    await killed(project, ["state", "export", "state.ldl"], at);
    const done = await project.run("state", "export", "state.ldl", "--json");
    expect(done.code, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout), at).toMatchObject({ generation });
  }
});

const outJob = `version: 1
name: contacts-out
streams:
  contacts:
    source: { connection: salesforce, object: Contact, where: "LastName != null", incremental: { cursor: SystemModstamp } }
    target: { connection: drop, files: contacts.csv }
    map: { key: Ext__c, name: LastName }
    validate: [{ expr: "name <> 'Bad'", message: bad }]
rejects: { max: 100% }
`;

test("watermarks are shown with what they are of, and moved: back at once, forward with --yes", async () => {
  await using place = await rehearse(outJob, {});
  const { project, sandbox } = place;
  for (const name of ["Ann", "Bad"]) await sandbox.api("POST", "sobjects/Contact", { LastName: name, Ext__c: name });
  expect((await project.run("state", "show")).stdout).toBe("Nothing is remembered yet.\n");
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const shown = JSON.parse((await project.run("state", "show", "contacts-out", "--json")).stdout) as {
    watermarks: { watermark: string; pending: string[]; source: object; targetOrg: string }[];
  };
  const [mark] = shown.watermarks;
  expect(mark).toMatchObject({ pending: [expect.stringMatching(/^003/)], source: { object: "Contact" } });
  expect(mark?.source).toMatchObject({ where: "LastName != null", cursor: "SystemModstamp" });
  const text = (await project.run("state", "show")).stdout;
  expect(text).toContain(mark?.watermark);
  expect(text).toContain("where LastName != null");

  const set = (to: string, ...more: string[]) =>
    project.run("state", "set", "contacts-out", "contacts", "--watermark", to, ...more);
  const back = await set("2020-01-31T09:00:00+01:00", "--json");
  expect(JSON.parse(back.stdout)).toMatchObject({ from: mark?.watermark, to: "2020-01-31T08:00:00.000Z" });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["contacts"]).toMatchObject({ extracted: 2, rejected: 1 });
  await set("2020-01-31T08:00:00Z");
  const forward = await set("2021-01-31T08:00:00Z");
  expect(forward.code).toBe(4);
  expect(forward.stderr).toContain("what changed between that and 2021-01-31T08:00:00.000Z would never be taken");
  expect((await set("2021-01-31T08:00:00Z", "--yes")).stdout).toContain(
    "the watermark was 2020-01-31T08:00:00.000Z, is 2021-01-31T08:00:00.000Z",
  );
  for (const [to, why] of [
    ["2021-01-31", "an instant with its offset"],
    ["2021-02-30T08:00:00Z", "an instant with its offset"],
    ["2021-01-31T08:00:00", "an instant with its offset"],
    ["2999-01-31T08:00:00Z", "is in the future"],
  ] as const) {
    const refused = await set(to, "--yes");
    expect(refused.code, to).toBe(2);
    expect(refused.stderr).toContain(why);
  }
  expect(
    (await project.run("state", "set", "contacts-aut", "contacts", "--watermark", "2020-01-31T08:00:00Z")).stderr,
  ).toContain('did you mean "contacts-out"?');
  expect(
    (await project.run("state", "set", "contacts-out", "contact", "--watermark", "2020-01-31T08:00:00Z")).stderr,
  ).toContain("those that have one: contacts");
});

test("a folder of the project is the same one where the project lies elsewhere", async () => {
  await using place = await rehearse(outJob, {});
  const { project: first, sandbox } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Ann", Ext__c: "Ann" });
  await first.run("run", "job.yaml");
  await using second = createProject({ "connections.yaml": first.read("connections.yaml"), "job.yaml": outJob });
  second.env = first.env;
  await first.run("state", "export", second.path("state.ldl"));
  await second.run("state", "import", "state.ldl");
  await sandbox.advance(3_600_000);
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Ben", Ext__c: "Ben" });
  const run = await second.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).not.toContain("starts anew");
  expect(run.summary().streams["contacts"]?.watermark?.from).toEqual(expect.any(String));
});

test("no watermark is moved while a run can be gone on with, and purge leaves that run", async () => {
  await using place = await rehearse(outJob, {});
  const { project, sandbox } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Ann", Ext__c: "Ann" });
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Ben", Ext__c: "Ben" });
  await killed(project, ["run", "job.yaml"], "intent:1");
  const folders = project.runFolders();
  const moved = await project.run("state", "set", "contacts-out", "contacts", "--watermark", "2020-01-31T08:00:00Z");
  expect(moved.code).toBe(4);
  expect(moved.stderr).toContain(`run ${basename(folders[1] ?? "")} of job contacts-out is unfinished`);
  const purged = await project.run("state", "purge", "--older-than", "0s", "--json");
  expect(JSON.parse(purged.stdout)).toEqual({ runs: [basename(folders[0] ?? "")], busy: [], exitCode: 0 });
  expect(project.runFolders()).toEqual([folders[1]]);
  expect((await project.run("state", "purge", "--older-than", "soon")).stderr).toContain("wants a duration");
});
