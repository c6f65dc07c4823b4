// Truth passes over systems and feeds: a window that stays where it is, files that were taken, a sample, where it is told.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isOfPart, partOfDay } from "../../src/pipeline/reconcile/sample.ts";
import { Engine } from "../../src/stage/engine.ts";
import type { Finished } from "../support/rig.ts";
import { hubspotProperties, rehearse, schema } from "./support.ts";

const told = ({ stdout }: Finished) => JSON.parse(stdout);
const agrees = { onlySource: 0, onlyTarget: 0, different: 0, duplicates: 0, orphans: 0, rejected: 0, left: 0 };

const acrossJob = `version: 1
name: across
streams:
  people:
    source: { connection: salesforce, object: Contact, incremental: {} }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: Ext__c, lastname: LastName, score: Amount__c, email: { from: Email, own: false } }
`;
const across = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };

test("an incremental source is read whole, and its watermark stays; a sample asks by keys; runs, show and report tell", async () => {
  await using place = await rehearse(acrossJob, {}, across);
  const { project, sandbox } = place;
  const people = Array.from({ length: 40 }, (_, n) => ({
    attributes: { type: "Contact" },
    Ext__c: `p${n}`,
    LastName: `Name ${n}`,
    Amount__c: n + 0.5,
    Email: `p${n}@x.de`,
  }));
  await sandbox.api("POST", "composite/sobjects", { allOrNone: true, records: people });
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["people"]).toMatchObject({ loaded: 40 });
  const state = (await project.run("state", "--json")).stdout;
  expect(told(await project.run("reconcile", "job.yaml", "--json")).streams["people"]).toEqual(agrees);

  const patch = (key: string, properties: object) =>
    sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${key}?idProperty=ext_id`, { properties });
  await patch("p3", { lastname: "Theirs" });
  // A field that is not ours is no drift.
  await patch("p4", { email: "other@x.de" });
  const made = { properties: { ext_id: "h1", lastname: "Only here" } };
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", made);
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { lastname: "Without a key" } });
  // What a portal's index knows is some seconds old.
  await sandbox.advance(60_000);

  const found = await project.run("reconcile", "job.yaml", "--json");
  expect(found.code, found.stderr).toBe(10);
  const drift = { people: { ...agrees, onlyTarget: 1, different: 1, left: 2 } };
  expect(told(found).streams).toEqual(drift);
  expect((await project.run("state", "--json")).stdout).toBe(state);

  const sampled = told(await project.run("reconcile", "job.yaml", "--sample", "50%", "--json")).streams["people"];
  expect(sampled).toMatchObject({ onlyTarget: null, sample: { of: 40, parts: 2 } });
  expect(sampled.sample.keys).toBeGreaterThan(0);
  expect(sampled.sample.keys).toBeLessThan(40);
  const whole = await project.run("reconcile", "job.yaml", "--sample", "1000");
  expect(whole.stdout.replaceAll(/\s+/g, " ")).toContain(
    "people: a sample: 40 keys of 40, part 1 of 1; another part each day",
  );
  expect(whole.stdout).toMatch(/people +0 +\? +1 +0 +0\n/);
  // Of few keys a part may have none: that is no "no drift".
  const none = await project.run("reconcile", "job.yaml", "--sample", "0.0000000001");
  expect(none.stdout).toMatch(/^nothing compared {2}[\s\S]*0 keys of 40, part [\s\S]*None of today's was compared/);
  expect(none.code).toBe(0);
  expect((await project.run("reconcile", "job.yaml", "--sample", "0")).code).toBe(2);
  expect((await project.run("reconcile", "job.yaml", "--sample", "5%", "--repair")).code).toBe(2);

  project.write({ "twin.yaml": `${acrossJob.replace("name: across", "name: twin")}twin: back\n` });
  const twin = await project.run("reconcile", "twin.yaml");
  expect(twin.code, twin.stderr).toBe(2);
  expect(twin.stderr).toContain("job twin has a twin, and a pass goes one way");

  const { run } = told(found);
  const history = JSON.parse((await project.run("runs", "--job", "across", "--json")).stdout);
  const pass = history.find((one: { run: string }) => one.run === run);
  expect(pass).toMatchObject({ command: "reconcile", exitCode: 10, drift });
  expect((await project.run("runs")).stdout).toMatch(/^run +job +command .* drift.*\n.* reconcile +planned /);
  expect((await project.run("show", run)).stdout).toMatch(/people +0 +1 +1 +0 +0 +2\n/);
  expect((await project.run("report", run)).code).toBe(0);
  const page = readFileSync(project.path(`.loadline/runs/${run}/report.html`), "utf8");
  expect(page).toContain("What differs between source and target");
  expect(page).toMatch(/<td>different<\/td>\s*<td>p3<\/td>\s*<td>lastname<\/td>\s*<td>Name 3<\/td>\s*<td>Theirs<\/td>/);

  const metrics = project.path("pass.prom");
  const repaired = await project.run("reconcile", "job.yaml", "--repair", "--metrics", metrics, "--json");
  expect(told(repaired)).toMatchObject({ exitCode: 10, streams: { people: { left: 1 } } });
  expect(readFileSync(metrics, "utf8")).toContain(
    'loadline_last_run_drift{job_name="across",stream="people",kind="left"} 1\n',
  );
  expect((await project.run("state", "--json")).stdout).toBe(state);
});

const feedJob = `version: 1
name: feed
streams:
  people:
    source: { connection: drop, files: "f*.csv", once: content_hash }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last }
  gone:
    source: { connection: drop, files: "g*.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: delete }
    map: { Acc__c: id }
`;

test("files that were taken count again, the newest one last, and are taken by no pass; what can't be compared is told", async () => {
  await using place = await rehearse(
    feedJob,
    { "inbox/f1.csv": "id,last\nk1,A\nk2,B\n", "inbox/g.csv": "id\n" },
    schema,
  );
  const { project } = place;
  await project.run("run", "job.yaml");
  project.write({ "inbox/f2.csv": "id,last\nk1,A2\nk3,C\n" });
  const before = await project.run("reconcile", "job.yaml", "--json");
  expect(told(before).streams).toEqual({ people: { ...agrees, onlySource: 1, different: 1, left: 2 } });
  expect(before.stderr).toContain("gone is not compared: mode delete names records that are to go");
  // The pass has taken nothing: f2 is still new to a run.
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["people"]).toMatchObject({
    extracted: 2,
    creates: 1,
    updates: 1,
  });
  expect(told(await project.run("reconcile", "job.yaml", "--json"))).toMatchObject({ exitCode: 0 });
  const none = await project.run("reconcile", "job.yaml", "--streams", "gone");
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("job feed has nothing to compare");
  rmSync(project.path("inbox/f1.csv"));
  rmSync(project.path("inbox/f2.csv"));
  const empty = await project.run("reconcile", "job.yaml");
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain('no file matches "f*.csv" in drop');
});

test("parts of a sample are apart, and in as many days as there are parts all keys are seen", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ll-sample-"));
  {
    using engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
    const days = Array.from({ length: 7 }, (_, day) => partOfDay({ rows: 143 }, 1000, `2026-02-${10 + day}T23:59:59Z`));
    expect(new Set(days.map(({ part, parts }) => `${part}/${parts}`)).size).toBe(7);
    const seen = days.map((day) => `CAST(${isOfPart(day)("key")} AS INTEGER)`).join(" + ");
    const { once, most } = await engine.one(`SELECT count(*) FILTER (${seen} = 1) AS once,
      (SELECT max(n) FROM (SELECT count(*) AS n FROM range(1000) GROUP BY md5_number_lower('k' || range) % 7)) AS most
      FROM (SELECT 'k' || range AS key FROM range(1000))`);
    expect(Number(once)).toBe(1000);
    expect(Number(most)).toBeLessThan(200);
  }
  rmSync(folder, { recursive: true, force: true });
});
