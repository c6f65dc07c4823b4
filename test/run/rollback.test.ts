// What a run wrote, taken back: as it was before, but for what others have changed since, which is told and left.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { startRelay } from "../support/relay.ts";
import { connections, createProject, startSandbox } from "../support/rig.ts";
import { hubspotProperties, type Rehearsal, rehearse, schema } from "./support.ts";

const salesforceJob = `version: 1
name: feed
streams:
  accounts:
    source: { connection: drop, files: "acc.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: no, Name: name }
  contacts:
    source: { connection: drop, files: "con.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: mirror, scope: "Ext__c LIKE 'k%'" }
    map:
      Ext__c: id
      LastName: last
      AccountId: { parent: accounts, from: acc }
      Amount__c: parse_decimal(amount, 'en')
      Email: { from: email, on_null: clear }
guards: { deletes: 100%, blanked: 100% }
`;
/** Where it does not matter how streams go together. */
const accountsJob = salesforceJob.replace(/ {2}contacts:[\s\S]*(?=guards)/, "");
const before = {
  "inbox/acc.csv": "no,name\na1,One\na2,Two\n",
  "inbox/con.csv": "id,last,acc,amount,email\nk1,X,a1,1.5,a@x.de\nk2,Y,a1,2,b@x.de\nk3,Z,,3,c@x.de\nk5,V,a2,5,v@x.de\n",
};
const after = {
  "inbox/acc.csv": "no,name\na1,One and only\na2,Two\na3,Three\n",
  "inbox/con.csv":
    "id,last,acc,amount,email\nk1,X,a2,1.7,\nk3,Z,a3,3,c@x.de\nk4,N,a3,4,n@x.de\nk5,W,a2,5,v@x.de\nk6,O,,6,o@x.de\n",
};

/** What the job writes of the records that are there, by key. */
async function stateOf({ sandbox }: Rehearsal): Promise<Record<string, unknown>> {
  const accounts = (await sandbox.dump("Account")).filter(({ IsDeleted }) => IsDeleted !== true);
  const contacts = (await sandbox.dump("Contact")).filter(({ IsDeleted }) => IsDeleted !== true);
  const keys = new Map(accounts.map(({ Id, Acc__c }) => [Id, Acc__c]));
  const told = contacts.map(({ Ext__c, LastName, AccountId, Amount__c, Email }) => [
    String(Ext__c),
    [LastName, keys.get(AccountId) ?? null, Amount__c, Email],
  ]);
  return Object.fromEntries([...accounts.map(({ Acc__c, Name }) => [String(Acc__c), Name]), ...told]);
}

