// Rows whose parent is not loaded: rejected with the parent's reason, or kept until a run finds the parent.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const pair = (miss = "reject", more = "") => `version: 1
name: pair
defaults: { source: { connection: drop, once: content_hash }, target: { connection: salesforce, mode: upsert } }
streams:
  accounts:
    source: { files: "accounts*.csv", keep: "kind <> 'none'" }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: name }
    validate: [ { field: Name, required: true } ]
    dedupe: { by: [Name], keep: first }
  contacts:
    source: { files: "contacts*.csv" }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: last, AccountId: { parent: accounts, from: account, miss: ${miss} }${more} }
rejects: { max: 100% }
`;
const accounts = (...rows: string[]) => `id,name,kind\n${rows.map((row) => `${row}\n`).join("")}`;
const contacts = (...rows: string[]) => `id,last,account\n${rows.map((row) => `${row}\n`).join("")}`;

async function run(place: Rehearsal, ...command: string[]) {
  const done = await place.project.run(...(command.length === 0 ? ["run", "job.yaml"] : command), "--json");
  return { code: done.code, stderr: done.stderr, streams: done.summary().streams };
}

function told(place: Rehearsal, kind: string, stream = "contacts"): string[] {
  return readFileSync(`${place.project.runFolders().at(-1)}/${kind}/${stream}.csv`, "utf8")
    .trim()
    .split("\n")
    .slice(1);
}

/** "C1 A1": live contacts with the key of their account. */
async function linked(place: Rehearsal): Promise<string[]> {
  const keys = new Map((await place.sandbox.dump("Account")).map((one) => [one["Id"], one["Acc__c"]]));
  const live = (await place.sandbox.dump("Contact")).filter((one) => one["IsDeleted"] !== true);
  return live.map((one) => `${one["Ext__c"]} ${keys.get(one["AccountId"]) ?? "-"}`).sort();
}

test("a row whose parent is not loaded says why the parent is not", async () => {
  await using place = await rehearse(pair(), {
    "inbox/accounts.csv": accounts("A1,One,", "A2,,", "A3,Three,none", "A4,One,"),
    "inbox/contacts.csv": contacts("C1,L,A1", "C2,L,a2", "C3,L,A3", "C4,L,A4", "C5,L,A5"),
  });
  const { streams } = await run(place);
  expect(streams["accounts"]).toMatchObject({ extracted: 4, rejected: 1, filtered: 1, duplicates: 1, loaded: 1 });
  expect(streams["contacts"]).toMatchObject({ extracted: 5, rejected: 4, loaded: 1 });
  const rejects = told(place, "rejects");
  expect(rejects[0]).toContain(
    "its parent accounts a2 was rejected: accounts.csv line 3: Name: is required and has no value",
  );
  expect(rejects[1]).toContain("its parent accounts A3 was left out by keep");
  expect(rejects[2]).toContain("its parent accounts A4 was left out: has the Name of another row");
  expect(rejects[3]).toContain('no Account has Acc__c ""A5"", and stream accounts creates none');
});

test("a row whose parent this run deletes says so", async () => {
  const job = `version: 1
name: gone
defaults: { source: { connection: drop }, target: { connection: salesforce } }
streams:
  old:
    source: { files: "old.csv" }
    target: { object: Account, key: Acc__c, mode: delete }
  contacts:
    source: { files: "contacts.csv" }
    target: { object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Account.Acc__c: account }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, {
    "inbox/old.csv": "Acc__c\nA1\n",
    "inbox/contacts.csv": contacts("C1,L,A1", "C2,L,A2"),
  });
  for (const id of ["A1", "A2"]) await place.sandbox.api("POST", "sobjects/Account", { Name: id, Acc__c: id });
  expect((await run(place)).streams["contacts"]).toMatchObject({ rejected: 1, loaded: 1 });
  expect(told(place, "rejects")[0]).toContain("its parent Account A1 is deleted in this run by stream old");
});

