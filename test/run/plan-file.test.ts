// A plan in a file: shown, approved and applied where the run folder is not; written once, whoever has it.

import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { connections, createProject } from "../support/rig.ts";
import { rehearse, schema } from "./support.ts";

const job = `version: 1
name: carried
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv", after: { move: done } }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Phone: phone }
redact: [Phone]
rejects: { max: 100% }
`;
const files = { "inbox/contacts.csv": "id,last,phone\n1,One,p-4711\n2,Two,p-4712\n3,,p-4713\n" };

const isProtected = (text: string) =>
  text.replace("    type: salesforce\n", "    type: salesforce\n    protected: true\n");

test("a plan is made on one machine, approved on another, and applied on a third, which rejects what it should", async () => {
  await using place = await rehearse(job, files, schema);
  const { sandbox, project } = place;
  const file = project.path("contacts.plan");
  const plan = await project.run("plan", "job.yaml", "--out", "contacts.plan", "--json");
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stderr).toContain("plan written to contacts.plan");
  expect((await project.run("plan", "job.yaml", "--out", "contacts.plan")).code).toBe(2);
  await using others = createProject({ ...connections(sandbox), "job.yaml": job });
  others.env = { ...project.env };
  const carried = others.path("carried.plan");
  copyFileSync(file, carried);
  others.write({ "connections.yaml": isProtected(others.read("connections.yaml")) });
  const shown = await others.run("show", "carried.plan");
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/2 {2}to create/);
  expect(shown.stdout).toContain("LastName: One");
  expect(shown.stdout).not.toContain("p-4711");
  expect(shown.stdout).toContain("Next: loadline approve carried.plan");
  const changes = await others.run("show", "carried.plan", "--changes", "--json");
  expect(
    changes.stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { key: string }).key),
  ).toEqual(["1", "2"]);
  expect(changes.stdout).not.toContain("p-4711");
  // Nobody has approved it, and nobody can be asked.
  const early = await others.run("apply", "carried.plan");
  expect(early.code).toBe(4);
  expect(early.stderr).toContain("connection salesforce is protected, and nobody has approved the plan");
  const approved = await others.run("approve", "carried.plan", "--by", "Ann", "--note", "CHG-1742", "--json");
  expect(approved.code, approved.stderr).toBe(0);
  const told = { plan: plan.summary().run, by: "Ann", note: "CHG-1742", guards: [], objections: [] };
  expect(JSON.parse(approved.stdout)).toMatchObject(told);
  expect((await others.run("show", "carried.plan")).stdout).toMatch(/approved by Ann at .*: CHG-1742/);
  await using third = createProject({ ...connections(sandbox), "job.yaml": job });
  third.env = { ...project.env };
  third.write({ "connections.yaml": isProtected(third.read("connections.yaml")) });
  copyFileSync(carried, third.path("c.plan"));
  const done = await third.run("apply", "c.plan", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 1, creates: 2, loaded: 2 });
  expect([...(await place.contacts()).values()].map((one) => one["Phone"]).sort()).toEqual(["p-4711", "p-4712"]);
  const folder = third.runFolders().at(-1) ?? "";
  expect(readFileSync(join(folder, "rejects/contacts.csv"), "utf8")).toContain("3,,p-4713,");
  expect((await third.run("apply", "c.plan")).code).toBe(7);
  const claimed = await third.run("show", "c.plan", "--json");
  expect(JSON.parse(claimed.stdout)).toMatchObject({ status: "planned", applied: { run: done.summary().run } });
});

test("of two that apply one file at the same moment, one writes; a copy of it makes no second record", async () => {
  await using place = await rehearse(job, files, schema);
  const { sandbox, project } = place;
  await project.run("plan", "job.yaml", "--out", "contacts.plan");
  const file = project.path("contacts.plan");
  const copy = project.path("copy.plan");
  copyFileSync(file, copy);
  const machine = () => {
    const made = createProject({ ...connections(sandbox), "job.yaml": job });
    made.env = { ...project.env };
    return made;
  };
  await using left = machine();
  await using right = machine();
  const ended = await Promise.all([left, right].map((one) => one.start(["apply", file, "--json"]).finished));
  expect(ended.map(({ code }) => code).sort(), ended.map(({ stderr }) => stderr).join("\n")).toEqual([0, 7]);
  expect(await sandbox.dump("Contact")).toHaveLength(2);
  const loser = ended[0]?.code === 7 ? left : right;
  // A file that was claimed is refused before a run begins, and by who made it too.
  await using third = machine();
  for (const late of [third, project]) {
    const refused = await late.run("apply", file);
    expect([refused.code, refused.stdout], refused.stderr).toEqual([7, ""]);
    expect(refused.stderr).toMatch(/was applied by run/);
  }
  const again = await loser.run("apply", copy, "--json");
  expect(again.summary().streams["contacts"] ?? {}, again.stderr).toMatchObject({
    creates: 0,
    conflicts: 2,
    loaded: 0,
  });
  expect(await sandbox.dump("Contact")).toHaveLength(2);
});

