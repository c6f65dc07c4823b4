// A plan in an encrypted file: read by who has one of the keys, by nobody else; approved, applied once, refused by name where
// it is not what was written; and what a killed command leaves of it.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";
import { openPlanFile } from "../../src/checkpoint/carry/plan-file.ts";
import { unsealPlan } from "../../src/checkpoint/carry/plan-seal.ts";
import { Failure } from "../../src/core/errors.ts";
import { seededFraction } from "../../src/core/random.ts";
import { openSqliteLock } from "../../src/core/sqlite.ts";
import { connections, createProject, type Project } from "../support/rig.ts";
import { filesBelow, makeKey, passphrase, type TestKey } from "./pgp-project.ts";
import { rehearse, schema } from "./support.ts";

const job = `version: 1
name: carried
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Phone: phone }
redact: [Phone]
rejects: { max: 100% }
`;
const files = { "inbox/contacts.csv": "id,last,phone\n1,Oneill,p-4711\n2,Twomey,p-4712\n3,,p-4713\n" };
/** What of a plan must not be seen. */
const inside = /Oneill|Twomey|p-471|contacts|LastName|Ext__c|salesforce|carried/;

interface Keys {
  /** Of who approves: under a passphrase. */
  ann: TestKey;
  /** Of the machine that applies. */
  machine: TestKey;
  /** Of nobody that the plan is for. */
  other: TestKey;
}

let keys: Keys;

beforeAll(async () => {
  const [ann, machine, other] = await Promise.all([
    makeKey("ann", { passphrase }),
    makeKey("machine"),
    makeKey("other"),
  ]);
  keys = { ann, machine, other };
});

function putKeys(project: Project): void {
  for (const [name, key] of Object.entries(keys) as [string, TestKey][])
    project.write({ [`${name}.asc`]: key.secret, [`${name}-public.asc`]: key.public });
}

const encrypting = ["--encrypt-to", "ann-public.asc", "--encrypt-to", "machine-public.asc"];

test("an encrypted plan is shown, approved and applied by who has a key, once, and tells others nothing", async () => {
  await using place = await rehearse(job, files, schema);
  const { sandbox, project } = place;
  putKeys(project);
  const plan = await project.run("plan", "job.yaml", "--out", "c.plan", ...encrypting, "--json");
  expect([plan.code, plan.stderr]).toEqual([0, expect.stringContaining("c.plan, encrypted: loadline show")]);
  expect(plan.summary().next).toBe(
    "loadline show c.plan --decrypt-with <private key file>, then loadline apply c.plan --decrypt-with <private key file>",
  );
  expect(statSync(project.path("c.plan")).mode & 0o777).toBe(0o600);
  expect(readFileSync(project.path("c.plan"), "latin1").replaceAll(plan.summary().run ?? "", "")).not.toMatch(inside);

  // Another machine, whose connection wants an approval.
  await using others = createProject({ ...connections(sandbox), "job.yaml": job });
  others.env = { ...project.env };
  putKeys(others);
  const text = others.read("connections.yaml");
  others.write({
    "connections.yaml": text.replace("    type: salesforce\n", "    type: salesforce\n    protected: true\n"),
  });
  const file = others.path("c.plan");
  copyFileSync(project.path("c.plan"), file);
  const by = (name: string) => ["--decrypt-with", `${name}.asc`];
  const expectRefused = async (said: string | RegExp, ...args: string[]) => {
    const { code, stdout, stderr } = await others.run(...args);
    expect([args, code, stdout]).toEqual([args, 2, ""]);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n\s+at |correct horse/);
  };
  for (const command of ["show", "approve", "apply"])
    await expectRefused(/the plan in c\.plan is encrypted\n.*--decrypt-with/s, command, "c.plan");
  const wrong = /is not encrypted for the key in other\.asc\n.*it is encrypted for [\dA-F]{16}, [\dA-F]{16};/s;
  await expectRefused(wrong, "apply", "c.plan", ...by("other"));
  await expectRefused(/ann\.asc can't be used\n.*set LOADLINE_KEY_PASSPHRASE/s, "show", "c.plan", ...by("ann"));
  await expectRefused(/machine-public\.asc can't be used/, "show", "c.plan", ...by("machine-public"));
  await expectRefused(/nowhere\.asc can't be used/, "show", "c.plan", ...by("nowhere"));
  others.env["LOADLINE_KEY_PASSPHRASE"] = "wrong one";
  await expectRefused(/the passphrase does not open the key file/, "show", "c.plan", ...by("ann"));
  others.env["LOADLINE_KEY_PASSPHRASE"] = ["$", "{file:pass.txt}"].join("");
  others.write({ "pass.txt": `${passphrase}\n` });
  expect(existsSync(others.path(".loadline/runs"))).toBe(false);

  const shown = await others.run("show", "c.plan", ...by("ann"));
  expect(shown.stdout, shown.stderr).toMatch(/2 {2}to create/);
  expect(shown.stdout).toContain("LastName: Oneill");
  expect(shown.stdout).not.toContain("p-471");
  const changes = await others.run("show", "c.plan", "--format", "csv", ...by("machine"));
  expect(changes.stdout).toContain("LastName,,Twomey");
  expect((await others.run("apply", "c.plan", ...by("machine"))).code).toBe(4);
  const approved = await others.run("approve", "c.plan", "--by", "Ann Archer", "--note", "CHG-1742", ...by("ann"));
  expect(approved.code, approved.stderr).toBe(0);
  // Words that no encrypted bytes can hold by chance: three letters now and then stand in the base64.
  expect(readFileSync(file, "latin1")).not.toMatch(/CHG-1742|Ann Archer/);
  expect((await others.run("show", "c.plan", ...by("machine"))).stdout).toMatch(
    /approved by Ann Archer at .*: CHG-1742/,
  );

  // A third has the file, and no more.
  await using third = createProject({ ...connections(sandbox), "job.yaml": job });
  third.env = { ...project.env };
  putKeys(third);
  third.write({ "connections.yaml": others.read("connections.yaml") });
  const done = await third.run("apply", file, "--json", ...by("machine"));
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 1, creates: 2, loaded: 2 });
  const again = await others.run("apply", "c.plan", ...by("machine"));
  expect([again.code, again.stderr]).toEqual([7, expect.stringContaining("was applied by run")]);
  expect(await sandbox.dump("Contact")).toHaveLength(2);
});