test("rows wait for a parent over runs, each in its newest form, and are loaded once", async () => {
  await using place = await rehearse(pair("later"), {
    "inbox/accounts.csv": accounts("A1,One,"),
    "inbox/contacts.csv": contacts("C1,L,A1", "C2,L,A2", "C3,L,A3", "C4,L,A4"),
  });
  const first = await run(place);
  expect(first.code, first.stderr).toBe(0);
  expect(first.streams["contacts"]).toMatchObject({ extracted: 4, unmatched: 3, waiting: 3, creates: 1, loaded: 1 });
  expect(told(place, "unmatched")[0]).toContain("waits for its parent: Account.Acc__c: no Account has Acc__c");
  expect((await place.project.run("runs")).stdout).toMatch(/ waiting .*\n.* 3\b/);
  expect((await place.project.run("show", "latest")).stdout).toContain("3 rows wait for a parent");

  // Nothing new but one row in another form, whose parent is there; a file of other columns.
  place.project.write({ "inbox/contacts-2.csv": "last,id,account,more\nNewer,c3,A1,x\n" });
  const plan = await place.project.run("plan", "job.yaml");
  expect(plan.stdout).toContain("3 rows that an earlier run has kept, taken again");
  const killed = await place.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "waiting-kept:1" } })
    .finished;
  expect(killed.signal).toBe("SIGKILL");
  const second = await run(place, "resume");
  expect(second.streams["contacts"]).toMatchObject({
    extracted: 4,
    duplicates: 1,
    unmatched: 2,
    waiting: 2,
    loaded: 1,
  });
  expect(told(place, "duplicates")[0]).toContain("came again since");

  // No file for contacts at all; one parent comes, and is refused by the target, the other is loaded.
  place.project.write({ "inbox/accounts-3.csv": accounts("A2,Two,", `A4,${"x".repeat(256)},`) });
  const third = await run(place);
  expect(third.streams["contacts"]).toMatchObject({ extracted: 2, unmatched: 1, waiting: 1, creates: 1, loaded: 1 });
  expect(told(place, "unmatched")[0]).toContain("its parent accounts A4 was rejected: accounts-3.csv line 3");
  expect(await linked(place)).toEqual(["C1 A1", "C2 A2", "c3 A1"]);

  place.project.write({ "inbox/accounts-4.csv": accounts("A4,Four,") });
  expect((await run(place)).streams["contacts"]).toMatchObject({ extracted: 1, unmatched: 0, creates: 1, loaded: 1 });
  expect((await run(place)).streams["contacts"]).toMatchObject({ extracted: 0 });
  expect(await linked(place)).toEqual(["C1 A1", "C2 A2", "C4 A4", "c3 A1"]);
});

test("a child of a parent that the target refuses is not sent, and taken up with the parent", async () => {
  const unique = { type: "string", length: 40, externalId: true, unique: true };
  const objects = {
    salesforce: {
      Account: { fields: { Acc__c: unique, Code__c: { type: "string", length: 40, unique: true } } },
      Contact: { fields: { Ext__c: unique } },
    },
  };
  const job = pair("later").replace("Name: name }", "Name: name, Code__c: kind }");
  const files = {
    "inbox/accounts.csv": accounts("A1,One,a", "A2,Two,taken"),
    "inbox/contacts.csv": contacts("C1,L,A1", "C2,L,A2", "C3,L,a2"),
  };
  await using place = await rehearse(job, files, objects);
  const { body } = await place.sandbox.api("POST", "sobjects/Account", { Name: "Other", Code__c: "taken" });
  const first = await run(place);
  expect(first.streams["accounts"]).toMatchObject({ creates: 2, loaded: 1, failed: 1 });
  expect(first.streams["contacts"]).toMatchObject({ creates: 3, loaded: 1, failed: 2, waiting: 0 });
  expect(told(place, "rejects")[0]).toMatch(/its parent accounts A2 was refused: DUPLICATE_VALUE/);
  await place.sandbox.api("DELETE", `sobjects/Account/${(body as { id: string }).id}`);
  place.project.write({ "inbox/accounts-2.csv": accounts("A2,Two,taken") });
  expect((await run(place)).streams["contacts"]).toMatchObject({ extracted: 2, creates: 2, loaded: 2 });
  expect(await linked(place)).toEqual(["C1 A1", "C2 A2", "C3 A2"]);
});
