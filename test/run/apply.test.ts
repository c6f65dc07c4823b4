// A kept plan is written as it is, once, and nothing that changed since is written over.

import { appendFileSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse, schema } from "./support.ts";

const job = (more = "") => `version: 1
name: apply
streams:
  accounts:
    source: { connection: drop, files: "accounts.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: no, Name: name }
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Phone: phone, Email: email, AccountId: { parent: accounts, from: account } }
${more}`;

const header = "id,last,phone,email,account\n";
const first = {
  "inbox/accounts.csv": "no,name\nA,Ay\nB,Be\n",
  "inbox/contacts.csv": `${header}1,One,11,1@x.de,A\n2,Two,21,2@x.de,A\n3,Three,31,3@x.de,A\n4,Four,41,4@x.de,A\n5,Five,51,5@x.de,A\n6,Six,61,6@x.de,A\n`,
};
/** All phones change, two accounts, and one is new. */
const second = {
  "inbox/contacts.csv": `${header}1,One,12,1@x.de,A\n2,Two,22,2@x.de,A\n3,Three,32,3@x.de,B\n4,Four,42,4@x.de,B\n5,Five,52,5@x.de,A\n6,Six,62,6@x.de,A\n7,Seven,71,7@x.de,A\n`,
};

async function planned(text = job(), more: Record<string, string> = second) {
  const place = await rehearse(text, first, schema);
  const { project } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  project.write(more);
  const plan = await project.run("plan", "job.yaml", "--json");
  expect(plan.code, plan.stderr).toBe(0);
  return { place, project, id: plan.summary().run ?? "" };
}

async function change(place: Rehearsal, key: string, fields: object, object = "Contact"): Promise<void> {
  const id = (await place.contacts()).get(key)?.["Id"] as string;
  const answer = await place.sandbox.api("PATCH", `sobjects/${object}/${id}`, fields);
  expect(answer.status).toBeLessThan(300);
}

test("rows whose record changed since the plan are held back, field by field, the others are written, though it is killed again and again", async () => {
  const { place, project, id } = await planned();
  await using _ = place;
  const accounts = await place.sandbox.dump("Account");
  const b = accounts.find((one) => one["Acc__c"] === "B")?.["Id"] as string;
  await change(place, "1", { Phone: "by a person" });
  // Another field than those that the plan writes.
  await change(place, "2", { Email: "other@x.de", Title: "Boss" });
  // The parent that the plan wants: it is there already. Then one that it does not want.
  await change(place, "3", { AccountId: b });
  await change(place, "4", { AccountId: null });
  const gone = (await place.contacts()).get("5")?.["Id"] as string;
  await place.sandbox.api("DELETE", `sobjects/Contact/${gone}`);
  await place.sandbox.api("POST", "sobjects/Contact", { LastName: "By a person", Ext__c: "7" });
  // Gone on with by resume, and by the same apply.
  const points = ["planned:2", "rechecked:1", "settled:1"];
  for (const [index, LOADLINE_FAILPOINT] of points.entries()) {
    const args = index % 2 === 0 ? ["apply", id] : ["resume"];
    const killed = await project.start(args, { env: { LOADLINE_FAILPOINT } }).finished;
    expect(killed.signal, `${LOADLINE_FAILPOINT}: ${killed.stderr}`).toBe("SIGKILL");
  }
  const done = await project.run("apply", id, "--json");
  expect(done.code, done.stderr).toBe(3);
  const counts = done.summary().streams["contacts"];
  expect(counts).toMatchObject({
    extracted: 7,
    creates: 0,
    updates: 3,
    conflicts: 4,
    unchanged: 0,
    loaded: 3,
    failed: 0,
  });
  const phones = [...(await place.contacts())].map(([key, one]) => `${key} ${one["Phone"]}`).sort();
  expect(phones).toEqual(["1 by a person", "2 22", "3 32", "4 41", "6 62", "7 null"]);
  expect((await place.contacts()).get("2")).toMatchObject({ Email: "other@x.de", Title: "Boss" });
  const folder = project.runFolders().at(-1) ?? "";
  const told = project.read(join(folder.slice(project.folder.length + 1), "conflicts/contacts.csv")).split("\n");
  expect(told[1]).toContain('1,One,12,1@x.de,A,"Phone: the plan saw ""11"", now ""by a person"""');
  expect(told.find((line) => line.startsWith("4,"))).toMatch(/AccountId|Account.Acc__c/);
  expect(told.find((line) => line.startsWith("5,"))).toContain("the record is gone");
  expect(told.find((line) => line.startsWith("7,"))).toContain("the record was made since the plan");
  // Once.
  const again = await project.run("apply", id, "--max-age", "0s", "--json");
  expect(again.code).toBe(7);
  expect(again.stderr).toContain(`the plan ${id} was applied by run`);
  expect(again.summary()).toMatchObject({ run: null, job: "apply", status: "failed", exitCode: 7 });
  expect((await project.run("apply", done.summary().run ?? "")).code).toBe(2);
});