const read = ({ project }: Rehearsal, run: string | null, file: string) => {
  const path = project.path(`.loadline/runs/${run}/${file}`);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

test("a run is taken back but for what others changed since; twice is once; and the way back is taken back too", async () => {
  await using place = await rehearse(salesforceJob, before, schema);
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");
  const old = await stateOf(place);
  project.write(after);
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  const written = await stateOf(place);
  const lost = (await sandbox.dump("Contact")).find(({ Ext__c }) => Ext__c === "k2");

  const plan = await project.run("rollback", `${run}`);
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toContain("1 to undelete");
  expect(plan.stdout.replaceAll(/\s+/g, " ")).toContain(
    "1 deleted record comes back out of the recycle bin, with its id and all that was in it when it was deleted",
  );
  expect(plan.stdout).toMatch(/~ k1\s+Account.Acc__c\s+a2 → a1\s+Amount__c\s+1.70 → 1.50\s+Email\s+— → a@x.de/);
  expect(await stateOf(place)).toEqual(written);

  const idOf = async (key: string) => String((await place.contacts()).get(key)?.["Id"]);
  // Of another field, of a written one, and of a record that the run made.
  await sandbox.api("PATCH", `sobjects/Contact/${await idOf("k1")}`, { FirstName: "Ann" });
  await sandbox.api("PATCH", `sobjects/Contact/${await idOf("k5")}`, { LastName: "Hers" });
  await sandbox.api("PATCH", `sobjects/Contact/${await idOf("k6")}`, { Email: "hers@x.de" });
  const back = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(back.code, back.stderr).toBe(3);
  expect(back.summary().streams["contacts"]).toMatchObject({
    creates: 1,
    undeletes: 1,
    updates: 2,
    deletes: 1,
    conflicts: 2,
    loaded: 4,
  });
  expect((await place.contacts()).get("k2")).toMatchObject({ Id: lost?.["Id"], IsDeleted: false });
  expect(back.summary().streams["accounts"]).toMatchObject({ updates: 1, deletes: 1, conflicts: 0, loaded: 2 });
  expect(read(place, back.summary().run, "conflicts/contacts.csv").split("\n").slice(1, 3)).toEqual([
    `"LastName: run ${run} wrote ""W"", now ""Hers""",k5,${await idOf("k5")},`,
    `"Email: run ${run} wrote ""o@x.de"", now ""hers@x.de""",k6,${await idOf("k6")},`,
  ]);
  const left = { k5: ["Hers", "a2", 5, "v@x.de"], k6: ["O", null, 6, "hers@x.de"] };
  expect(await stateOf(place)).toEqual({ ...old, ...left });
  expect((await place.contacts()).get("k1")).toMatchObject({ FirstName: "Ann" });

  const again = (await project.run("rollback", `${run}`, "--yes", "--json")).summary();
  expect(again.streams["contacts"]).toMatchObject({ creates: 0, updates: 0, deletes: 0, unchanged: 4, conflicts: 2 });
  expect(await stateOf(place)).toEqual({ ...old, ...left });

  const forth = await project.run("rollback", `${back.summary().run}`, "--yes", "--json");
  expect(forth.code, forth.stderr).toBe(0);
  expect(forth.summary().streams["contacts"]).toMatchObject({ creates: 1, updates: 2, deletes: 1, loaded: 4 });
  expect(await stateOf(place)).toEqual({ ...written, ...left });
});

test("a record that the run made stays where others have hung a record of theirs on it", async () => {
  await using place = await rehearse(accountsJob, before, schema);
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");
  const old = await stateOf(place);
  project.write(after);
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  const made = (await sandbox.dump("Account")).find(({ Acc__c }) => Acc__c === "a3");
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "hers", LastName: "Hers", AccountId: made?.["Id"] });
  const back = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(back.code, back.stderr).toBe(3);
  expect(back.summary().streams["accounts"]).toMatchObject({ updates: 1, deletes: 0, conflicts: 1 });
  expect(read(place, back.summary().run, "conflicts/accounts.csv")).toContain(
    "deleting it would take along Contact (AccountId)",
  );
  expect(await stateOf(place)).toEqual({ ...old, a3: "Three", hers: ["Hers", "a3", null, null] });
});

test("a record that others made while the run was at work is none that it made", async () => {
  await using sandbox = await startSandbox({ schema });
  let isMade = false;
  await using relay = await startRelay(sandbox.origin, async ({ method = "" }) => {
    if (method === "PATCH" && !isMade) {
      isMade = true;
      await sandbox.api("POST", "sobjects/Account", { Acc__c: "a1", Name: "Hers" });
    }
    return false;
  });
  await using project = createProject({ ...connections(relay), "job.yaml": accountsJob, ...before });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["accounts"], done.stderr).toMatchObject({ creates: 2, loaded: 2 });
  expect(done.stderr).toContain("met a record");
  const back = (await project.run("rollback", `${done.summary().run}`, "--yes", "--json")).summary();
  expect(back.streams["accounts"]).toMatchObject({ deletes: 1, conflicts: 1, loaded: 1 });
  expect(project.read(`.loadline/runs/${back.run}/conflicts/accounts.csv`)).toContain("it met a record that was there");
});

