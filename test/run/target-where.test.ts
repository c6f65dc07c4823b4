// Only records of which target.where is true are touched: by SQL over their fields, or by the vendor's own filter.

import { expect, test } from "vitest";
import { startHeld } from "./held.ts";
import { hubspotProperties, rehearse, schema } from "./support.ts";

const key = "[LastName, FirstName]";
const map = "{ LastName: last, FirstName: first, Title: title }";
const sql = "Active__c AND coalesce(Amount__c, 0) < 10";

const job = (mode: string, where: string, more = "") => `version: 1
name: bounded-${mode}
streams:
  s:
    source: { connection: drop, files: in.csv }
    target: { connection: salesforce, object: Contact, key: ${key}, mode: ${mode}, where: "${where}"${more} }
    map: ${map}
rejects: { max: 100% }
guards: { deletes: 100 }
`;

test("rows whose records are outside of target.where are unmatched in every mode, and make no second one", async () => {
  await using place = await rehearse(job("upsert", sql), {
    "inbox/in.csv": "last,first,title\nIn,a,new\nOut,a,new\nBoth,a,new\nTwo,a,new\nNew,a,new\n",
    "soql.yaml": job("update", "Active__c = true AND LastName LIKE 'I%' AND CreatedDate = TODAY"),
    "mirror.yaml": job("mirror", sql),
    "delete.yaml": job("delete", sql),
    "fails.yaml": job("update", "CAST(Title AS INTEGER) > 3"),
    "null.yaml": job("update", "Title != null"),
    "typo.yaml": job("update", "Activ__c = true"),
    "amount.yaml": job("update", "Amount__c"),
    "order.yaml": job("update", "Active__c = true ORDER BY Id"),
    "scope.yaml": job("mirror", sql, ', scope: "Active__c = true LIMIT 9"'),
  });
  const { project, sandbox } = place;
  const make = async (LastName: string, fields: object) =>
    (
      (await sandbox.api("POST", "sobjects/Contact", { LastName, FirstName: "a", Title: "old", ...fields })).body as {
        id: string;
      }
    ).id;
  await make("In", { Active__c: true });
  const out = await make("Out", { Active__c: false });
  await make("Both", { Active__c: true, Amount__c: 3 });
  await make("Both", { Active__c: true, Amount__c: 10 });
  const two = [await make("Two", { Active__c: true }), await make("two", { Active__c: true })];
  await make("Gone", { Active__c: true });
  await make("Stays", { Active__c: false });
  const live = async () =>
    (await sandbox.dump("Contact"))
      .filter(({ IsDeleted }) => IsDeleted !== true)
      .map(({ LastName, Title }) => `${LastName} ${Title}`)
      .sort();
  const run = async (file: string, counts: object) => {
    const done = await project.run("run", file, "--json");
    expect(done.summary().streams["s"], done.stderr).toMatchObject(counts);
    return done;
  };
  await run("job.yaml", { extracted: 5, unmatched: 1, conflicts: 1, creates: 1, updates: 2, loaded: 3 });
  const after = ["Both new", "Both old", "Gone old", "In new", "New new", "Out old", "Stays old", "Two old", "two old"];
  expect(await live()).toEqual(after);
  const folder = project
    .runFolders()
    .at(-1)
    ?.slice(project.folder.length + 1);
  expect(project.read(`${folder}/unmatched/s.csv`)).toMatch(
    new RegExp(`Out,a,new.*its record is not in target.where.*${out}`),
  );
  expect(project.read(`${folder}/conflicts/s.csv`)).toContain(two.sort().join(" "));
  // What was created is outside itself, for nothing sets Active__c: the same file makes no second one.
  await run("job.yaml", { unmatched: 2, conflicts: 1, creates: 0, updates: 0, unchanged: 2, loaded: 0 });
  // SOQL alone has LIKE in any case of letters, and TODAY.
  project.write({ "inbox/in.csv": "last,first,title\nIn,a,soql\nBoth,a,soql\n" });
  const soql = await project.run("check", "soql.yaml");
  expect(soql.stdout + soql.stderr).toContain("target.where as a filter of the target");
  // In SQL that is never true, so that it can only be SOQL.
  expect((await project.run("check", "null.yaml")).stdout).toContain("target.where as a filter of the target");
  await run("soql.yaml", { unmatched: 1, updates: 1, loaded: 1 });
  project.write({ "inbox/in.csv": "last,first,title\nIn,a,soql\nBoth,a,new\nTwo,a,\nOut,a,x\n" });
  await run("mirror.yaml", { unmatched: 1, unchanged: 2, conflicts: 1, mirrorDeletes: 1, loaded: 1 });
  project.write({ "inbox/in.csv": "last,first,title\nIn,a,\nOut,a,\nNone,a,\n" });
  await run("delete.yaml", { unmatched: 2, deletes: 1, loaded: 1 });
  expect(await live()).toEqual(["Both new", "Both old", "New new", "Out old", "Stays old", "Two old", "two old"]);
  const refused: [string, string, string][] = [
    ["fails.yaml", "run", "target.where can't be computed for 7 records: 003"],
    ["typo.yaml", "check", 'did you mean "Active__c"?'],
    ["amount.yaml", "check", "a condition is wanted"],
    ["order.yaml", "check", "a condition alone is taken, and ORDER BY is none"],
    ["scope.yaml", "check", "target.scope: a condition alone is taken, and LIMIT is none"],
  ];
  project.write({ "inbox/in.csv": "last,first,title\nIn,a,x\nBoth,a,x\nTwo,a,x\nOut,a,x\nNew,a,x\nStays,a,x\n" });
  for (const [file, command, message] of refused) {
    const done = await project.run(command, file);
    expect(done.code, `${file} ${done.stdout}`).not.toBe(0);
    expect(done.stderr, file).toContain(message);
  }
});