test("--on-conflict fail writes nothing, overwrite writes over, --strict minds every mapped field", async () => {
  const { place, project, id } = await planned();
  await using _ = place;
  await change(place, "1", { Phone: "by a person" });
  await change(place, "2", { Email: "other@x.de" });
  const before = await place.sandbox.calls();
  const stopped = await project.run("apply", id, "--on-conflict", "fail", "--json");
  expect(stopped.code, stopped.stderr).toBe(7);
  expect(stopped.stderr).toContain("1 record of stream contacts changed since the plan: nothing was written");
  expect(stopped.summary().next).toBe("loadline plan job.yaml");
  const writes = (calls: Record<string, number>) =>
    Object.keys(calls)
      .filter((name) => name.startsWith("PATCH") && name.includes("composite"))
      .map((name) => calls[name]);
  expect(writes(await place.sandbox.calls())).toEqual(writes(before));
  const strict = await project.run("apply", "latest", "--strict", "--json");
  expect(strict.summary().streams["contacts"], strict.stderr).toMatchObject({
    conflicts: 2,
    creates: 1,
    updates: 4,
    loaded: 5,
  });
  const next = await project.run("plan", "job.yaml", "--json");
  expect(next.summary().streams["contacts"]).toMatchObject({ updates: 2 });
  await change(place, "1", { Phone: "once more" });
  const over = await project.run("apply", next.summary().run ?? "", "--on-conflict", "overwrite", "--json");
  expect(over.code, over.stderr).toBe(0);
  expect((await place.contacts()).get("1")).toMatchObject({ Phone: "12" });
});

test("a plan that is old, damaged, stopped, or of another job, file or org is not written", async () => {
  const made = await planned();
  const { place, project } = made;
  let { id } = made;
  await using _ = place;
  const refused = async (says: string, ...args: string[]) => {
    const done = await project.run("apply", id, ...args);
    expect(done.code, done.stderr).toBe(7);
    expect(done.stderr).toContain(says);
    expect(done.stderr).toContain("next: ");
  };
  await refused("old, at most", "--max-age", "0s");
  const text = project.read("job.yaml");
  project.write({ "job.yaml": text.replace("LastName: last", "LastName: upper(last)") });
  await refused(`the job changed since plan ${id} was made`);
  // Another layout is no other job.
  project.write({ "job.yaml": `# a note\n${text}` });
  project.write({ "inbox/contacts.csv": `${second["inbox/contacts.csv"]}8,Eight,8,8@x.de,A\n` });
  await refused(`contacts.csv is not the file that plan ${id} was made of`);
  // Of its size, and copied with its time.
  const file = project.path("inbox/contacts.csv");
  project.write(second);
  const { atime, mtime } = statSync(project.path(`.loadline/runs/${id}/job.yaml`));
  utimesSync(file, atime, mtime);
  id = (await project.run("plan", "job.yaml", "--json")).summary().run ?? "";
  project.write({ "inbox/contacts.csv": second["inbox/contacts.csv"].replace("One,12", "One,13") });
  utimesSync(file, atime, mtime);
  await refused(`contacts.csv is not the file that plan ${id} was made of`);
  project.write(second);
  const plan = project.path(`.loadline/runs/${id}/plan/contacts.parquet`);
  appendFileSync(plan, "x");
  await refused("the plan of stream contacts is not the one that plan");
  const stopped = await project.run("plan", "job.yaml", "--json");
  expect(stopped.code).toBe(0);
  project.write({ "job.yaml": `${text}guards: { changed: 1 }\n` });
  const guarded = await project.run("plan", "job.yaml", "--json");
  expect(guarded.code).toBe(4);
  const done = await project.run("apply", "latest");
  expect(done.code).toBe(4);
  expect(done.stderr).toContain("guards.changed");
  expect(readdirSync(project.path(".loadline/runs")).length).toBeGreaterThan(3);
});
