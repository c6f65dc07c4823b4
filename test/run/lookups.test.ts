// Values that are looked up: in a file, in an object, in another stream.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

/** The id of each rejected row with its reason. */
const reasons = (csv: string) =>
  (parse(csv, { columns: true }) as Record<string, string>[]).map((row) => `${row["id"]}: ${row["loadline_error"]}`);

test("records, files and streams give values by keys of the row; each row that finds none is named", async () => {
  const job = `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: id
      LastName: last
      OwnerId: { lookup: { object: User, key: Email, from: rep, where: "IsActive = true" } }
      AccountId: { lookup: { object: Account, key: [Name, Site], from: [company, site], miss: skip } }
      Department: { lookup: { file: reference.csv, key: [land, code], value: name, from: [land, code], miss: default, default: None } }
      Title: { lookup: { stream: titles, key: Acc__c, value: Name, from: title } }
  titles:
    source: { connection: drop, files: "titles.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: "'T' || id", Name: title }
rejects: { max: 100% }
`;
  const rep = "sandbox@loadline.example";
  const rows = [
    "id,last,rep,company,site,land,code,title",
    `1,All,${rep.toUpperCase()},acme,North,de,1,Ta`,
    `2,Skips,${rep},Acme,South,de,2,tA`,
    "3,Lost,nobody@x.com,Acme,North,de,1,Ta",
    `4,Several,${rep},Twin,,de,1,Ta`,
    `5,Title,${rep},Acme,North,de,1,Tz`,
    "6,Blank,,,,,,",
    `7,Half,${rep},Acme,,DE,1,Tb`,
  ];
  await using place = await rehearse(job, {
    "inbox/contacts.csv": `${rows.join("\n")}\n`,
    "inbox/titles.csv": "id,title\na,Dr.\nb,Prof.\n",
    "reference.csv": "land;code;name\nde;1;Sales\nde;1;Sales\nDE;1;Capital\n",
  });
  const account = async (values: Record<string, string>) =>
    ((await place.sandbox.api("POST", "sobjects/Account", values)).body as { id: string }).id;
  const north = await account({ Name: "ACME", Site: "north" });
  const twins = [await account({ Name: "Twin" }), await account({ Name: "Twin" })].sort();
  const check = await place.project.run("check", "job.yaml");
  expect(check.stderr + check.stdout).toContain("ok");
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const [folder = ""] = place.project.list(".loadline/runs");
  expect(reasons(place.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`))).toEqual([
    '3: no User has Email "nobody@x.com" where IsActive = true',
    `4: 2 Account have Name "Twin" and Site "": ${twins.join(", ")}`,
    '5: no row of stream titles has Acc__c "Tz"',
  ]);
  const contacts = [...(await place.contacts())].sort();
  expect(contacts.map(([key, one]) => [key, one["AccountId"], one["Department"], one["Title"]])).toEqual([
    ["1", north, "Sales", "Dr."],
    ["2", null, "None", "Dr."],
    ["6", null, null, null],
    ["7", null, "Capital", "Prof."],
  ]);
  expect((await place.project.run("show", "latest")).stdout.replaceAll(/\s+/g, " ")).toContain(
    "lookup OwnerId: 1 of 2 values of Email found in User (1 call: 1 keyed query); " +
      "lookup AccountId: 2 of 4 values of Name, Site found in Account (1 call: 1 keyed query), 1 of them several times; " +
      "lookup Department: 2 of 3 values of land, code found in reference.csv (3 records); " +
      "lookup Title: 2 of 3 values of Acc__c found in stream titles (2 rows)",
  );
});