test("streams, keys and fields choose what is taken back; a plan of it is approved and applied, and guards count", async () => {
  await using place = await rehearse(salesforceJob.replace("deletes: 100%", "deletes: 1"), before, schema);
  const { project } = place;
  await project.run("run", "job.yaml");
  const old = await stateOf(place);
  project.write(after);
  project.write({ "keys.txt": "k1\nk3\nnone\n" });
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  const written = await stateOf(place);
  const rollback = (...flags: string[]) => project.run("rollback", `${run}`, ...flags);

  const some = await rollback(
    "--streams",
    "contacts",
    "--keys",
    "keys.txt",
    "--fields",
    "Amount__c,LastName",
    "--yes",
    "--json",
  );
  expect(some.code, some.stderr).toBe(0);
  expect(some.summary().streams["contacts"]).toMatchObject({ extracted: 2, updates: 1, unchanged: 1, loaded: 1 });
  expect(some.stderr).toContain('--keys: 1 of 3 keys is in no row: "none"');
  const shown = await project.run("show", "latest");
  expect(shown.stdout).toContain(`  rollback job.yaml\n  takes back run ${run}\n`);
  expect(await stateOf(place)).toEqual({ ...written, k1: ["X", "a2", 1.5, null] });

  const guarded = await rollback("--yes");
  expect(guarded.code).toBe(4);
  expect(guarded.stderr).toContain("contacts: 2 records to delete, at most 1 (guards.deletes)");
  const pass =
    "--out feed.plan shows and keeps it; then loadline approve feed.plan --guard guards.deletes and loadline apply";
  expect(guarded.stderr).toContain(`loadline rollback ${run} ${pass}`);
  const plan = (await rollback("--json")).summary();
  expect(plan.exitCode).toBe(4);
  expect(plan.next).toBe(`loadline approve ${plan.run} --guard guards.deletes`);
  await project.run("approve", `${plan.run}`, "--guard", "guards.deletes");
  const applied = await project.run("apply", `${plan.run}`, "--json");
  expect(applied.code, applied.stderr).toBe(0);
  expect(await stateOf(place)).toEqual(old);
  expect((await project.run("apply", `${plan.run}`)).code).toBe(7);
});

test("what has not come to its end, wrote nothing, wrote files or is gone is not taken back; nor is a result that was changed", async () => {
  const toFile = `version: 1
name: out
streams:
  s: { source: { connection: drop, files: "acc.csv" }, target: { connection: drop, files: out.csv, mode: replace }, map: { no: no } }
`;
  await using place = await rehearse(accountsJob, { ...before, "out.yaml": toFile }, schema);
  const { project, sandbox } = place;
  const told = async (...args: string[]) => {
    const { code, stderr } = await project.run("rollback", ...args);
    return `${code} ${stderr.replaceAll(/\s+/g, " ")}`;
  };
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  expect(await told(`${plan.run}`)).toContain("is a plan: it has written nothing that could be taken back");
  const files = (await project.run("run", "out.yaml", "--json")).summary();
  expect(await told(`${files.run}`)).toContain("wrote files only, and a file is not taken back");
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  expect(await told(`${run}`, "--fields", "Nmae")).toContain("2 --fields: no stream of the job maps a field Nmae");
  expect(await told(`${run}`, "--streams", "contact")).toContain("job feed has no stream contact");
  project.write(after);
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "committed:1" } }).finished;
  expect(await told("latest")).toContain("has not come to its end: what it wrote is not known yet");
  await project.run("resume");
  const results = `.loadline/runs/${run}/results/accounts-00001.csv`;
  const kept = project.read(results);
  project.write({ [results]: kept.replace("loaded", "failed") });
  expect(await told(`${run}`)).toContain("results of batch 1 of stream accounts is not the one that was written");
  project.write({ [results]: kept });
  rmSync(project.path(`.loadline/runs/${run}`), { recursive: true });
  expect(await told(`${run}`)).toContain(`the files of run ${run} are gone: what it wrote over is not known any more`);
  expect((await sandbox.dump("Account")).filter(({ IsDeleted }) => IsDeleted !== true)).toHaveLength(3);
});