test("where the plan was made its run is applied without a key, and claims the file; an approval wants the key", async () => {
  await using place = await rehearse(job, files, schema);
  const { project } = place;
  putKeys(project);
  await project.run("plan", "job.yaml", "--out", "c.plan", ...encrypting);
  const approve = await project.run("approve", "latest");
  expect([approve.code, approve.stderr]).toEqual([2, expect.stringContaining("add --decrypt-with")]);
  expect((await project.run("approve", "latest", "--decrypt-with", "machine.asc")).code).toBe(0);
  const done = await project.run("apply", "latest", "--json");
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("can't be read without --decrypt-with")]);
  const shown = JSON.parse((await project.run("show", "c.plan", "--json", "--decrypt-with", "machine.asc")).stdout);
  expect(shown).toMatchObject({ applied: { run: done.summary().run }, approvals: [{ guards: [] }] });

  const refusals = [
    [["plan", "job.yaml", "--encrypt-to", "ann-public.asc"], "add --out <file>"],
    [["plan", "job.yaml", "--out", "d.plan", "--encrypt-to", "job.yaml"], "job.yaml can't be used"],
    [["show", "latest", "--decrypt-with", "machine.asc"], "no file is named"],
  ] as const;
  for (const [args, said] of refusals) {
    const refused = await project.run(...args);
    expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(said)]);
  }
  await project.run("plan", "job.yaml", "--out", "plain.plan");
  const plain = await project.run("show", "plain.plan", "--decrypt-with", "machine.asc");
  expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining("is not encrypted")]);
});