test("a record that leaves target.where after the plan is not written, and HubSpot's filter bounds as SQL does", async () => {
  const people = (name: string, where: string) => `version: 1
name: ${name}
streams:
  first:
    source: { connection: drop, files: in.csv }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: id, Name: id }
  s:
    source: { connection: drop, files: in.csv }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert, where: ${where} }
    map: { ext_id: id, lastname: last }
rejects: { max: 100% }
`;
  const filter = `'[{"propertyName": "score", "operator": "LT", "value": "10"}]'`;
  await using place = await rehearse(
    people("by-filter", filter),
    {
      "sql.yaml": people("by-sql", '"score < 10"'),
      "wrong.yaml": people("wrong", `'[{"propertyName": "scor", "operator": "LT", "value": "10"}]'`),
      "null.yaml": people("nulls", '"score != null"'),
      "inbox/in.csv": "id,last\nin,new\nout,new\nnew,new\n",
    },
    { ...schema, hubspot: { contacts: { properties: hubspotProperties } } },
  );
  const { project, sandbox } = place;
  const contacts = "/crm/objects/2026-03/contacts";
  const make = async (properties: object) =>
    ((await sandbox.hubspotApi("POST", contacts, { properties })).body as { id: string }).id;
  const inside = await make({ ext_id: "in", lastname: "old", score: "3" });
  await make({ ext_id: "out", lastname: "old", score: "10" });
  const names = async () =>
    (await sandbox.dumpHubSpot("contacts"))
      .map(({ properties }) => `${properties["ext_id"]} ${properties["lastname"]}`)
      .sort();
  for (const file of ["job.yaml", "sql.yaml"]) {
    const plan = await project.run("plan", file, "--json");
    expect(plan.summary().streams["s"], plan.stderr).toMatchObject({ unmatched: 1, creates: 1, updates: 1 });
  }
  const wrong = await project.run("check", "wrong.yaml");
  expect(wrong.stderr).toContain("contacts has no property scor");
  expect((await project.run("check", "null.yaml")).stderr).toContain("in SQL a comparison with NULL is never true");
  const upserts = "PATCH /services/data/*/composite/sobjects/*/*";
  const running = await startHeld(place, upserts, ["run", "job.yaml", "--json"], 6000);
  await sandbox.hubspotApi("PATCH", `${contacts}/${inside}`, { properties: { score: "11" } });
  const done = await running.finished;
  expect(done.summary().streams["s"], done.stderr).toMatchObject({
    unmatched: 1,
    creates: 1,
    updates: 0,
    conflicts: 1,
    loaded: 1,
  });
  expect(await names()).toEqual(["in old", "new new", "out old"]);
});
