// Present values that are kept from run to run: a plan by them is the plan without them.

import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { seededFraction } from "../../src/core/random.ts";
import type { Sandbox } from "../support/rig.ts";
import { startHeld } from "./held.ts";
import { type Rehearsal, rehearse, schema } from "./support.ts";

const draw = seededFraction(Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_127));
const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(draw() * items.length)];
const hourMs = 3_600_000;

/** A key of several fields, none of them unique: all records are read, however few rows there are. */
const job = (name: string, target = "", field = "Phone") => `version: 1
name: ${name}
streams:
  contacts:
    source: { connection: drop, files: "people.csv" }
    target: { connection: salesforce, object: Contact, key: [LastName, FirstName], mode: upsert${target} }
    map: { LastName: last, FirstName: first, Email: email, ${field}: phone }
rejects: { max: 100% }
`;

const names = Array.from({ length: 12 }, (_, place) => `n${place}`);
const header = "last,first,email,phone";
const people = () =>
  [
    header,
    ...names
      .filter(() => draw() < 0.8)
      .map((name) => `${name},f,${name}${Math.floor(draw() * 3)}@x.example,${Math.floor(draw() * 3)}`),
  ].join("\n");

async function control(sandbox: Sandbox, action: string, body: object): Promise<void> {
  const answer = await fetch(`${sandbox.origin}/__sandbox/salesforce/${action}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const begin = (rows = people()) => {
  const { Account, Contact } = schema.salesforce;
  const place = { Place__Latitude__s: { type: "double", precision: 18, scale: 15 } };
  const tier = { type: "string", length: 40 };
  const salesforce = {
    Account: { fields: { ...Account.fields, Tier__pc: tier } },
    Contact: { fields: { ...Contact.fields, ...place, Tier__c: tier } },
  };
  return rehearse(job("kept"), { "inbox/people.csv": rows }, { salesforce });
};

interface Planned {
  how: string;
  changes: unknown[];
  streams: unknown;
}

/** The plan of a job, and what its present values were read by. */
async function plan({ project }: Rehearsal, file: string, ...flags: string[]): Promise<Planned> {
  const planned = await project.run("plan", file, "--json", ...flags);
  expect(planned.code, planned.stderr).toBe(0);
  const { run, streams: told } = planned.summary();
  const streams = JSON.parse(JSON.stringify(told, (name, value) => (name === "presentValues" ? undefined : value)));
  if (run === null) throw new Error("there is no plan");
  const changes = await project.run("show", run, "--changes", "--json");
  return {
    how: readHow((await project.run("show", run)).stdout),
    streams,
    changes: changes.stdout.trim().split("\n").sort(),
  };
}

/** By what is kept, and by what is read anew. */
async function planBoth(place: Rehearsal): Promise<{ kept: Planned; read: Planned }> {
  const kept = await plan(place, "job.yaml");
  place.project.write({ "job.yaml": job("kept", ", present: read") });
  const read = await plan(place, "job.yaml");
  place.project.write({ "job.yaml": job("kept") });
  return { kept, read };
}

/** How present values were read, from what a plan or a run is shown as. */
function readHow(shown: string): string {
  const text = shown.replaceAll(/\s+/g, " ");
  return /present values: (?<how>.*?)(;? writes:| part size| \d+ extracted|$)/.exec(text)?.groups?.["how"] ?? text;
}

/** What people do to an org overnight. */
async function disturb({ sandbox }: Rehearsal): Promise<void> {
  const all = await sandbox.dump("Contact");
  const live = all.filter((one) => one["IsDeleted"] !== true).map((one) => String(one["Id"]));
  const id = pick(live);
  const what = pick(["edit", "edit", "create", "delete", "purge", "merge", "rename", "clear"]);
  const write = (body: object) => sandbox.api("PATCH", `sobjects/Contact/${id}`, body);
  if (id === undefined || what === "create")
    await sandbox.api("POST", "sobjects/Contact", { LastName: pick(names), FirstName: pick(["f", "g"]) });
  else if (what === "edit") await write({ Phone: String(Math.floor(draw() * 3)) });
  else if (what === "rename") await write({ LastName: pick(names) });
  else if (what === "clear") await write({ FirstName: null });
  else if (what === "delete" || what === "purge") {
    await sandbox.api("DELETE", `sobjects/Contact/${id}`);
    if (what === "purge") await control(sandbox, "purge", { object: "Contact", ids: [id] });
  } else if (what === "merge") {
    const other = pick(live.filter((one) => one !== id));
    if (other !== undefined) await control(sandbox, "merge", { object: "Contact", master: id, merged: [other] });
  }
}

test("a plan by kept values is the plan by values read anew, whatever people did in between", async () => {
  await using place = await begin();
  const first = await place.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  let keptPlans = 0;
  for (let night = 0; night < 3; night += 1) {
    await place.sandbox.advance(3 * hourMs);
    for (let edits = Math.floor(draw() * 4); edits > 0; edits -= 1) await disturb(place);
    place.project.write({ "inbox/people.csv": people() });
    const { kept, read } = await planBoth(place);
    expect({ ...kept, how: "" }).toEqual({ ...read, how: "" });
    expect(read.how).toContain("one scan");
    if (kept.how.includes("kept of")) keptPlans += 1;
    if (night % 2 === 0) expect((await place.project.run("run", "job.yaml")).code).toBe(0);
  }
  expect(keptPlans).toBe(3);
});

function keepAsEarlier(state: string): void {
  using ledger = Ledger.open(state);
  for (const kept of ledger.present.all()) {
    const names = kept.fields.filter((one) => !one.includes("."));
    ledger.present.save({ ...kept, fields: names.toReversed() });
  }
}

test("what is kept is not gone by where it may not be right, and the plan says why", async () => {
  await using place = await begin(`${header}\nn1,f,a@x.example,1\nn2,f,b@x.example,2`);
  const { project, sandbox } = place;
  const found = async (...flags: string[]) => {
    const planned = await project.run("plan", "job.yaml", ...flags);
    expect(planned.code, planned.stderr).toBe(0);
    return readHow(planned.stdout);
  };
  // By a custom field that is empty since it was made anew no record has changed: neither by one that was while all are read.
  project.write({ "job.yaml": job("kept", "", "Loose__c") });
  const reading = await startHeld(place, "GET /services/data/*/jobs/query/*", ["plan", "job.yaml"]);
  await control(sandbox, "field-anew", { object: "Contact", field: "Loose__c" });
  expect((await reading.finished).code).toBe(0);
  expect(await found()).toContain("not as kept: a field was made anew");
  project.write({ "job.yaml": job("kept") });

  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const [file = ""] = project.list(".loadline/present");
  expect(statSync(project.path(`.loadline/present/${file}`)).mode & 0o777).toBe(0o600);
  const calls = async () => Object.values(await sandbox.calls()).reduce((sum, count) => sum + count, 0);

  await sandbox.advance(3 * hourMs);
  const before = await calls();
  expect(await found()).toMatch(/^kept of \S+ \S+, 2 changed, 0 deleted since; 5 calls$/);
  // Sign-in, describe and the like come on top of those five.
  expect((await calls()) - before).toBeLessThanOrEqual(9);
  expect(await found("--fresh")).toContain("not as kept: --fresh");

  // Written before it is read, shown after it: dated in the hour that is read once more.
  const late = { match: "row Contact", do: { commit_late_ms: 1 } };
  const [record] = await sandbox.dump("Contact");
  await sandbox.setFaults([late]);
  await sandbox.api("PATCH", `sobjects/Contact/${record?.["Id"]}`, { Phone: "7" });
  await sandbox.setFaults([]);
  await sandbox.advance(hourMs / 2);
  await found("--fresh");
  await control(sandbox, "commit-late", {});
  expect(await found()).toContain("1 changed");

  // Nothing tells of this one but the count.
  await sandbox.setFaults([late]);
  await sandbox.api("POST", "sobjects/Contact", { LastName: "n3", FirstName: "f" });
  await sandbox.setFaults([]);
  await sandbox.advance(3 * hourMs);
  await found("--fresh");
  await sandbox.advance(3 * hourMs);
  await control(sandbox, "commit-late", {});
  expect(await found()).toContain("not as kept: the target counts 3 records, and they came to 2");
  expect(await found()).toContain("kept of");

  await control(sandbox, "delete-log", { earliest: "2999-01-01T00:00:00.000Z" });
  expect(await found()).toContain("not as kept: the delete log of Contact reaches back to 2999");
  await control(sandbox, "delete-log", {});
  await control(sandbox, "permissions", { viewAllData: false });
  expect(await found()).toMatch(/not as kept: this user may not see all records.*, not kept: this user/);
  await control(sandbox, "permissions", { viewAllData: true });

  // A part of a place has no definition, and a person's field has Contact's.
  const person = job("kept", "", "Tier__pc").replace(
    "Contact, key: [LastName, FirstName]",
    "Account, key: [Name, Site]",
  );
  const ofPerson = person.replace("LastName: last, FirstName: first, Email: email", "Name: last, Site: first");
  for (const [text, object, field] of [
    [job("kept", "", "Place__Latitude__s"), "Contact", "Place__Latitude__s"],
    [ofPerson, "Account", "Tier__pc"],
  ] as const) {
    project.write({ "job.yaml": text });
    expect(await found()).toMatch(/^one scan of \w+ \(\d records\)$/);
    await control(sandbox, "field-anew", { object, field });
    expect(await found()).toContain("not as kept: a field was made anew");
    expect(await found()).toContain("kept of");
  }
  // As an earlier version kept them: in another order, and without what tells a custom field.
  keepAsEarlier(project.path(".loadline"));
  expect(await found()).toContain("not as kept: kept by an earlier version");
  project.write({ "job.yaml": job("kept") });
  expect(await found()).toContain("kept of");

  // Files that can be read, and hold another value.
  for (const kept of project.list(".loadline/present")) {
    const path = project.path(`.loadline/present/${kept}`);
    writeFileSync(path, readFileSync(path, "latin1").replace("a@x.example", "a@y.example"), "latin1");
  }
  expect(await found()).toContain("not as kept: their file is damaged");
  rmSync(project.path(".loadline/present"), { recursive: true });
  expect(await found()).toContain("not as kept: their file is lost");
  await sandbox.advance(8 * 24 * hourMs);
  expect(await found()).toContain("not as kept: all were read last at");

  // Another field, and another filter, are other values: what is kept stays whose it is.
  project.write({ "job.yaml": job("kept", "", "MobilePhone") });
  expect(await found()).toMatch(/^one scan of Contact \(3 records\)$/);
  project.write({ "job.yaml": job("kept").replace("[LastName, FirstName]", "[Phone, FirstName]") });
  expect(await found()).toMatch(/^one scan of Contact \(2 records\)$/);
  // Who has no key any more is of the set no more, and is not gone.
  await sandbox.api("PATCH", `sobjects/Contact/${record?.["Id"]}`, { Phone: null });
  expect(await found()).toMatch(/^kept of .*, 1 deleted since/);
});

test("a run that is killed between writing and recording what it keeps leaves nothing that could be wrong", async () => {
  await using place = await begin(`${header}\nn1,f,a@x.example,1\nn2,f,b@x.example,2`);
  const { project, sandbox } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  for (const step of ["present-kept", "present-recorded"]) {
    const [record] = await sandbox.dump("Contact");
    await sandbox.api("PATCH", `sobjects/Contact/${record?.["Id"]}`, { Phone: step });
    // Longer than what is read once more.
    await sandbox.advance(3 * hourMs);
    const killed = project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: `${step}:1` } });
    expect((await killed.finished).signal).toBe("SIGKILL");
    const { kept, read } = await planBoth(place);
    expect({ ...kept, how: "" }).toEqual({ ...read, how: "" });
    expect(kept.how).toContain("kept of");
  }
});

test("lookups, and keys of parents, are kept though no child's version moves as its parent goes, comes back, merges or changes", async () => {
  const parented = (present: string) => `version: 1
name: kept
streams:
  contacts:
    source: { connection: drop, files: "people.csv" }
    target: { connection: salesforce, object: Contact, key: [LastName, FirstName], mode: upsert${present} }
    map: { LastName: last, FirstName: first, ReportsToId: boss, Account.Acc__c: account }
rejects: { max: 100% }
`;
  await using place = await rehearse(parented(""), {}, schema);
  const { project, sandbox } = place;
  const create = async (object: string, fields: object) => {
    const { body } = await sandbox.api("POST", `sobjects/${object}`, fields);
    return (body as { id: string }).id;
  };
  const [a = "", b = "", c = ""] = await Promise.all(
    ["a", "b", "c"].map((name) => create("Account", { Name: name, Acc__c: name })),
  );
  const boss = await create("Contact", { LastName: "boss" });
  for (const [name, account] of [
    ["n0", a],
    ["n1", b],
    ["n2", c],
  ])
    await create("Contact", { LastName: name, FirstName: "f", AccountId: account, ReportsToId: boss });
  await control(sandbox, "children", { moveVersions: false });
  project.write({
    // As it is once the parents have merged and changed.
    "inbox/people.csv": `last,first,boss,account\nn0,f,${boss},a\nn1,f,${boss},a\nn2,f,${boss},other`,
  });
  await plan(place, "job.yaml");
  const nights: (() => Promise<unknown>)[] = [
    () => control(sandbox, "merge", { object: "Account", master: a, merged: [b] }),
    () => sandbox.api("PATCH", `sobjects/Account/${c}`, { Acc__c: "other" }),
    () => sandbox.api("DELETE", `sobjects/Contact/${boss}`),
    () => control(sandbox, "undelete", { id: boss }),
  ];
  for (const night of nights) {
    await sandbox.advance(3 * hourMs);
    await night();
    const kept = await plan(place, "job.yaml");
    project.write({ "job.yaml": parented(", present: read") });
    const read = await plan(place, "job.yaml");
    project.write({ "job.yaml": parented("") });
    expect({ ...kept, how: "" }).toEqual({ ...read, how: "" });
    expect(kept.how).toContain("kept of");
  }
});