test("a file that is not what was written is refused by name, or is read as it was", async () => {
  await using place = await rehearse(job, files, schema);
  const { project } = place;
  putKeys(project);
  await project.run("plan", "job.yaml", "--out", "c.plan", ...encrypting);
  await project.run("plan", "job.yaml", "--out", "other.plan", ...encrypting);
  const approved = await project.run("approve", "c.plan", "--note", "CHG", "--decrypt-with", "machine.asc");
  expect(approved.stdout).toContain("Next: loadline apply c.plan --decrypt-with machine.asc\n");
  const bytes = readFileSync(project.path("c.plan"));
  const changed = project.path("changed.plan");
  let copies = 0;
  /** What is in it, or how it is refused. */
  const read = async (): Promise<string> => {
    const key = { path: project.path("machine.asc"), passphrase: undefined, passphraseBy: "" };
    const folder = project.path(`read-${copies}`);
    copies += 1;
    try {
      using opened = openPlanFile(changed, () => ({ folder, project: folder }), await unsealPlan(changed, key));
      opened.unpack(folder);
      const unpacked = filesBelow(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")]);
      return JSON.stringify([opened.plan, opened.approvals, unpacked]).replaceAll(folder, "");
    } catch (error) {
      if (error instanceof Failure) return error.message;
      throw error;
    }
  };
  writeFileSync(changed, bytes);
  const whole = await read();
  expect(whole).toContain("Oneill");
  const fraction = seededFraction(13);
  let refused = 0;
  for (let flip = 0; flip < 60; flip += 1) {
    const at = Math.floor(fraction() * bytes.length);
    writeFileSync(changed, bytes.with(at, (bytes[at] ?? 0) ^ (1 << Math.floor(fraction() * 8))));
    const found = await read();
    if (found === whole) continue;
    refused += 1;
    expect([at, found]).toEqual([
      at,
      expect.stringMatching(/changed\.plan (is damaged|is no plan|was wrote|is not encrypted)|under way/),
    ]);
  }
  expect(refused).toBeGreaterThan(8);

  const other = readFileSync(project.path("other.plan"));
  const tamper = async (...statements: string[]) => {
    writeFileSync(changed, bytes);
    writeFileSync(project.path("from.plan"), other);
    const database = new DatabaseSync(changed);
    database.prepare("ATTACH ? AS other").run(project.path("from.plan"));
    for (const statement of statements) database.exec(statement);
    database.close();
    return read();
  };
  const forgeries = [
    ["UPDATE main.seal SET message = (SELECT message FROM other.seal)"],
    ["UPDATE main.seal SET label = 'another'"],
    ["UPDATE main.chunks SET content = (SELECT content FROM main.chunks c WHERE c.path = '0') WHERE path = '1'"],
    ["DELETE FROM main.chunks WHERE path = '1'"],
    ["DELETE FROM main.chunks", "INSERT INTO main.chunks SELECT * FROM other.chunks"],
    ["INSERT INTO main.approvals (text) VALUES ('{}')"],
    ["INSERT INTO main.files VALUES ('job.yaml', 1, 'x')"],
    ["DELETE FROM main.header"],
  ];
  for (const statements of forgeries)
    expect([statements, await tamper(...statements)]).toEqual([
      statements,
      expect.stringContaining("changed.plan is damaged"),
    ]);
  expect(await tamper("DELETE FROM main.seal")).toContain("is not encrypted");
  const open = await project.run("show", "changed.plan");
  expect([open.code, open.stderr]).toEqual([7, expect.stringContaining("changed.plan is damaged")]);
  writeFileSync(changed, bytes.subarray(0, bytes.length - 8192));
  for (const command of ["show", "approve", "apply"]) {
    const cut = await project.run(command, "changed.plan", "--decrypt-with", "machine.asc");
    expect([command, cut.code, cut.stderr]).toEqual([command, 7, expect.stringContaining("changed.plan is damaged")]);
    expect(cut.stderr).not.toMatch(/\n\s+at /);
  }
});

test("what is unpacked to be shown is this user's alone, goes again, and after a kill with the next command", async () => {
  await using place = await rehearse(job, files, schema);
  const { project } = place;
  putKeys(project);
  const passing = project.path("tmp");
  mkdirSync(passing);
  project.env["TMPDIR"] = passing;
  await project.run("plan", "job.yaml", "--out", "c.plan", ...encrypting);
  const show = (env: Record<string, string> = {}) =>
    project.start(["show", "c.plan", "--decrypt-with", "machine.asc"], { env }).finished;
  const left = () => readdirSync(passing).filter((name) => name.startsWith("loadline-plan-"));
  expect((await show({ LOADLINE_FAILPOINT: "plan-to-show:1" })).signal).toBe("SIGKILL");
  const [killed = ""] = left();
  expect(statSync(join(passing, killed)).mode & 0o777).toBe(0o700);
  // One that another process holds stays.
  const held = join(passing, "loadline-plan-held");
  mkdirSync(held);
  using _lock = openSqliteLock(join(held, "lock"), () => undefined);
  expect((await show()).code).toBe(0);
  expect(left()).toEqual(["loadline-plan-held"]);
});
