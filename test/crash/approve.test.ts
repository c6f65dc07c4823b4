// A plan on its way between machines, killed at each step: written, taken in, approved. Then it is whole, or not there at all.

import { copyFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rehearse } from "../run/support.ts";
import { allCasesVariable } from "../support/cases.ts";
import { connections, createProject, type Project } from "../support/rig.ts";

const job = `version: 1
name: carried
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last }
`;
const files = { "inbox/contacts.csv": "id,last\n1,One\n2,Two\n" };

/** The first step where the code is one for all; each with `npm test -- --all-cases`. */
function few(steps: readonly string[]): readonly string[] {
  return process.env[allCasesVariable] === undefined ? steps.slice(0, 1) : steps;
}

async function kill(project: Project, LOADLINE_FAILPOINT: string, ...args: string[]): Promise<void> {
  const killed = await project.start(args, { env: { LOADLINE_FAILPOINT } }).finished;
  expect(killed.signal, `${LOADLINE_FAILPOINT}: ${killed.stderr}`).toBe("SIGKILL");
}

test("a plan that is killed while it is written, taken in or approved is whole or not there, and is applied once", async () => {
  await using place = await rehearse(job, files);
  const { project, sandbox } = place;
  for (const step of few(["plan-written", "plan-recorded"]))
    await kill(project, `${step}:1`, "plan", "job.yaml", "--out", "a.plan");
  expect(project.list(".").filter((name) => name.endsWith(".plan"))).toEqual([]);
  await kill(project, "plan-placed:1", "plan", "job.yaml", "--out", "a.plan");
  await using other = createProject({ ...connections(sandbox), "job.yaml": job });
  other.write({
    "connections.yaml": other
      .read("connections.yaml")
      .replace("type: salesforce\n", "type: salesforce\n    protected: true\n"),
  });
  copyFileSync(project.path("a.plan"), other.path("a.plan"));
  for (const step of few(["plan-adopted", "plan-unpacked", "plan-taken-in"])) {
    await kill(other, `${step}:1`, "approve", "a.plan", "--by", "Ann");
    const runs = await other.run("runs");
    expect(runs.code, `${step}: ${runs.stderr}`).toBe(0);
  }
  await kill(other, "plan-file-changing:1", "approve", "a.plan", "--by", "Ann");
  const approvals = async () => {
    const shown = await other.run("show", "a.plan", "--json");
    expect(shown.code, shown.stderr).toBe(0);
    return (JSON.parse(shown.stdout) as { approvals: { by: string }[] }).approvals.map(({ by }) => by);
  };
  expect(await approvals()).toEqual([]);
  expect((await other.run("apply", "a.plan")).code).toBe(4);
  await kill(other, "plan-file-changed:1", "approve", "a.plan", "--by", "Ann");
  expect(await approvals()).toEqual(["Ann"]);
  // The first look at the file claims nothing.
  for (const step of few(["plan-file-changing", "plan-file-changed"]))
    await kill(other, `${step}:2`, "apply", "a.plan");
  const done = await other.run("apply", "a.plan", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 2, loaded: 2 });
  expect((await other.run("apply", "a.plan")).code).toBe(7);
  expect(await sandbox.dump("Contact")).toHaveLength(2);
});