test("a file that is damaged, another file, or of a job that is another one is refused by name", async () => {
  await using place = await rehearse(job, files, schema);
  const { project } = place;
  await project.run("plan", "job.yaml", "--out", "contacts.plan");
  const bytes = readFileSync(project.path("contacts.plan"));
  const cases: [string, Uint8Array, RegExp][] = [
    ["text.plan", Buffer.from("no plan"), /is no plan that loadline wrote/],
    ["cut.plan", bytes.subarray(0, bytes.length - 8192), /cut\.plan is damaged/],
    ["flipped.plan", bytes, /flipped\.plan is damaged: plan\/contacts\.parquet is not what was written/],
    ["forged.plan", bytes, /forged\.plan is another plan than the one that is known here as 20/],
  ];
  const flip = (database: DatabaseSync) =>
    database.exec("UPDATE chunks SET content = zeroblob(length(content)) WHERE path LIKE 'plan/%'");
  /** What nothing but what is known of the plan tells. */
  const forge = (database: DatabaseSync) => {
    const { text } = database.prepare("SELECT text FROM header").get() as { text: string };
    const sql = "SELECT path, bytes, sha256 FROM files ORDER BY path";
    const listed = database
      .prepare(sql)
      .all()
      .map(({ path, bytes: size, sha256 }) => [path, size, sha256]);
    const changed = text.replace('"creates":2', '"creates":3');
    const hash = createHash("sha256")
      .update(JSON.stringify([changed, listed]))
      .digest("hex");
    database.prepare("UPDATE header SET text = ?, hash = ?").run(changed, hash);
  };
  for (const [name, content, says] of cases) {
    writeFileSync(project.path(name), content);
    const tamper = name === "flipped.plan" ? flip : name === "forged.plan" ? forge : undefined;
    if (tamper !== undefined) {
      const database = new DatabaseSync(project.path(name));
      tamper(database);
      database.close();
    }
    // Where the plan is not known it is shown as it is, by who has an approval to give.
    for (const command of name === "forged.plan" ? ["apply", "approve"] : ["show", "apply", "approve"]) {
      const done = await project.run(command, name);
      expect(done.code, `${command} ${name}: ${done.stderr}`).toBe(7);
      expect(done.stderr).toMatch(says);
      expect(done.stderr).not.toMatch(/\n\s+at /);
    }
  }
  await using other = createProject({ "connections.yaml": project.read("connections.yaml"), "job.yaml": job });
  other.env = { ...project.env };
  other.write({ "job.yaml": job.replace("LastName: last", "LastName: upper(last)") });
  const changed = await other.run("apply", project.path("contacts.plan"));
  expect(changed.code).toBe(7);
  expect(changed.stderr).toContain("the job changed since plan");
});

test("what a guard objects to is written once it was approved by name", async () => {
  const text = `${job}guards: { creates: 1, changed: 1 }\n`;
  await using place = await rehearse(text, files, schema);
  const { project } = place;
  const plan = await project.run("plan", "job.yaml", "--out", "c.plan", "--json");
  expect(plan.code).toBe(4);
  const stopped = await project.run("apply", "c.plan");
  expect(stopped.code).toBe(4);
  expect(stopped.stderr).toMatch(
    /loadline approve \S+ --guard guards\.creates --guard guards\.changed lets it pass this once/,
  );
  expect((await project.run("approve", "c.plan", "--guard", "guards.deletes")).code).toBe(2);
  const half = await project.run("approve", "c.plan", "--guard", "guards.changed");
  expect(half.stdout).toContain(
    "guards.creates still objects to it.\nNext: loadline approve c.plan --guard guards.creates\n",
  );
  expect((await project.run("apply", "c.plan")).code).toBe(4);
  // What was passed before is passed.
  const whole = await project.run("approve", "c.plan", "--guard", "guards.creates", "--json");
  expect(JSON.parse(whole.stdout)).toMatchObject({ objections: [], next: "loadline apply c.plan" });
  for (const named of ["c.plan", "latest"])
    expect((await project.run("show", named)).stdout).not.toContain("would stop before it writes");
  const done = await project.run("apply", "c.plan", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: 2 });
  // The file itself stays as it was.
  expect((await project.run("approve", "c.plan")).code).toBe(7);
});