test("inserted rows that were taken back are inserted again by the next run, and the others are not", async () => {
  const job = `version: 1
name: leads
streams:
  leads:
    source: { connection: drop, files: "l*.csv" }
    target: { connection: salesforce, object: Lead, key: Email, mode: insert }
    map: { Email: mail, LastName: name, Company: name }
rejects: { max: 100% }
`;
  const file = "mail,name\na@x.de,A\nb@x.de,B\nc@x.de,C\n";
  await using place = await rehearse(job, { "inbox/l1.csv": file, "keys.txt": "a@x.de\n" }, schema);
  const { project, sandbox } = place;
  const leads = async () =>
    (await sandbox.dump("Lead")).flatMap(({ Email, IsDeleted }) => (IsDeleted === true ? [] : [String(Email)])).sort();
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  expect((await project.run("run", "job.yaml")).code).toBe(4);
  const plan = (await project.run("rollback", `${run}`, "--keys", "keys.txt", "--json")).summary();
  const back = await project.run("apply", `${plan.run}`, "--json");
  expect(back.summary().streams["leads"], back.stderr).toMatchObject({ extracted: 1, deletes: 1, loaded: 1 });
  expect(await leads()).toEqual(["b@x.de", "c@x.de"]);
  const again = await project.run("run", "job.yaml", "--json");
  expect(again.summary().streams["leads"]).toMatchObject({ creates: 1, unchanged: 2, loaded: 1 });
  expect(await leads()).toEqual(["a@x.de", "b@x.de", "c@x.de"]);
  // The row that was taken back is the later run's now.
  const forth = await project.run("rollback", `${back.summary().run}`, "--json");
  expect(forth.summary().streams["leads"]).toMatchObject({ creates: 0, conflicts: 1 });
});

test("in HubSpot, associations that were added are taken away, and what is made anew gets its own", async () => {
  const job = `version: 1
name: hub
streams:
  companies:
    source: { connection: drop, files: "acc.csv" }
    target: { connection: hubspot, object: companies, key: acc_no, mode: upsert }
    map: { acc_no: no, name: name }
  contacts:
    source: { connection: drop, files: "con.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: id, lastname: last, companies: { parent: companies, from: acc }, score: amount, email: { from: email, on_null: clear } }
guards: { blanked: 100% }
`;
  const unique = { acc_no: { type: "string", fieldType: "text", hasUniqueValue: true } };
  const objects = { hubspot: { contacts: { properties: hubspotProperties }, companies: { properties: unique } } };
  await using place = await rehearse(job, before, objects);
  const { project, sandbox } = place;
  const state = async () => {
    const told: unknown[] = [];
    for (const object of ["companies", "contacts"])
      for (const { id, properties, archived } of await sandbox.dumpHubSpot(object)) {
        if (archived) continue;
        const { lastmodifieddate: _one, hs_lastmodifieddate: _other, ...others } = properties;
        const path = `/crm/v4/objects/${object}/${id}/associations/companies`;
        const { results = [] } = (await sandbox.hubspotApi("GET", path)).body as { results?: { toObjectId: number }[] };
        told.push({ ...others, companies: object === "companies" ? [] : results.map(({ toObjectId }) => toObjectId) });
      }
    return told;
  };
  await project.run("run", "job.yaml");
  const old = await state();
  project.write(after);
  const { run } = (await project.run("run", "job.yaml", "--json")).summary();
  const back = await project.run("rollback", `${run}`, "--yes", "--json");
  expect(back.code, back.stderr).toBe(0);
  expect(await state()).toEqual(old);
});
